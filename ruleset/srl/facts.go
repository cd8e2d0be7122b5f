package srl

import (
	"slices"

	"netramet/mib"
	"netramet/ruleset"
)

// What is known of a packet at a place in the program. A packet's attributes
// do not change while the program runs, so what a test has told holds from
// there on; the six variables change with STORE, and begin as 0.
//
// Ways that differ in their variables are kept apart: a program may remember in
// a variable what it has tested, and test the variable later.

// ways are the kinds of ways that lead to a place; none if nothing gets there.
type ways []way

// way is what is known on ways of one kind.
type way struct {
	peer   bool // a test of PeerType has succeeded
	vars   [numVars]variable
	known  []knowledge // of attributes whose tests have succeeded; never changed, by attribute
	denied *denial     // tests that have failed, the last one first
}

const (
	numVars = int(mib.AttrFlowKind-mib.AttrSourceClass) + 1

	maxWays   = 64      // kinds of ways at one place
	maxValues = 64      // that an attribute may have
	maxPairs  = 1 << 12 // of values and operands of one test
	maxMasks  = 64      // of one attribute that tests are held against
	maxSame   = 8       // failed tests for the same thing that are looked at
	anyOctet  = -1      // a variable that may hold anything
)

// variable is what one of the six variables holds.
type variable int16

// knowledge: the attribute has one of the values.
type knowledge struct {
	attr mib.Attr
	one  []pattern
	at   place // of the test that told
}

// denial is a test that has failed. jump leads further back, so that it takes
// few steps to find out whether one test has failed before another.
type denial struct {
	parent, jump *denial
	depth        int
	at           place
}

// deniedKey is what a failed test tells of an attribute: it has no such value.
type deniedKey struct {
	attr mib.Attr
	pattern
}

// factBase is what is shared by all ways.
type factBase struct {
	index map[deniedKey][]*denial
	masks map[mib.Attr][]ruleset.Octets
}

func newFactBase() *factBase {
	return &factBase{index: make(map[deniedKey][]*denial), masks: make(map[mib.Attr][]ruleset.Octets)}
}

// why a test, or one of its operands, cannot succeed.
type why uint8

const (
	whyNot      why = iota
	whyKnown        // an earlier test lets other values only
	whyTaken        // an earlier test takes all that it would take
	whyVariable     // the variable holds something else
	whyFamily       // it is of the other address family
)

type reason struct {
	why why
	at  place    // of the earlier test
	has variable // whyVariable
}

func (w ways) peer() bool {
	for i := range w {
		if !w[i].peer {
			return false
		}
	}
	return true
}

func (w ways) withPeer() ways {
	out := make(ways, len(w))
	copy(out, w)
	for i := range out {
		out[i].peer = true
	}
	return out
}

// holds is what is known of attribute a, nil if nothing.
func (w *way) holds(a mib.Attr) *knowledge {
	for i := range w.known {
		if w.known[i].attr == a {
			return &w.known[i]
		}
	}
	return nil
}

// with returns w with new knowledge.
func (w way) with(k knowledge) way {
	known := make([]knowledge, 0, len(w.known)+1)
	for _, old := range w.known {
		if old.attr != k.attr {
			known = append(known, old)
		}
	}
	w.known = append(known, k)
	return w
}

// store sets a variable.
func (f *factBase) store(in ways, a mib.Attr, value byte) ways {
	if !a.IsComputed() {
		return in
	}
	var out ways
	for _, w := range in {
		w.vars[a-mib.AttrSourceClass] = variable(value)
		out = f.add(out, w)
	}
	return out
}

// test splits the ways in those on which a test of attribute a holds and those
// on which it does not, and notes in v which operands may fit.
func (f *factBase) test(at place, a mib.Attr, ops []pattern, in ways, v *outcome) (yes, no ways) {
	for _, w := range in {
		if a.IsComputed() {
			y, n := w.testVariable(a, ops, v)
			yes, no = f.join(yes, y), f.join(no, n)
			continue
		}
		y, n := f.testPacket(at, a.Slot(), ops, w, v)
		yes, no = f.join(yes, y), f.join(no, n)
	}
	return yes, no
}

func (w way) testVariable(a mib.Attr, ops []pattern, v *outcome) (yes, no ways) {
	i := a - mib.AttrSourceClass
	has := w.vars[i]
	if has == anyOctet {
		for k := range ops {
			v.holds[k] = true
		}
		no = ways{w}
		if len(ops) == 1 && ops[0].mask[0] == 0xFF {
			w.vars[i] = variable(ops[0].value[0])
		}
		return ways{w}, no
	}
	fits := false
	for k := range ops {
		if byte(has)&ops[k].mask[0] == ops[k].value[0] {
			fits = true
			v.holds[k] = true
		} else if v.reasons[k].why == whyNot {
			v.reasons[k] = reason{why: whyVariable, has: has}
		}
	}
	if fits {
		return ways{w}, nil
	}
	return nil, ways{w}
}

