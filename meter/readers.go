package meter

import (
	"errors"
	"fmt"
	"time"
)

// ErrNoReader is returned for a reader row that does not exist.
var ErrNoReader = errors.New("no such reader")

// Reader is a row of flowReaderInfoTable: somebody who reads the flows of one
// rule set. While it is active, no flow is recovered that it has not
// collected.
type Reader struct {
	Active  bool
	Owner   string
	RuleSet int    // 0: not set yet
	Timeout uint32 // seconds of wall time between collections; 0 is no limit

	LastTime     Uptime // at which its newest collection began, 0 if none
	PreviousTime Uptime // at which the one before began, 0 if none

	// What NETRAMET-MIB adds.
	Waits     bool   // a trace waits for it at each interval's end
	Collected uint64 // number of the last interval that it has whole
	Mark      Uptime // up to which it has everything; 0: it keeps no mark

	touched time.Time // last sign of life, in wall time; zero for readers in this process
}

func (r *Reader) complete() bool { return r.RuleSet != 0 }

// Status is the row's state.
func (r *Reader) Status() RowStatus { return rowState(r.Active, r.complete()) }

// safe is the uptime before which the reader has every change. A reader that
// keeps a mark tells so itself; for others it is the collection before last,
// for the last one may be still going on (RFC 2720 flowReaderLastTime).
func (r *Reader) safe() Uptime {
	if r.Mark != 0 {
		return r.Mark
	}
	return r.PreviousTime
}

// Reader returns a row of the reader table.
func (s *State) Reader(index uint32) (Reader, bool) {
	if r := s.m.readers.find(index); r != nil {
		return *r, true
	}
	return Reader{}, false
}

// NextReader returns the index of the first reader row after an index, 0 if
// there is none.
func (s *State) NextReader(after uint32) uint32 {
	index, _ := s.m.readers.next(after)
	return index
}

// AddReader registers a reader of a rule set, in this process, and returns its
// row.
func (s *Control) AddReader(ruleSet int) (int, error) {
	if _, err := s.ruleSet(ruleSet); err != nil {
		return 0, err
	}
	t := &s.m.readers
	if t.full() {
		return 0, errReadersFull
	}
	index := t.free()
	t.put(index, &Reader{Active: true, RuleSet: ruleSet})
	return int(index), nil
}

// Collected tells the meter that a reader has every change of its rule set's
// flows before uptime upTo.
func (s *Control) Collected(reader int, upTo Uptime) error {
	r := s.m.readers.find(uint32(reader))
	if r == nil {
		return fmt.Errorf("%w: %d", ErrNoReader, reader)
	}
	r.Mark = upTo
	return nil
}

// anyCollected reports whether some flow may be recovered at all.
func (m *Meter) anyCollected() bool {
	if len(m.readers.list) == 0 {
		return true
	}
	safe := m.safeTimes()
	for i, r := range m.ruleSets {
		if r != nil && safe[i] > 0 && (r.counts.Flows > 0 || r.running && m.underWay() > 0) {
			return true
		}
	}
	return false
}

// safeTimes gives, by rule set, the uptime before which every reader has
// collected all changes; no readers, no limit.
func (m *Meter) safeTimes() (safe [ruleset255]Uptime) {
	for i := range safe {
		safe[i] = 1 << 62
	}
	for _, r := range m.readers.list {
		if r.Active {
			safe[r.RuleSet] = min(safe[r.RuleSet], r.safe())
		}
	}
	return safe
}

// dropReaders removes the readers of a rule set that is no more. Later rule
// sets of its number are other ones.
func (m *Meter) dropReaders(ruleSet int) {
	for at, r := m.readers.next(0); r != nil; at, r = m.readers.next(at) {
		if r.RuleSet == ruleSet && r.Active {
			m.readers.remove(at)
		}
	}
}

// timedOut reports whether an active reader has kept silent for too long.
func (m *Meter) timedOut(r *Reader, now time.Time) bool {
	if r.Timeout == 0 || r.touched.IsZero() {
		return false
	}
	since := r.touched
	if m.trace.phase != TraceIdle {
		if !m.trace.phase.waits() || !r.Waits || r.Collected >= m.in.lastEnd.number {
			return false
		}
		if m.trace.waiting.After(since) {
			since = m.trace.waiting
		}
	}
	return now.Sub(since) >= time.Duration(r.Timeout)*time.Second
}
