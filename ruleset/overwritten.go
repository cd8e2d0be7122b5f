package ruleset

import "netramet/mib"

// Overwrite is a save without effect: on all ways from rule Rule to a Count,
// what it pushes is pushed again, by rule By for one. Both are numbers from 1.
type Overwrite struct {
	Rule, By int
}

const (
	maxSavers = 63                 // attributes that are followed
	mayPop    = 1 << maxSavers     // some way leads to a Pop, which may drop what is pushed here
	counted   = uint64(mayPop) - 1 // all of them
)

// saves follows what is pushed backwards from Count. Of each node it keeps the
// attributes that some way from there takes to a Count, or to what is not
// followed (other subroutines, Pops), without pushing them again.
type saves struct {
	g     *Graph
	rules []Rule
	bits  map[mib.Attr]uint64 // by the attribute's slot
	live  []uint64            // by node
}

// overwritten finds the pushes that have no effect, in order of rule.
func (g *Graph) overwritten(rules []Rule) []Overwrite {
	s := &saves{g: g, rules: rules, bits: make(map[mib.Attr]uint64), live: make([]uint64, 2*len(rules))}
	for i := range rules {
		if a := rules[i].Selector.Slot(); rules[i].Pushes() && s.bits[a] == 0 && len(s.bits) < maxSavers && !a.IsVariable() && !a.IsDistribution() { // of a distribution the first one counts
			s.bits[a] = 1 << len(s.bits)
		}
	}
	s.solve()
	var found []Overwrite
	g.nodes(func(at node) {
		r := &rules[at.index()]
		_, next := s.edges(at)
		bit := s.bits[r.Selector.Slot()]
		if bit == 0 || !r.Pushes() || r.Action.Ends() || s.into(next)&bit != 0 || len(found) > 0 && found[len(found)-1].Rule == at.rule() {
			return
		}
		if by := s.again(next, r.Selector.Slot()); by != 0 && !r.sameAs(&rules[by-1], at.test()) {
			found = append(found, Overwrite{at.rule(), by})
		}
	})
	return found
}

// sameAs reports whether k pushes what r does, whose test is made or not.
func (r *Rule) sameAs(k *Rule, tested bool) bool {
	switch {
	case r.Mask != k.Mask:
		return false
	case r.PushesValue() && k.PushesValue():
		return r.Value == k.Value
	}
	return (tested || r.PushesPacket()) && k.PushesPacket()
}

// edges are the nodes behind a failed and a successful test in at; past the
// rules, or -1 where there is none.
func (s *saves) edges(at node) (no, yes node) {
	no, yes = -1, -1
	if !s.g.always(at) {
		no = nodeOf(at.index()+1, true)
	}
	if r, target := s.g.rule(at.index()); !s.g.never(at) && r.Action.Goes() {
		yes = nodeOf(target, r.Action.Tests())
	}
	return no, yes
}

// into is what is live at a node. Past the rules is NoMatch, where nothing is.
func (s *saves) into(at node) uint64 {
	if at < 0 || int(at) >= len(s.live) {
		return 0
	}
	return s.live[at]
}

// before is what is live where at is entered.
func (s *saves) before(at node) uint64 {
	r := &s.rules[at.index()]
	no, yes := s.edges(at)
	live := s.into(no)
	bit := s.bits[r.Selector.Slot()]
	if !s.g.always(at) { // what a test looks at is of use
		live |= s.looksAt(r.Selector)
	}
	failed := live
	if s.g.never(at) {
		return live
	}
	switch {
	case r.Action == mib.ActionCount || r.Action == mib.ActionCountPkt:
		live |= counted
	case r.Action == mib.ActionReturn || r.Calls() || r.Pops():
		return counted | mayPop
	case r.Action.Ends():
		return live
	default:
		live |= s.into(yes)
	}
	switch {
	case !r.Pushes() || bit == 0 || live&mayPop != 0:
	case r.Selector.IsComputed() && r.PushesPacket():
		live |= bit // it reads what was stored
	default:
		live = live&^bit | failed&bit
	}
	return live
}

// looksAt is what of the flow's own description a test of a sees.
func (s *saves) looksAt(a mib.Attr) (bits uint64) {
	switch {
	case a.IsComputed():
		return s.bits[a]
	case a.IsVariable(): // it may stand for any
		for k := mib.AttrSourceClass; k <= mib.AttrFlowKind; k++ {
			bits |= s.bits[k]
		}
	}
	return bits
}

// solve finds what is live everywhere: bits are only ever added.
func (s *saves) solve() {
	preds := make([][]node, len(s.live))
	var pending []node
	s.g.nodes(func(at node) {
		pending = append(pending, at)
		no, yes := s.edges(at)
		for _, next := range []node{no, yes} {
			if next >= 0 && int(next) < len(preds) {
				preds[next] = append(preds[next], at)
			}
		}
	})
	for len(pending) > 0 {
		last := len(pending) - 1
		at := pending[last]
		pending = pending[:last]
		if live := s.before(at) | s.live[at]; live != s.live[at] {
			s.live[at] = live
			pending = append(pending, preds[at]...)
		}
	}
}

// again finds the first rule behind at that pushes attribute a, 0 if none is
// near.
func (s *saves) again(at node, a mib.Attr) int {
	const near = 1 << 12
	seen := map[node]bool{at: true}
	for queue := []node{at}; len(queue) > 0 && len(seen) < near; queue = queue[1:] {
		at := queue[0]
		if at < 0 || int(at) >= len(s.live) {
			continue
		}
		if r := &s.rules[at.index()]; r.Pushes() && r.Selector.Slot() == a {
			return at.rule()
		}
		no, yes := s.edges(at)
		for _, next := range []node{no, yes} {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return 0
}

// Overwritten finds the pushes of rules, which are right each by itself, that
// have no effect, in order of rule. Of what subroutines do to each other's
// pushes it says nothing.
func Overwritten(rules []Rule) []Overwrite {
	if g := graphOf(rules); len(rules) > 0 && g.Complete() {
		return g.overwritten(rules)
	}
	return nil
}
