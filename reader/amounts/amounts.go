// Package amounts makes counters, which only grow, what was added to them in an
// interval. It stands before any output, and knows where it goes on after a restart of
// either side: never is an amount given twice, or one that nobody can know.
package amounts

import (
	"errors"
	"fmt"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/lines"
)

var _ reader.Output = (*Output)(nil)

// Output gives another output the records that it takes, with Record.Amounts, or with
// Record.Baseline where they cannot be known. What it remembers is that of the last
// collection whose End succeeded.
type Output struct {
	to     reader.Output
	place  *inPlace // nil: amounts stand beside counters
	memory Memory
	tasks  []counted
	at     int // the task of the newest record
	inside bool

	rec reader.Record // as it is handed on, with amounts in place of counters
}

// counted is where the records of a task have counters.
type counted struct {
	ruleSet int
	values  int   // of a record as it comes
	has     uint8 // a bit for each of lines.Counters
	places  []place
	amounts []uint64 // of the newest record, one for each value
}

type place struct{ value, counter int }

// New returns an output before another one.
func New(to reader.Output) *Output { return &Output{to: to} }

// Begin starts a collection. See reader.Output.
func (o *Output) Begin(iv reader.Interval, tasks []reader.Task) error {
	o.memory.Begin(&iv)
	o.at, o.inside, o.tasks = 0, true, o.tasks[:0]
	for i := range tasks {
		o.tasks = append(o.tasks, countedOf(&tasks[i]))
	}
	if o.place != nil {
		return o.to.Begin(o.place.begin(iv, tasks, o.memory.overlaps))
	}
	iv.Amounts = true
	return o.to.Begin(iv, tasks)
}

func countedOf(task *reader.Task) counted {
	n := len(task.Format.Attrs)
	c := counted{ruleSet: task.RuleSet, values: n, amounts: make([]uint64, n)}
	for i, a := range task.Shown().Attrs { // others the output would not know after a restart
		if a.Class() == mib.ClassCounter {
			n := lines.CounterOf(a)
			c.places, c.has = append(c.places, place{i, n}), c.has|1<<n
		}
	}
	return c
}

// Record hands a flow on with its amounts. See reader.Output.
func (o *Output) Record(rec *reader.Record) error {
	for o.at < len(o.tasks) && o.tasks[o.at].ruleSet != rec.RuleSet {
		o.at++
	}
	if !o.inside || o.at == len(o.tasks) || len(rec.Values) != o.tasks[o.at].values {
		return fmt.Errorf("amounts: flow %d of rule set %d is not of this collection", rec.Index, rec.RuleSet)
	}
	task := &o.tasks[o.at]
	var counts Counts
	for _, p := range task.places {
		counts[p.counter] = rec.Values[p.value].Num
	}
	known := o.memory.Amount(rec, &counts, task.has) && o.memory.Sure()
	if !known {
		counts = Counts{}
	}
	if o.place != nil {
		o.rec = *rec
		o.rec.Baseline, o.rec.Values = !known, o.place.values(rec, o.at, task.places, &counts)
		return o.to.Record(&o.rec)
	}
	for _, p := range task.places {
		task.amounts[p.value] = counts[p.counter]
	}
	// They are the record's for as long as the other output has it.
	before, baseline := rec.Amounts, rec.Baseline
	rec.Amounts, rec.Baseline = task.amounts, !known
	err := o.to.Record(rec)
	rec.Amounts, rec.Baseline = before, baseline
	return err
}

// End completes the collection. See reader.Output.
func (o *Output) End() error {
	if !o.inside {
		return errors.New("amounts: no collection to end")
	}
	if err := o.to.End(); err != nil {
		return err
	}
	o.inside = false
	o.memory.End()
	return nil
}

// Abort gives the collection up: nothing of it is remembered. See reader.Output.
func (o *Output) Abort() error {
	o.inside = false
	return o.to.Abort()
}
