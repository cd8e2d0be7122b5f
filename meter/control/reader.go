package control

import (
	"time"

	"netramet/meter"
	"netramet/mib"
)

// Reader is a row of flowReaderInfoTable: somebody who reads the flows of one
// rule set. While it is active, no flow is recovered that it has not
// collected.
type Reader struct {
	Active  bool
	Owner   string
	RuleSet int    // 0: not set yet
	Timeout uint32 // seconds of wall time between collections; 0 is no limit

	LastTime     meter.Uptime // at which its newest collection began, 0 if none
	PreviousTime meter.Uptime // at which the one before began, 0 if none

	// What NETRAMET-MIB adds.
	Waits     bool         // a trace waits for it at each interval's end
	Collected uint64       // number of the last interval that it has whole
	Mark      meter.Uptime // up to which it has everything; 0: it keeps no mark

	touched time.Time // last sign of life, in wall time; zero for readers in this process
}

// Status is the row's state.
func (r Reader) Status() mib.RowStatus {
	if r.Active {
		return mib.RowActive
	}
	return r.inactive()
}

// inactive is the row's state while it is not active: it needs a rule set.
func (r Reader) inactive() mib.RowStatus {
	if r.RuleSet == 0 {
		return mib.RowNotReady
	}
	return mib.RowNotInService
}

func (r Reader) ownedBy() string { return r.Owner }

// safe is the uptime before which the reader has every change. A reader that
// keeps a mark tells so itself; for others it is the collection before last,
// for the last one may be still going on (RFC 2720 flowReaderLastTime).
func (r *Reader) safe() meter.Uptime {
	if r.Mark != 0 {
		return r.Mark
	}
	return r.PreviousTime
}

// Reader returns a row of the reader table.
func (s *State) Reader(index uint32) (Reader, bool) {
	if r := s.rows().readers.find(index); r != nil {
		return *r, true
	}
	return Reader{}, false
}

// NextReader returns the index of the first reader row after an index, 0 if
// there is none.
func (s *State) NextReader(after uint32) uint32 {
	index, _ := s.rows().readers.next(after)
	return index
}

// showCollected tells the engine what the readers have of each rule set's
// flows.
func (a *tables) showCollected(e *meter.Engine) {
	if len(a.readers.list) == 0 {
		e.SetCollected(nil)
		return
	}
	var before meter.Uptimes
	for i := range before {
		before[i] = meter.AlwaysCollected
	}
	for _, r := range a.readers.list {
		if r.Active {
			before[r.RuleSet] = min(before[r.RuleSet], r.safe())
		}
	}
	e.SetCollected(&before)
}
