// Package jsonl writes and reads flow data as JSON Lines: an object for each flow,
// and one for each collection, which comes behind its flows and says that they are
// all there.
//
// It knows no files: package reader/lines has them. docs/outputs.md describes the
// format, reader/columns what the columns are.
package jsonl

import (
	"fmt"

	"netramet/internal/digits"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/lines"
)

var _ lines.Format = (*Format)(nil)

// Format makes and reads the lines of one file.
type Format struct {
	names columns.Names
	tasks []taskRows
	task  *taskRows // of the last flow
	flows uint64    // of the collection
	tail  []byte    // the line that ends it, but for the number of flows
}

// taskRows is how flows of one task are written.
type taskRows struct {
	ruleSet int
	layout  *columns.Layout
	before  []byte // the line up to the first cell that differs from flow to flow
	cells   []cell
}

type cell struct {
	*columns.Cell
	name   []byte // `,"name":`, and the quote where there are some
	quoted bool   // with quotes around the text
	text   bool   // which may need escapes
}

// New returns the format with names of a set.
func New(names columns.Names) *Format { return &Format{names: names} }

// Begin implements lines.Format.
func (f *Format) Begin(dst []byte, iv *reader.Interval, tasks []reader.Task, _ string) ([]byte, error) {
	f.tasks, f.task, f.flows = f.tasks[:0], nil, 0
	for i := range tasks {
		f.tasks = append(f.tasks, f.rowsOf(iv, &tasks[i]))
	}
	f.tail = f.appendInterval(f.tail[:0], iv, tasks)
	return dst, nil
}

func (f *Format) rowsOf(iv *reader.Interval, task *reader.Task) taskRows {
	rows := taskRows{ruleSet: task.RuleSet, layout: columns.NewLayout(iv, task, f.names), before: []byte(`{"type":"flow"`)}
	for i := range rows.layout.Cells {
		c := &rows.layout.Cells[i]
		one := cell{Cell: c, name: append(appendString([]byte{','}, c.Label), ':'), text: c.Type == columns.Text}
		one.quoted = one.text || c.Type == columns.Address || c.Type == columns.Time
		if one.quoted {
			one.name = append(one.name, '"')
		}
		if c.Constant() {
			rows.before = one.append(rows.before, rows.layout, nil)
		} else {
			rows.cells = append(rows.cells, one)
		}
	}
	return rows
}

// append appends the name and the value of a cell.
func (c *cell) append(b []byte, l *columns.Layout, rec *reader.Record) []byte {
	b = append(b, c.name...)
	start := len(b)
	b, ok := l.Append(b, c.Cell, rec)
	if !ok {
		if c.quoted {
			start--
		}
		return append(b[:start], "null"...)
	}
	if c.text && !isPlain(b[start:]) {
		return appendString(b[:start-1], string(b[start:]))
	}
	if c.quoted {
		b = append(b, '"')
	}
	return b
}

// Record implements lines.Format.
func (f *Format) Record(dst []byte, rec *reader.Record) ([]byte, error) {
	if f.task == nil || f.task.ruleSet != rec.RuleSet {
		if f.task = f.find(rec.RuleSet); f.task == nil {
			return dst, fmt.Errorf("flow %d is of rule set %d, which is not collected", rec.Index, rec.RuleSet)
		}
	}
	dst = append(dst, f.task.before...)
	for i := range f.task.cells {
		dst = f.task.cells[i].append(dst, f.task.layout, rec)
	}
	f.flows++
	return append(dst, '}', '\n'), nil
}

func (f *Format) find(ruleSet int) *taskRows {
	for i := range f.tasks {
		if f.tasks[i].ruleSet == ruleSet {
			return &f.tasks[i]
		}
	}
	return nil
}

// End implements lines.Format.
func (f *Format) End(dst []byte) ([]byte, error) {
	dst = append(append(dst, f.tail...), `,"flows":`...)
	return append(digits.AppendUint(dst, f.flows), '}', '\n'), nil
}
