package srl

import (
	"slices"

	"netramet/mib"
	"netramet/ruleset"
)

// maxRounds bounds the optimiser: each round can only make work for the next
// where it dropped rules.
const maxRounds = 10

// optimise drops needless rules. Targets are indices here.
func optimise(ops []op, level int) []op {
	for range maxRounds {
		thread(ops)
		if level >= 2 {
			merge(ops)
		}
		shorter := sweep(ops)
		done := len(shorter) == len(ops)
		ops = shorter
		if done {
			break
		}
	}
	return ops
}

// thread lets every rule whose target is only a way station go on to the
// station's own target.
func thread(ops []op) {
	// Most targets are further down: from the end, they are done already.
	for i := len(ops) - 1; i >= 0; i-- {
		o := &ops[i]
		if o.target < 0 {
			continue
		}
		for hops := 0; hops < len(ops); hops++ {
			t := &ops[o.target]
			testing := o.Action.Tests()
			isGoto := t.Action == mib.ActionGoto || t.Action == mib.ActionGotoAct
			if !isGoto || testing && !t.Always() || t == o {
				break
			}
			o.target = t.target
			o.Action = withTest(o.Action, t.Action.Tests())
		}
	}
}

// withTest is the form of opcode a that leaves the test indicator so.
func withTest(a mib.Action, on bool) mib.Action {
	if a.Tests() == on {
		return a
	}
	return a ^ 1 // the two forms are neighbours, the even one tests
}

// merge lets rules that only go to the end of a match, or to a Return, end it
// themselves.
func merge(ops []op) {
	for i := range ops {
		o := &ops[i]
		if o.target < 0 || o.pinned {
			continue
		}
		t := &ops[o.target]
		if o.Action.Tests() && !t.Always() {
			continue
		}
		switch {
		case o.Action == mib.ActionGoto || o.Action == mib.ActionGotoAct:
			// Count pushes its own rule, so only one that pushes nothing may
			// take its place on a rule that does.
			if t.Action == mib.ActionIgnore || t.Action == mib.ActionNoMatch || t.Action == mib.ActionReturn {
				o.Action, o.Parameter, o.target = t.Action, t.Parameter, -1
				if o.Always() {
					o.at = t.at
				}
			}
		case t.Action != mib.ActionCount || t.Selector != mib.AttrNull:
		case o.Action == mib.ActionPushRuleTo || o.Action == mib.ActionPushRuleToAct:
			o.Action, o.target = mib.ActionCount, -1
		case o.Action == mib.ActionPushPktTo || o.Action == mib.ActionPushPktToAct:
			o.Action, o.target = mib.ActionCountPkt, -1
		}
	}
}

// reach finds how each rule can be entered.
func reach(ops []op) []ruleset.Ways {
	g := ruleset.NewGraph(len(ops), func(i int) (*ruleset.Rule, int) { return &ops[i].Rule, int(ops[i].target) })
	ways := make([]ruleset.Ways, len(ops))
	for i := range ops {
		ways[i] = g.Ways(i)
		if !g.Complete() {
			ways[i] = ruleset.Acting | ruleset.Testing
		}
	}
	return ways
}

// keepSlots keeps the rules after a Gosub that no Return leads to: those that
// one leads to are counted by their distance.
func keepSlots(ops []op, ways []ruleset.Ways) {
	for i := range ops {
		if ways[i] == 0 || !ops[i].Calls() {
			continue
		}
		for k := i + 1; k < len(ops) && ops[k].pinned; k++ {
			if ways[k] == 0 {
				ways[k] = ruleset.Acting
				ops[k].Rule, ops[k].target = ruleset.Rule{Action: mib.ActionNoMatch}, -1
			}
		}
	}
}

// sweep drops rules that cannot be reached and jumps to the next rule.
func sweep(ops []op) []op {
	ways := reach(ops)
	keepSlots(ops, ways)
	drop := make([]bool, len(ops))
	kept := make([]int32, len(ops)+1) // the first rule from here on that stays
	kept[len(ops)] = int32(len(ops))
	for i := len(ops) - 1; i >= 0; i-- {
		o, next := &ops[i], kept[i+1]
		if drop[i] = ways[i] == 0; !drop[i] && !o.pinned && ways[i]&ruleset.Acting == 0 && o.Action == mib.ActionGoto {
			// Falling into a rule that waits for a Return would be wrong only
			// if that rule tested, and it does not.
			drop[i] = int(o.target) > i && kept[o.target] == next && int(next) < len(ops)
		}
		if kept[i] = int32(i); drop[i] {
			kept[i] = next
		}
	}
	return compact(ops, drop)
}

// compact removes the dropped rules; a target that was dropped becomes the
// rule after it.
func compact(ops []op, drop []bool) []op {
	moved := make([]int32, len(ops)+1)
	n := int32(0)
	for i := range ops {
		moved[i] = n
		if !drop[i] {
			n++
		}
	}
	moved[len(ops)] = n
	for i := range ops {
		if ops[i].target >= 0 {
			ops[i].target = moved[ops[i].target]
		}
	}
	i := -1
	return slices.DeleteFunc(ops, func(op) bool { i++; return drop[i] })
}
