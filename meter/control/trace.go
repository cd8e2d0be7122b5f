package control

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"netramet/mib"
)

// ErrNoTrace is returned where a trace would be needed.
var ErrNoTrace = errors.New("the meter reads no trace")

// trace is what the reading of a trace in step with its readers needs.
type trace struct {
	phase   mib.TracePhase
	fault   string    // what is wrong with the trace; empty if nothing is
	waiting time.Time // wall time at which the waiting for readers began
	owners  []string  // that have started
}

// TracePhase returns the phase.
func (s *State) TracePhase() mib.TracePhase { return s.rows().trace.phase }

// SetTracePhase sets the phase, at wall time now. It is for the goroutine that
// reads the trace.
func (t *Tables) SetTracePhase(p mib.TracePhase, now time.Time) error {
	if p < mib.TraceIdle || p > mib.TraceDone {
		return fmt.Errorf("trace phase %d does not exist", p)
	}
	tr := &t.rows().trace
	if p.Waits() && !tr.phase.Waits() {
		tr.waiting = now
	}
	tr.phase = p
	return nil
}

// TraceError says what is wrong with the trace, empty if nothing is.
func (s *State) TraceError() string { return s.rows().trace.fault }

// SetTraceError sets what is wrong with the trace.
func (t *Tables) SetTraceError(text string) { t.rows().trace.fault = text }

// StartTrace takes somebody's word that he is ready for the trace to start
// (decision 23). Those who are ready are the Owners whose waiting readers all
// have their rule set running: managers make reader rows before the tasks, so
// one that is still at work is not taken for ready. If there is none, who is
// ready himself: he may read without waiting rows.
//
// Once the trace has been started this changes nothing.
func (t *Tables) StartTrace(who string) error {
	tr := &t.rows().trace
	switch tr.phase {
	case mib.TraceIdle:
		return ErrNoTrace
	case mib.TraceWaitRuleSet:
	default:
		return nil
	}
	ready := t.readyOwners()
	if len(ready) == 0 {
		ready = append(ready, "\xff"+who) // no Owner, being UTF-8, is equal to this
	}
	for _, owner := range ready {
		if !slices.Contains(tr.owners, owner) {
			tr.owners = append(tr.owners, owner)
		}
	}
	return nil
}

// Starters is how many different Owners have started the trace.
func (s *State) Starters() int { return len(s.rows().trace.owners) }

// readyOwners returns the Owners of active waiting readers, but for those of
// which a reader's rule set does not run.
func (s *State) readyOwners() (ready []string) {
	var busy []string
	for _, r := range s.rows().readers.list {
		if !r.Active || !r.Waits {
			continue
		}
		list := &ready
		if !s.Runs(r.RuleSet) {
			list = &busy
		}
		if !slices.Contains(*list, r.Owner) {
			*list = append(*list, r.Owner)
		}
	}
	return slices.DeleteFunc(ready, func(o string) bool { return slices.Contains(busy, o) })
}

// ReadersBehind returns the waiting readers that have not collected interval
// n: the trace goes on when there are none. A reader whose rule set does not
// run is not waited for.
func (s *State) ReadersBehind(n uint64) (behind []uint32) {
	readers := &s.rows().readers
	for i, r := range readers.list {
		if r.Active && r.Waits && r.Collected < n && s.Runs(r.RuleSet) {
			behind = append(behind, readers.index[i])
		}
	}
	return behind
}

// WaitingReaders is how many active readers the trace waits for: the meter
// goes on answering after the end until they have removed their rows.
func (s *State) WaitingReaders() (n int) {
	for _, r := range s.rows().readers.list {
		if r.Active && r.Waits {
			n++
		}
	}
	return n
}
