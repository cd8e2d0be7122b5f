package top

import (
	"bytes"
	"fmt"
	"slices"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/table"
	"netramet/ruleset"
)

// order is how flows of one FORMAT are ordered.
type order struct {
	key table.Key
	at  int // of the key's attribute
}

func orderOf(f *ruleset.Format, key table.Key) (order, error) {
	o := order{key: key}
	if key.By == table.ByAttribute {
		if o.at = slices.Index(f.Attrs, key.Attr); o.at < 0 {
			return o, fmt.Errorf("flows are to be ordered by %s, which the format has not", key.Attr)
		}
	}
	return o, nil
}

// rank is a flow's place among others.
type rank struct {
	text   bool // the key is in octets, smallest first; else in num, largest first
	len    uint8
	octets [mib.MaxAddress]byte
	num    uint64
	all    uint64 // octets in both directions: of two with the same key the larger comes first
	index  uint32 // and then that with the smaller index
}

// isText reports whether flows are ordered by octets, not by a number.
func (o *order) isText() bool {
	c := o.key.Attr.Class()
	return o.key.By == table.ByAttribute && (c == mib.ClassAddress || c == mib.ClassMask)
}

// number is a flow's rank.num.
func (o *order) number(iv *reader.Interval, rec *reader.Record, c *table.Counts, l *table.Layout) uint64 {
	switch o.key.By {
	case table.ByOctets:
		return c.Octets()
	case table.ByPDUs:
		return c.PDUs()
	case table.ByRate:
		return l.Rate(iv, rec, c)
	}
	if o.key.Attr.Class() == mib.ClassCounter {
		return c.Of(o.key.Attr)
	}
	return rec.Values[o.at].Num
}

// rank finds a flow's, whose num is known. Flows without an address come behind all
// that have one.
func (o *order) rank(rec *reader.Record, c *table.Counts, num uint64) rank {
	r := rank{num: num, all: c.Octets(), index: rec.Index}
	if o.isText() {
		v := &rec.Values[o.at]
		r.text, r.len = true, v.Len
		copy(r.octets[:], v.Octets[:v.Len])
	}
	return r
}

// before reports whether a flow comes before another.
func (r *rank) before(s *rank) bool {
	if r.text {
		switch {
		case r.len != s.len:
			return r.len != 0 && (s.len == 0 || r.len < s.len) // IPv4 before IPv6
		case r.octets != s.octets:
			return bytes.Compare(r.octets[:], s.octets[:]) < 0
		}
	}
	switch {
	case r.num != s.num:
		return r.num > s.num
	case r.all != s.all:
		return r.all > s.all
	}
	return r.index < s.index
}
