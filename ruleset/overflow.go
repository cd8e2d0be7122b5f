package ruleset

import "netramet/mib"

// This file looks for a packet whose match pushes more than the queue holds.
// The spans of queue.go take each test to go either way; here a way counts
// only if its tests go together: a packet has one port, so that of a thousand
// rules on ports only those for one succeed.

// maxSearch bounds the search, in rules run and tests compared. What it does
// not find by then is left to the limits of a match.
const maxSearch = 1 << 18

// way is where a match may stand.
type way struct {
	at    node
	queue *pushed // newest first
	known *known
	back  *back
	vars  [5]mib.Attr
}

// pushed is an entry of the pattern queue; holds is the value of a computed
// attribute.
type pushed struct {
	attr  mib.Attr
	holds byte
	n     int // entries from here on
	next  *pushed
}

// known is a test that succeeded on the way, or failed.
type known struct {
	attr      mib.Attr
	test      *Rule
	succeeded bool
	next      *known
}

// back is where a Return leads.
type back struct {
	gosub int // index
	vars  [5]mib.Attr
	next  *back
}

// overflow returns a rule at which some match has MaxQueue entries in the
// queue and pushes one more, 0 if none was found.
func overflow(g *Graph) int {
	ways := []way{{at: nodeOf(0, true)}}
	work := 0
	for len(ways) > 0 && work < maxSearch {
		w := ways[len(ways)-1]
		ways = ways[:len(ways)-1]
		work++
		if w.at.index() >= g.n {
			continue
		}
		r, target := g.rule(w.at.index())
		attr := r.Selector
		if attr.IsVariable() && !r.Assigns() {
			attr = w.vars[attr-mib.AttrV1]
		}
		succeeds, fails := w.outcomes(r, attr, &work)
		if fails {
			ways = append(ways, w.failed(r, attr))
		}
		if !succeeds {
			continue
		}
		if w.at.test() && fails {
			w.known = &known{attr.Slot(), r, true, w.known}
		}
		if r.Pushes() && attr.Is(mib.UseSave) && w.queue.entries() == MaxQueue {
			return w.at.rule()
		}
		if w.act(r, attr, target) {
			ways = append(ways, w)
		}
	}
	return 0
}

// outcomes reports whether the test of r on attr may succeed, and whether it may
// fail, after all that is known.
func (w *way) outcomes(r *Rule, attr mib.Attr, work *int) (succeeds, fails bool) {
	switch {
	case !w.at.test() || r.Always() || attr == mib.AttrNull:
		return true, false
	case r.Value.Outside(&r.Mask):
		return false, true
	case attr.IsComputed():
		equal := w.queue.value(attr)&r.Mask[0] == r.Value[0]
		return equal, !equal
	}
	succeeds, fails = true, true
	for k := w.known; k != nil; k = k.next {
		if *work++; k.attr != attr.Slot() {
			continue
		}
		switch {
		case k.succeeded && differ(k.test, r):
			return false, true
		case k.succeeded && implies(k.test, r):
			return true, false
		case !k.succeeded && implies(r, k.test):
			succeeds = false
		}
	}
	return succeeds, fails
}

// differ reports whether no value passes both tests.
func differ(a, b *Rule) bool {
	for i := range a.Value {
		if (a.Value[i]^b.Value[i])&a.Mask[i]&b.Mask[i] != 0 {
			return true
		}
	}
	return false
}

// implies reports whether each value that passes a passes b.
func implies(a, b *Rule) bool { return !b.Mask.Outside(&a.Mask) && !differ(a, b) }

// failed is the way on after the test of r failed.
func (w way) failed(r *Rule, attr mib.Attr) way {
	if !attr.IsComputed() {
		w.known = &known{attr.Slot(), r, false, w.known}
	}
	w.at = nodeOf(w.at.index()+1, true)
	return w
}

// act does the action of r; false if it ends the match.
func (w *way) act(r *Rule, attr mib.Attr, target int) bool {
	i := w.at.index()
	switch {
	case r.Action == mib.ActionReturn:
		if w.back == nil {
			return false
		}
		w.at = nodeOf(w.back.gosub+int(r.Parameter), false)
		w.vars, w.back = w.back.vars, w.back.next
		return true
	case r.Action.Ends():
		return false
	case r.Calls():
		w.back = &back{i, w.vars, w.back}
	case r.Assigns():
		w.vars[r.Selector-mib.AttrV1] = mib.Attr(r.Value[0])
	case r.Pops():
		if w.queue != nil {
			w.queue = w.queue.next
		}
	case r.Pushes() && attr.Is(mib.UseSave):
		value := r.Value[0]
		if !r.PushesValue() {
			value = w.queue.value(attr)
		}
		w.queue = &pushed{attr, value & r.Mask[0], w.queue.entries() + 1, w.queue}
	}
	w.at = nodeOf(target, r.Action.Tests())
	return true
}

func (q *pushed) entries() int {
	if q == nil {
		return 0
	}
	return q.n
}

// value is what computed attribute a holds.
func (q *pushed) value(a mib.Attr) byte {
	for ; q != nil; q = q.next {
		if q.attr == a {
			return q.holds
		}
	}
	return 0
}
