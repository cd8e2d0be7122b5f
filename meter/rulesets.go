package meter

import (
	"errors"
	"fmt"
	"time"

	"netramet/meter/pme"
	"netramet/mib"
	"netramet/ruleset"
)

// ruleSet is a row of flowRuleSetInfoTable: a rule set the meter holds, with
// its rules.
type ruleSet struct {
	spec      ruleset.RuleSet
	owner     string
	active    bool
	reason    string    // of the last refusal to activate it; empty if none
	timeStamp Uptime    // of its last change
	touched   time.Time // the same in wall time

	program *pme.Program // nil iff not active
	shapes  *pme.Shapes  // of its flows' keys, under all the programs it has had
	running bool         // some task chooses it

	lanes  []*laneWork
	counts RuleSetCounts // but for what the lanes have
	input  RuleSetInput  // of the times it ran, but for the present one
	since  RuleSetInput  // the meter's figures when it began to run
}

// newRuleSet makes the row of a rule set that has no program yet.
func (m *Meter) newRuleSet(spec ruleset.RuleSet, shapes *pme.Shapes) *ruleSet {
	r := &ruleSet{spec: spec, shapes: shapes}
	for range m.lanes {
		r.lanes = append(r.lanes, new(laneWork))
	}
	return r
}

// RuleSetCounts are one rule set's counts since it was loaded. At any time
// PDUs + Ignored + NotMatched + RefusedPDUs is the number of packets metered
// while it ran.
type RuleSetCounts struct {
	PDUs          uint64 // counted in flows
	Ignored       uint64
	NotMatched    uint64 // in neither direction
	RefusedPDUs   uint64 // of new flows that found the table full, or the meter in flood mode
	RefusedOctets uint64
	FloodedPDUs   uint64 // those of them that flood mode refused
	FloodedOctets uint64
	Flows         uint64 // in the table now
	Created       uint64
	Recovered     uint64
}

// RuleSetInput are the packets that were read while a rule set ran, but not
// given to it, and the work it took to match the others.
type RuleSetInput struct {
	SampledOut    uint64
	Unsupported   uint64 // of a link type that cannot be decoded
	RulesExecuted uint64
	Stopped       uint64 // matches that a limit of the meter stopped; they ignore their packets
}

// Errors of rule set requests.
var (
	ErrNoRuleSet   = errors.New("no such rule set")
	ErrRunning     = errors.New("rule set is running")
	ErrNotActive   = errors.New("rule set is not active")
	ErrBuiltin     = errors.New("rule set 1 is built in")
	ErrNumberTaken = errors.New("rule set number is taken")
)

// builtinRuleSet is rule set 1: it counts by protocol type (RFC 2722 §6.4).
func (m *Meter) builtinRuleSet() *ruleSet {
	all := ruleset.Octets{0: 0xff}
	rs := m.newRuleSet(ruleset.RuleSet{
		Number: 1, Name: "default", Optimise: -1,
		Rules: []ruleset.Rule{
			{Action: mib.ActionGotoAct, Parameter: 2},
			{Selector: mib.AttrSourcePeerType, Mask: all, Action: mib.ActionPushPktToAct, Parameter: 3},
			{Selector: mib.AttrDestPeerType, Mask: all, Action: mib.ActionCountPkt},
		},
	}, pme.NewShapes())
	p, err := pme.Load(&rs.spec, rs.shapes)
	if err == nil { // a test loads it; without a program it cannot be run
		rs.setProgram(p)
		rs.active = true
	}
	return rs
}

// Load verifies a rule set and holds it under its number, which must be free.
func (s *Control) Load(rs *ruleset.RuleSet) error {
	n := rs.Number
	switch {
	case n == 1:
		return ErrBuiltin
	case n < 1 || n > ruleset.MaxNumber:
		return fmt.Errorf("rule set number %d is not in 2..%d", n, ruleset.MaxNumber)
	case s.m.ruleSets[n] != nil:
		return fmt.Errorf("%w: %d", ErrNumberTaken, n)
	}
	r := s.m.newRuleSet(*rs, pme.NewShapes())
	program, err := s.m.program(&r.spec, r.shapes)
	if err != nil {
		return err
	}
	r.setProgram(program)
	r.active = true
	r.timeStamp = s.m.in.uptime
	s.m.ruleSets[n] = r
	return nil
}

