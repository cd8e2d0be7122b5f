package srl

import (
	"slices"

	"netramet/mib"
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

// isAlways reports whether the test of o cannot fail.
func isAlways(o *op) bool { return o.sel == mib.AttrNull || o.mask.IsZero() }

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
			testing := o.act.Tests()
			isGoto := t.act == mib.ActionGoto || t.act == mib.ActionGotoAct
			if !isGoto || testing && !isAlways(t) || t == o {
				break
			}
			o.target = t.target
			o.act = withTest(o.act, t.act.Tests())
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
		if o.act.Tests() && !isAlways(t) {
			continue
		}
		switch {
		case o.act == mib.ActionGoto || o.act == mib.ActionGotoAct:
			// Count pushes its own rule, so only one that pushes nothing may
			// take its place on a rule that does.
			if t.act == mib.ActionIgnore || t.act == mib.ActionNoMatch || t.act == mib.ActionReturn {
				o.act, o.slot, o.target = t.act, t.slot, -1
			}
		case t.act != mib.ActionCount || t.sel != mib.AttrNull:
		case o.act == mib.ActionPushRuleTo || o.act == mib.ActionPushRuleToAct:
			o.act, o.target = mib.ActionCount, -1
		case o.act == mib.ActionPushPktTo || o.act == mib.ActionPushPktToAct:
			o.act, o.target = mib.ActionCountPkt, -1
		}
	}
}

// Ways into a rule.
const (
	enteredTesting = 1 << iota // its test is made
	enteredActing              // its action is done at once
)

// reach finds how each rule can be entered. A Return is taken to reach every
// rule that waits for one.
func reach(ops []op) []uint8 {
	ways := make([]uint8, len(ops))
	type visit struct {
		i   int32
		way uint8
	}
	pending := []visit{{0, enteredTesting}}
	enter := func(i int32, way uint8) {
		if int(i) < len(ops) && ways[i]&way == 0 {
			ways[i] |= way
			pending = append(pending, visit{i, way})
		}
	}
	if len(ops) > 0 {
		ways[0] = enteredTesting
	}
	for len(pending) > 0 && len(ops) > 0 {
		v := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		o := &ops[v.i]
		if v.way == enteredTesting && !isAlways(o) {
			enter(v.i+1, enteredTesting)
		}
		if o.target >= 0 {
			if o.act.Tests() {
				enter(o.target, enteredTesting)
			} else {
				enter(o.target, enteredActing)
			}
		}
		if o.act == mib.ActionGosub || o.act == mib.ActionGosubAct {
			for i := v.i + 1; int(i) < len(ops) && ops[i].pinned; i++ {
				enter(i, enteredActing)
			}
		}
	}
	return ways
}

// sweep drops rules that cannot be reached and jumps to the next rule.
func sweep(ops []op) []op {
	ways := reach(ops)
	drop := make([]bool, len(ops))
	kept := make([]int32, len(ops)+1) // the first rule from here on that stays
	kept[len(ops)] = int32(len(ops))
	for i := len(ops) - 1; i >= 0; i-- {
		o, next := &ops[i], kept[i+1]
		if drop[i] = ways[i] == 0; !drop[i] && !o.pinned && ways[i] == enteredTesting && o.act == mib.ActionGoto {
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
