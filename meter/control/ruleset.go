package control

import (
	"time"

	"netramet/meter"
	"netramet/mib"
	"netramet/ruleset"
)

// ruleSet is a row of flowRuleSetInfoTable, with its rules.
type ruleSet struct {
	name      string
	owner     string
	rules     []ruleset.Rule
	active    bool         // the engine holds its program
	reason    string       // of the last refusal to activate it; empty if none
	timeStamp meter.Uptime // of its last change
	touched   time.Time    // the same in wall time
}

func (r *ruleSet) status() mib.RowStatus {
	if r.active {
		return mib.RowActive
	}
	return inactiveRuleSet(len(r.rules))
}

// inactiveRuleSet is the state of the row of a rule set of so many rules while it
// is not active.
func inactiveRuleSet(size int) mib.RowStatus {
	if size == 0 {
		return mib.RowNotReady
	}
	return mib.RowNotInService
}

// addBuiltin makes rule set 1, which counts by protocol type (RFC 2722 §6.4).
func (t *Tables) addBuiltin() {
	all := ruleset.Octets{0: 0xff}
	rs := ruleset.RuleSet{Number: 1, Name: "default", Optimise: -1, Rules: []ruleset.Rule{
		{Action: mib.ActionGotoAct, Parameter: 2},
		{Selector: mib.AttrSourcePeerType, Mask: all, Action: mib.ActionPushPktToAct, Parameter: 3},
		{Selector: mib.AttrDestPeerType, Mask: all, Action: mib.ActionCountPkt},
	}}
	p, err := t.engine.Prepare(&rs)
	t.engine.Hold(1, p)
	// A test runs it; without a program it could not be run.
	t.rows().ruleSets[1] = &ruleSet{name: rs.Name, rules: rs.Rules, active: err == nil}
}

// ruleSet returns a rule set, nil if there is none.
func (a *tables) ruleSet(number int) *ruleSet {
	if number < 1 || number > ruleset.MaxNumber {
		return nil
	}
	return a.ruleSets[number]
}

// destroy removes a rule set that is not running, with its flows and readers.
// Later rule sets of its number are other ones.
func (a *tables) destroy(number int, e *meter.Engine) {
	e.Drop(number)
	a.ruleSets[number] = nil
	for at, r := a.readers.next(0); r != nil; at, r = a.readers.next(at) {
		if r.RuleSet == number && r.Active {
			a.readers.remove(at)
		}
	}
}

// RuleSetRow is what flowRuleSetInfoTable and NETRAMET-MIB tell of a rule set.
type RuleSetRow struct {
	Status    mib.RowStatus
	Running   bool
	Size      int
	Owner     string
	Name      string
	TimeStamp meter.Uptime // of the last change
	Flows     uint64
	Error     string // why it was last refused to become active; empty if it was not
}

// RuleSetRow returns a rule set's row.
func (s *State) RuleSetRow(number int) (RuleSetRow, bool) {
	r := s.rows().ruleSet(number)
	if r == nil {
		return RuleSetRow{}, false
	}
	c, _ := s.RuleSetCounts(number)
	return RuleSetRow{Status: r.status(), Running: s.Runs(number), Size: len(r.rules), Owner: r.owner,
		Name: r.name, TimeStamp: r.timeStamp, Flows: c.Flows, Error: r.reason}, true
}

// NextRuleSet returns the first rule set number after a number, 0 if there is
// none.
func (s *State) NextRuleSet(after int) int {
	for n := max(after, 0) + 1; n <= ruleset.MaxNumber; n++ {
		if s.rows().ruleSets[n] != nil {
			return n
		}
	}
	return 0
}

// HasRuleSet reports whether there is a rule set of that number.
func (s *State) HasRuleSet(number int) bool { return s.rows().ruleSet(number) != nil }

// RuleSetSize returns how many rules a rule set has, 0 if it does not exist.
func (s *State) RuleSetSize(number int) int {
	if r := s.rows().ruleSet(number); r != nil {
		return len(r.rules)
	}
	return 0
}

// Owner returns the Owner of a rule set, which its rules and flows inherit.
func (s *State) Owner(ruleSet int) string {
	if r := s.rows().ruleSet(ruleSet); r != nil {
		return r.owner
	}
	return ""
}

// OwnerOf returns the Owner of a row, and whether there is such a row.
func (s *State) OwnerOf(t Table, index uint32) (owner string, exists bool) {
	switch t {
	case ReaderTable:
		if r := s.rows().readers.find(index); r != nil {
			return r.Owner, true
		}
	case TaskTable:
		if t := s.rows().tasks.find(index); t != nil {
			return t.Owner, true
		}
	case RuleSetTable:
		if r := s.rows().ruleSet(int(min(index, ruleset.MaxNumber+1))); r != nil {
			return r.owner, true
		}
	}
	return "", false
}

// Rule returns a rule of a rule set, from 1. It belongs to the meter.
func (s *State) Rule(ruleSet, number int) (*ruleset.Rule, bool) {
	r := s.rows().ruleSet(ruleSet)
	if r == nil || number < 1 || number > len(r.rules) {
		return nil, false
	}
	return &r.rules[number-1], true
}