func (f *factBase) testPacket(at place, a mib.Attr, ops []pattern, w way, v *outcome) (yes, no ways) {
	k := w.holds(a)
	if k != nil && len(k.one)*len(ops) > maxPairs {
		k = nil
	}
	var fit []pattern
	for i := range ops {
		found, r := f.fitting(a, ops[i], k, &w)
		if r.why == whyNot && v.foreign(i, &w) {
			r = reason{why: whyFamily, at: w.holds(mib.AttrSourcePeerType).at}
		}
		if len(found) > 0 {
			fit = append(fit, found...)
		}
		if r.why == whyNot {
			v.holds[i] = true
		} else if v.reasons[i].why == whyNot {
			v.reasons[i] = r
		}
	}
	if len(fit) > 0 {
		y := w
		if len(fit) <= maxValues || k == nil && len(fit) == len(ops) {
			y = w.with(knowledge{a, fit, at})
		}
		yes = ways{y}
	}
	if left, ok := f.left(a, ops, k, &w); ok {
		if left != nil {
			w = w.with(knowledge{a, left, k.at})
		}
		w.denied = f.deny(w.denied, at, a, ops)
		no = ways{w}
	}
	return yes, no
}

// fitting returns what of operand o a packet on way w may have, else the
// reason why it can have nothing of it.
func (f *factBase) fitting(a mib.Attr, o pattern, k *knowledge, w *way) ([]pattern, reason) {
	if r := w.tooLong(a, o); r.why != whyNot {
		return nil, r
	}
	if by := f.takenBy(a, o, w.denied); by != nil {
		return nil, reason{why: whyTaken, at: by.at}
	}
	if k == nil {
		return []pattern{o}, reason{}
	}
	var found []pattern
	for _, one := range k.one {
		if both, ok := one.and(o); ok && f.takenBy(a, both, w.denied) == nil {
			found = append(found, both)
		}
	}
	if len(found) == 0 {
		return nil, reason{why: whyKnown, at: k.at}
	}
	return found, reason{}
}

// left returns what is left of the values in k when the test has failed, nil
// where nothing was known; ok is false if nothing is left.
func (f *factBase) left(a mib.Attr, ops []pattern, k *knowledge, w *way) (left []pattern, ok bool) {
	if k == nil {
		for i := range ops {
			if ops[i].mask.IsZero() {
				return nil, false
			}
		}
		return nil, true
	}
next:
	for _, one := range k.one {
		for i := range ops {
			if ops[i].covers(one) {
				continue next
			}
		}
		if f.takenBy(a, one, w.denied) == nil {
			left = append(left, one)
		}
	}
	return left, len(left) > 0
}

// tooLong: only IPv4 gets here, and the address has more than four octets.
func (w *way) tooLong(a mib.Attr, o pattern) reason {
	if w.family() == mib.PeerIPv4 && (a == mib.AttrSourcePeerAddress || a == mib.AttrDestPeerAddress) && o.value.Last() > mib.PeerIPv4.AddressSize() {
		return reason{why: whyFamily, at: w.holds(mib.AttrSourcePeerType).at}
	}
	return reason{}
}

// family is the peer type of all packets on way w, 0 if there are several.
func (w *way) family() mib.PeerType {
	k := w.holds(mib.AttrSourcePeerType)
	if k == nil || len(k.one) != 1 || k.one[0].mask[0] != 0xFF {
		return 0
	}
	return mib.PeerType(k.one[0].value[0])
}

// longest is the size of the longest addresses of packets on way w, 0 if that
// is not known.
func (w *way) longest() (size int) {
	k := w.holds(mib.AttrSourcePeerType)
	if k == nil {
		return 0
	}
	for _, one := range k.one {
		n := mib.PeerType(one.value[0]).AddressSize()
		if one.mask[0] != 0xFF || n == 0 {
			return 0
		}
		size = max(size, n)
	}
	return size
}

// foreign reports whether operand i of an address test is written as an
// address of the one family where only the other gets.
func (v *outcome) foreign(i int, w *way) bool {
	if v.attr != mib.AttrSourcePeerAddress && v.attr != mib.AttrDestPeerAddress {
		return false
	}
	written := v.x.ops[i].family()
	switch w.family() {
	case mib.PeerIPv4:
		return written == mib.PeerIPv6
	case mib.PeerIPv6:
		return written == mib.PeerIPv4
	}
	return false
}

