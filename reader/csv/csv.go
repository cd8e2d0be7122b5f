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
	tasks  []taskRows
	task   *taskRows // of the last flow
	open   bool      // the last flow's row lacks its end
}

// taskRows is how flows of one task are written.
type taskRows struct {
	ruleSet int
	layout  *columns.Layout
	row     columns.Row
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

// dress makes the row of cells in the order of labels.
func (t *taskRows) dress(labels []string) {
	cells := make([]*columns.Cell, len(labels)) // nil: the task does not have it
	for i, label := range labels {
		if at := slices.IndexFunc(t.layout.Cells, func(c columns.Cell) bool { return c.Label == label }); at >= 0 {
			cells[i] = &t.layout.Cells[at]
		}
	}
	same := t.layout.NewRow("", "")
	for len(cells) > 0 && cells[0] != nil && cells[0].Constant() {
		same.Add(cells[0], columns.Dress{Before: ",", Null: ",", Escape: escape})
		cells = cells[1:]
	}
	t.row = t.layout.NewRow(string(same.Append(nil, nil)[len(","):]), goesOn)
	for _, c := range cells {
		d := columns.Dress{Before: ",", Null: ",", Escape: escape}
		if c != nil && c.Type == columns.Numbers { // has commas
			d.Before, d.After = `,"`, `"`
		}
		t.row.Add(c, d)
	}
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
	t, err := f.turnTo(rec.RuleSet, rec.Index)
	if err != nil {
		return dst, err
	}
	return f.leaveOpen(t.row.Append(f.goOn(dst), rec)), nil
}

// Stored implements lines.Format.
func (f *Format) Stored(dst []byte, list []reader.Stored) (_ []byte, err error) {
	var t *taskRows
	dst = f.goOn(dst)
	for i := range list {
		if t == nil || t.ruleSet != list[i].RuleSet {
			if t, err = f.turnTo(list[i].RuleSet, list[i].Index); err != nil {
				return dst, err
			}
		}
		dst = t.row.AppendStored(dst, &list[i])
	}
	return f.leaveOpen(dst), nil
}

// turnTo is how a flow is written.
func (f *Format) turnTo(ruleSet int, index uint32) (*taskRows, error) {
	if f.task == nil || f.task.ruleSet != ruleSet {
		at := slices.IndexFunc(f.tasks, func(t taskRows) bool { return t.ruleSet == ruleSet })
		if at < 0 {
			return nil, fmt.Errorf("flow %d is of rule set %d, which is not collected", index, ruleSet)
		}
		f.task = &f.tasks[at]
	}
	return f.task, nil
}

// goOn ends the last row, for there is another one.
func (f *Format) goOn(dst []byte) []byte {
	if f.open {
		dst = append(dst, goesOn...)
	}
	f.open = false
	return dst
}

// leaveOpen takes the end off the last row: nobody knows whether another one comes.
func (f *Format) leaveOpen(dst []byte) []byte {
	f.open = true
	return dst[:len(dst)-len(goesOn)]
}

// End implements lines.Format.
func (f *Format) End(dst []byte) ([]byte, error) {
	if len(f.tasks) == 0 {
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
