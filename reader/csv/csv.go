// Package csv writes and reads flow data as comma-separated values (RFC 4180): a line
// with the names of the columns, and a line for each flow. The last flow of a
// collection says in its last column that all are there.
//
// It knows no files: package reader/lines has them. docs/outputs.md describes the
// format, reader/columns what the columns are.
package csv

import (
	"errors"
	"fmt"
	"slices"

	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/lines"
)

var _ lines.Format = (*Format)(nil)

// last is the column that ends a collection: rows end in goesOn or ends.
const (
	last   = "interval_last"
	goesOn = ",false\r\n"
	ends   = ",true\r\n"
)

// Format makes and reads the lines of one file. Its rows have the columns of all rule
// sets that are collected; those that a rule set does not have are empty.
type Format struct {
	names  columns.Names
	labels []string
	rows   columns.Rows
	open   bool // the last flow's row lacks its end
}

// New returns the format with names of a set.
func New(names columns.Names) *Format { return &Format{names: names} }

// Begin implements lines.Format.
func (f *Format) Begin(dst []byte, iv *reader.Interval, tasks []reader.Task, header string) ([]byte, error) {
	f.lay(iv, tasks)
	line := f.header()
	switch {
	case header == "":
		return append(append(dst, line...), "\r\n"...), nil
	case header != line:
		return dst, fmt.Errorf("the file has other columns: take another name for it (its header is %.200q, it would be %.200q)", header, line)
	}
	return dst, nil
}

// lay lays out the rows of each task.
func (f *Format) lay(iv *reader.Interval, tasks []reader.Task) {
	f.rows.Clear()
	f.labels, f.open = f.labels[:0], false
	layouts := make([]*columns.Layout, len(tasks))
	for i := range tasks {
		layouts[i] = columns.NewLayout(iv, &tasks[i], f.names)
		for _, c := range layouts[i].Cells {
			if !slices.Contains(f.labels, c.Label) {
				f.labels = append(f.labels, c.Label)
			}
		}
	}
	for i := range tasks {
		f.rows.Add(tasks[i].RuleSet, rowOf(layouts[i], f.labels))
	}
}

// rowOf is how flows of a layout are written, with cells in the order of labels.
func rowOf(l *columns.Layout, labels []string) columns.Row {
	cells := make([]*columns.Cell, len(labels)) // nil: the task does not have it
	for i, label := range labels {
		if at := slices.IndexFunc(l.Cells, func(c columns.Cell) bool { return c.Label == label }); at >= 0 {
			cells[i] = &l.Cells[at]
		}
	}
	same := l.NewRow("", "")
	for len(cells) > 0 && cells[0] != nil && cells[0].Constant() {
		same.Add(cells[0], columns.Dress{Before: ",", Null: ",", Escape: escape})
		cells = cells[1:]
	}
	row := l.NewRow(string(same.Append(nil, nil)[len(","):]), goesOn)
	for _, c := range cells {
		d := columns.Dress{Before: ",", Null: ",", Escape: escape}
		if c != nil && c.Type == columns.Numbers { // has commas
			d.Before, d.After = `,"`, `"`
		}
		row.Add(c, d)
	}
	return row
}

// escape makes what stands from start on a field.
func escape(b []byte, start int) []byte {
	if isPlain(b[start:]) {
		return b
	}
	return appendText(b[:start], string(b[start:]))
}

// header is the line of the columns' names.
func (f *Format) header() string {
	var b []byte
	for _, label := range f.labels {
		b = append(appendText(b, label), ',')
	}
	return string(append(b, last...))
}

// Record implements lines.Format.
func (f *Format) Record(dst []byte, rec *reader.Record) ([]byte, error) {
	return f.leaveOpen(f.rows.Append(f.goOn(dst), rec))
}

// Stored implements lines.Format.
func (f *Format) Stored(dst []byte, list []reader.Stored) ([]byte, error) {
	return f.leaveOpen(f.rows.AppendStored(f.goOn(dst), list))
}

// goOn ends the last row, for there is another one.
func (f *Format) goOn(dst []byte) []byte {
	if f.open {
		dst = append(dst, goesOn...)
	}
	f.open = false
	return dst
}

// leaveOpen takes the end off the last row, if all went well: nobody knows whether another
// one comes.
func (f *Format) leaveOpen(dst []byte, err error) ([]byte, error) {
	if err != nil {
		return dst, err
	}
	f.open = true
	return dst[:len(dst)-len(goesOn)], nil
}

// End implements lines.Format.
func (f *Format) End(dst []byte) ([]byte, error) {
	if len(f.labels) == 0 {
		return dst, errors.New("a collection ends that did not begin")
	}
	if f.open {
		dst = append(dst, ends...)
		f.open = false
	}
	return dst, nil
}

// Abort implements lines.Format: that the last row is not marked as such has to do.
func (f *Format) Abort(dst []byte) []byte {
	f.open = false
	return dst
}
