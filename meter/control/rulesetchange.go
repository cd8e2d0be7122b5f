package control

import (
	"errors"
	"fmt"
	"slices"

	"netramet/meter"
	"netramet/mib"
	"netramet/ruleset"
)

// RuleSetChange is a staged row of flowRuleSetInfoTable with its rules.
type RuleSetChange struct {
	staging
	row   *ruleSet // as it is; nil if it is new
	name  string
	owner string
	size  int

	rules    []ruleset.Rule // before the edits, of whatever number
	edits    []ruleEdit
	byRule   map[uint32]int // where in edits
	prepared meter.Prepared // of a rule set that becomes active
}

// ruleEdit is one rule as it will be.
type ruleEdit struct {
	number uint32
	rule   ruleset.Rule
}

// RuleSet stages a row, or returns it as staged before. request is the status
// asked for in this Change, RowNone if none is.
func (c *Change) RuleSet(number uint32, request mib.RowStatus) (*RuleSetChange, Refusal) {
	for _, r := range c.ruleSets {
		if r.index == number {
			return r, Granted
		}
	}
	r := &RuleSetChange{staging: staging{c: c, index: number, request: request}}
	if number < 1 || number > ruleset.MaxNumber {
		r.stop = NoCreation
		return r, r.stop
	}
	if row := c.t.rows().ruleSet(int(number)); row != nil {
		r.row, r.old = row, row.status()
		r.name, r.owner, r.size, r.rules = row.name, row.owner, len(row.rules), row.rules
	}
	if why := r.enter(r.owner); why != Granted {
		return r, why
	}
	c.ruleSets = append(c.ruleSets, r)
	return r, Granted
}

// SetSize sets how many rules there are (flowRuleInfoSize). Rules that remain
// keep what they hold.
func (r *RuleSetChange) SetSize(n int64) Refusal {
	if n < 0 || n > ruleset.MaxRules {
		return WrongValue
	}
	return set(&r.staging, whileInactive, &r.size, int(n))
}

// checkAllRules checks how many rules all rule sets together will have.
func (c *Change) checkAllRules() error {
	total := 0
	for _, r := range c.t.rows().ruleSets {
		if r != nil {
			total += len(r.rules)
		}
	}
	grows := func(r *RuleSetChange) int {
		n := r.size
		if r.next == mib.RowNone {
			n = 0
		}
		if r.row != nil {
			n -= len(r.row.rules)
		}
		return n
	}
	for _, r := range c.ruleSets {
		total += grows(r)
	}
	for _, r := range c.ruleSets {
		if total > ruleset.MaxAllRules && grows(r) > 0 {
			return r.refuse(RuleSetTable, ResourceUnavailable, fmt.Errorf("all rule sets together may have %d rules", ruleset.MaxAllRules))
		}
	}
	return nil
}

// SetOwner sets flowRuleInfoOwner.
func (r *RuleSetChange) SetOwner(owner string) Refusal { return r.setOwner(&r.owner, owner) }

// SetName sets flowRuleInfoName.
func (r *RuleSetChange) SetName(name string) Refusal {
	if len(name) > ruleset.MaxName {
		return WrongValue
	}
	return set(&r.staging, whileInactive, &r.name, name)
}

// SetReady takes flowRuleInfoRulesReady, which is deprecated: a rule set is
// ready when it is active.
func (r *RuleSetChange) SetReady() Refusal { return r.column(whileInactive) }

// SetRules sets the size and all rules at once. They belong to the row from then
// on.
func (r *RuleSetChange) SetRules(rules []ruleset.Rule) Refusal {
	if why := r.SetSize(int64(len(rules))); why != Granted {
		return why
	}
	r.rules, r.edits, r.byRule = rules, nil, nil
	return Granted
}

// Rule returns a rule to be changed, from 1. It is valid until the next call.
func (r *RuleSetChange) Rule(number uint32) (*ruleset.Rule, Refusal) {
	if number < 1 || number > ruleset.MaxRules {
		return nil, NoCreation
	}
	if why := r.column(whileInactive); why != Granted {
		return nil, why
	}
	at, ok := r.byRule[number]
	if !ok {
		e := ruleEdit{number: number}
		if int(number) <= len(r.rules) {
			e.rule = r.rules[number-1]
		}
		if r.byRule == nil {
			r.byRule = make(map[uint32]int)
		}
		at = len(r.edits)
		r.byRule[number] = at
		r.edits = append(r.edits, e)
	}
	return &r.edits[at].rule, Granted
}

func (r *RuleSetChange) checkState() error {
	if err := r.staging.check(RuleSetTable, r.owner, inactiveRuleSet(r.size)); err != nil {
		return err
	}
	if r.index == 1 && r.next != mib.RowActive {
		return r.refuse(RuleSetTable, InconsistentValue, errBuiltin)
	}
	if r.old == mib.RowActive && r.next != mib.RowActive && r.c.referenced(int(r.index)) {
		return r.refuse(RuleSetTable, InconsistentValue, errors.New("a task refers to it"))
	}
	if r.next != mib.RowNone {
		for _, e := range r.edits {
			if int(e.number) > r.size {
				return &RowError{RuleSetTable, r.index, e.number, InconsistentName,
					fmt.Errorf("rule %d is beyond its size, %d", e.number, r.size)}
			}
		}
	}
	return nil
}

// errBuiltin is why rule set 1 stays as it is.
var errBuiltin = errors.New("rule set 1 is built in")

// verify makes the program of a rule set that becomes active. The reason of a
// refusal stays with the row, for its manager to read.
func (r *RuleSetChange) verify() error {
	var err error
	rs := ruleset.RuleSet{Number: int(r.index), Name: r.name, Rules: r.edited(), Optimise: -1}
	if r.prepared, err = r.c.t.engine.Prepare(&rs); err != nil {
		if r.row != nil {
			r.row.reason = err.Error()
		}
		return r.refuse(RuleSetTable, InconsistentValue, err)
	}
	return nil
}

// edited returns the rules as they will be. Those there are stay as they are.
func (r *RuleSetChange) edited() []ruleset.Rule {
	if len(r.rules) == r.size && len(r.edits) == 0 {
		return r.rules
	}
	rules := slices.Clone(r.rules[:min(r.size, len(r.rules))])
	rules = append(rules, make([]ruleset.Rule, r.size-len(rules))...)
	r.apply(rules)
	return rules
}

func (r *RuleSetChange) apply(rules []ruleset.Rule) {
	for _, e := range r.edits {
		rules[e.number-1] = e.rule
	}
}

func (r *RuleSetChange) commit() {
	t := r.c.t
	switch {
	case r.next == mib.RowNone && r.row == nil:
		return
	case r.next == mib.RowNone:
		t.rows().destroy(int(r.index), t.engine)
		return
	case r.old == mib.RowActive && r.next == mib.RowActive:
		return // nothing of it can have changed
	}
	row := r.row
	if row == nil {
		row = new(ruleSet)
		t.rows().ruleSets[r.index] = row
	}
	row.name, row.owner = r.name, r.owner
	if len(r.rules) == r.size {
		// A rule set comes in many Sets of a few rules: it is not copied for
		// each.
		row.rules = r.rules
		r.apply(row.rules)
	} else {
		row.rules = r.edited()
	}
	t.engine.Hold(int(r.index), r.prepared)
	if row.active = r.next == mib.RowActive; row.active {
		row.reason = ""
	}
	row.timeStamp, row.touched = t.Uptime(), r.c.wall
}
