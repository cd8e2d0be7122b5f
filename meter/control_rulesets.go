package meter

import (
	"errors"
	"fmt"
	"slices"

	"netramet/meter/pme"
	"netramet/ruleset"
)

// RuleSetChange is a staged row of flowRuleSetInfoTable with its rules.
type RuleSetChange struct {
	staging
	row   *ruleSet // as it is; nil if it is new
	name  string
	whose string // Owner
	size  int

	edits   []ruleEdit
	byRule  map[uint32]int // where in edits
	shapes  *pme.Shapes
	program *pme.Program // of a rule set that becomes active
}

// ruleEdit is one rule as it will be.
type ruleEdit struct {
	number uint32
	rule   ruleset.Rule
}

// RuleSet stages a row, or returns it as staged before. request is the status
// asked for in this Change, RowNone if none is.
func (c *Change) RuleSet(number uint32, request RowStatus) (*RuleSetChange, Refusal) {
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
	if row := c.m.ruleSets[number]; row != nil {
		r.row, r.old = row, row.status()
		r.name, r.whose, r.size, r.shapes = row.spec.Name, row.owner, len(row.spec.Rules), row.shapes
	} else {
		r.shapes = pme.NewShapes()
	}
	if why := r.enter(r.whose); why != Granted {
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
	if why := r.column(false); why != Granted {
		return why
	}
	r.size = int(n)
	return Granted
}

// checkAllRules checks how many rules all rule sets together will have.
func (c *Change) checkAllRules() error {
	total := 0
	for _, r := range c.m.ruleSets {
		if r != nil {
			total += len(r.spec.Rules)
		}
	}
	grows := func(r *RuleSetChange) int {
		n := r.size
		if r.next == RowNone {
			n = 0
		}
		if r.row != nil {
			n -= len(r.row.spec.Rules)
		}
		return n
	}
	for _, r := range c.ruleSets {
		total += grows(r)
	}
	for _, r := range c.ruleSets {
		if total > MaxAllRules && grows(r) > 0 {
			return r.refuse(RuleSetTable, ResourceUnavailable, fmt.Errorf("all rule sets together may have %d rules", MaxAllRules))
		}
	}
	return nil
}

// SetOwner sets flowRuleInfoOwner.
func (r *RuleSetChange) SetOwner(owner string) Refusal { return r.owner(&r.whose, owner, false) }

// SetName sets flowRuleInfoName.
func (r *RuleSetChange) SetName(name string) Refusal {
	if len(name) > ruleset.MaxName {
		return WrongValue
	}
	if why := r.column(false); why != Granted {
		return why
	}
	r.name = name
	return Granted
}

// SetReady takes flowRuleInfoRulesReady, which is deprecated: a rule set is
// ready when it is active.
func (r *RuleSetChange) SetReady(bool) Refusal { return r.column(false) }

// Rule returns a rule to be changed, from 1. It is valid until the next call.
func (r *RuleSetChange) Rule(number uint32) (*ruleset.Rule, Refusal) {
	if number < 1 || number > ruleset.MaxRules {
		return nil, NoCreation
	}
	if why := r.column(false); why != Granted {
		return nil, why
	}
	at, ok := r.byRule[number]
	if !ok {
		e := ruleEdit{number: number}
		if r.row != nil && int(number) <= len(r.row.spec.Rules) {
			e.rule = r.row.spec.Rules[number-1]
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
	if err := r.staging.check(RuleSetTable, r.whose, r.size > 0); err != nil {
		return err
	}
	if r.index == 1 && r.next != RowActive {
		return r.refuse(RuleSetTable, InconsistentValue, ErrBuiltin)
	}
	if r.old == RowActive && r.next != RowActive && r.c.referenced(int(r.index)) {
		return r.refuse(RuleSetTable, InconsistentValue, errors.New("a task refers to it"))
	}
	if r.next != RowNone {
		for _, e := range r.edits {
			if int(e.number) > r.size {
				return &RowError{RuleSetTable, r.index, e.number, InconsistentName,
					fmt.Errorf("rule %d is beyond its size, %d", e.number, r.size)}
			}
		}
	}
	return nil
}

// verify makes the program of a rule set that becomes active. The reason of a
// refusal stays with the row, for its manager to read.
func (r *RuleSetChange) verify() error {
	spec := ruleset.RuleSet{Number: int(r.index), Name: r.name, Rules: r.rules(), Optimise: -1}
	var err error
	if r.program, err = r.c.m.program(&spec, r.shapes); err != nil {
		if r.row != nil {
			r.row.reason = err.Error()
		}
		return r.refuse(RuleSetTable, InconsistentValue, err)
	}
	return nil
}

// rules returns the rules as they will be.
func (r *RuleSetChange) rules() []ruleset.Rule {
	var rules []ruleset.Rule
	if r.row != nil {
		rules = r.row.spec.Rules
		if len(rules) == r.size && len(r.edits) == 0 {
			return rules
		}
	}
	rules = slices.Clone(rules[:min(r.size, len(rules))])
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
	m := r.c.m
	if r.next == RowNone {
		if r.row != nil {
			m.destroy(int(r.index))
		}
		return
	}
	row := r.row
	if row == nil {
		row = m.newRuleSet(ruleset.RuleSet{Number: int(r.index), Optimise: -1}, r.shapes)
		m.ruleSets[r.index] = row
	}
	if r.old == RowActive && r.next == RowActive {
		return // nothing of it can have changed
	}
	row.spec.Name, row.owner = r.name, r.whose
	if len(row.spec.Rules) == r.size {
		r.apply(row.spec.Rules)
	} else {
		row.spec.Rules = r.rules()
	}
	row.setProgram(r.program)
	if row.active = r.next == RowActive; row.active {
		row.reason = ""
	}
	row.timeStamp, row.touched = m.in.uptime, r.c.wall
}
