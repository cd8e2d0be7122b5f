package columns

import (
	"netramet/internal/digits"
	"netramet/reader"
)

// Dress is what a format writes around the values of a cell.
type Dress struct {
	Before, After string // around a value
	Null          string // in place of all three where there is no value
	// Escape rewrites what stands from start on, a value of the type Text, as the format
	// wants it. Values of other types need no escapes in any format.
	Escape func(b []byte, start int) []byte
}

// Row is cells that stand side by side, dressed by a format.
type Row struct {
	layout *Layout
	cells  []dressed
}

type dressed struct {
	kind  kind
	text  bool
	place int
	cell  *Cell
	Dress
}

// Add adds a cell of the layout to the row, or nil: a cell that has no value.
func (r *Row) Add(c *Cell, d Dress) {
	if c == nil {
		c = &Cell{kind: kindConstant}
	}
	r.cells = append(r.cells, dressed{kind: c.kind, text: c.Type == Text, place: c.place, cell: c, Dress: d})
}

// NewRow returns a row without cells.
func (l *Layout) NewRow() Row { return Row{layout: l} }

// Append appends the row of a record. Most of a row is numbers, ports and addresses,
// which are written here; Layout.Append has the rest.
func (r *Row) Append(b []byte, rec *reader.Record) []byte {
	for i := range r.cells {
		c := &r.cells[i]
		b = append(b, c.Before...)
		switch c.kind {
		case kindNumber:
			b = append(digits.AppendUint(b, rec.Values[c.place].Num), c.After...)
			continue
		case kindAmount:
			if !rec.Baseline && c.place < len(rec.Amounts) {
				b = append(digits.AppendUint(b, rec.Amounts[c.place]), c.After...)
				continue
			}
		}
		start, ok := len(b), false
		if b, ok = r.layout.Append(b, c.cell, rec); !ok {
			b = append(b[:start-len(c.Before)], c.Null...)
			continue
		}
		if c.text {
			b = c.Escape(b, start)
		}
		b = append(b, c.After...)
	}
	return b
}
