package ruleset

import (
	"slices"

	"netramet/mib"
)

// This file finds tests that contradict what all ways to them have tested. The
// packet is the same from the first rule to the last, so what a test has told
// of an attribute holds behind it, in subroutines and behind them too. Of
// variables, which may change, nothing is known.

// pattern is what a test lets through.
type pattern struct{ value, mask Octets }

// and returns what fits both patterns.
func (p pattern) and(q pattern) (both pattern, ok bool) {
	for i := range p.mask {
		if (p.value[i]^q.value[i])&p.mask[i]&q.mask[i] != 0 {
			return p, false
		}
		p.value[i] |= q.value[i]
		p.mask[i] |= q.mask[i]
	}
	return p, true
}

// covers reports whether all that fits q fits p.
func (p pattern) covers(q pattern) bool {
	both, ok := p.and(q)
	return ok && both == q
}

// told is what is known of an attribute: it has one of the patterns. rule is
// the first of those that told.
type told struct {
	attr mib.Attr
	one  []pattern
	rule int
}

// facts are what is known at a place, by attribute; they are never changed.
type facts []told

const maxTold = 64 // patterns of one attribute; more are as good as nothing

func (f facts) of(a mib.Attr) *told {
	for i := range f {
		if f[i].attr == a {
			return &f[i]
		}
	}
	return nil
}

// with returns f with k in place of what it knows of that attribute.
func (f facts) with(k told) facts {
	out := slices.DeleteFunc(slices.Clone(f), func(old told) bool { return old.attr == k.attr })
	return append(out, k)
}

// meet is what is known where ways meet, and whether that is less than f.
func (f facts) meet(o facts) (out facts, less bool) {
	if len(f) == len(o) && (len(f) == 0 || &f[0] == &o[0]) {
		return f, false
	}
	out = make(facts, 0, len(f))
	for _, k := range f {
		other := o.of(k.attr)
		if other == nil {
			less = true
			continue
		}
		n := len(k.one)
		one := slices.Clip(k.one)
		for _, p := range other.one {
			if !slices.Contains(k.one, p) {
				one = append(one, p)
			}
		}
		if len(one) > maxTold {
			less = true
			continue
		}
		if len(one) > n || other.rule < k.rule {
			less = true
		}
		out = append(out, told{k.attr, one, min(k.rule, other.rule)})
	}
	return out, less
}

// teller follows facts through a graph.
type teller struct {
	g       *Graph
	rules   []Rule
	here    []facts // by node
	reached []bool
	pending []node
	steps   int
}

// tell works out what is known at each node; false if that takes too long.
func (t *teller) tell() bool {
	t.here, t.reached = make([]facts, 2*t.g.n), make([]bool, 2*t.g.n)
	t.reach(nodeOf(0, true), nil)
	for len(t.pending) > 0 {
		last := len(t.pending) - 1
		at := t.pending[last]
		t.pending = t.pending[:last]
		if t.steps++; t.steps > t.g.limit {
			return false
		}
		t.step(at)
	}
	return true
}

// reach brings facts to a node.
func (t *teller) reach(at node, f facts) {
	if at.index() >= t.g.n {
		return
	}
	if t.reached[at] {
		met, less := t.here[at].meet(f)
		if !less {
			return
		}
		f = met
	}
	t.here[at], t.reached[at] = f, true
	t.pending = append(t.pending, at)
}

// tests reports whether a node has a test that tells something of the packet.
func (t *teller) tests(at node) bool {
	a := t.rules[at.index()].Selector
	return !t.g.always(at) && !t.g.never(at) && !a.IsVariable() && !a.IsComputed()
}

