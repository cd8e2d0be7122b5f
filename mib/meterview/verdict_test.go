package meterview

import (
	"testing"

	"pgregory.net/rapid"

	"netramet/meter"
	"netramet/mib"
	"netramet/ruleset"
)

// TestSetsAreJudgedAsRules: a manager's rules become active if and only if the
// verifier of rule text finds no error in them.
func TestSetsAreJudgedAsRules(t *testing.T) {
	r := newRig(t, meter.Config{})
	r.mustSet(parse(t, "flowRuleInfoStatus.7=5, flowRuleInfoSize.7=1")...)
	verdicts := make(map[bool]int)
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		faults := ruleset.Verify(rules)
		if got := r.set(set(r.t, "flowRuleInfoStatus.7", 2), set(r.t, "flowRuleInfoSize.7", len(rules))); got != "noError" {
			t.Fatal(got)
		}
		for i := range rules {
			if got := r.set(ruleBinds(r.t, 7, i+1, &rules[i])...); got != "noError" {
				t.Fatalf("rule %d: %s", i+1, got)
			}
		}
		got := r.set(set(r.t, "flowRuleInfoStatus.7", 1))
		if (got == "noError") != (len(faults) == 0) {
			t.Fatalf("the Set gives %s (%s), the verifier %v: %v", got, r.get("ntmRuleSetError.7"), faults, rules)
		}
		verdicts[len(faults) == 0]++
	})
	if !testing.Short() && (verdicts[true] == 0 || verdicts[false] == 0) {
		t.Errorf("one-sided: %v", verdicts)
	}
}

// drawRules draws rules that each column takes, right or not.
func drawRules(t *rapid.T) []ruleset.Rule {
	rules := make([]ruleset.Rule, rapid.IntRange(1, 4).Draw(t, "rules"))
	octet := rapid.SampledFrom([]byte{0, 1, 4, 8, 64, 255})
	for i := range rules {
		r := &rules[i]
		r.Selector = rapid.SampledFrom([]mib.Attr{mib.AttrNull, mib.AttrNull, mib.AttrSourcePeerType, mib.AttrPriority,
			mib.AttrVLANid, mib.AttrMatchingStoD, mib.AttrFlowKind, mib.AttrV1, mib.AttrToPDUs}).Draw(t, "selector")
		r.Action = rapid.SampledFrom([]mib.Action{mib.ActionCount, mib.ActionIgnore, mib.ActionCountPkt, mib.ActionReturn,
			mib.ActionGosub, mib.ActionAssign, mib.ActionGoto, mib.ActionGotoAct, mib.ActionPushRuleTo, mib.ActionPushPktToAct, mib.ActionPopTo}).Draw(t, "action")
		r.Mask[0], r.Value[0] = octet.Draw(t, "mask"), octet.Draw(t, "value")
		if rapid.IntRange(0, 9).Draw(t, "long") == 0 {
			r.Mask[2] = 1
		}
		r.Parameter = uint16(rapid.SampledFrom([]int{i + 2, i + 2, i + 2, 1, 0, len(rules) + 1, len(rules) + 2}).Draw(t, "parameter"))
	}
	return rules
}
