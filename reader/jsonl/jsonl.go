// Package jsonl writes and reads flow data as JSON Lines: an object for each flow,
// and one for each collection, which comes behind its flows and says that they are
// all there.
//
// It knows no files: package reader/lines has them. docs/outputs.md describes the
// format, reader/columns what the columns are.
package jsonl

import (
	"bytes"

	"netramet/internal/digits"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/lines"
)

var _ lines.Format = (*Format)(nil)

// Format makes and reads the lines of one file.
type Format struct {
	names columns.Names
	rows  columns.Rows
	tail  []byte // the line that ends it, but for the number of flows
}

// New returns the format with names of a set.
func New(names columns.Names) *Format { return &Format{names: names} }

// Begin implements lines.Format.
func (f *Format) Begin(dst []byte, iv *reader.Interval, tasks []reader.Task, _ string) ([]byte, error) {
	f.rows.Clear()
	for i := range tasks {
		f.rows.Add(tasks[i].RuleSet, f.rowOf(iv, &tasks[i]))
	}
	f.tail = f.appendInterval(f.tail[:0], iv, tasks)
	return dst, nil
}

// rowOf is how flows of a task are written.
func (f *Format) rowOf(iv *reader.Interval, task *reader.Task) columns.Row {
	l := columns.NewLayout(iv, task, f.names)
	same := l.NewRow(`{"type":"flow"`, "")
	for i := range l.Cells {
		if c := &l.Cells[i]; c.Constant() {
			same.Add(c, dress(c))
		}
	}
	row := l.NewRow(string(same.Append(nil, nil)), "}\n")
	for i := range l.Cells {
		if c := &l.Cells[i]; !c.Constant() {
			row.Add(c, dress(c))
		}
	}
	return row
}

// dress makes a cell a member of an object.
func dress(c *columns.Cell) columns.Dress {
	name := string(append(appendString([]byte{','}, c.Label), ':'))
	d := columns.Dress{Before: name, Null: name + "null", Escape: escape}
	if c.Type == columns.Text || c.Type == columns.Address || c.Type == columns.Time {
		d.Before, d.After = name+`"`, `"`
	}
	return d
}

// escape makes what stands from start on the inside of a string.
func escape(b []byte, start int) []byte {
	if isPlain(b[start:]) {
		return b
	}
	b = appendString(b[:start-1], string(b[start:])) // its quotes, too
	return b[:len(b)-1]
}

// Record implements lines.Format.
func (f *Format) Record(dst []byte, rec *reader.Record) ([]byte, error) {
	return f.rows.Append(dst, rec)
}

// Stored implements lines.Format.
func (f *Format) Stored(dst []byte, list []reader.Stored) ([]byte, error) {
	return f.rows.AppendStored(dst, list)
}

// End implements lines.Format.
func (f *Format) End(dst []byte) ([]byte, error) {
	dst = append(append(dst, f.tail...), `,"flows":`...)
	return append(digits.AppendUint(dst, f.rows.Written()), '}', '\n'), nil
}

// Abort implements lines.Format: as End, but for the type of the line.
func (f *Format) Abort(dst []byte) []byte {
	dst = append(append(dst, `{"type":"aborted"`...), bytes.TrimPrefix(f.tail, []byte(interval))...)
	return append(digits.AppendUint(append(dst, `,"flows":`...), f.rows.Written()), '}', '\n')
}
