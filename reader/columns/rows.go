package columns

import (
	"fmt"
	"slices"

	"netramet/reader"
)

// Rows are those of the tasks of one collection.
type Rows struct {
	tasks   []taskRow
	at      int // of the last flow
	written uint64
}

type taskRow struct {
	ruleSet int
	row     Row
}

// Clear forgets all tasks, and how many rows were written.
func (r *Rows) Clear() { r.tasks, r.at, r.written = r.tasks[:0], 0, 0 }

// Add adds a task, whose flows are written by a row.
func (r *Rows) Add(ruleSet int, row Row) { r.tasks = append(r.tasks, taskRow{ruleSet, row}) }

// Written is how many rows there have been.
func (r *Rows) Written() uint64 { return r.written }

// Append appends the row of a record. It fails if there is no task for it.
func (r *Rows) Append(b []byte, rec *reader.Record) ([]byte, error) {
	row, err := r.of(rec.RuleSet, rec.Index)
	if err != nil {
		return b, err
	}
	r.written++
	return row.Append(b, rec), nil
}

// AppendStored appends the rows of flows, as Append does of their records.
func (r *Rows) AppendStored(b []byte, list []reader.Stored) (_ []byte, err error) {
	var row *Row // that of the flow before
	for i := range list {
		f := &list[i]
		if i == 0 || f.RuleSet != list[i-1].RuleSet {
			if row, err = r.of(f.RuleSet, f.Index); err != nil {
				r.written += uint64(i)
				return b, err
			}
		}
		b = row.AppendStored(b, f)
	}
	r.written += uint64(len(list))
	return b, nil
}

// of is how a flow is written.
func (r *Rows) of(ruleSet int, index uint32) (*Row, error) {
	if r.at == len(r.tasks) || r.tasks[r.at].ruleSet != ruleSet {
		at := slices.IndexFunc(r.tasks, func(t taskRow) bool { return t.ruleSet == ruleSet })
		if at < 0 {
			return nil, fmt.Errorf("flow %d is of rule set %d, which is not collected", index, ruleSet)
		}
		r.at = at
	}
	return &r.tasks[r.at].row, nil
}
