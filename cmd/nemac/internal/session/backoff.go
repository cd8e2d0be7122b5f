package session

import "time"

// pauses are the waits between questions about the state of a trace
// (semantics 27). What takes microseconds is found at once, and what takes
// minutes is asked once a second.
var pauses = [...]time.Duration{
	200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond,
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second,
}

// backoff gives growing waits. The zero backoff begins with the shortest.
type backoff struct{ i int }

func (b *backoff) next() time.Duration {
	d := pauses[b.i]
	if b.i < len(pauses)-1 {
		b.i++
	}
	return d
}

func (b *backoff) reset() { b.i = 0 }
