// Package query asks flow data files: it selects flows, takes what their counters
// grew by, groups and sums that, and hands the result as records to an output. It is
// what the original's fd_filter and fd_extract were for.
//
// It reads files, ours and the original's, plain or compressed, and keeps one entry
// for each flow that may still grow and one for each row of the result, however long
// the files are. It knows no terminal and no option: the commands say what is asked.
package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"netramet/reader"
	"netramet/reader/table"
	"netramet/ruleset/srl"
)

// Query says what is asked.
type Query struct {
	Files []string  // names of flow data files; "-" is Stdin
	Stdin io.Reader // nil: there is none
	// Waits is called once for each named pipe that has had no writer for a second; nil:
	// nobody is told.
	Waits func(name string)

	RuleSets []string       // numbers or names of those that are read; none: the only one there is
	Where    *srl.Condition // which flows; nil: all
	By       []srl.Group    // what rows are grouped by; none: rows are flows, or, with Every, all flows are one
	Every    time.Duration  // length of the time that a row is of, 0: all of the time there is
	Counters bool           // records as they stand, collection by collection; By and Every are empty
	// Sort is what rows are ordered by. nil: by Octets, or PDUs where there are none,
	// with Top; else flows as they were met first, and groups by their values.
	Sort *table.Key
	// OneInterval has all rows of all steps of Every in one interval of the output, for
	// people to look at; FirstTime tells them apart. Else each step is an interval.
	OneInterval bool
	Top         int // how many rows, or groups with Every, are kept; 0: all

	Names reader.Namer // of numbers, for outputs that show them; nil: none

	// Workers is how many goroutines read records; 0: as many as there are processors.
	Workers int
}

// Limits of what is kept.
const (
	MaxSteps  = 1 << 20 // times of Every that the files span
	MaxFiles  = 1 << 16
	maxChains = 1 << 14 // meters, rule sets and runs of meters
	maxRows   = 1 << 26 // of all steps
	maxTests  = 64      // tests of a condition that asks for counters, too
)

// Report is what is to be known of an answer.
type Report struct {
	Records uint64 // read
	Rows    int    // of the answer
	Notes   []string
	Bad     uint64   // records that could not be read
	Faults  []string // what was wrong with the first ones of them
}

// Run answers the query into out. The report is valid after an error, too.
func Run(ctx context.Context, q *Query, out reader.Output) (Report, error) {
	if len(q.Files) > MaxFiles {
		return Report{}, fmt.Errorf("%d files, at most %d are possible", len(q.Files), MaxFiles)
	}
	if q.Counters && (len(q.By) > 0 || q.Every != 0) {
		return Report{}, errors.New("records as they stand are not grouped")
	}
	a := newAnswer(q, out)
	if err := a.read(ctx); err != nil {
		return a.report(), err
	}
	err := a.finish(ctx)
	return a.report(), err
}

func (q *Query) workers() int {
	if q.Workers > 0 {
		return q.Workers
	}
	return runtime.GOMAXPROCS(0)
}
