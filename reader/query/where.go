package query

import (
	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset/srl"
)

// A condition is asked in two places: what does not depend on amounts where a record
// is read, by several goroutines, so that records that are not meant go no further;
// the rest when the amounts are known.

// filter is a condition for one format.
type filter struct {
	early *test
	late  *test
	bits  []*test // tests of late that are made early; their answers are bits
}

// test is a condition whose attributes have places in records, or in amounts.
type test struct {
	is     srl.Relation
	kids   []*test
	at     int // place in the record's values; in late tests, that of the amount
	bit    int // of the answer, for late tests that are made early; -1: the amount is tested
	attr   mib.Attr
	number bool
	values []srl.Pattern
	bound  uint64
}

// newFilter makes c ready for records of a format, in which it finds attributes by
// place, and amounts among counters.
func newFilter(c *srl.Condition, place func(mib.Attr) (int, bool), counters []mib.Attr) (*filter, error) {
	f := &filter{}
	if c == nil {
		return f, nil
	}
	parts := []*srl.Condition{c}
	if c.Is == srl.All {
		parts = c.Kids
	}
	for _, part := range parts {
		counts := false
		err := part.Walk(func(t *srl.Condition) error {
			counts = counts || isAmount(t.Attr) || varies(t.Attr)
			if _, ok := place(t.Attr); !ok {
				return t.Fault("", "the flow data does not hold %s", t.Attr)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		t := f.build(part, place, counters, counts)
		if counts {
			f.late = and(f.late, t)
		} else {
			f.early = and(f.early, t)
		}
	}
	if len(f.bits) > maxTests {
		return nil, f.tooMany(c)
	}
	return f, nil
}

func (f *filter) tooMany(c *srl.Condition) error {
	var first *srl.Condition
	_ = c.Walk(func(t *srl.Condition) error {
		if first == nil {
			first = t
		}
		return nil
	})
	return first.Fault("use lists, as SourcePeerAddress == (10.0/8, 192.168/16)", "more than %d tests beside those of counters", maxTests)
}

// isAmount reports whether conditions mean by an attribute what it grew by.
func isAmount(a mib.Attr) bool { return a.Class() == mib.ClassCounter }

// varies reports whether an attribute may have another value in each record of a flow:
// all records are needed, then, to know what its counters grow by.
func varies(a mib.Attr) bool {
	return a == mib.AttrLastActiveTime || a == mib.AttrFlowTimeMark || a == mib.AttrFlowStatus
}

func and(a, b *test) *test {
	if a == nil {
		return b
	}
	if a.is != srl.All {
		a = &test{is: srl.All, kids: []*test{a}}
	}
	a.kids = append(a.kids, b)
	return a
}

func (f *filter) build(c *srl.Condition, place func(mib.Attr) (int, bool), counters []mib.Attr, late bool) *test {
	t := &test{is: c.Is, attr: c.Attr, number: srl.IsNumber(c.Attr) && c.Attr.Class() != mib.ClassAddress, values: c.Values, bound: c.Bound, bit: -1}
	for _, k := range c.Kids {
		t.kids = append(t.kids, f.build(k, place, counters, late))
	}
	if c.Is <= srl.Not {
		return t
	}
	if !isAmount(c.Attr) {
		t.at, _ = place(c.Attr)
		if late {
			f.bits = append(f.bits, t)
			return &test{is: c.Is, bit: len(f.bits) - 1}
		}
		return t
	}
	for i, a := range counters {
		if a == c.Attr {
			t.at = i
		}
	}
	return t
}

// holds answers an early test. nil holds.
func (t *test) holds(rec *reader.Record) bool {
	if t == nil {
		return true
	}
	switch t.is {
	case srl.All:
		for _, k := range t.kids {
			if !k.holds(rec) {
				return false
			}
		}
		return true
	case srl.Any:
		for _, k := range t.kids {
			if k.holds(rec) {
				return true
			}
		}
		return false
	case srl.Not:
		return !t.kids[0].holds(rec)
	}
	v := &rec.Values[t.at]
	if t.number {
		return t.fits(v.Num)
	}
	if srl.IsNumber(t.attr) { // a port
		return t.fits(uint64(v.Octets[0])<<8 | uint64(v.Octets[1]))
	}
	for i := range t.values {
		if fitsAddress(&t.values[i], v) {
			return true
		}
	}
	return false
}

// fits tests a number.
func (t *test) fits(n uint64) bool {
	switch t.is {
	case srl.Less:
		return n < t.bound
	case srl.AtMost:
		return n <= t.bound
	case srl.More:
		return n > t.bound
	case srl.AtLeast:
		return n >= t.bound
	}
	for i := range t.values {
		if n&t.values[i].Bits == t.values[i].Number {
			return true
		}
	}
	return false
}

// fitsAddress tests an address. What a value has no octets for is zero, as in rules.
func fitsAddress(p *srl.Pattern, v *reader.Value) bool {
	if p.Size > 0 && int(v.Len) != p.Size {
		return false
	}
	n := int(v.Len)
	for i := range p.Mask {
		o := byte(0)
		if i < n {
			o = v.Octets[i]
		}
		if o&p.Mask[i] != p.Value[i] {
			return false
		}
	}
	return true
}

// answers are the bits of late tests that are made early.
func (f *filter) answers(rec *reader.Record) (bits uint64) {
	for i, t := range f.bits {
		if t.holds(rec) {
			bits |= 1 << i
		}
	}
	return bits
}

// finally answers a late test. nil holds.
func (t *test) finally(bits uint64, amounts []uint64) bool {
	if t == nil {
		return true
	}
	switch t.is {
	case srl.All:
		for _, k := range t.kids {
			if !k.finally(bits, amounts) {
				return false
			}
		}
		return true
	case srl.Any:
		for _, k := range t.kids {
			if k.finally(bits, amounts) {
				return true
			}
		}
		return false
	case srl.Not:
		return !t.kids[0].finally(bits, amounts)
	}
	if t.bit >= 0 {
		return bits&(1<<t.bit) != 0
	}
	return t.fits(amounts[t.at])
}
