package control

import (
	"fmt"
	"time"

	"netramet/mib"
)

// UnfinishedAge is how long, in wall time, a row may be left alone that is not
// active (decision 29; RFC 2579 on RowStatus).
const UnfinishedAge = 5 * time.Minute

// Removed is a row that the meter has removed by itself.
type Removed struct {
	Table Table
	Index uint32
	Owner string
	Why   string
}

// AdvanceWall does what falls due by wall time: it removes readers that have not
// collected within their timeout, and rows that were left unfinished. On a trace
// a reader's timeout runs only while the meter waits for that reader (decision
// 1).
func (t *Tables) AdvanceWall(now time.Time) (removed []Removed) {
	unfinished := func(active bool, touched time.Time) bool {
		return !active && !touched.IsZero() && now.Sub(touched) >= UnfinishedAge
	}
	const left = "not active for five minutes"
	all := t.rows()
	for n, r := range all.ruleSets {
		if r != nil && unfinished(r.active, r.touched) && !t.Begin("", now).referenced(n) {
			removed = append(removed, Removed{RuleSetTable, uint32(n), r.owner, left})
			all.destroy(n, t.engine)
		}
	}
	for at, r := all.readers.next(0); r != nil; at, r = all.readers.next(at) {
		why := ""
		switch {
		case unfinished(r.Active, r.touched):
			why = left
		case r.Active && t.timedOut(r, now):
			why = fmt.Sprintf("has not collected for %d seconds", r.Timeout)
		default:
			continue
		}
		removed = append(removed, Removed{ReaderTable, at, r.Owner, why})
		all.readers.remove(at)
	}
	for at, task := all.tasks.next(0); task != nil; at, task = all.tasks.next(at) {
		if unfinished(task.Active, task.touched) {
			removed = append(removed, Removed{TaskTable, at, task.Owner, left})
			all.tasks.remove(at)
		}
	}
	all.showCollected(t.engine)
	return removed
}

// timedOut reports whether an active reader has kept silent for too long.
func (s *State) timedOut(r *Reader, now time.Time) bool {
	if r.Timeout == 0 || r.touched.IsZero() {
		return false
	}
	since := r.touched
	if tr := &s.rows().trace; tr.phase != mib.TraceIdle {
		if ended, _, _ := s.Interval(); !tr.phase.Waits() || !r.Waits || r.Collected >= ended {
			return false
		}
		if tr.waiting.After(since) {
			since = tr.waiting
		}
	}
	return now.Sub(since) >= time.Duration(r.Timeout)*time.Second
}