// program verifies a rule set and makes it ready to run. That takes some tens of
// milliseconds for the largest ones, so metering goes on meanwhile.
func (m *Meter) program(rs *ruleset.RuleSet, shapes *pme.Shapes) (p *pme.Program, err error) {
	m.door.aside(func() { p, err = pme.Load(rs, shapes) })
	if err != nil {
		return nil, err
	}
	if err := rs.Metered(); err != nil {
		return nil, err
	}
	return p, nil
}

// Destroy removes a rule set that is not running, with its flows and readers.
// Its flows are gone for everybody at once; their memory comes back at ticks.
func (s *Control) Destroy(number int) error {
	r, err := s.ruleSet(number)
	switch {
	case err != nil:
		return err
	case number == 1:
		return ErrBuiltin
	case r.running:
		return fmt.Errorf("%w: %d", ErrRunning, number)
	}
	s.m.destroy(number)
	return nil
}

// destroy removes a rule set that is not running.
func (m *Meter) destroy(number int) {
	r := m.ruleSets[number]
	m.hide(number, r.counts.Flows)
	r.counts.Flows = 0
	total := r.total()
	m.gone.add(&total)
	m.ruleSets[number] = nil
	m.dropReaders(number)
}

// add adds what outlives a rule set: everything but its flows.
func (c *RuleSetCounts) add(o *RuleSetCounts) {
	c.PDUs += o.PDUs
	c.Ignored += o.Ignored
	c.NotMatched += o.NotMatched
	c.RefusedPDUs += o.RefusedPDUs
	c.RefusedOctets += o.RefusedOctets
	c.FloodedPDUs += o.FloodedPDUs
	c.FloodedOctets += o.FloodedOctets
	c.Flows += o.Flows
	c.Created += o.Created
	c.Recovered += o.Recovered
}

func (r *ruleSet) status() RowStatus { return rowState(r.active, len(r.spec.Rules) > 0) }

// total is the rule set's counts, of all lanes.
func (r *ruleSet) total() RuleSetCounts {
	c := r.counts
	for _, w := range r.lanes {
		c.PDUs += w.pdus
		c.Ignored += w.ignored
		c.NotMatched += w.notMatched
	}
	return c
}

// setProgram exchanges the program, nil for none; its work is kept.
func (r *ruleSet) setProgram(p *pme.Program) {
	r.input.addWork(r)
	r.program = p
	for _, w := range r.lanes {
		w.matcher = nil
		if p != nil {
			w.matcher = pme.NewMatcher(p)
		}
	}
}

// addWork adds the work of the rule set's program in all lanes.
func (in *RuleSetInput) addWork(r *ruleSet) {
	for _, w := range r.lanes {
		if w.matcher != nil {
			in.RulesExecuted += w.matcher.Counters.Rules
			in.Stopped += w.matcher.Counters.Stopped()
		}
	}
}

func (r *ruleSet) start(c *Counts) {
	r.running = true
	r.since = RuleSetInput{SampledOut: c.SampledOut, Unsupported: c.Unsupported}
}

func (r *ruleSet) stop(c *Counts) {
	r.input = r.inputUpTo(c)
	r.running = false
}

// inputUpTo is the rule set's input so far; the program's own work is not in it.
func (r *ruleSet) inputUpTo(c *Counts) RuleSetInput {
	in := r.input
	if r.running {
		in.SampledOut += c.SampledOut - r.since.SampledOut
		in.Unsupported += c.Unsupported - r.since.Unsupported
	}
	return in
}

// RuleSetRow is what flowRuleSetInfoTable and NETRAMET-MIB tell of a rule set.
type RuleSetRow struct {
	Status    RowStatus
	Running   bool
	Size      int
	Owner     string
	Name      string
	TimeStamp Uptime // of the last change
	Flows     uint64
	Error     string // why it was last refused to become active; empty if it was not
}

