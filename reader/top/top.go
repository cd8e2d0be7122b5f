// Package top is an output that keeps the flows of a collection that come first by
// some order, and shows them as tables.
//
// It holds as many flows of each rule set as it shows, however many there are, and
// no more of the others than their sum. Equal flows are in the order of their index, so
// that the same flows give the same tables. It knows no terminal: tables go to a
// function of the caller, which says how wide they may be.
package top

import (
	"errors"
	"fmt"
	"slices"

	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/table"
)

var _ reader.Output = (*Output)(nil)

// Max is the largest number of flows that an Output shows of a rule set.
const Max = 10_000

// Options say what an Output shows.
type Options struct {
	N int // flows of each rule set, 1..Max
	// Once says that there will be a single collection: counters are what was added to
	// them. Else amounts are made of the counters, where intervals do not have them.
	Once bool
	table.Options
}

// Output shows the first flows of each rule set at the end of each collection. Tasks
// must read what Needs says.
type Output struct {
	opts Options
	show func(Tables) error

	iv     reader.Interval
	memory amounts.Memory
	tasks  []task
	at     int // the task of the newest record
	inside bool
	shown  bool
	last   id // of the collection that was shown last
}

// id tells collections apart, so that one that is made again is not shown again.
type id struct {
	meter            string
	number, from, to uint64
	start, time      int64
}

func idOf(iv *reader.Interval) id {
	return id{iv.Meter, iv.Number, iv.From, iv.To, iv.MeterStart.UnixNano(), iv.Time.UnixNano()}
}

// New returns an output that hands the tables of each collection to show, which may
// keep them. What show returns is the collection's error.
func New(o Options, show func(Tables) error) (*Output, error) {
	if o.N < 1 || o.N > Max {
		return nil, fmt.Errorf("a table of %d flows: it has 1 to %d", o.N, Max)
	}
	return &Output{opts: o, show: show}, nil
}

// Begin starts a collection. See reader.Output.
func (o *Output) Begin(iv reader.Interval, tasks []reader.Task) error {
	if o.inside {
		return errors.New("top: a collection begins inside another")
	}
	old := o.tasks
	o.tasks = make([]task, len(tasks))
	for i, t := range tasks {
		if i < len(old) && old[i].same(&t) {
			o.tasks[i] = old[i]
			o.tasks[i].clear()
			continue
		}
		var err error
		if o.tasks[i], err = newTask(t, &o.opts); err != nil {
			return fmt.Errorf("rule set %d (%s): %w", t.RuleSet, t.Name, err)
		}
	}
	o.memory.Begin(&iv)
	o.iv, o.at, o.inside = iv, 0, true
	o.iv.Notes, o.iv.Stats = slices.Clone(iv.Notes), nil
	return nil
}

// Record looks at one flow. It allocates only for a flow that is among the first
// while there are not enough of them. See reader.Output.
func (o *Output) Record(rec *reader.Record) error {
	if !o.inside {
		return errors.New("top: a record outside a collection")
	}
	for o.at < len(o.tasks) && o.tasks[o.at].RuleSet != rec.RuleSet {
		o.at++
	}
	if o.at == len(o.tasks) {
		return fmt.Errorf("top: flow %d of rule set %d, which is not collected or is over", rec.Index, rec.RuleSet)
	}
	var m *amounts.Memory
	if !o.iv.Amounts && !o.opts.Once {
		m = &o.memory
	}
	o.tasks[o.at].see(&o.iv, rec, m)
	return nil
}

// End shows the tables, unless they are those of the collection that was shown last.
// See reader.Output.
func (o *Output) End() error {
	if !o.inside {
		return errors.New("top: no collection to end")
	}
	if o.shown && o.last == idOf(&o.iv) {
		o.inside = false
		return nil
	}
	var all Tables
	for i := range o.tasks {
		all = append(all, o.tasks[i].table(&o.iv))
	}
	if err := o.show(all); err != nil {
		return err
	}
	o.memory.End()
	o.inside, o.shown, o.last = false, true, idOf(&o.iv)
	return nil
}

// Abort gives a collection up: none of it is shown. See reader.Output.
func (o *Output) Abort() error {
	o.inside = false
	return nil
}
