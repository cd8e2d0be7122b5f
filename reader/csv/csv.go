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

// last is the column that ends a collection.
const last = "interval_last"

// Format makes and reads the lines of one file. Its rows have the columns of all rule
// sets that are collected; those that a rule set does not have are empty.
type Format struct {
	names  columns.Names
	labels []string
	tasks  []taskRows
	task   *taskRows // of the last flow
	open   bool      // the last flow's row lacks its last column
}

// taskRows is how flows of one task are written.
type taskRows struct {
	ruleSet int
	layout  *columns.Layout
	before  []byte // the cells up to the first that differs from flow to flow
	rest    columns.Row
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
	f.tasks, f.task, f.labels, f.open = f.tasks[:0], nil, f.labels[:0], false
	for i := range tasks {
		l := columns.NewLayout(iv, &tasks[i], f.names)
		for j := range l.Cells {
			if !slices.Contains(f.labels, l.Cells[j].Label) {
				f.labels = append(f.labels, l.Cells[j].Label)
			}
		}
		f.tasks = append(f.tasks, taskRows{ruleSet: tasks[i].RuleSet, layout: l})
	}
	for i := range f.tasks {
		f.tasks[i].dress(f.labels)
	}
}

// dress makes the rows of cells in the order of labels.
func (t *taskRows) dress(labels []string) {
	same, leading := t.layout.NewRow(), true
	t.rest = t.layout.NewRow()
	for _, label := range labels {
		var c *columns.Cell
		if at := slices.IndexFunc(t.layout.Cells, func(c columns.Cell) bool { return c.Label == label }); at >= 0 {
			c = &t.layout.Cells[at]
		}
		d := columns.Dress{Before: ",", Null: ",", Escape: escape}
		if c != nil && c.Type == columns.Numbers { // has commas
			d.Before, d.After = `,"`, '"'
		}
		if leading = leading && c != nil && c.Constant(); leading {
			same.Add(c, d)
		} else {
			t.rest.Add(c, d)
		}
	}
	t.before = same.Append(nil, nil)[len(","):]
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
	if f.task == nil || f.task.ruleSet != rec.RuleSet {
		at := slices.IndexFunc(f.tasks, func(t taskRows) bool { return t.ruleSet == rec.RuleSet })
		if at < 0 {
			return dst, fmt.Errorf("flow %d is of rule set %d, which is not collected", rec.Index, rec.RuleSet)
		}
		f.task = &f.tasks[at]
	}
	if f.open {
		dst = append(dst, ",false\r\n"...)
	}
	f.open = true
	return f.task.rest.Append(append(dst, f.task.before...), rec), nil
}

// End implements lines.Format.
func (f *Format) End(dst []byte) ([]byte, error) {
	if len(f.tasks) == 0 {
		return dst, errors.New("a collection ends that did not begin")
	}
	if f.open {
		dst = append(dst, ",true\r\n"...)
		f.open = false
	}
	return dst, nil
}

// Abort implements lines.Format: that the last row is not marked as such has to do.
func (f *Format) Abort(dst []byte) []byte {
	f.open = false
	return dst
}
