package ruleset

import (
	"slices"

	"netramet/mib"
)

// This file measures how much the pattern queue may hold: how many pushes,
// not yet popped, a match has made when it comes to a rule.

// span is the least and the most of some number.
type span struct{ least, most int }

// widest bounds a span's ends: a loop may push without an end, and more than
// one beyond the limit is never asked for.
const widest = MaxQueue + 1

func (s span) plus(o span) span {
	return span{max(-widest, min(s.least+o.least, widest)), max(-widest, min(s.most+o.most, widest))}
}

func (s span) join(o span) span { return span{min(s.least, o.least), max(s.most, o.most)} }

// site is a push, or a Gosub, and what was pushed in its subroutine before.
type site struct {
	at node
	n  span
}

// reportQueue finds pushes that exceed the limit whichever way a match came
// there, and notes whether there is a way to others. Recursion is refused before.
func (c *checker) reportQueue(g *Graph) {
	m := &measure{g: g, order: make([]int32, 2*g.n), here: make([]span, 2*g.n)}
	for _, p := range g.callees {
		m.proc(p)
	}
	if m.steps > g.limit {
		return
	}
	for _, p := range g.callees[:len(g.callees)-1] {
		p.pushed = span{widest, -widest}
	}
	certain, most := 0, 0 // the first rule, the longest queue
	for _, p := range slices.Backward(g.callees) {
		for _, s := range p.sites {
			switch n := p.pushed.plus(s.n); {
			case n.least >= MaxQueue && (certain == 0 || s.at.rule() < certain):
				certain = s.at.rule()
			default:
				most = max(most, n.most)
			}
		}
		for i, s := range p.callings {
			callee := p.calls[i].from
			callee.pushed = callee.pushed.join(p.pushed.plus(s.n))
		}
	}
	if certain > 0 {
		c.add(Error, certain, FieldRule, queueHint, "more than %d saves in one match: the meter stops it here and ignores the packet", MaxQueue)
	}
	c.mayOverflow = most >= MaxQueue
}

const queueHint = "those of one attribute count each; what a failed IF or a Pop took back does not"

// warnOverflow finds packets for which there are more pushes than the limit.
func (c *checker) warnOverflow(g *Graph) {
	if c.failed || !c.mayOverflow {
		return
	}
	if rule := overflow(g); rule > 0 {
		c.add(Warning, rule, FieldRule, queueHint, "more than %d saves in one match are possible here: the meter would stop it and ignore the packet", MaxQueue)
	}
}

// measure finds the spans of one subroutine after the other.
type measure struct {
	g     *Graph
	order []int32 // place of each node in the present order, from 1
	here  []span  // at each node of the present subroutine
	steps int
}

// edge is a way on from a node, and what is pushed on it.
type edge struct {
	to node
	n  span
}

// proc finds the spans of p, relative to its entry: sites, callings and sums.
func (m *measure) proc(p *proc) {
	nodes := m.reversePostorder(p)
	known := make(map[node]bool, len(nodes))
	m.here[p.entry] = span{}
	known[p.entry] = true
	var edges []edge
	for changed := true; changed && m.steps <= m.g.limit; {
		changed = false
		for _, at := range nodes {
			edges = m.edges(edges[:0], p, at)
			for _, e := range edges {
				m.steps++
				n := m.here[at].plus(e.n)
				if p == m.g.procs[0] {
					n = span{max(0, n.least), max(0, n.most)} // a Pop of nothing does nothing
				}
				if known[e.to] {
					n = n.join(m.here[e.to])
				}
				if !known[e.to] || n != m.here[e.to] {
					known[e.to], m.here[e.to] = true, n
					changed = changed || m.order[e.to] <= m.order[at]
				}
			}
		}
	}
	m.finish(p, nodes)
}

// finish takes down what others ask of p.
func (m *measure) finish(p *proc, nodes []node) {
	p.sums = make([]span, len(p.returns))
	summed := make([]bool, len(p.returns))
	for _, at := range nodes {
		r, _ := m.g.rule(at.index())
		if m.g.never(at) {
			continue
		}
		switch n := m.here[at]; {
		case r.Pushes():
			p.sites = append(p.sites, site{at, n})
		case r.Action == mib.ActionReturn:
			i := slices.IndexFunc(p.returns, func(e exit) bool { return e.par == r.Parameter })
			if i < 0 {
				continue // of the main program, which is refused
			}
			if summed[i] {
				n = n.join(p.sums[i])
			}
			p.sums[i], summed[i] = n, true
		}
	}
	for _, c := range p.calls {
		p.callings = append(p.callings, site{c.at, m.here[c.at]})
	}
}

// edges appends the ways on from a node of p.
func (m *measure) edges(to []edge, p *proc, at node) []edge {
	g, i := m.g, at.index()
	add := func(next node, n span) {
		if next.index() < g.n {
			to = append(to, edge{next, n})
		}
	}
	if !g.always(at) {
		add(nodeOf(i+1, true), span{})
	}
	r, target := g.rule(i)
	switch {
	case g.never(at) || !r.Action.Goes():
	case r.Calls():
		if callee := g.byWay[nodeOf(target, r.Action.Tests())]; callee != nil {
			for k, e := range callee.returns {
				add(nodeOf(i+int(e.par), false), callee.sums[k])
			}
		}
	default:
		add(nodeOf(target, r.Action.Tests()), effect(r))
	}
	return to
}

// effect is what the action of r pushes. A variable may hold nothing, or what
// cannot be saved.
func effect(r *Rule) span {
	switch {
	case r.Pops():
		return span{-1, -1}
	case r.Pushes() && r.Selector.IsVariable():
		return span{0, 1}
	case r.Pushes():
		return span{1, 1}
	}
	return span{}
}

// reversePostorder lists the nodes of p so that each stands before those it
// leads to, but for loops: one pass over them is then enough.
func (m *measure) reversePostorder(p *proc) []node {
	type frame struct {
		at   node
		rest []edge
	}
	seen := map[node]bool{p.entry: true}
	stack := []frame{{p.entry, m.edges(nil, p, p.entry)}}
	var out []node
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.rest) == 0 {
			out = append(out, top.at)
			stack = stack[:len(stack)-1]
			continue
		}
		next := top.rest[0].to
		top.rest = top.rest[1:]
		if !seen[next] {
			seen[next] = true
			stack = append(stack, frame{next, m.edges(nil, p, next)})
		}
	}
	slices.Reverse(out)
	for i, at := range out {
		m.order[at] = int32(i + 1)
	}
	return out
}
