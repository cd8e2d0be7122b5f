package meterview

import (
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/ruleset"
)

// rules is flowRuleTable: column.ruleSet.rule. A rule has an action when one
// was set; the other columns begin as nothing and zeros.
type rules struct {
	v       *View
	columns []uint32
}

func newRules(v *View) *rules { return &rules{v, readable(mib.ObjFlowRuleTable)} }

// Get implements agent.Table.
func (t *rules) Get(q *agent.Request, inst []uint32, val *agent.Value) agent.Status {
	if len(inst) == 0 || columnFrom(t.columns, inst[0]) != inst[0] {
		return agent.NoSuchObject
	}
	if len(inst) != 3 || inst[2] > ruleset.MaxRules || !t.v.sees(q, inst[1]) {
		return agent.NoSuchInstance
	}
	return t.read(inst[0], inst[1], inst[2], val)
}

// Next implements agent.Table.
func (t *rules) Next(q *agent.Request, after []uint32, next *agent.Name, val *agent.Value) agent.Status {
	var from [3]uint32
	copy(from[:], after)
	column := columnFrom(t.columns, from[0])
	if column != from[0] {
		from[1], from[2] = 0, 0
	}
	for ; column != 0; column = columnFrom(t.columns, column+1) {
		for set := t.v.nextSeen(q, from[1]); set != 0; set = t.v.nextSeen(q, set+1) {
			rule := uint32(1)
			if set == from[1] && from[2] > 0 {
				rule = min(from[2], ruleset.MaxRules) + 1
			}
			for size := uint32(t.v.s.RuleSetSize(int(set))); rule <= size; rule++ {
				if on := set != from[1] || rule-1 > from[2]; on && q.Budget() <= 0 {
					next.Set(column, set, rule-1)
					return agent.More
				}
				q.Spend(1)
				if st := t.read(column, set, rule, val); st != agent.NoSuchInstance {
					next.Set(column, set, rule)
					return st
				}
			}
		}
		from[1], from[2] = 0, 0
	}
	return agent.EndOfMibView
}

func (t *rules) read(column, set, number uint32, val *agent.Value) agent.Status {
	r, ok := t.v.s.Rule(int(set), int(number))
	if !ok {
		return agent.NoSuchInstance
	}
	switch column {
	case mib.ColFlowRuleSelector:
		val.Int(int32(r.Selector))
	case mib.ColFlowRuleMask:
		val.Octets(r.Mask[:ruleSize(r)])
	case mib.ColFlowRuleMatchedValue:
		val.Octets(r.Value[:ruleSize(r)])
	case mib.ColFlowRuleAction:
		if r.Action == 0 {
			return agent.NoSuchInstance
		}
		val.Int(int32(r.Action))
	case mib.ColFlowRuleParameter:
		val.Int(int32(r.Parameter))
	}
	return agent.OK
}

// ruleSize is how many octets of a rule's mask and value are told: the
// attribute's size where it has one, else that of an address that holds what
// is set; at least two (RFC 2720 RuleAddress).
func ruleSize(r *ruleset.Rule) int {
	n := len(r.Mask)
	for n > 0 && r.Mask[n-1] == 0 && r.Value[n-1] == 0 {
		n--
	}
	if size := r.Selector.UsualSize(); size < mib.MaxAddress && n <= size {
		return max(size, 2)
	}
	for _, size := range [...]int{4, 16} {
		if n <= size {
			return size
		}
	}
	return len(r.Mask)
}
