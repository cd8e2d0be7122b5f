package remotemeter

import (
	"context"
	"time"

	"netramet/mib"
	"netramet/mib/client"
)

// Info is what a meter tells about itself.
type Info struct {
	Descr     string
	Name      string
	Uptime32  uint32 // sysUpTime, centiseconds
	Boots     uint64 // snmpEngineBoots; 0 if not told
	MaxFlows  int
	Flows     int
	FloodMark int
	Flooded   bool
	Inactive  int // flowInactivityTimeout, seconds

	// Netramet says that the meter has NETRAMET-MIB; the rest is valid only then.
	Netramet bool
	Version  string
	Uptime   uint64 // 64-bit, centiseconds
	Peer     bool   // octets count the network layer
	Trace    Trace
}

// Trace is what a meter tells about reading its trace.
type Trace struct {
	State      mib.TracePhase
	Interval   uint64    // number of the interval completed last
	NoInterval bool      // it is not told, as in SNMPv1
	Start      time.Time // of the first packet; zero if not known
	Period     time.Duration
	Error      string
}

// Info asks the meter about itself. It does so with few variables that every
// agent has to know first, so that something which is no meter is noticed.
func (m *Meter) Info(ctx context.Context) (*Info, error) {
	v, err := m.GetSmall(ctx, client.Inst(mib.ObjSysUpTime), client.Inst(mib.ObjFlowMaxFlows), client.Inst(mib.ObjFlowActiveFlows),
		client.Inst(mib.ObjFlowFloodMark), client.Inst(mib.ObjFlowFloodMode), client.Inst(mib.ObjFlowInactivityTimeout), client.Inst(mib.ObjSnmpEngineBoots),
		client.Inst(mib.ObjSysDescr), client.Inst(mib.ObjSysName))
	if err != nil {
		return nil, err
	}
	if v[1].Missing && v[5].Missing {
		return nil, m.Nonsense("it has no FLOW-METER-MIB, so it is no traffic meter (%.60q)", v[7].Text())
	}
	in := &Info{
		Uptime32: uint32(v[0].Num), MaxFlows: v[1].Int(), Flows: v[2].Int(), FloodMark: v[3].Int(), Flooded: v[4].True(),
		Inactive: v[5].Int(), Boots: v[6].Num, Descr: v[7].Text(), Name: v[8].Text(),
	}
	v, err = m.GetSmall(ctx, client.Inst(mib.ObjNtmVersion), client.Inst(mib.ObjNtmOctetMode), client.Inst(mib.ObjNtmUptime64))
	if err != nil {
		return nil, err
	}
	if v[0].Missing {
		return in, nil
	}
	in.Netramet, in.Version, in.Peer, in.Uptime = true, v[0].Text(), v[1].Num == 2, v[2].Num
	if v[2].Missing { // SNMPv1 has no Counter64
		in.Uptime = uint64(in.Uptime32)
	}
	in.Trace, err = m.Trace(ctx)
	return in, err
}

// Meet is Info for the first words with a meter. Where its name has several addresses
// and there is no answer from one, it goes on to the next.
func (m *Meter) Meet(ctx context.Context) (in *Info, err error) {
	err = m.Client.Meet(ctx, func() (err error) {
		in, err = m.Info(ctx)
		return err
	})
	return in, err
}

// Trace asks for the state of the trace.
func (m *Meter) Trace(ctx context.Context) (Trace, error) {
	t, _, err := m.TraceAnd(ctx)
	return t, err
}

// TraceAnd asks for the state of the trace, and more variables with it.
func (m *Meter) TraceAnd(ctx context.Context, more ...client.Name) (Trace, []client.Value, error) {
	names := []client.Name{client.Inst(mib.ObjNtmTraceState), client.Inst(mib.ObjNtmTraceInterval), client.Inst(mib.ObjNtmTraceStart),
		client.Inst(mib.ObjNtmTracePeriod), client.Inst(mib.ObjNtmTraceError)}
	v, err := m.Get(ctx, append(names, more...)...)
	if err != nil {
		return Trace{}, nil, err
	}
	t := Trace{
		State: mib.TracePhase(v[0].Num), Interval: v[1].Num, NoInterval: v[1].Missing,
		Period: time.Duration(v[3].Num) * 10 * time.Millisecond, Error: v[4].Text(),
	}
	if v[0].Missing {
		t.State = mib.TraceIdle
	}
	if v[2].Num > 0 && v[2].Num < 1<<63 {
		t.Start = time.Unix(0, int64(v[2].Num)).UTC()
	}
	return t, v[len(names):], nil
}

// StartTrace says that the caller has set up what it wants, and sets more
// variables with the same message: the trace starts only if all can be set.
func (m *Meter) StartTrace(ctx context.Context, more ...client.Bind) error {
	return m.Set(ctx, append(more, client.Int(client.Inst(mib.ObjNtmTraceState), int(mib.TraceRunning)))...)
}

// Beat is what tells a restart of the meter, and its end.
type Beat struct {
	Uptime   uint64 // centiseconds
	Is64     bool   // Uptime is NETRAMET-MIB's and never wraps
	Boots    uint64
	HasBoots bool
	Ending   bool // it is about to end: who collects now gets the last there is
	TellsEnd bool // Ending is told
}

// Beat asks for it.
func (m *Meter) Beat(ctx context.Context) (Beat, error) {
	v, err := m.Get(ctx, client.Inst(mib.ObjSysUpTime), client.Inst(mib.ObjNtmUptime64), client.Inst(mib.ObjSnmpEngineBoots), client.Inst(mib.ObjNtmEnding))
	if err != nil {
		return Beat{}, err
	}
	if v[0].Missing && v[1].Missing {
		return Beat{}, m.Nonsense("it has no sysUpTime")
	}
	b := Beat{Uptime: v[0].Num, Boots: v[2].Num, HasBoots: !v[2].Missing, Ending: v[3].True(), TellsEnd: !v[3].Missing}
	if !v[1].Missing {
		b.Uptime, b.Is64 = v[1].Num, true
	}
	return b, nil
}

// Interface is a metered interface, or the trace's.
type Interface struct {
	Number int
	Name   string
}

// Interfaces reads the metered interfaces, in order of number.
func (m *Meter) Interfaces(ctx context.Context) ([]Interface, error) {
	numbers, rows, err := m.Table(ctx, mib.ObjIfDescr)
	if err != nil {
		return nil, err
	}
	var all []Interface
	for i, v := range rows {
		all = append(all, Interface{int(numbers[i]), v[0].Text()})
	}
	return all, nil
}
