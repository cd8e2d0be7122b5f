package meter

import (
	"errors"
	"fmt"

	"netramet/meter/pme"
	"netramet/ruleset"
)

// ruleSet is a rule set that the meter holds.
type ruleSet struct {
	number  int
	program *pme.Program // nil: it cannot be run
	shapes  *pme.Shapes  // of its flows' keys, under all the programs it has had
	dists   *distSpecs   // of its flows
	running bool

	lanes  []*laneWork
	counts RuleSetCounts // but for what the lanes have
	input  RuleSetInput  // of the times it ran, but for the present one
	since  RuleSetInput  // the meter's figures when it began to run
}

// newRuleSet makes a rule set that has no program yet.
func (m *Meter) newRuleSet(number int, shapes *pme.Shapes) *ruleSet {
	r := &ruleSet{number: number, shapes: shapes, dists: new(distSpecs)}
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
	Recalled      uint64 // packets for which no rules were run: their streams remembered what they say
}

// Errors of rule set requests.
var (
	ErrNoRuleSet = errors.New("no such rule set")
	ErrNotActive = errors.New("rule set is not active")
)

// Prepared is the verified program of a rule set, for Hold in the same Update.
type Prepared struct {
	program *pme.Program
	shapes  *pme.Shapes
	dists   []distSpec
}

// Prepare verifies a rule set and makes its program, which changes nothing yet.
// That takes some tens of milliseconds for the largest ones, so metering and
// Views go on meanwhile. The error says what is wrong with the rules.
func (s *Engine) Prepare(rs *ruleset.RuleSet) (Prepared, error) {
	p := Prepared{shapes: pme.NewShapes()}
	if r := s.lookRuleSet(rs.Number); r != nil {
		p.shapes = r.shapes
	}
	var err error
	d := &s.m.door // outside, s is nobody's
	d.aside(func() {
		if p.program, err = pme.Load(rs, p.shapes); err == nil {
			p.dists = specsOf(p.program)
		}
	})
	if err == nil {
		err = rs.Metered()
	}
	if r := s.lookRuleSet(rs.Number); err == nil && r != nil {
		err = r.dists.room(p.program)
	}
	if err != nil {
		return Prepared{}, err
	}
	return p, nil
}

// Hold keeps a rule set, of a number from 1 to ruleset.MaxNumber, with the
// program that Prepare has made for that number; the zero Prepared is none, so
// that it cannot run. A rule set that is held already keeps its flows and
// counts. Where one that runs loses its program, Run follows in the same Update.
func (s *Engine) Hold(number int, p Prepared) {
	m := s.m
	r := m.ruleSets[number]
	if r == nil {
		if p.shapes == nil {
			p.shapes = pme.NewShapes()
		}
		r = m.newRuleSet(number, p.shapes)
		m.ruleSets[number] = r
	}
	r.setProgram(p.program)
	r.dists.use(p.dists)
}

// Drop removes a rule set that does not run, with its flows. They are gone for
// everybody at once; their memory comes back at ticks.
func (s *Engine) Drop(number int) {
	m, r := s.m, s.m.ruleSets[number]
	m.hide(number, r.counts.Flows)
	r.counts.Flows = 0
	total := r.total()
	m.gone.add(&total)
	m.goneRecalled += r.recalled()
	m.ruleSets[number] = nil
	m.measureStreams()
}

// RuleSets is a set of rule sets, by number.
type RuleSets [ruleset255]bool

// Run makes exactly those rule sets of want run that are held with a program.
func (s *Engine) Run(want *RuleSets) {
	m := s.m
	changed := false
	for n, r := range m.ruleSets {
		if r == nil || (want[n] && r.program != nil) == r.running {
			continue
		}
		changed = true
		if r.running {
			r.stop(&m.counts)
			continue
		}
		r.start(&m.counts)
	}
	if changed {
		m.setRunning()
	}
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

// Runs reports whether a rule set runs.
func (s *State) Runs(number int) bool {
	r := s.lookRuleSet(number)
	return r != nil && r.running
}

// RuleSetInput returns what was read while a rule set ran.
func (s *State) RuleSetInput(number int) (RuleSetInput, error) {
	r, err := s.ruleSet(number)
	if err != nil {
		return RuleSetInput{}, err
	}
	in := r.inputUpTo(&s.m.counts)
	in.addWork(r)
	in.Recalled = r.recalled()
	return in, nil
}

// recalled is for how many packets the rules were not run.
func (r *ruleSet) recalled() uint64 {
	c := r.total()
	n := c.PDUs + c.Ignored + c.NotMatched + c.RefusedPDUs
	for _, w := range r.lanes {
		n -= w.ruled
	}
	return n
}

// Recalled adds up RuleSetInput.Recalled of all rule sets, those included that are no
// more.
func (s *State) Recalled() uint64 {
	n := s.m.goneRecalled
	for _, r := range s.m.ruleSets {
		if r != nil {
			n += r.recalled()
		}
	}
	return n
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
		m.lanes[i].runs, m.lanes[i].observes = m.lanes[i].runs[:0], false
	}
	remembered, depending, most := 0, 0, rememberable(m.cfg.Streams.MaxStreams)
	m.needsRest = false
	for _, r := range m.ruleSets {
		if r == nil || !r.running {
			continue
		}
		m.needsRest = m.needsRest || r.program.Needs()&pme.NeedsRest != 0
		mem := memory{words: -1}
		if depends, ok := dependsOn(r.program, m.cfg.Records); ok && m.cfg.Cache == CacheVerdicts && remembered < most {
			mem = memory{words: remembered, depends: depends, traits: depending}
			remembered++
			if depends != 0 {
				depending++
			}
		}
		for i := range m.lanes {
			m.lanes[i].run(r, mem)
		}
	}
	for i := range m.lanes {
		m.lanes[i].remembered(remembered, depending)
	}
	m.measureStreams()
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
