package reading

import (
	"sync"
	"sync/atomic"
)

// queue is the order in which units are metered: that in which they were claimed. They are
// parsed, and pass through the stages, in that order, too.
type queue struct {
	units [maxUnits]atomic.Pointer[unit]
	first int64 // unit that is metered next

	claiming sync.Mutex
	claimed  int64 // units
	closed   bool  // no more are claimed

	parsing sync.Mutex   // held by whose turn it is
	turns   sync.Cond    // of parsed
	parsed  atomic.Int64 // units
	over    bool         // no more are parsed
}

// maxUnits is more than hands have together.
const maxUnits = 64

// open makes the queue empty.
func (q *queue) open() {
	q.turns.L = &q.parsing
	q.first, q.claimed, q.closed = 0, 0, false
	q.parsed.Store(0)
}

// close ends the queue behind the units that were claimed.
func (q *queue) close() {
	q.claiming.Lock()
	defer q.claiming.Unlock()
	q.closed = true
}

// end is close, and nothing of what was claimed is parsed any more.
func (q *queue) end() {
	q.parsing.Lock()
	defer q.parsing.Unlock()
	q.over = true
	q.close()
}

// claim gives u the next number, if the queue is open.
func (q *queue) claim(u *unit) bool {
	q.claiming.Lock()
	defer q.claiming.Unlock()
	if q.closed {
		return false
	}
	u.number = q.claimed
	q.claimed++
	u.ready.Store(false)
	q.units[u.number%maxUnits].Store(u)
	return true
}

// parse calls f when it is the turn of unit u, unless nothing is parsed any more. If f returns an
// error, the source or a stage has ended with it.
func (q *queue) parse(u *unit, f func(*unit) error) {
	// Another processor parses a piece now, which takes less time than waking up.
	for spins := 0; q.parsed.Load() != u.number && spins < turnSpins; spins++ {
	}
	q.parsing.Lock()
	defer q.parsing.Unlock()
	for q.parsed.Load() != u.number {
		q.turns.Wait()
	}
	if !q.over {
		if u.end = f(u); u.end != nil {
			q.over = true
			q.close()
		}
	}
	q.parsed.Add(1)
	q.turns.Broadcast()
}

// turnSpins is how often one looks whether it is one's turn before one goes to sleep.
const turnSpins = 1 << 14

// next is the unit to be metered, if it is ready.
func (q *queue) next() *unit {
	if u := q.units[q.first%maxUnits].Load(); u != nil && u.ready.Load() {
		return u
	}
	return nil
}

// metered takes the first unit out of the queue and gives it back.
func (q *queue) metered(u *unit) {
	q.units[q.first%maxUnits].Store(nil)
	q.first++
	u.release()
}

// isEmpty reports whether all units are metered. There may be more, if it is not closed.
func (q *queue) isEmpty() bool {
	q.claiming.Lock()
	defer q.claiming.Unlock()
	return q.first == q.claimed
}
