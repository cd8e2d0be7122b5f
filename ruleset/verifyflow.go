package ruleset

import (
	"slices"

	"netramet/mib"
)

// This file finds what no match could come back from: Returns without a Gosub,
// calls that call themselves, loops, tests that cannot be made.

// reportReturns: a Return that leads to the end of the rules is NoMatch, as
// any way past the last rule.
func (c *checker) reportReturns(g *Graph) {
	told := make(map[int]bool)
	for _, l := range g.lost {
		switch {
		case told[l.rule]:
		case l.gosub == 0:
			c.add(Error, l.rule, FieldAction, "", "Return is reached without a Gosub")
		default:
			c.add(Error, l.rule, FieldParameter, "", "Return, %d from the Gosub of rule %d leads behind the last rule", l.par, l.gosub)
		}
		told[l.rule] = true
	}
}

type progress uint8

const (
	inside progress = 1 + iota
	done
)

// reportRecursion finds calls of a subroutine from within itself, and measures
// how deeply calls nest: the depth first order of the calls, with an own stack.
func (c *checker) reportRecursion(g *Graph) {
	told := make(map[int]bool)
	next := make(map[*proc]int)
	stack := []*proc{g.procs[0]}
	g.procs[0].mark = inside
	for len(stack) > 0 {
		p := stack[len(stack)-1]
		if next[p] == len(p.calls) {
			p.mark = done
			g.callees = append(g.callees, p)
			stack = stack[:len(stack)-1]
			continue
		}
		callee := p.calls[next[p]]
		switch callee.from.mark {
		case 0:
			callee.from.mark = inside
			stack = append(stack, callee.from)
			continue // this call is looked at again when the callee is done
		case inside:
			if rule := callee.at.rule(); !told[rule] {
				told[rule] = true
				c.add(Error, rule, FieldParameter, "", "the subroutine at rule %d calls itself here", callee.from.entry.rule())
			}
		case done:
			p.depth = max(p.depth, callee.from.depth+1)
		}
		next[p]++
	}
	if d := g.procs[0].depth; !c.failed && d > MaxReturns {
		c.add(Error, 0, FieldRule, "", "subroutine calls nest %d deep, the limit is %d", d, MaxReturns)
	}
}

// reportLoops finds states from which no way leads out: loops that a packet
// never leaves.
func (c *checker) reportLoops(g *Graph) {
	size := 2 * g.n
	before := make([][]node, size)
	leaves := make([]bool, size) // some way leads out
	var pending, to []node
	g.nodes(func(s node) {
		var out bool
		to, out = g.successors(to[:0], s)
		for _, t := range to {
			before[t] = append(before[t], s)
		}
		if out {
			leaves[s] = true
			pending = append(pending, s)
		}
	})
	for len(pending) > 0 {
		s := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		for _, b := range before[s] {
			if !leaves[b] {
				leaves[b] = true
				pending = append(pending, b)
			}
		}
	}
	walked := make([]int, size) // number of the walk that came by
	walk := 0
	g.nodes(func(s node) {
		if leaves[s] || walked[s] != 0 {
			c.reportSelfJump(g, s, leaves[s])
			return
		}
		walk++
		var path []node
		for ; walked[s] == 0; s = to[0] {
			walked[s] = walk
			path = append(path, s)
			to, _ = g.successors(to[:0], s) // never none: then it would leave
		}
		if walked[s] == walk {
			first := slices.Min(path[slices.Index(path, s):])
			c.add(Error, first.rule(), FieldRule, "", "an endless loop: from here no packet ever gets to Count, Ignore, NoMatch or Return")
		}
	})
}

// reportSelfJump finds the loop of one rule that is left only by packets that
// do not match: those that do stay for ever. A Pop is left alone, it may
// change what its own test sees.
func (c *checker) reportSelfJump(g *Graph, s node, leaves bool) {
	r := &c.rules[s.index()]
	if leaves && s.test() && !g.never(s) && r.Action.Goes() && r.Action.Tests() &&
		int(r.Parameter) == s.rule() && !r.Calls() && r.Action != mib.ActionPopTo {
		c.add(Error, s.rule(), FieldParameter, "", "an endless loop: the rule goes to itself, and will succeed again")
	}
}

// reportEntries finds rules that are entered with their test on, though it
// cannot be made or is not meant to be.
func (c *checker) reportEntries(g *Graph) {
	for i := range c.rules {
		n, r := i+1, &c.rules[i]
		switch {
		case g.ways[i]&Testing == 0 || g.always(nodeOf(i, true)):
		case !r.Selector.Is(mib.UseTest):
			c.add(Error, n, FieldSelector, entryHint(n), "%s cannot be tested, but the rule is entered with its test on", r.Selector)
		case r.isPushPkt() && !r.Value.IsZero():
			c.add(Error, n, FieldValue, "use PushRuleTo to save what was tested for; else write 0 and "+entryHint(n),
				"%s with a value is entered with its test on", r.Action)
		}
	}
}
