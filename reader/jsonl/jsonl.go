// Package jsonl writes and reads flow data as JSON Lines: an object for each flow,
// and one for each collection, which comes behind its flows and says that they are
// all there.
//
// It knows no files: package reader/lines has them. docs/outputs.md describes the
// format, reader/columns what the columns are.
package jsonl

import (
	"bytes"
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
	before  []byte // the line up to the first member that differs from flow to flow
	rest    columns.Row
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
	l := columns.NewLayout(iv, task, f.names)
	same, rest := l.NewRow(), l.NewRow()
	for i := range l.Cells {
		c := &l.Cells[i]
		name := string(append(appendString([]byte{','}, c.Label), ':'))
		d := columns.Dress{Before: name, Null: name + "null", Escape: escape}
		if c.Type == columns.Text || c.Type == columns.Address || c.Type == columns.Time {
			d.Before, d.After = name+`"`, '"'
		}
		if c.Constant() {
			same.Add(c, d)
		} else {
			rest.Add(c, d)
		}
	}
	return taskRows{task.RuleSet, same.Append([]byte(`{"type":"flow"`), nil), rest}
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
	if f.task == nil || f.task.ruleSet != rec.RuleSet {
		if f.task = f.find(rec.RuleSet); f.task == nil {
			return dst, fmt.Errorf("flow %d is of rule set %d, which is not collected", rec.Index, rec.RuleSet)
		}
	}
	dst = f.task.rest.Append(append(dst, f.task.before...), rec)
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

// Abort implements lines.Format: as End, but for the type of the line.
func (f *Format) Abort(dst []byte) []byte {
	dst = append(append(dst, `{"type":"aborted"`...), bytes.TrimPrefix(f.tail, []byte(interval))...)
	return append(digits.AppendUint(append(dst, `,"flows":`...), f.flows), '}', '\n')
}
