package client

import (
	"context"
	"time"

	"netramet/mib"
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

// TraceState is where a meter is in reading a trace.
type TraceState int

// The states (NETRAMET-MIB NtmTracePhase).
const (
	Idle TraceState = iota + 1
	WaitRuleSet
	Running
	WaitReader
	EndOfFile
	Done
)

// String returns the state's name.
func (s TraceState) String() string {
	name, _ := mib.ObjNtmTraceState.Info().EnumName(int64(s))
	return name
}

// Trace is what a meter tells about reading its trace.
type Trace struct {
	State      TraceState
	Interval   uint64    // number of the interval completed last
	NoInterval bool      // it is not told, as in SNMPv1
	Start      time.Time // of the first packet; zero if not known
	Period     time.Duration
	Error      string
}

// Info asks the meter about itself. It does so with few variables that every
// agent has to know first, so that something which is no meter is told apart.
func (c *Client) Info(ctx context.Context) (*Info, error) {
	v, err := c.getCarefully(ctx, Inst(mib.ObjSysUpTime), Inst(mib.ObjFlowMaxFlows), Inst(mib.ObjFlowActiveFlows),
		Inst(mib.ObjFlowFloodMark), Inst(mib.ObjFlowFloodMode), Inst(mib.ObjFlowInactivityTimeout), Inst(mib.ObjSnmpEngineBoots),
		Inst(mib.ObjSysDescr), Inst(mib.ObjSysName))
	if err != nil {
		return nil, err
	}
	if v[1].Missing && v[5].Missing {
		return nil, c.wrap(nonsense("it has no FLOW-METER-MIB, so it is no traffic meter (%.60q)", v[7].Text()))
	}
	in := &Info{
		Uptime32: uint32(v[0].Num), MaxFlows: v[1].Int(), Flows: v[2].Int(), FloodMark: v[3].Int(), Flooded: v[4].True(),
		Inactive: v[5].Int(), Boots: v[6].Num, Descr: v[7].Text(), Name: v[8].Text(),
	}
	v, err = c.getCarefully(ctx, Inst(mib.ObjNtmVersion), Inst(mib.ObjNtmOctetMode), Inst(mib.ObjNtmUptime64))
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
	in.Trace, err = c.Trace(ctx)
	return in, err
}

// Trace asks for the state of the trace.
func (c *Client) Trace(ctx context.Context) (Trace, error) {
	t, _, err := c.trace(ctx)
	return t, err
}

// trace asks for the state of the trace, and more variables with it.
func (c *Client) trace(ctx context.Context, more ...Name) (Trace, []Value, error) {
	names := []Name{Inst(mib.ObjNtmTraceState), Inst(mib.ObjNtmTraceInterval), Inst(mib.ObjNtmTraceStart),
		Inst(mib.ObjNtmTracePeriod), Inst(mib.ObjNtmTraceError)}
	v, err := c.Get(ctx, append(names, more...)...)
	if err != nil {
		return Trace{}, nil, err
	}
	t := Trace{
		State: TraceState(v[0].Num), Interval: v[1].Num, NoInterval: v[1].Missing,
		Period: time.Duration(v[3].Num) * 10 * time.Millisecond, Error: v[4].Text(),
	}
	if v[0].Missing {
		t.State = Idle
	}
	if v[2].Num > 0 && v[2].Num < 1<<63 {
		t.Start = time.Unix(0, int64(v[2].Num)).UTC()
	}
	return t, v[len(names):], nil
}

// StartTrace says that the caller has set up what it wants, and sets more
// variables with the same message: the trace starts only if all can be set.
func (c *Client) StartTrace(ctx context.Context, more ...Bind) error {
	return c.Set(ctx, append(more, Int(Inst(mib.ObjNtmTraceState), int(Running)))...)
}

// Beat is what tells a restart of the meter.
type Beat struct {
	Uptime   uint64 // centiseconds
	Is64     bool   // Uptime is NETRAMET-MIB's and never wraps
	Boots    uint64
	HasBoots bool
}

// Beat asks for it.
func (c *Client) Beat(ctx context.Context) (Beat, error) {
	v, err := c.Get(ctx, Inst(mib.ObjSysUpTime), Inst(mib.ObjNtmUptime64), Inst(mib.ObjSnmpEngineBoots))
	if err != nil {
		return Beat{}, err
	}
	if v[0].Missing && v[1].Missing {
		return Beat{}, c.wrap(nonsense("it has no sysUpTime"))
	}
	b := Beat{Uptime: v[0].Num, Boots: v[2].Num, HasBoots: !v[2].Missing}
	if !v[1].Missing {
		b.Uptime, b.Is64 = v[1].Num, true
	}
	return b, nil
}

// Interfaces reads the names of the metered interfaces, or the trace's.
func (c *Client) Interfaces(ctx context.Context) ([]string, error) {
	_, rows, err := c.table(ctx, mib.ObjIfDescr)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, v := range rows {
		names = append(names, v[0].Text())
	}
	return names, nil
}