// and returns what fits both patterns.
func (p pattern) and(q pattern) (pattern, bool) {
	if differ(p.value, q.value, p.mask, q.mask) {
		return p, false
	}
	for i := range p.mask {
		p.mask[i] |= q.mask[i]
		p.value[i] |= q.value[i]
	}
	return p, true
}

// covers reports whether all that fits q fits p.
func (p pattern) covers(q pattern) bool {
	return !p.mask.Outside(&q.mask) && !differ(p.value, q.value, p.mask, p.mask)
}

// part is what of p's value mask has.
func (p pattern) part(mask *ruleset.Octets) pattern {
	q := pattern{mask: *mask}
	for i := range q.value {
		q.value[i] = p.value[i] & mask[i]
	}
	return q
}

// deny notes that a test of a has failed behind those in before.
func (f *factBase) deny(before *denial, at place, a mib.Attr, ops []pattern) *denial {
	d := &denial{parent: before, at: at}
	if before != nil {
		d.depth, d.jump = before.depth+1, before
		if j := before.jump; j != nil && j.jump != nil && before.depth-j.depth == j.depth-j.jump.depth {
			d.jump = j.jump
		}
	}
	for _, p := range ops {
		masks := f.masks[a]
		if !slices.Contains(masks, p.mask) {
			if len(masks) >= maxMasks {
				continue
			}
			f.masks[a] = append(masks, p.mask)
		}
		key := deniedKey{a, p}
		f.index[key] = append(f.index[key], d)
	}
	return d
}

// takenBy returns a test among denied that takes all that fits p, nil if there
// is none.
func (f *factBase) takenBy(a mib.Attr, p pattern, denied *denial) *denial {
	if denied == nil {
		return nil
	}
	masks := f.masks[a]
	for i := range masks {
		m := &masks[i]
		if m.Outside(&p.mask) {
			continue
		}
		same := f.index[deniedKey{a, p.part(m)}]
		for j := len(same) - 1; j >= max(0, len(same)-maxSame); j-- {
			if same[j].before(denied) {
				return same[j]
			}
		}
	}
	return nil
}

// before reports whether d is among the denials that lead to e.
func (d *denial) before(e *denial) bool {
	for e != nil && e.depth > d.depth {
		if e.jump != nil && e.jump.depth >= d.depth {
			e = e.jump
		} else {
			e = e.parent
		}
	}
	return d == e
}

// common returns the last denial that leads to both.
func common(d, e *denial) *denial {
	for d != nil && e != nil && d != e {
		switch {
		case d.depth < e.depth:
			d, e = e, d
		case d.depth > e.depth:
			if d.jump != nil && d.jump.depth >= e.depth {
				d = d.jump
			} else {
				d = d.parent
			}
		case d.jump != e.jump:
			d, e = d.jump, e.jump
		default:
			d, e = d.parent, e.parent
		}
	}
	if d == nil || e == nil {
		return nil
	}
	return d
}

// join is what is known where ways meet.
func (f *factBase) join(a, b ways) ways {
	if len(a) == 0 {
		return b
	}
	out := append(ways(nil), a...)
	for _, w := range b {
		out = f.add(out, w)
	}
	return out
}

// add adds a way to those that it meets. It may change list.
func (f *factBase) add(list ways, w way) ways {
	for i := range list {
		if list[i].vars == w.vars {
			list[i] = list[i].meet(w)
			return list
		}
	}
	if len(list) < maxWays {
		return append(list, w)
	}
	for _, o := range list {
		w = w.meet(o)
	}
	return ways{w}
}

// meet is what is known on both ways.
func (w way) meet(o way) way {
	w.peer = w.peer && o.peer
	for i := range w.vars {
		if w.vars[i] != o.vars[i] {
			w.vars[i] = anyOctet
		}
	}
	w.denied = common(w.denied, o.denied)
	var known []knowledge
	for _, k := range w.known {
		if other := o.holds(k.attr); other != nil {
			if k.one = union(k.one, other.one); k.one != nil {
				known = append(known, k)
			}
		}
	}
	w.known = known
	return w
}

// union is all of both lists, nil if that is too much.
func union(a, b []pattern) []pattern {
	if len(a) > 0 && len(a) == len(b) && &a[0] == &b[0] {
		return a
	}
	if len(a)+len(b) > maxValues {
		return nil
	}
	out := append([]pattern(nil), a...)
next:
	for _, p := range b {
		for _, q := range out {
			if p == q {
				continue next
			}
		}
		out = append(out, p)
	}
	return out
}
