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

var _ reader.StoredOutput = (*Output)(nil)

// Output gives another output the records that it takes, with Record.Amounts, or with
// Record.Baseline where they cannot be known. What it remembers is that of the last
// collection whose End succeeded.
type Output struct {
	to     reader.Output
	stored reader.StoredOutput // to, if it takes stored flows in this collection
	place  *inPlace            // nil: amounts stand beside counters
	memory Memory
	tasks  []counted
	at     int // the task of the newest record
	inside bool

	rec reader.Record // as it is handed on, with amounts in place of counters
	now lines.Flow    // the newest stored flow, whose counters become amounts
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
	err := o.to.Begin(iv, tasks)
	o.stored = reader.ToStored(o.to)
	return err
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

// turnTo returns the task of a flow.
func (o *Output) turnTo(ruleSet int, index uint32, values int) (*counted, error) {
	for o.at < len(o.tasks) && o.tasks[o.at].ruleSet != ruleSet {
		o.at++
	}
	if !o.inside || o.at == len(o.tasks) || values != o.tasks[o.at].values {
		return nil, fmt.Errorf("amounts: flow %d of rule set %d is not of this collection", index, ruleSet)
	}
	return &o.tasks[o.at], nil
}

// Record hands a flow on with its amounts. See reader.Output.
func (o *Output) Record(rec *reader.Record) error {
	task, err := o.turnTo(rec.RuleSet, rec.Index, len(rec.Values))
	if err != nil {
		return err
	}
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
	err = o.to.Record(rec)
	rec.Amounts, rec.Baseline = before, baseline
	return err
}

// TakesStored reports whether flows go to an output that does, with amounts beside their
// counters. See reader.StoredOutput.
func (o *Output) TakesStored() bool { return o.place == nil && o.stored != nil }

// Stored hands flows on with their amounts. See reader.StoredOutput.
func (o *Output) Stored(list []reader.Stored) error {
	var task *counted
	for i := range list {
		f := &list[i]
		if values := len(f.Places.List) - 1; task == nil || task.ruleSet != f.RuleSet || task.values != values {
			var err error
			if task, err = o.turnTo(f.RuleSet, f.Index, values); err != nil {
				return err
			}
		}
		now := &o.now
		now.RuleSet, now.Has, now.Index, now.FirstTime = uint8(f.RuleSet), task.has, f.Index, f.Numbers[mib.StoredFirstTime]
		n, c := &f.Numbers, &now.Counts // in the order of lines.Counters
		c[0], c[1], c[2], c[3] = n[mib.StoredToOctets], n[mib.StoredToPDUs], n[mib.StoredFromOctets], n[mib.StoredFromPDUs]
		if known := o.memory.amount(now) && o.memory.Sure(); !known {
			f.Baseline, *c = true, Counts{}
		}
		for i := range mib.StoredCounters {
			n[mib.StoredAmounts+i] = c[i]
		}
	}
	err := o.stored.Stored(list)
	for i := range list { // others may get them, too
		list[i].Baseline = false
	}
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