func (t *teller) step(at node) {
	yes, no := t.here[at], t.here[at]
	fits, fails := !t.g.never(at), !t.g.always(at)
	r := &t.rules[at.index()]
	if t.tests(at) {
		yes, fits = yes.passed(r, at.rule())
		no, fails = no.failed(r)
	}
	if fails {
		t.reach(nodeOf(at.index()+1, true), no)
	}
	if _, target := t.g.rule(at.index()); fits && r.Action.Goes() {
		to := nodeOf(target, r.Action.Tests())
		t.reach(to, yes)
		if callee := t.g.byWay[to]; r.Calls() && callee != nil {
			for _, e := range callee.returns {
				t.reach(nodeOf(at.index()+int(e.par), false), yes)
			}
		}
	}
}

// passed is what is known behind r's test; ok is false if it cannot succeed.
func (f facts) passed(r *Rule, rule int) (out facts, ok bool) {
	k := told{attr: r.Selector.Slot(), rule: rule}
	p := pattern{r.Value, r.Mask}
	old := f.of(k.attr)
	if old == nil {
		k.one = []pattern{p}
		return f.with(k), !f.foreign(r)
	}
	for _, one := range old.one {
		if both, ok := one.and(p); ok && !slices.Contains(k.one, both) {
			k.one = append(k.one, both)
		}
	}
	return f.with(k), len(k.one) > 0
}

// failed is what is known where r's test has failed; ok is false if it cannot.
func (f facts) failed(r *Rule) (out facts, ok bool) {
	old := f.of(r.Selector.Slot())
	if old == nil {
		return f, true
	}
	p := pattern{r.Value, r.Mask}
	left := slices.DeleteFunc(slices.Clone(old.one), p.covers)
	if len(left) == len(old.one) {
		return f, true
	}
	return f.with(told{old.attr, left, old.rule}), len(left) > 0
}

// foreign reports whether r tests for an address that is longer than those
// that get there.
func (f facts) foreign(r *Rule) bool {
	k := f.of(mib.AttrSourcePeerType)
	return (r.Selector == mib.AttrSourcePeerAddress || r.Selector == mib.AttrDestPeerAddress) &&
		k != nil && len(k.one) == 1 && k.one[0].mask[0] == 0xFF && mib.PeerType(k.one[0].value[0]) == mib.PeerIPv4 &&
		r.Value.Last() > mib.PeerIPv4.AddressSize()
}

// reportContradictions warns of tests that never succeed after earlier ones.
// Rules in a row that do the same for several values are one test: of such a
// list, some values may be let through by an earlier test and others not.
func (c *checker) reportContradictions(g *Graph) {
	t := &teller{g: g, rules: c.rules}
	if !g.Complete() || !t.tell() {
		return
	}
	for i := 0; i < len(c.rules); {
		end := i + 1
		for end < len(c.rules) && g.ways[end] == Testing && c.rules[end].nextInList(&c.rules[i]) {
			end++
		}
		never := true
		for k := i; k < end && never; k++ {
			never = t.contradicts(k)
		}
		if never {
			r, f := &c.rules[i], t.here[nodeOf(i, true)]
			if f.foreign(r) {
				c.add(Warning, i+1, FieldValue, "", "the test never succeeds: rule %d lets only IPv4 through, whose addresses have four octets", f.of(mib.AttrSourcePeerType).rule)
			} else {
				c.add(Warning, i+1, FieldValue, "", "the test never succeeds after that of rule %d: %s has one value", f.of(r.Selector.Slot()).rule, r.Selector)
			}
		}
		i = end
	}
}

// nextInList reports whether r does what first does, for another value.
func (r *Rule) nextInList(first *Rule) bool {
	return r.Selector == first.Selector && r.Action == first.Action && r.Parameter == first.Parameter
}

// contradicts reports whether the test of rule index i is made and never
// succeeds. One that saves what the packet has was not meant to be made.
func (t *teller) contradicts(i int) bool {
	at, r := nodeOf(i, true), &t.rules[i]
	if !t.reached[at] || !t.tests(at) || r.PushesPacket() && r.Value.IsZero() {
		return false
	}
	_, ok := t.here[at].passed(r, i+1)
	return !ok
}
