package columns

import (
	"slices"

	"netramet/internal/digits"
	"netramet/reader"
)

// Dress is what a format writes around the values of a cell.
type Dress struct {
	Before string // a value
	After  byte   // one character behind a value, or 0
	Null   string // in place of all three where there is no value
	// Escape rewrites what stands from start on, a value of the type Text, as the format
	// wants it. Values of other types need no escapes in any format.
	Escape func(b []byte, start int) []byte
}

// Row is cells that stand side by side, dressed by a format.
//
// A row has many cells, and most of them few octets. So there is room for all whose
// length is bounded before the first is written; what stands before a value is copied in
// blocks of one size, and what is behind its end is overwritten by the next.
type Row struct {
	layout *Layout
	cells  []dressed
	room   int // octets that all cells but those of unbounded length take at most
}

const (
	leadSize  = 32 // of the block that has what stands before a value
	valueRoom = 64 // octets that a value of bounded length takes at most, and touches
)

// dressed is a cell with its dress.
type dressed struct {
	lead  [leadSize]byte // Before, if it fits
	size  uint8          // of it in lead
	kind  kind
	after byte
	ends  uint8 // 1 if there is after
	place int32
	long  string // Before, if it does not fit
	null  string
	cell  *Cell
	// escape is nil for values that need none.
	escape func(b []byte, start int) []byte
}

// Add adds a cell of the layout to the row, or nil: a cell that has no value.
func (r *Row) Add(c *Cell, d Dress) {
	if c == nil {
		c = &Cell{kind: kindConstant}
	}
	x := dressed{kind: c.kind, place: int32(c.place), cell: c, after: d.After, null: d.Null}
	if d.After != 0 {
		x.ends = 1
	}
	if len(d.Before) <= leadSize {
		x.size = uint8(copy(x.lead[:], d.Before))
	} else {
		x.long = d.Before
	}
	if c.Type == Text && c.kind != kindCommunity {
		x.escape = d.Escape
	}
	r.cells = append(r.cells, x)
	r.room += max(leadSize, len(d.Before)) + valueRoom + len(d.Null)
}

// NewRow returns a row without cells.
func (l *Layout) NewRow() Row { return Row{layout: l} }

// Append appends the row of a record.
func (r *Row) Append(b []byte, rec *reader.Record) []byte {
	b = slices.Grow(b, r.room)
	b, at := b[:cap(b)], len(b)
	for i := range r.cells {
		c := &r.cells[i]
		start, ok := at, true
		*(*[leadSize]byte)(b[at:]) = c.lead
		if at += int(c.size); c.long != "" {
			at += copy(b[at:], c.long)
		}
		switch c.kind {
		case kindNumber:
			at = digits.PutUint(b, at, rec.Values[c.place].Num)
		case kindAmount:
			if ok = !rec.Baseline && int(c.place) < len(rec.Amounts); ok {
				at = digits.PutUint(b, at, rec.Amounts[c.place])
			}
		case kindPort:
			var n uint64
			if n, ok = port(&rec.Values[c.place]); ok {
				at = digits.PutUint(b, at, n)
			}
		case kindAddress:
			if v := &rec.Values[c.place]; v.Len == 4 {
				at = digits.PutQuad(b, at, v.Octets[:4])
			} else {
				at, ok = putAddress(b, at, v)
			}
		case kindFirst:
			at, ok = r.layout.clock.put(b, at, rec.FirstTime)
		case kindLast:
			if ok = c.place >= 0; ok {
				at, ok = r.layout.clock.put(b, at, rec.Values[c.place].Num)
			}
		case kindIndex:
			at = digits.PutUint(b, at, uint64(rec.Index))
		case kindBaseline:
			at += copy(b[at:], boolText(rec.Baseline))
		default:
			b, at, ok = r.long(b, at, c, rec)
		}
		if !ok {
			at = start + copy(b[start:], c.null)
			continue
		}
		b[at] = c.after
		at += int(c.ends)
	}
	return b[:at]
}

// long writes a value of any length, or a text, to b from at on. It returns b with room
// for the cells behind, and where the value ends.
func (r *Row) long(b []byte, at int, c *dressed, rec *reader.Record) (_ []byte, end int, ok bool) {
	if c.kind == kindLetter && !isLetter(rec.Values[c.place].Num) { // mostly there is none
		return b, at, false
	}
	text, ok := r.layout.appendLong(b[:at], c.cell, rec)
	if ok && c.escape != nil {
		text = c.escape(text, at)
	}
	text = slices.Grow(text, r.room)
	return text[:cap(text)], len(text), ok
}

// appendLong appends such a value.
func (l *Layout) appendLong(b []byte, c *Cell, rec *reader.Record) (_ []byte, ok bool) {
	switch c.kind {
	case kindConstant:
		return append(b, c.text...), c.text != nil
	case kindCounts:
		list := rec.Numbers(c.place)
		return appendNumbers(b, list), len(list) > 0
	case kindLimits:
		limits := l.limits(&rec.Values[c.place])
		return appendNumbers(b, limits), limits != nil && len(rec.Numbers(c.place)) > 0
	case kindName:
		name := c.names.Name(c.attr, rec.Values[c.place].Num)
		return append(b, name...), name != ""
	case kindCommunity:
		return c.id.append(b, rec)
	}
	return append(b, byte(rec.Values[c.place].Num)), true // a letter
}
