package pme

import (
	"fmt"
	"slices"
	"strings"

	"netramet/mib"
	"netramet/ruleset"
)

// flowBudget bounds the work of checkFlow, in steps of a few nanoseconds and
// words of memory. Only rule sets with thousands of subroutines that share
// their rules exceed it; what is not seen then is left to the limits of Match.
const flowBudget = 2 << 20

// A node is a rule and the test indicator it is entered with: 2*index, plus
// one if the test is off.
type node uint32

func nodeOf(index int, testing bool) node {
	if testing {
		return node(2 * index)
	}
	return node(2*index + 1)
}

func (n node) index() int    { return int(n / 2) }
func (n node) testing() bool { return n&1 == 0 }

// flowGraph follows every way that execution may go, subroutine by
// subroutine. Tests are taken to succeed or fail freely unless the rule alone
// decides it.
type flowGraph struct {
	rules   []ruleset.Rule
	set     [256]bool     // variables that a rule assigns to
	subs    []*subroutine // subs[0] is the main program
	byEntry map[node]int
	work    []visit
	budget  int
}

type subroutine struct {
	entry   node
	seen    []uint64 // bit set of its nodes
	returns map[uint16]bool
	callers []visit // each Gosub that enters it
	callees []int
	depth   int // of the deepest chain of Gosubs inside it, once measured
	state   progress
}

type progress uint8

const (
	unmeasured progress = iota
	measuring
	measured
)

// visit is a node in the course of a subroutine.
type visit struct {
	sub int
	at  node
}

// checkFlow finds rules that every packet reaching them would run for ever,
// subroutines that may call themselves, and calls nested too deeply.
func checkFlow(rules []ruleset.Rule, budget int) error {
	g := &flowGraph{rules: rules, byEntry: make(map[node]int), budget: budget}
	for i := range rules {
		if isAssign(rules[i].Action) {
			g.set[rules[i].Selector] = true
		}
	}
	g.sub(nodeOf(0, true))
	for len(g.work) > 0 && g.budget > 0 {
		v := g.work[len(g.work)-1]
		g.work = g.work[:len(g.work)-1]
		g.follow(v)
	}
	if g.budget <= 0 {
		return nil
	}
	if err := g.checkEndless(); err != nil {
		return err
	}
	return g.checkCalls()
}

// always: r succeeds for every packet. A variable that no rule sets stands for
// Null.
func (g *flowGraph) always(r *ruleset.Rule) bool {
	return alwaysTrue(r) || r.Selector.IsVariable() && !g.set[r.Selector]
}

// sub returns the subroutine entered at entry.
func (g *flowGraph) sub(entry node) int {
	if i, ok := g.byEntry[entry]; ok {
		return i
	}
	i := len(g.subs)
	g.byEntry[entry] = i
	size := (2*len(g.rules) + 63) / 64
	g.budget -= size
	if g.budget <= 0 {
		size = 0 // the search ends here; visit asks before it writes
	}
	g.subs = append(g.subs, &subroutine{entry: entry, seen: make([]uint64, size), returns: make(map[uint16]bool)})
	g.visit(i, entry.index(), entry.testing())
	return i
}

// visit notes that subroutine sub reaches a rule.
func (g *flowGraph) visit(sub, index int, testing bool) {
	g.budget--
	if index >= len(g.rules) || g.budget <= 0 {
		return
	}
	at := nodeOf(index, testing)
	word, bit := &g.subs[sub].seen[at/64], uint64(1)<<(at%64)
	if *word&bit == 0 {
		*word |= bit
		g.work = append(g.work, visit{sub, at})
	}
}

// follow visits what may run after v.
func (g *flowGraph) follow(v visit) {
	i := v.at.index()
	r := &g.rules[i]
	if v.at.testing() && !g.always(r) {
		g.visit(v.sub, i+1, true)
		if neverTrue(r) && !r.Selector.IsVariable() {
			return
		}
	}
	sub := g.subs[v.sub]
	switch {
	case r.Action == mib.ActionReturn:
		if sub.returns[r.Parameter] {
			return
		}
		sub.returns[r.Parameter] = true
		for _, c := range sub.callers {
			g.visit(c.sub, c.at.index()+int(r.Parameter), false)
		}
	case isGosub(r.Action):
		callee := g.sub(nodeOf(int(r.Parameter)-1, r.Action.Tests()))
		if int(r.Parameter) > len(g.rules) {
			return // runs past the end
		}
		sub.callees = append(sub.callees, callee)
		c := g.subs[callee]
		c.callers = append(c.callers, v)
		for n := range c.returns {
			g.visit(v.sub, i+int(n), false)
		}
	case r.Action.Goes():
		g.visit(v.sub, int(r.Parameter)-1, r.Action.Tests())
	}
}

// certain returns the node that surely follows at, if there is one.
func (g *flowGraph) certain(at node) (node, bool) {
	r := &g.rules[at.index()]
	if at.testing() && !g.always(r) || !r.Action.Goes() || isGosub(r.Action) || int(r.Parameter) > len(g.rules) {
		return 0, false
	}
	return nodeOf(int(r.Parameter)-1, r.Action.Tests()), true
}

// checkEndless looks for a ring of rules none of which can be left.
func (g *flowGraph) checkEndless() error {
	reached := g.reached()
	walk := make([]uint32, 2*len(g.rules)) // the walk that came by, 0 for none
	for start := range walk {
		if walk[start] != 0 || reached[start/64]&(1<<(start%64)) == 0 {
			continue
		}
		number := uint32(start) + 1
		at, ok := node(start), true
		for ok && walk[at] == 0 {
			walk[at] = number
			at, ok = g.certain(at)
		}
		if ok && walk[at] == number {
			return g.endless(at)
		}
	}
	return nil
}

// reached returns the bit set of all nodes that execution may come to.
func (g *flowGraph) reached() []uint64 {
	all := slices.Clone(g.subs[0].seen)
	for _, s := range g.subs[1:] {
		for i, word := range s.seen {
			all[i] |= word
		}
	}
	return all
}

func (g *flowGraph) endless(at node) error {
	const shown = 8
	var ring []string
	first := at.index()
	for next := at; len(ring) < shown; {
		ring = append(ring, fmt.Sprint(next.index()+1))
		if next, _ = g.certain(next); next == at {
			ring = append(ring, fmt.Sprint(first+1))
			break
		}
		if len(ring) == shown {
			ring = append(ring, "...")
		}
	}
	return &RuleError{first + 1, g.rules[first], "runs for ever: rules " + strings.Join(ring, ", ")}
}

// checkCalls looks for recursion and measures how deeply calls nest.
func (g *flowGraph) checkCalls() error {
	if err := g.measure(0); err != nil {
		return err
	}
	if d := g.subs[0].depth; d > MaxReturns {
		return fmt.Errorf("subroutine calls nest %d deep; at most %d are allowed", d, MaxReturns)
	}
	return nil
}

// measure sets the depth of subroutine i and of all that it calls.
func (g *flowGraph) measure(i int) error {
	s := g.subs[i]
	s.state = measuring
	slices.Sort(s.callees)
	for _, c := range slices.Compact(s.callees) {
		callee := g.subs[c]
		switch callee.state {
		case measuring:
			rule := callee.entry.index()
			return &RuleError{rule + 1, g.rules[rule], "the subroutine that begins here may call itself"}
		case unmeasured:
			if err := g.measure(c); err != nil {
				return err
			}
		}
		s.depth = max(s.depth, callee.depth+1)
	}
	s.state = measured
	return nil
}
