// Package clienttest is a meter for tests of managers: the control tables,
// rules, data packages and trace state of FLOW-METER-MIB and NETRAMET-MIB
// behind a real SNMP agent, with flows that the test makes up, and a link in
// memory that loses, repeats, delays and reorders messages by a seed.
//
// It meters nothing and checks only what a manager can get wrong. Tests call
// it; no program does.
package clienttest

import (
	"maps"
	"slices"
	"sync"

	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/usm"
)

// RuleSet is a row of flowRuleSetInfoTable with its rules.
type RuleSet struct {
	Owner, Name string
	Status      mib.RowStatus
	Rules       []Rule
}

// Rule is a row of flowRuleTable.
type Rule struct {
	Selector, Action, Parameter int
	Mask, Value                 string
}

// Reader is a row of flowReaderInfoTable and ntmReaderTable.
type Reader struct {
	Owner              string
	Status             mib.RowStatus
	RuleSet, Timeout   int
	LastTime, Previous uint64 // what is sent as 32 bits is cut
	Waits              bool
	Collected, Time    uint64
}

// Task is a row of flowManagerInfoTable.
type Task struct {
	Owner                           string
	Status                          mib.RowStatus
	Current, Standby, HighWaterMark int
	RunningStandby                  bool
}

// Flow is one flow; Values are those of its attributes that are not zero.
type Flow struct {
	Index   uint32
	Changed uint64
	Numbers map[mib.Attr]uint64
	Octets  map[mib.Attr]string

	Distributions map[mib.Attr]Distribution
}

// Distribution is a flow's distribution: mask and value of the rule that asked for
// it, six octets each, and its counters.
type Distribution struct {
	Mask, Value string
	Counters    []uint64
}

// state is what a Set changes.
type state struct {
	ruleSets map[uint32]*RuleSet
	readers  map[uint32]*Reader
	tasks    map[uint32]*Task
	scalars  map[mib.Obj]int64
}

func (s *state) clone() *state {
	c := &state{map[uint32]*RuleSet{}, map[uint32]*Reader{}, map[uint32]*Task{}, maps.Clone(s.scalars)}
	for i, r := range s.ruleSets {
		x := *r
		x.Rules = slices.Clone(r.Rules)
		c.ruleSets[i] = &x
	}
	for i, r := range s.readers {
		x := *r
		c.readers[i] = &x
	}
	for i, t := range s.tasks {
		x := *t
		c.tasks[i] = &x
	}
	return c
}

// Meter is the meter. Its fields may be changed between messages, with Lock
// if there is a Server.
type Meter struct {
	sync.Mutex
	Agent *agent.Agent

	Uptime  uint64 // centiseconds; what is sent as 32 bits is cut
	Foreign bool   // it has no NETRAMET-MIB
	Hide    bool   // it has neither module
	Narrow  bool   // its NETRAMET-MIB has no flows and LastTimes of 64 bits
	// Flows are the flows by rule set, each list in order of index.
	Flows map[int][]Flow
	Stats map[mib.Obj]uint64 // scalars of NETRAMET-MIB and flowActiveFlows
	// Refuse, if set, names what is wrong with a rule set that is activated.
	Refuse func(*RuleSet) string

	// Intervals is the trace: each function changes Flows and Uptime as the
	// packets of one interval would. Empty is a meter without a trace.
	Intervals  []func(*Meter)
	TraceState mib.TracePhase
	Interval   uint64
	TraceError string
	Start      uint64 // Unix ns of the first packet
	// Slow is how many times the state must be read before an interval ends.
	Slow int
	// Collections counts Sets of flowReaderLastTime.
	Collections int

	slow int
	st   *state
	work *state // of a Set being processed
	errs map[uint32]string
}

// New returns a meter with the communities "public" and "private".
func New() *Meter { return NewSized(agent.MaxMessage) }

