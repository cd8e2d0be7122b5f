package table

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"netramet/reader"
)

var _ reader.Output = (*Output)(nil)

// maxRows is how many flows are laid out together. A table of more goes on with its
// headings again, and perhaps other widths, so that memory is bounded.
const maxRows = 10_000

// flushAt is how many octets an Output holds back, at most, for a collection that
// may be given up.
const flushAt = 1 << 20

// Output writes all flows of each collection as tables, in the order in which they
// come, whatever Options.Key says. See reader.Output.
type Output struct {
	w     io.Writer
	opts  Options
	width int

	iv      reader.Interval
	layouts []*Layout
	at      int    // the task of the newest record
	table   *Table // with its rows that are not laid out yet
	flows   int    // of the task
	known   int    // further ones, whose amounts are not known
	total   Counts
	buf     []byte
	begun   bool // something was written
	inside  bool
}

// NewOutput returns an Output to w, with lines of at most width columns; 0 is as many
// as it takes.
func NewOutput(w io.Writer, o Options, width int) *Output {
	o.Key = Key{}
	return &Output{w: w, opts: o, width: width}
}

// Begin starts a collection. See reader.Output.
func (o *Output) Begin(iv reader.Interval, tasks []reader.Task) error {
	if o.inside {
		return errors.New("table: a collection begins inside another")
	}
	old := o.layouts
	o.layouts = nil
	for i, t := range tasks {
		if i < len(old) && old[i].task == t {
			o.layouts = append(o.layouts, old[i])
			continue
		}
		o.layouts = append(o.layouts, NewLayout(t, o.opts))
	}
	o.iv, o.at, o.inside = iv, -1, true
	o.iv.Notes = slices.Clone(iv.Notes)
	o.buf = o.buf[:0]
	return nil
}

// Record adds a flow. See reader.Output.
func (o *Output) Record(rec *reader.Record) error {
	if !o.inside {
		return errors.New("table: a record outside a collection")
	}
	for o.at < 0 || o.layouts[o.at].task.RuleSet != rec.RuleSet {
		if o.at+1 == len(o.layouts) {
			return fmt.Errorf("table: flow %d of rule set %d, which is not collected or is over", rec.Index, rec.RuleSet)
		}
		if err := o.next(); err != nil {
			return err
		}
	}
	if rec.Baseline {
		o.known++
		return nil
	}
	counts := o.table.Counts(&o.iv, rec)
	o.flows++
	o.total.Add(&counts)
	if len(o.table.rows) == maxRows {
		o.separate()
		o.buf = o.table.appendPart(o.buf, o.width)
		if err := o.flush(flushAt); err != nil {
			return err
		}
	}
	o.table.Row(rec, &counts)
	return nil
}

// next ends a task's table and begins that of the next.
func (o *Output) next() error {
	if err := o.endTable(); err != nil {
		return err
	}
	o.at++
	o.table, o.flows, o.known, o.total = o.layouts[o.at].New(o.iv), 0, 0, Counts{}
	return nil
}

// endTable ends the table that was begun, if one was.
func (o *Output) endTable() error {
	if o.table == nil {
		return nil
	}
	o.separate()
	o.table.Total(o.flows, &o.total, o.known)
	o.buf = o.table.AppendTo(o.buf, o.width, 0)
	o.table = nil
	return o.flush(flushAt)
}

// separate sees to an empty line between two tables.
func (o *Output) separate() {
	if (o.begun || len(o.buf) > 0) && o.table.past.flows == 0 {
		o.buf = append(o.buf, '\n')
	}
}

// flush writes what is held back, if that is more than most octets.
func (o *Output) flush(most int) error {
	if len(o.buf) <= most {
		return nil
	}
	o.begun = true
	_, err := o.w.Write(o.buf)
	o.buf = o.buf[:0]
	if err != nil {
		return fmt.Errorf("table: %w", err)
	}
	return nil
}

// End completes the tables; rule sets without flows have one too. See reader.Output.
func (o *Output) End() error {
	if !o.inside {
		return errors.New("table: no collection to end")
	}
	for o.at+1 < len(o.layouts) {
		if err := o.next(); err != nil {
			return err
		}
	}
	if err := errors.Join(o.endTable(), o.flush(0)); err != nil {
		return err
	}
	o.inside = false
	return nil
}

// Abort gives a collection up. What was written of it has no line of totals. See
// reader.Output.
func (o *Output) Abort() error {
	o.inside, o.table, o.buf = false, nil, o.buf[:0]
	return nil
}
