package columns

import (
	"slices"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/cells"
)

// stored is how a row writes flows as a meter's table has them: those that are alike as a
// line. A value that is not plain is written as that of a record, and so is the whole row
// of a flow that is not.
type stored struct {
	lines cells.Lines
	rec   reader.Record
}

// AppendStored appends the row of a flow. It is what Append appends of its record.
func (r *Row) AppendStored(b []byte, f *reader.Stored) []byte {
	if f.Baseline || max(f.Numbers[mib.StoredFirstTime], f.Numbers[mib.StoredLastActive]) > cells.LongestUptime {
		return r.Append(b, r.recordOf(f))
	}
	l := r.stored.lines.Of(f.Places)
	if l == nil {
		l = r.newLine(f)
		r.stored.lines.Add(l)
	}
	b, _ = l.Append(b, f) // no value of a row is an error
	return b
}

// recordOf is a flow as a record, valid until the next call.
func (r *Row) recordOf(f *reader.Stored) *reader.Record {
	rec := &r.stored.rec
	rec.Fill(f)
	rec.Baseline = f.Baseline
	rec.Amounts = slices.Grow(rec.Amounts, len(rec.Values))[:len(rec.Values)]
	for i := range r.cells {
		if c := &r.cells[i]; c.kind == kindAmount {
			if at, ok := amountOf(&f.Places.List[c.place]); ok {
				rec.Amounts[c.place] = f.Numbers[at]
			}
		}
	}
	return rec
}

// amountOf is where the amount lies of a counter at a place.
func amountOf(p *mib.Place) (at mib.StoredNumber, ok bool) {
	n := mib.StoredNumber(p.At) - mib.StoredToOctets
	return mib.StoredAmounts + n, p.In == mib.InNumbers && n < mib.StoredCounters
}

// newLine makes the line of flows that are like one.
func (r *Row) newLine(f *reader.Stored) *cells.Line {
	l, rec := cells.NewLine(f.Places), r.recordOf(f)
	l.Text(r.begin)
	for i := range r.cells {
		c := &r.cells[i]
		switch one := r.only(i); {
		case c.same(r.layout, f.Places):
			l.Text(string(one.Append(nil, rec)))
		case c.addTo(l, r.layout, f.Places):
			l.Text(c.dress.After)
		default:
			l.Other(otherOf(one, c, f.Places))
		}
	}
	l.Text(r.end)
	l.End()
	return l
}

// only is cell i of the row alone.
func (r *Row) only(i int) Row {
	one := r.layout.NewRow("", "")
	one.Add(r.cells[i].cell, r.cells[i].dress)
	return one
}

// same reports whether all flows with these places, that are plain, have the same value.
func (c *dressed) same(l *Layout, places *mib.Places) bool {
	switch c.kind {
	case kindConstant, kindBaseline:
		return true
	case kindFirst:
		return !l.clock.Knows(0)
	case kindLast:
		return c.place < 0 || !l.clock.Knows(0)
	case kindIndex, kindCommunity:
		return false
	}
	return places.List[c.place].Same()
}

// addTo adds the cell to a line, without what stands behind the value. It returns false if
// the line has no such cells.
func (c *dressed) addTo(l *cells.Line, in *Layout, places *mib.Places) bool {
	before := c.dress.Before
	switch c.kind {
	case kindIndex:
		return l.Number(before, mib.NumberPlace(mib.StoredIndex))
	case kindFirst:
		return l.Time(before, mib.NumberPlace(mib.StoredFirstTime), in.clock)
	case kindLast:
		return l.Time(before, &places.List[c.place], in.clock)
	case kindNumber:
		return l.Number(before, &places.List[c.place])
	case kindPort:
		return l.Port(before, &places.List[c.place])
	case kindAddress:
		return l.Address(before, &places.List[c.place])
	case kindAmount:
		at, ok := amountOf(&places.List[c.place])
		return ok && l.Number(before, mib.NumberPlace(at))
	}
	return false
}

// otherOf writes a cell for which a line has none.
func otherOf(one Row, c *dressed, places *mib.Places) cells.Other {
	if c.kind == kindCommunity {
		if s := newStoredCommunity(&c.cell.id, c.dress, places); s != nil {
			return s
		}
	}
	return newLone(one, c, places)
}

// lone is a cell whose values are read one by one.
type lone struct {
	row    Row
	rec    reader.Record
	values []value
}

// value is one that the cell looks at.
type value struct {
	at    int // in the record
	place *mib.Place
}

func newLone(one Row, c *dressed, places *mib.Places) *lone {
	o := &lone{row: one}
	o.rec.Clear(len(places.List) - 1)
	at := []int{int(c.place)}
	if c.kind == kindCommunity {
		at = c.cell.id.places()
	}
	for _, i := range at {
		o.values = append(o.values, value{i, &places.List[i]})
	}
	return o
}

// Append implements cells.Other.
func (o *lone) Append(b []byte, f *mib.Stored) ([]byte, error) {
	for _, v := range o.values {
		v.place.Read(f, &o.rec.Values[v.at])
	}
	return o.row.Append(b, &o.rec), nil
}
