// Package tee makes several outputs one. Some must have each collection, or it counts
// as not collected; others get what they can take.
package tee

import (
	"errors"
	"fmt"

	"netramet/reader"
)

var _ reader.StoredOutput = (*Output)(nil)

// BestEffort is an output that may fail: it misses the collection then, and is tried
// again with the next one.
type BestEffort struct {
	Name string // for messages
	reader.Output
}

// Output is several outputs.
type Output struct {
	required []reader.Output
	others   []effort
	tell     func(text string)
}

// effort is a BestEffort at work.
type effort struct {
	BestEffort
	out    bool   // of this collection
	missed uint64 // collections in a row
}

// New returns an output to all of them. A failure of one that is required is that of
// the collection. tell is given what is to be known of the others: when they begin to
// fail, and when they go on.
func New(required []reader.Output, others []BestEffort, tell func(text string)) *Output {
	o := &Output{required: required, tell: tell}
	for _, b := range others {
		o.others = append(o.others, effort{BestEffort: b})
	}
	return o
}

// Begin starts a collection. See reader.Output.
func (o *Output) Begin(iv reader.Interval, tasks []reader.Task) error {
	for _, r := range o.required {
		if err := r.Begin(iv, tasks); err != nil {
			return err
		}
	}
	for i := range o.others {
		e := &o.others[i]
		e.out = false
		o.try(e, e.Begin(iv, tasks))
	}
	return nil
}

// Record hands a flow to all. See reader.Output.
func (o *Output) Record(rec *reader.Record) error {
	for _, r := range o.required {
		if err := r.Record(rec); err != nil {
			return err
		}
	}
	for i := range o.others {
		if e := &o.others[i]; !e.out {
			o.try(e, e.Record(rec))
		}
	}
	return nil
}

// TakesStored reports whether all outputs take stored flows in this collection: those that
// miss it do not count. See reader.StoredOutput.
func (o *Output) TakesStored() bool {
	for _, r := range o.required {
		if reader.ToStored(r) == nil {
			return false
		}
	}
	for i := range o.others {
		if e := &o.others[i]; !e.out && reader.ToStored(e.Output) == nil {
			return false
		}
	}
	return true
}

// Stored hands flows to all. See reader.StoredOutput.
func (o *Output) Stored(list []reader.Stored) error {
	for _, r := range o.required {
		if err := reader.ToStored(r).Stored(list); err != nil {
			return err
		}
	}
	for i := range o.others {
		if e := &o.others[i]; !e.out {
			o.try(e, reader.ToStored(e.Output).Stored(list))
		}
	}
	return nil
}

// End completes the collection: those that are required last, so that a failure of
// theirs finds the others complete, which know a collection that comes again. See
// reader.Output.
func (o *Output) End() error {
	for i := range o.others {
		e := &o.others[i]
		if e.out {
			continue
		}
		if o.try(e, e.End()); !e.out && e.missed > 0 {
			o.tell(fmt.Sprintf("%s goes on; it has missed %d collections", e.Name, e.missed))
			e.missed = 0
		}
	}
	for _, r := range o.required {
		if err := r.End(); err != nil {
			return err
		}
	}
	return nil
}

// Abort gives the collection up everywhere. See reader.Output.
func (o *Output) Abort() error {
	var all []error
	for _, r := range o.required {
		all = append(all, r.Abort())
	}
	for i := range o.others {
		if e := &o.others[i]; !e.out {
			o.try(e, e.Abort())
		}
	}
	return errors.Join(all...)
}

// try leaves an output that failed out of the rest of the collection.
func (o *Output) try(e *effort, err error) {
	if err == nil {
		return
	}
	if e.out = true; e.missed == 0 {
		o.tell(fmt.Sprintf("%s misses collections until it works again: %v", e.Name, err))
	}
	e.missed++
	if err := e.Output.Abort(); err != nil {
		o.tell(fmt.Sprintf("%s: giving a collection up: %v", e.Name, err))
	}
}
