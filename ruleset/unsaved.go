package ruleset

import (
	"fmt"
	"strings"

	"netramet/mib"
)

// Unsaved is a column of a FORMAT that is empty or 0 in every flow.
type Unsaved struct {
	Attr mib.Attr
	// Uncounted: rules save it, but no way from there leads to a Count.
	Uncounted bool
	// Unpaired: no rule saves a distribution of pairs, on which it depends.
	Unpaired bool
}

// String is what is said of it.
func (u Unsaved) String() string {
	switch {
	case u.Unpaired:
		way := strings.TrimSuffix(u.Attr.String(), "LostPDUs")
		return fmt.Sprintf("%s is in the FORMAT, but nothing saves a %sTurnaroundTime of requests and replies, with a parameter 1 other than 0: the column is 0 in every flow", u.Attr, way)
	case u.Uncounted:
		return fmt.Sprintf("%s is in the FORMAT, but saved only where the packet is not counted: the column is empty or 0 in every flow", u.Attr)
	}
	return fmt.Sprintf("%s is in the FORMAT, but nothing saves it: the column is empty or 0 in every flow", u.Attr)
}

// Unsaved lists the attributes of the rule set's own FORMAT that a flow only
// has if a rule saves them, and that no flow has.
func (rs *RuleSet) Unsaved() (list []Unsaved) {
	if rs.Format == nil {
		return nil
	}
	s := rs.Saved()
	if s == nil {
		return nil
	}
	for _, a := range rs.Format.Attrs {
		switch {
		case !s.Has(a):
			list = append(list, Unsaved{Attr: a, Uncounted: s.pushed[a.Slot()]})
		case (a == mib.AttrToLostPDUs || a == mib.AttrFromLostPDUs) && !rs.pairs(a):
			list = append(list, Unsaved{Attr: a, Unpaired: true})
		}
	}
	return list
}

// pairs reports whether some rule saves a distribution of pairs whose lost requests a counts.
func (rs *RuleSet) pairs(a mib.Attr) bool {
	for i := range rs.Rules {
		r := &rs.Rules[i]
		if r.Pushes() && r.Selector.IsTurnaround() && r.Selector.IsFrom() == (a == mib.AttrFromLostPDUs) && r.Value[1] != 0 {
			return true
		}
	}
	return false
}

// counting tells of each node whether its rule, when it succeeds there, counts
// or leads to where some rule may count.
func (g *Graph) counting() []bool {
	counts, leads := make([]bool, 2*g.n), make([]bool, 2*g.n) // when it succeeds; whichever way
	before := make(map[node][]node)                           // the nodes that lead to a node
	yes := make(map[node][]node)                              // those that do so by success
	for _, p := range g.procs {
		for _, c := range p.callers {
			for _, e := range p.returns {
				next := nodeOf(c.at.index()+int(e.par), false)
				yes[next] = append(yes[next], nodeOf(e.rule-1, false), nodeOf(e.rule-1, true))
			}
		}
	}
	g.nodes(func(at node) {
		r, target := g.rule(at.index())
		if !g.always(at) {
			next := nodeOf(at.index()+1, true)
			before[next] = append(before[next], at)
		}
		if r.Action.Goes() && !g.never(at) {
			next := nodeOf(target, r.Action.Tests())
			yes[next] = append(yes[next], at)
		}
	})
	var pending []node
	g.nodes(func(at node) {
		if r, _ := g.rule(at.index()); (r.Action == mib.ActionCount || r.Action == mib.ActionCountPkt) && !g.never(at) {
			counts[at], leads[at] = true, true
			pending = append(pending, at)
		}
	})
	for len(pending) > 0 {
		last := len(pending) - 1
		at := pending[last]
		pending = pending[:last]
		for _, from := range yes[at] {
			counts[from] = true
		}
		for _, list := range [][]node{yes[at], before[at]} {
			for _, from := range list {
				if !leads[from] {
					leads[from] = true
					pending = append(pending, from)
				}
			}
		}
	}
	return counts
}
