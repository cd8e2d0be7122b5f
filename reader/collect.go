package reader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"netramet/ruleset"
)

// Output takes collections, one after the other: Begin, Record for each flow,
// then End. After an error of any of them, or to give a collection up, Abort
// is called in place of End; a failed Begin leaves nothing to abort, but Abort
// does no harm then.
type Output interface {
	// Begin starts a collection. Tasks are in order of rule set number and
	// have a Format; the output keeps neither slice beyond End or Abort.
	Begin(iv Interval, tasks []Task) error
	// Record takes one flow; records come ordered by (rule set, FlowIndex).
	// The output keeps nothing of rec.
	Record(rec *Record) error
	// End completes the collection: when it returns nil, all of it is where
	// it belongs and survives the end of this process.
	End() error
	// Abort gives the collection up and leaves the output as it was before
	// Begin, or, where what went out cannot be taken back (a pipe), marked as
	// incomplete by the missing end of the block.
	Abort() error
}

// Collect makes one collection pass: it reads the flows of all tasks from f,
// writes them to out, and acknowledges them to the meter. The acknowledgement
// comes only after out has the whole collection (decision 19), so a failure
// at any point loses nothing: the next pass reads the same flows again, and
// out either holds no trace of this one or knows it again.
//
// It returns the collection's interval and the number of records. If only the
// acknowledgement failed, err is a *CommitError and the output is complete.
func Collect(ctx context.Context, f Flows, tasks []Task, out Output) (iv Interval, n int, err error) {
	tasks, err = ordered(tasks)
	if err != nil {
		return iv, 0, err
	}
	iv, err = f.Begin(ctx, tasks)
	if err != nil {
		return iv, 0, fmt.Errorf("begin of the collection: %w", err)
	}
	n, err = transfer(ctx, f, iv, tasks, out)
	if err != nil {
		err = fmt.Errorf("collection %d: %w", iv.Number, err)
		if abortErr := out.Abort(); abortErr != nil {
			err = errors.Join(err, fmt.Errorf("giving the collection up: %w", abortErr))
		}
		return iv, n, err
	}
	if err := f.Commit(ctx); err != nil {
		return iv, n, &CommitError{Number: iv.Number, Err: err}
	}
	return iv, n, nil
}

// CommitError says that a collection is complete in the output, but the meter
// could not be told so.
type CommitError struct {
	Number uint64 // of the interval
	Err    error
}

// Error names the collection.
func (e *CommitError) Error() string {
	return fmt.Sprintf("acknowledgement of collection %d: %v", e.Number, e.Err)
}

// Unwrap returns what the meter's side reported.
func (e *CommitError) Unwrap() error { return e.Err }

// transfer moves one collection's records from f to out.
func transfer(ctx context.Context, f Flows, iv Interval, tasks []Task, out Output) (n int, err error) {
	if err := out.Begin(iv, tasks); err != nil {
		return 0, err
	}
	if f, ok := f.(StoredFlows); ok && f.GivesStored() {
		if to := ToStored(out); to != nil {
			return transferStored(ctx, f, to)
		}
	}
	var rec Record
	for {
		switch err := f.Next(ctx, &rec); {
		case err == io.EOF:
			return n, out.End()
		case err != nil:
			return n, fmt.Errorf("after %d flows: %w", n, err)
		}
		if err := out.Record(&rec); err != nil {
			return n, err
		}
		n++
	}
}

// ordered returns the tasks in order of rule set number, each with a Format,
// without changing the caller's.
func ordered(tasks []Task) ([]Task, error) {
	tasks = slices.Clone(tasks)
	slices.SortStableFunc(tasks, func(a, b Task) int { return a.RuleSet - b.RuleSet })
	for i := range tasks {
		t := &tasks[i]
		if t.RuleSet < 1 || t.RuleSet > ruleset.MaxNumber {
			return nil, fmt.Errorf("reader: task %q: rule set number %d is not in 1..%d", t.Name, t.RuleSet, ruleset.MaxNumber)
		}
		if i > 0 && tasks[i-1].RuleSet == t.RuleSet {
			return nil, fmt.Errorf("reader: tasks %q and %q both read rule set %d", tasks[i-1].Name, t.Name, t.RuleSet)
		}
		if t.Format == nil {
			t.Format = defaultFormat
		}
	}
	return tasks, nil
}

// defaultFormat is shared by all tasks without a Format, so that an output
// can tell by the pointer that nothing has changed.
var defaultFormat = ruleset.DefaultFormat()
