package pme

import (
	"errors"
	"fmt"
	"strings"

	"netramet/mib"
	"netramet/ruleset"
)

// RuleError is what Load says of one rule. It prints the rule too.
type RuleError struct {
	Number int // from 1
	Rule   ruleset.Rule
	Reason string
}

func (e *RuleError) Error() string {
	rule := strings.TrimSuffix(e.Rule.String(), ";")
	return fmt.Sprintf("rule %d: %s: %s", e.Number, rule, e.Reason)
}

// verify checks each rule by itself, then where execution can go.
func verify(rs *ruleset.RuleSet) error {
	n := len(rs.Rules)
	switch {
	case n == 0:
		return errors.New("pme: the rule set has no rules")
	case n > ruleset.MaxRules:
		return fmt.Errorf("pme: the rule set has %d rules; at most %d are allowed", n, ruleset.MaxRules)
	case rs.Number < 0 || rs.Number > ruleset.MaxNumber:
		return fmt.Errorf("pme: rule set number %d is not in 0..%d", rs.Number, ruleset.MaxNumber)
	}
	var errs []error
	more := 0
	for i := range rs.Rules {
		reason := checkRule(&rs.Rules[i], n)
		switch {
		case reason == "":
		case len(errs) < ruleset.MaxDiags:
			errs = append(errs, &RuleError{i + 1, rs.Rules[i], reason})
		default:
			more++
		}
	}
	if more > 0 {
		errs = append(errs, fmt.Errorf("... and %d more faulty rules", more))
	}
	if errs == nil {
		if err := checkDistributions(rs); err != nil {
			errs = append(errs, err)
		} else if err := checkFlow(rs.Rules, flowBudget); err != nil {
			errs = append(errs, err)
		}
	}
	if errs == nil {
		return nil
	}
	return fmt.Errorf("pme: %w", errors.Join(errs...))
}

// checkRule returns what is wrong with r, in a set of n rules; "" if nothing.
func checkRule(r *ruleset.Rule, n int) string {
	if !r.Action.Valid() {
		return fmt.Sprintf("opcode %d is not one of 1..%d", r.Action, mib.NumActions-1)
	}
	if reason := checkSelector(r); reason != "" {
		return reason
	}
	if r.Selector != mib.AttrNull { // Null has no size: its mask is not used
		if size := r.Selector.Size(); r.Mask.Last() > size {
			return fmt.Sprintf("the mask is longer than %s, which has %d octets", r.Selector, size)
		}
	}
	switch {
	case r.Action == mib.ActionReturn:
		if r.Parameter == 0 {
			return "Return 0 would run the Gosub again; its parameter counts from 1"
		}
	case r.Action.Goes():
		if r.Parameter == 0 || int(r.Parameter) > n+1 {
			return fmt.Sprintf("the target %d is not a rule; there are %d", r.Parameter, n)
		}
	}
	return ""
}

// checkSelector checks that the action may be done with the attribute.
func checkSelector(r *ruleset.Rule) string {
	a := r.Selector
	if _, ok := mib.Info(a); !ok {
		return fmt.Sprintf("there is no attribute %d", uint8(a))
	}
	switch {
	case isAssign(r.Action):
		operand := mib.Attr(r.Value[0])
		switch {
		case !a.IsVariable():
			return fmt.Sprintf("%s sets V1 to V5, not %s", r.Action, a)
		case operand.IsVariable():
			return fmt.Sprintf("a variable cannot hold %s, another variable", operand)
		case !operand.Is(mib.UseTest):
			return fmt.Sprintf("a variable cannot hold %s, which cannot be tested", operand)
		}
	case pushes(r.Action):
		if a != mib.AttrNull && !a.Is(mib.UseSave) {
			return fmt.Sprintf("%s cannot be saved", a)
		}
	case !a.Is(mib.UseTest):
		return fmt.Sprintf("%s cannot be tested", a)
	}
	return ""
}

// checkDistributions: a Key tells in 64 bits what a match saved.
func checkDistributions(rs *ruleset.RuleSet) error {
	seen := make(map[Distribution]bool)
	for i := range rs.Rules {
		r := &rs.Rules[i]
		if !r.Selector.IsDistribution() {
			continue
		}
		seen[distributionOf(r)] = true
		if len(seen) > MaxDistributions {
			return &RuleError{i + 1, *r, fmt.Sprintf(
				"a rule set may save at most %d different distributions", MaxDistributions)}
		}
	}
	return nil
}

func isAssign(a mib.Action) bool { return a == mib.ActionAssign || a == mib.ActionAssignAct }

func isGosub(a mib.Action) bool { return a == mib.ActionGosub || a == mib.ActionGosubAct }

// pushes reports whether the action puts the rule's attribute into the
// pattern queue.
func pushes(a mib.Action) bool {
	return pushesRule(a) || a == mib.ActionCountPkt || a == mib.ActionPushPktTo || a == mib.ActionPushPktToAct
}

// pushesRule reports whether the action pushes the rule's own value.
func pushesRule(a mib.Action) bool {
	return a == mib.ActionCount || a == mib.ActionPushRuleTo || a == mib.ActionPushRuleToAct
}

// alwaysTrue: the rule's test succeeds for every packet (RFC 2722 §4.4; a
// zero mask, whatever the value).
func alwaysTrue(r *ruleset.Rule) bool {
	return r.Selector == mib.AttrNull || r.Mask.IsZero() || isAssign(r.Action)
}

// neverTrue: the value has bits outside the mask.
func neverTrue(r *ruleset.Rule) bool { return !alwaysTrue(r) && r.Value.Outside(&r.Mask) }
