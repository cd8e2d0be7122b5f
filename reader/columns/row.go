package columns

import (
	"netramet/internal/digits"
	"netramet/reader"
	"netramet/reader/cells"
)

// Dress is what a format writes around the values of a cell.
type Dress struct {
	Before string // a value
	After  string // a value; short
	Null   string // in place of all three where there is no value
	// Escape rewrites what stands from start on, a value of the type Text, as the format
	// wants it. Values of other types need no escapes in any format.
	Escape func(b []byte, start int) []byte
}

// Row is cells that stand side by side, dressed by a format.
//
// A row has many cells, and most of them few octets. So there is room for all whose
// length is bounded before the first is written, and what is behind the end of a value is
// overwritten by the next.
type Row struct {
	layout *Layout
	begin  string // what stands before the cells
	cells  []dressed
	end    string // and behind them
	room   int    // octets that all cells but those of unbounded length take at most

	stored stored
}

// valueRoom is how many octets a value of bounded length takes at most, and touches.
const valueRoom = 64

// dressed is a cell with its dress.
type dressed struct {
	before, after cells.Lead
	kind          kind
	place         int32
	cell          *Cell
	dress         Dress // without an Escape if the value needs none
}

// NewRow returns a row of cells that stand between two texts.
func (l *Layout) NewRow(begin, end string) Row {
	return Row{layout: l, begin: begin, end: end}
}

// Add adds a cell of the layout to the row, or nil: a cell that has no value.
func (r *Row) Add(c *Cell, d Dress) {
	if c == nil {
		c = &Cell{kind: kindConstant}
	}
	if c.Type != Text || c.kind == kindCommunity {
		d.Escape = nil
	}
	x := dressed{before: cells.NewLead(d.Before), after: cells.NewLead(d.After), kind: c.kind, place: int32(c.place), cell: c, dress: d}
	r.cells = append(r.cells, x)
	r.room += x.before.Room() + x.after.Room() + valueRoom + len(d.Null)
}

// Append appends the row of a record.
func (r *Row) Append(b []byte, rec *reader.Record) []byte {
	b = append(b, r.begin...)
	b, at := cells.Roomy(b, r.room)
	for i := range r.cells {
		c := &r.cells[i]
		start, ok := at, true
		at = c.before.Put(b, at)
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
			at, ok = r.layout.putTime(b, at, rec.FirstTime)
		case kindLast:
			if ok = c.place >= 0; ok {
				at, ok = r.layout.putTime(b, at, rec.Values[c.place].Num)
			}
		case kindIndex:
			at = digits.PutUint(b, at, uint64(rec.Index))
		case kindBaseline:
			at += copy(b[at:], boolText(rec.Baseline))
		default:
			b, at, ok = r.long(b, at, c, rec)
		}
		if !ok {
			at = start + copy(b[start:], c.dress.Null)
			continue
		}
		at = c.after.Put(b, at)
	}
	return append(b[:at], r.end...)
}

// putTime writes the time of day of an uptime to b from at on, and returns where it ends.
// ok is false if it is not known.
func (l *Layout) putTime(b []byte, at int, uptime uint64) (end int, ok bool) {
	if !l.clock.Knows(uptime) {
		return at, false
	}
	return l.clock.Put(b, at, uptime), true
}

// long writes a value of any length, or a text, to b from at on. It returns b with room
// for the cells behind, and where the value ends.
func (r *Row) long(b []byte, at int, c *dressed, rec *reader.Record) (_ []byte, end int, ok bool) {
	if c.kind == kindLetter && !isLetter(rec.Values[c.place].Num) { // mostly there is none
		return b, at, false
	}
	text, ok := r.layout.appendLong(b[:at], c.cell, rec)
	if ok && c.dress.Escape != nil {
		text = c.dress.Escape(text, at)
	}
	b, at = cells.Roomy(text, r.room)
	return b, at, ok
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
