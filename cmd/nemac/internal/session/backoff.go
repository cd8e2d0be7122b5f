package session

import "time"

// pauses are the waits between questions about the state of a trace
// (decision 27). What takes microseconds is found at once, and what takes
// minutes is asked once a second.
var pauses = [...]time.Duration{
	200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond,
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second,
}

// backoff gives growing waits. The zero backoff begins with the shortest.
type backoff struct {
	i      int
	waited time.Duration // the sum of what it gave
}

func (b *backoff) next() time.Duration { return b.give(pauses[b.i]) }

// nextAmong is next where other readers are waited for, who wait for us in
// turn. A pause as long as the whole wait before it would make them wait for
// as long in the next interval, and so on for ever; a small part of it dies out.
func (b *backoff) nextAmong() time.Duration {
	return b.give(min(max(b.waited/8, pauses[0]), pauses[b.i]))
}

// give counts a pause. The longer ones come after a full one only: however many
// small ones there were, they are no reason for a long one.
func (b *backoff) give(d time.Duration) time.Duration {
	if d == pauses[b.i] && b.i < len(pauses)-1 {
		b.i++
	}
	b.waited += d
	return d
}

// longest reports whether only the longest pause is left.
func (b *backoff) longest() bool { return b.i == len(pauses)-1 }

func (b *backoff) reset() { *b = backoff{} }
