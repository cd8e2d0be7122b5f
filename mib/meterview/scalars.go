package meterview

import (
	"maps"
	"math"
	"time"

	"netramet/meter"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/streams"
)

// scalar is one scalar object.
type scalar struct {
	read func(q *agent.Request, val *agent.Value)
}

// Get implements agent.Table.
func (x *scalar) Get(q *agent.Request, inst []uint32, val *agent.Value) agent.Status {
	if len(inst) != 1 || inst[0] != 0 {
		return agent.NoSuchInstance
	}
	x.read(q, val)
	return agent.OK
}

// Next implements agent.Table.
func (x *scalar) Next(q *agent.Request, after []uint32, next *agent.Name, val *agent.Value) agent.Status {
	if len(after) > 0 {
		return agent.EndOfMibView
	}
	next.Set(0)
	x.read(q, val)
	return agent.OK
}

type reader = func(q *agent.Request, val *agent.Value)

// scalars returns how each scalar is read.
func (v *View) scalars() map[mib.Obj]reader {
	all := v.controlScalars()
	maps.Copy(all, v.streamScalars())
	for o, count := range v.counterScalars() {
		all[o] = func(_ *agent.Request, val *agent.Value) { val.Counter64(count()) }
	}
	return all
}

func (v *View) controlScalars() map[mib.Obj]reader {
	return map[mib.Obj]reader{
		mib.ObjIfNumber: func(_ *agent.Request, val *agent.Value) {
			n := int32(0)
			for i := v.s.NextInterface(0); i != 0; i = v.s.NextInterface(i) {
				n++
			}
			val.Int(n)
		},
		mib.ObjFlowFloodMark: func(_ *agent.Request, val *agent.Value) { val.Int(int32(v.s.FloodMark())) },
		mib.ObjFlowInactivityTimeout: func(_ *agent.Request, val *agent.Value) {
			val.Int(clampInt(int(v.s.Inactivity() / time.Second)))
		},
		mib.ObjFlowActiveFlows: func(_ *agent.Request, val *agent.Value) { val.Int(clampInt(v.s.FlowsInUse())) },
		mib.ObjFlowMaxFlows:    func(_ *agent.Request, val *agent.Value) { val.Int(clampInt(v.s.MaxFlows())) },
		mib.ObjFlowFloodMode:   func(_ *agent.Request, val *agent.Value) { val.Bool(v.s.FloodMode()) },

		mib.ObjNtmVersion: func(_ *agent.Request, val *agent.Value) { val.Text(v.cfg.Version) },
		mib.ObjNtmOctetMode: func(_ *agent.Request, val *agent.Value) {
			if v.s.OctetMode() == meter.PeerOctets {
				val.Int(2)
			} else {
				val.Int(1)
			}
		},
		mib.ObjNtmMemory:     func(_ *agent.Request, val *agent.Value) { val.Gauge32(clampGauge(v.memory() / 1024)) },
		mib.ObjNtmEnding:     func(_ *agent.Request, val *agent.Value) { val.Bool(v.s.Ending()) },
		mib.ObjNtmTraceState: func(_ *agent.Request, val *agent.Value) { val.Int(int32(v.s.TracePhase())) },
		mib.ObjNtmTraceError: func(_ *agent.Request, val *agent.Value) { adminString(val, v.s.TraceError()) },
		mib.ObjNtmTracePeriod: func(_ *agent.Request, val *agent.Value) {
			val.Gauge32(clampGauge(uint64(v.s.Period() / (10 * time.Millisecond))))
		},
		mib.ObjNtmStreamsInUse:  func(_ *agent.Request, val *agent.Value) { val.Gauge32(clampGauge(v.s.Streams().Live)) },
		mib.ObjNtmStreamSlots:   gauge(func() uint64 { return v.s.StreamTable().Slots }),
		mib.ObjNtmStreamBuckets: gauge(func() uint64 { return v.s.StreamTable().Buckets }),
		mib.ObjNtmFlowSlots:     gauge(func() uint64 { return v.s.FlowTable().Slots }),
		mib.ObjNtmFlowBuckets:   gauge(func() uint64 { return v.s.FlowTable().Buckets }),
		mib.ObjNtmMaxStreams:    func(_ *agent.Request, val *agent.Value) { val.Gauge32(clampGauge(uint64(v.s.MaxStreams()))) },
	}
}

// streamScalars are when streams end, and what waits in them.
func (v *View) streamScalars() map[mib.Obj]reader {
	config := func(of func(streams.Config) meter.Uptime) reader {
		return func(_ *agent.Request, val *agent.Value) { val.Gauge32(clampGauge(uint64(of(v.s.StreamConfig())))) }
	}
	return map[mib.Obj]reader{
		mib.ObjNtmStreamTimeout: config(func(c streams.Config) meter.Uptime {
			if c.MinTimeout == streams.NoTimeout {
				return 0
			}
			return c.MinTimeout
		}),
		mib.ObjNtmStreamMultiplier: config(func(c streams.Config) meter.Uptime { return meter.Uptime(c.Multiplier) }),
		mib.ObjNtmStreamShort:      config(func(c streams.Config) meter.Uptime { return c.ShortTimeout }),
		mib.ObjNtmStreamGrace:      config(func(c streams.Config) meter.Uptime { return c.CloseGrace }),

		mib.ObjNtmQueueTCP:        config(func(c streams.Config) meter.Uptime { return meter.Uptime(c.Pairs.MaxTCP) }),
		mib.ObjNtmQueueOther:      config(func(c streams.Config) meter.Uptime { return meter.Uptime(c.Pairs.MaxOther) }),
		mib.ObjNtmRequestsWaiting: func(_ *agent.Request, val *agent.Value) { val.Gauge32(clampGauge(v.s.Pairs().Waiting)) },
	}
}

