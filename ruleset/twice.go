package ruleset

import (
	"strings"

	"netramet/mib"
)

// first is which rule has pushed a distribution first when a node is reached: a rule's
// number, or one of these.
type first int32

const (
	notReached first = iota - 1
	onSomeWays       // if at all, or another rule on another way
)

// firsts follows forwards what pushes distributions first, of the attributes that several
// rules push.
type firsts struct {
	g     *Graph
	rules []Rule
	slot  map[mib.Attr]int // of the attribute in what is kept of a node
	at    []first          // by node, and slot
}

// reportTwice warns of pushes of a distribution that another rule has pushed before on
// every way there, with other parameters: a flow keeps the first one.
func (c *checker) reportTwice(g *Graph) {
	f := &firsts{g: g, rules: c.rules, slot: make(map[mib.Attr]int)}
	if !f.several() {
		return
	}
	f.solve()
	told := 0
	g.nodes(func(at node) {
		r := &c.rules[at.index()]
		slot, kept := f.slot[r.Selector]
		if !kept || !r.Pushes() || g.never(at) || told == at.rule() {
			return
		}
		by := f.of(at)[slot]
		if by <= onSomeWays || c.rules[by-1].Mask == r.Mask && c.rules[by-1].Value == r.Value {
			return
		}
		told = at.rule()
		c.add(Warning, told, FieldRule, FirstCounts(r.Selector), "this has no effect on %s: rule %d saves it before, with other parameters", r.Selector, by)
	})
}

// FirstCounts says why a second distribution of an attribute is none, and what there is
// instead.
func FirstCounts(a mib.Attr) string {
	hint := "a flow keeps one distribution of each attribute, the first one"
	if a.IsTurnaround() {
		name := strings.TrimRight(a.String(), "1234")
		hint += ": for more there are " + name + "1 to " + name + "4"
	}
	return hint
}

// several gives a slot to each distribution that several rules push; false if there is
// none, or what is pushed may be popped again.
func (f *firsts) several() bool {
	pushes := make(map[mib.Attr]int)
	for i := range f.rules {
		r := &f.rules[i]
		if r.Pops() {
			return false
		}
		if r.Selector.IsDistribution() && r.Pushes() {
			if pushes[r.Selector]++; pushes[r.Selector] == 2 {
				f.slot[r.Selector] = len(f.slot)
			}
		}
	}
	return len(f.slot) > 0
}

// of is what is kept of a node.
func (f *firsts) of(at node) []first {
	n := len(f.slot)
	return f.at[int(at)*n : (int(at)+1)*n]
}

// solve finds what was pushed first everywhere: what is known of a node only becomes less.
func (f *firsts) solve() {
	f.at = make([]first, 2*len(f.rules)*len(f.slot))
	for i := range f.at {
		f.at[i] = notReached
	}
	back := f.returns()
	begin := nodeOf(0, true)
	clear(f.of(begin)) // nothing was pushed
	pending := []node{begin}
	for len(pending) > 0 {
		at := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		r, target := f.g.rule(at.index())
		if next := nodeOf(at.index()+1, true); !f.g.always(at) && f.meet(next, at, nil) {
			pending = append(pending, next)
		}
		if f.g.never(at) {
			continue
		}
		if next := nodeOf(target, r.Action.Tests()); r.Action.Goes() && f.meet(next, at, r) {
			pending = append(pending, next)
		}
		for _, next := range back[at] {
			if f.meet(next, at, r) {
				pending = append(pending, next)
			}
		}
	}
}

// meet has next know what is so in at, too, behind what r pushes there; nil: nothing. It
// reports whether next knows less now.
func (f *firsts) meet(next, at node, r *Rule) (changed bool) {
	if next.index() >= len(f.rules) {
		return false
	}
	now := f.of(next)
	for slot, by := range f.of(at) {
		if r != nil && by == onSomeWays && r.Pushes() && r.Selector.IsDistribution() {
			if s, kept := f.slot[r.Selector]; kept && s == slot {
				by = first(at.rule())
			}
		}
		switch now[slot] {
		case by, onSomeWays:
		case notReached:
			now[slot], changed = by, true
		default:
			now[slot], changed = onSomeWays, true
		}
	}
	return changed
}

// returns are the nodes that Returns lead to, by the node of the Return.
func (f *firsts) returns() map[node][]node {
	back := make(map[node][]node)
	for _, p := range f.g.procs {
		for _, c := range p.callers {
			for _, e := range p.returns {
				next := nodeOf(c.at.index()+int(e.par), false)
				for _, at := range []node{nodeOf(e.rule-1, false), nodeOf(e.rule-1, true)} {
					back[at] = append(back[at], next)
				}
			}
		}
	}
	return back
}
