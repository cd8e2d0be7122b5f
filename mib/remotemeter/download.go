package remotemeter

import (
	"context"
	"fmt"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/ruleset"
)

// ruleColumns are the columns of a rule, in the order Rules reads them.
var ruleColumns = [...]mib.Obj{
	mib.ObjFlowRuleSelector, mib.ObjFlowRuleMask, mib.ObjFlowRuleMatchedValue,
	mib.ObjFlowRuleAction, mib.ObjFlowRuleParameter,
}

// Download puts a rule set on the meter under a number that is free, reads it
// back, compares it and makes it active. On error nothing of it is left
// behind, as far as the meter can be reached.
func (m *Meter) Download(ctx context.Context, number int, owner string, rs *ruleset.RuleSet) (err error) {
	if number < 2 || number > ruleset.MaxNumber || len(rs.Rules) == 0 || len(rs.Rules) > ruleset.MaxRules {
		return fmt.Errorf("rule set %q: number %d with %d rules cannot be downloaded", rs.Name, number, len(rs.Rules))
	}
	n := uint32(number)
	err = m.newRow(ctx, mib.ObjFlowRuleInfoStatus, number, []client.Bind{
		client.Int(client.Inst(mib.ObjFlowRuleInfoStatus, n), int(mib.RowCreateAndWait)),
		client.Text(client.Inst(mib.ObjFlowRuleInfoOwner, n), owner),
		client.Text(client.Inst(mib.ObjFlowRuleInfoName, n), rs.Name),
		client.Int(client.Inst(mib.ObjFlowRuleInfoSize, n), len(rs.Rules)),
	})
	if err != nil {
		if uncertain(err) {
			m.destroyOurs(ctx, ruleSetTable, owner, number)
		}
		return fmt.Errorf("creating rule set %d: %w", number, err)
	}
	defer func() {
		if err != nil {
			m.destroyQuietly(ctx, mib.ObjFlowRuleInfoStatus, number)
			err = fmt.Errorf("downloading rule set %d: %w", number, err)
		}
	}()
	if err := m.putRules(ctx, n, rs.Rules); err != nil {
		return err
	}
	back, err := m.Rules(ctx, number, len(rs.Rules))
	if err != nil {
		return err
	}
	if i := FirstDifference(rs.Rules, back); i >= 0 {
		return fmt.Errorf("the meter does not give rule %d back as it was sent", i+1)
	}
	if err := m.activate(ctx, mib.ObjFlowRuleInfoStatus, number); err != nil {
		return m.whyRefused(ctx, n, err)
	}
	return nil
}

// whyRefused adds the meter's reason to an error of activation.
func (m *Meter) whyRefused(ctx context.Context, n uint32, err error) error {
	if !client.IsStatus(err, client.InconsistentValue) {
		return err
	}
	v, getErr := m.Get(ctx, client.Inst(mib.ObjNtmRuleSetError, n))
	if getErr != nil || v[0].Missing || len(v[0].Octets) == 0 {
		return err
	}
	return fmt.Errorf("the meter refuses the rules: %s: %w", v[0].Text(), err)
}

// putRules writes rules, many with each Set. Where one does not get through, its
// rules may have arrived; writing them again changes nothing.
func (m *Meter) putRules(ctx context.Context, set uint32, rules []ruleset.Rule) error {
	var binds []client.Bind
	for i := range rules {
		binds = append(binds, ruleBinds(set, uint32(i+1), &rules[i])...)
	}
	return m.SetParts(ctx, binds...)
}

// ruleBinds are the variables of one rule.
func ruleBinds(set, number uint32, r *ruleset.Rule) []client.Bind {
	return []client.Bind{
		client.Int(client.Inst(mib.ObjFlowRuleSelector, set, number), int(r.Selector)),
		client.Octets(client.Inst(mib.ObjFlowRuleMask, set, number), ruleAddress(&r.Mask)),
		client.Octets(client.Inst(mib.ObjFlowRuleMatchedValue, set, number), ruleAddress(&r.Value)),
		client.Int(client.Inst(mib.ObjFlowRuleAction, set, number), int(r.Action)),
		client.Int(client.Inst(mib.ObjFlowRuleParameter, set, number), int(sentParameter(r))),
	}
}

// sentParameter is the parameter as flowRuleParameter may hold it: it is not 0
// even where it means nothing.
func sentParameter(r *ruleset.Rule) uint16 { return max(r.Parameter, 1) }

// ruleAddress is a mask or value as RuleAddress has it: 2 to 20 octets, zeros
// to the right need not be sent.
func ruleAddress(o *ruleset.Octets) []byte {
	return append([]byte(nil), o[:max(o.Last(), 2)]...)
}

// FirstDifference returns the index of the first rule in which sets differ to
// a meter, -1 if there is none.
func FirstDifference(a, b []ruleset.Rule) int {
	for i := range min(len(a), len(b)) {
		x, y := a[i], b[i]
		if x.Action.Ends() && y.Action.Ends() {
			x.Parameter, y.Parameter = 0, 0
		}
		x.Parameter, y.Parameter = sentParameter(&x), sentParameter(&y)
		if x != y {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

// Rules reads the first size rules of a rule set.
func (m *Meter) Rules(ctx context.Context, number, size int) ([]ruleset.Rule, error) {
	if size < 0 || size > ruleset.MaxRules {
		return nil, m.Nonsense("rule set %d has %d rules", number, size)
	}
	var rules []ruleset.Rule // grows with what comes, whatever size says
	names := make([]client.Name, len(ruleColumns))
	row := 0 // octets of a rule
	for _, col := range ruleColumns {
		row += client.Inst(col, uint32(number), ruleset.MaxRules).Most()
	}
	for len(rules) < size {
		for i, col := range ruleColumns {
			names[i] = client.Inst(col, uint32(number), uint32(len(rules)))
		}
		vars, err := m.GetBulk(ctx, client.Bulk{After: names, Row: row, Most: size - len(rules)})
		if err != nil {
			return nil, err
		}
		whole := len(vars) - len(vars)%len(names)
		if whole == 0 {
			return nil, m.Nonsense("no rule %d of rule set %d in the answer", len(rules)+1, number)
		}
		for ; whole > 0 && len(rules) < size; whole -= len(names) {
			r, err := m.rule(vars[:len(names)], uint32(number), uint32(len(rules)+1))
			if err != nil {
				return nil, err
			}
			rules, vars = append(rules, r), vars[len(names):]
		}
	}
	return rules, nil
}

// rule makes a rule of the five variables of its row.
func (m *Meter) rule(vars []client.Variable, set, number uint32) (r ruleset.Rule, err error) {
	var v [len(ruleColumns)]client.Value
	for i, col := range ruleColumns {
		v[i] = vars[i].Value
		if name := client.Inst(col, set, number); vars[i].Name() != name || v[i].Missing {
			return r, m.Nonsense("%s where %s belongs", vars[i].Name(), name)
		}
	}
	if v[0].Num > 255 || v[3].Num > 255 || v[4].Num > ruleset.MaxRules || len(v[1].Octets) > mib.MaxAddress || len(v[2].Octets) > mib.MaxAddress {
		return r, m.Nonsense("rule %d of rule set %d is no rule", number, set)
	}
	r.Selector, r.Action, r.Parameter = mib.Attr(v[0].Num), mib.Action(v[3].Num), uint16(v[4].Num)
	copy(r.Mask[:], v[1].Octets)
	copy(r.Value[:], v[2].Octets)
	return r, nil
}
