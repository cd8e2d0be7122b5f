package meterview

import (
	"sync"
	"time"
)

// loadWindow is the time over which a Load is told.
const loadWindow = 10 * time.Second

// Load measures the share of wall time in which a lane works (ntmLaneBusy).
// Its methods may be called from any goroutine; the zero value is ready.
type Load struct {
	mu    sync.Mutex
	begun time.Time
	cells [16]loadCell // by second
}

type loadCell struct {
	second int64 // Unix
	busy   time.Duration
}

// Add notes work from start to end, which must not be before start.
func (l *Load) Add(start, end time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begun.IsZero() {
		l.begun = start
	}
	if oldest := end.Add(-loadWindow); start.Before(oldest) {
		start = oldest
	}
	for start.Before(end) {
		c := &l.cells[uint64(start.Unix())%uint64(len(l.cells))]
		if c.second != start.Unix() {
			*c = loadCell{second: start.Unix()}
		}
		next := time.Unix(start.Unix()+1, 0)
		if next.After(end) {
			next = end
		}
		c.busy += next.Sub(start)
		start = next
	}
}

// PerMille returns the share of the latest ten seconds, or of what has passed
// of them, that was work.
func (l *Load) PerMille(now time.Time) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	window := min(now.Sub(l.begun), loadWindow)
	if l.begun.IsZero() || window <= 0 {
		return 0
	}
	var busy time.Duration
	for _, c := range l.cells {
		switch age := now.Unix() - c.second; {
		case age >= 0 && age < int64(loadWindow/time.Second):
			busy += c.busy
		case age == int64(loadWindow/time.Second): // the window begins inside this second
			inside := time.Second - time.Duration(now.Nanosecond())
			busy += c.busy * inside / time.Second
		}
	}
	return uint32(min(busy*1000/window, 1000))
}