// RuleSetRow returns a rule set's row.
func (s *State) RuleSetRow(number int) (RuleSetRow, bool) {
	r, err := s.ruleSet(number)
	if err != nil {
		return RuleSetRow{}, false
	}
	return RuleSetRow{Status: r.status(), Running: r.running, Size: len(r.spec.Rules), Owner: r.owner,
		Name: r.spec.Name, TimeStamp: r.timeStamp, Flows: r.counts.Flows, Error: r.reason}, true
}

// NextRuleSet returns the first rule set number after a number, 0 if there is
// none.
func (s *State) NextRuleSet(after int) int {
	for n := max(after, 0) + 1; n <= ruleset.MaxNumber; n++ {
		if s.m.ruleSets[n] != nil {
			return n
		}
	}
	return 0
}

// HasRuleSet reports whether there is a rule set of that number.
func (s *State) HasRuleSet(number int) bool {
	return s.lookRuleSet(number) != nil
}

// RuleSetSize returns how many rules a rule set has, 0 if it does not exist.
func (s *State) RuleSetSize(number int) int {
	if r := s.lookRuleSet(number); r != nil {
		return len(r.spec.Rules)
	}
	return 0
}

// Owner returns the Owner of a rule set, which its rules and flows inherit.
func (s *State) Owner(ruleSet int) string {
	if r := s.lookRuleSet(ruleSet); r != nil {
		return r.owner
	}
	return ""
}

// Rule returns a rule of a rule set, from 1. It belongs to the meter.
func (s *State) Rule(ruleSet, number int) (*ruleset.Rule, bool) {
	r := s.lookRuleSet(ruleSet)
	if r == nil || number < 1 || number > len(r.spec.Rules) {
		return nil, false
	}
	return &r.spec.Rules[number-1], true
}

// RuleSetInput returns what was read while a rule set ran.
func (s *State) RuleSetInput(number int) (RuleSetInput, error) {
	r, err := s.ruleSet(number)
	if err != nil {
		return RuleSetInput{}, err
	}
	in := r.inputUpTo(&s.m.counts)
	in.addWork(r)
	return in, nil
}

// Totals adds up the counts of all rule sets, those included that are no more.
func (s *State) Totals() RuleSetCounts {
	sum := s.m.gone
	for _, r := range s.m.ruleSets {
		if r != nil {
			c := r.total()
			sum.add(&c)
		}
	}
	return sum
}

func (s *State) ruleSet(number int) (*ruleSet, error) {
	if r := s.lookRuleSet(number); r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("%w: %d", ErrNoRuleSet, number)
}

// lookRuleSet returns a rule set, nil if there is none. It makes no error, so
// it costs nothing.
func (s *State) lookRuleSet(number int) *ruleSet {
	if number < 1 || number > ruleset.MaxNumber {
		return nil
	}
	return s.m.ruleSets[number]
}

// setRunning gives the lanes the running rule sets, in order of number, and the
// first of those whose verdicts streams can remember their words.
func (m *Meter) setRunning() {
	for i := range m.lanes {
		m.lanes[i].runs = m.lanes[i].runs[:0]
	}
	remembered := 0
	m.needsRest = false
	for _, r := range m.ruleSets {
		if r == nil || !r.running {
			continue
		}
		m.needsRest = m.needsRest || r.program.Needs()&pme.NeedsRest != 0
		words := -1
		if m.cfg.Cache == CacheVerdicts && r.program.Cacheable() && remembered < maxRemembered {
			words = remembered
			remembered++
		}
		for i := range m.lanes {
			m.lanes[i].run(r, words)
		}
	}
	for i := range m.lanes {
		m.lanes[i].remembered(remembered)
	}
	m.forgetVerdicts()
}

// RuleSetCounts returns a rule set's counts.
func (s *State) RuleSetCounts(number int) (RuleSetCounts, error) {
	r, err := s.ruleSet(number)
	if err != nil {
		return RuleSetCounts{}, err
	}
	return r.total(), nil
}