func (v *View) counterScalars() map[mib.Obj]func() uint64 {
	return map[mib.Obj]func() uint64{
		mib.ObjNtmUptime64: func() uint64 { return uint64(v.s.Uptime()) },
		mib.ObjNtmTraceInterval: func() uint64 {
			n, _, _ := v.s.Interval()
			return n
		},
		mib.ObjNtmTraceStart: func() uint64 {
			if t, ok := v.s.Start(); ok && t.UnixNano() > 0 {
				return uint64(t.UnixNano())
			}
			return 0
		},
		mib.ObjNtmPacketsRead:        func() uint64 { return v.s.Counts().Packets },
		mib.ObjNtmOctetsRead:         func() uint64 { return v.s.Counts().Octets },
		mib.ObjNtmPacketsDamaged:     func() uint64 { return v.s.Damaged() },
		mib.ObjNtmPacketsSampledOut:  func() uint64 { return v.s.Counts().SampledOut },
		mib.ObjNtmPacketsUnsupported: func() uint64 { return v.s.Counts().Unsupported },
		mib.ObjNtmPacketsIgnored:     func() uint64 { return v.s.Totals().Ignored },
		mib.ObjNtmPacketsNotMatched:  func() uint64 { return v.s.Totals().NotMatched },
		mib.ObjNtmPacketsRefused:     func() uint64 { return v.s.Totals().RefusedPDUs },
		mib.ObjNtmOctetsRefused:      func() uint64 { return v.s.Totals().RefusedOctets },
		mib.ObjNtmPacketsBehind:      func() uint64 { return v.s.Counts().Late },
		mib.ObjNtmPacketsBadTime:     func() uint64 { return v.s.Counts().BadStamps },
		mib.ObjNtmPacketsFlooded:     func() uint64 { return v.s.Totals().FloodedPDUs },
		mib.ObjNtmOctetsFlooded:      func() uint64 { return v.s.Totals().FloodedOctets },
		mib.ObjNtmPacketsRecalled:    func() uint64 { return v.s.Recalled() },
		mib.ObjNtmFlowsCreated:       func() uint64 { return v.s.Totals().Created },
		mib.ObjNtmFlowsRecovered:     func() uint64 { return v.s.Totals().Recovered },
		mib.ObjNtmStreamsCreated:     func() uint64 { return v.s.Streams().Created },
		mib.ObjNtmStreamsEvicted:     func() uint64 { return v.s.Streams().Ended[streams.ReasonEvicted] },
		mib.ObjNtmRequestsQueued:     func() uint64 { return v.s.Pairs().Queued },
		mib.ObjNtmRequestsMatched:    func() uint64 { return v.s.Pairs().Matched },
		mib.ObjNtmRequestsDropped:    func() uint64 { return v.s.Pairs().Dropped },
		mib.ObjNtmRequestsExpired:    func() uint64 { return v.s.Pairs().Expired },
		mib.ObjNtmRequestsLost:       func() uint64 { return v.s.Pairs().Lost },
		mib.ObjNtmRequestsRepeated:   func() uint64 { return v.s.Pairs().Repeats },
		mib.ObjNtmRepliesUnasked:     func() uint64 { return v.s.Pairs().Unasked },
		mib.ObjNtmPairsFound:         func() uint64 { return v.s.Pairs().Pairs },
		mib.ObjNtmStreamsTimedOut:    func() uint64 { return v.s.Streams().Ended[streams.ReasonTimeout] },
		mib.ObjNtmStreamsClosed:      func() uint64 { return v.s.Streams().Ended[streams.ReasonClose] },
		mib.ObjNtmStreamsReplaced:    func() uint64 { return v.s.Streams().Ended[streams.ReasonSYN] },
		mib.ObjNtmStreamsCut:         func() uint64 { return v.s.Streams().Ended[streams.ReasonCut] },
	}
}

func (v *View) memory() uint64 {
	if v.cfg.Memory != nil {
		return v.cfg.Memory()
	}
	return uint64(v.s.Memory())
}

// adminString makes a value of the first 255 octets of a text, cut between
// characters.
func adminString(val *agent.Value, text string) {
	if n := 255; len(text) > n {
		for n > 0 && text[n]&0xc0 == 0x80 {
			n--
		}
		text = text[:n]
	}
	val.Text(text)
}

// gauge reads a number that a Gauge32 tells.
func gauge(of func() uint64) reader {
	return func(_ *agent.Request, val *agent.Value) { val.Gauge32(clampGauge(of())) }
}

func clampGauge(n uint64) uint32 { return uint32(min(n, math.MaxUint32)) }

func clampInt(n int) int32 { return int32(max(min(n, math.MaxInt32), 0)) }
