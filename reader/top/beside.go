package top

import (
	"errors"

	"netramet/reader"
)

// Beside is an output that shows tables of what another one writes: when that has the
// collection.
type Beside struct {
	reader.Output // that shows none
	Top           *Output
}

// Begin starts a collection. See reader.Output.
func (b *Beside) Begin(iv reader.Interval, tasks []reader.Task) error {
	if err := b.Output.Begin(iv, tasks); err != nil {
		return err
	}
	return b.Top.Begin(iv, tasks)
}

// Record takes one flow. See reader.Output.
func (b *Beside) Record(rec *reader.Record) error {
	if err := b.Output.Record(rec); err != nil {
		return err
	}
	return b.Top.Record(rec)
}

// End completes the collection. See reader.Output.
func (b *Beside) End() error {
	if err := b.Output.End(); err != nil {
		return err
	}
	return b.Top.End()
}

// Abort gives the collection up. See reader.Output.
func (b *Beside) Abort() error { return errors.Join(b.Output.Abort(), b.Top.Abort()) }