// NewSized returns a meter whose messages have at most max octets.
func NewSized(max int) *Meter {
	m := &Meter{
		Uptime: 1, TraceState: mib.TraceIdle, Flows: map[int][]Flow{}, Stats: map[mib.Obj]uint64{}, errs: map[uint32]string{},
		st: &state{
			map[uint32]*RuleSet{1: {Owner: "meter", Name: "default", Status: mib.RowActive, Rules: []Rule{{Action: 1, Parameter: 1, Mask: "\x00\x00", Value: "\x00\x00"}}}},
			map[uint32]*Reader{}, map[uint32]*Task{},
			map[mib.Obj]int64{mib.ObjFlowFloodMark: 95, mib.ObjFlowInactivityTimeout: 600, mib.ObjFlowMaxFlows: 4000000, mib.ObjFlowFloodMode: 2},
		},
	}
	a, err := agent.New(agent.Config{
		MaxMessage: max,
		System:     agent.System{Descr: "test meter", Name: "test", UpTime: func(*agent.Request) uint32 { return uint32(m.Uptime) }},
		Do: func(_ agent.Op, f func()) {
			m.Lock()
			defer m.Unlock()
			f()
		},
	})
	if err != nil {
		panic(err) // only a mistake in this package can do that
	}
	tb := &table{m: m}
	for _, o := range []mib.Obj{mib.ObjFlowMIB, mib.ObjNetrametMIB} {
		if err := a.Register(o.OID(), &rooted{tb, o.OID()}, tb); err != nil {
			panic(err)
		}
	}
	if err := a.SetAccess(agent.DefaultAccess()); err != nil {
		panic(err)
	}
	m.Agent = a
	return m
}

// AddUser lets an SNMPv3 user in beside the communities.
func (m *Meter) AddUser(c usm.UserConfig) error { return m.AddUsers(c) }

// AddUsers lets SNMPv3 users in beside the communities.
func (m *Meter) AddUsers(users ...usm.UserConfig) error {
	acc := agent.DefaultAccess()
	for _, c := range users {
		if err := acc.AddUser(c, agent.Principal{Write: true}); err != nil {
			return err
		}
	}
	return m.Agent.SetAccess(acc)
}

// RuleSets, Readers and Tasks are the rows now.
func (m *Meter) RuleSets() map[uint32]*RuleSet { return m.st.ruleSets }

// Readers are the rows of readers now.
func (m *Meter) Readers() map[uint32]*Reader { return m.st.readers }

// Tasks are the managers' rows now.
func (m *Meter) Tasks() map[uint32]*Task { return m.st.tasks }

// Scalar returns a scalar of FLOW-METER-MIB.
func (m *Meter) Scalar(o mib.Obj) int64 { return m.st.scalars[o] }

// SetScalar changes a scalar of FLOW-METER-MIB, as the meter does, or somebody else.
func (m *Meter) SetScalar(o mib.Obj, v int64) { m.st.scalars[o] = v }

// Restart forgets everything that was set, as a meter does that starts again. A
// trace waits to be started again.
func (m *Meter) Restart() {
	fresh := New()
	m.st, m.Uptime, m.Flows, m.Interval, m.slow = fresh.st, 1, map[int][]Flow{}, 0, 0
	if len(m.Intervals) > 0 {
		m.TraceState = mib.TraceWaitRuleSet
	}
}

// runs reports whether a task runs the rule set.
func (s *state) runs(set int) bool {
	for _, t := range s.tasks {
		if t.Status == mib.RowActive && (t.Current == set && !t.RunningStandby || t.Standby == set && t.RunningStandby) {
			return true
		}
	}
	return false
}

// advance moves the trace on as far as its readers let it.
func (m *Meter) advance() {
	for {
		switch m.TraceState {
		case mib.TraceRunning:
			if m.slow < m.Slow {
				return
			}
			m.slow = 0
			m.Intervals[m.Interval](m)
			m.Interval++
			m.TraceState = mib.TraceWaitReader
			if int(m.Interval) == len(m.Intervals) {
				m.TraceState = mib.TraceEndOfFile
			}
		case mib.TraceWaitReader, mib.TraceEndOfFile:
			for _, r := range m.st.readers {
				if r.Status == mib.RowActive && r.Waits && r.Collected < m.Interval && m.st.runs(r.RuleSet) {
					return
				}
			}
			if m.TraceState == mib.TraceEndOfFile {
				m.TraceState = mib.TraceDone
				return
			}
			m.TraceState = mib.TraceRunning
		default:
			return
		}
	}
}
