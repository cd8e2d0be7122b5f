package session

import (
	"context"
	"time"

	"netramet/mib/client"
)

const (
	// lookEvery is how often a meter is looked at that says when it is about to end: it
	// does not wait for long.
	lookEvery = 2 * time.Second
	// lookFor is how long a look takes at most. What becomes of a meter that does not
	// answer is for the keepalives to find out, which are patient.
	lookFor = 2 * time.Second
)

// looks reports whether to look at the meter between two collections.
func (l *liveLoop) looks() bool { return l.last.TellsEnd && l.s.cfg.Interval > lookEvery }

// nextLook is when to look next, if it is before another time.
func (l *liveLoop) nextLook(other time.Time) time.Time {
	if !l.looks() {
		return other
	}
	return earlier(other, l.look)
}

// lookAt looks at the meter. The last flows of one that is about to end are collected
// at once, and one that was started again is set up at once; if that fails, the
// keepalives go on trying.
func (l *liveLoop) lookAt(ctx context.Context, now time.Time) error {
	if !l.looks() || l.stale || now.Before(l.look) {
		return nil
	}
	l.look = now.Add(lookEvery)
	asking, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	b, err := l.s.c.Beat(asking)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		if client.IsNewEngine(err) {
			l.stale, l.keep = true, now
		}
		return nil
	case l.restarted(b, now):
		l.stale, l.keep = true, now
		return nil
	case l.down:
		l.keep = now
	}
	l.last, l.at, l.seen = b, now, now
	if b.Ending && !l.ended {
		l.s.cfg.Log.Info("the meter is about to end; collecting its last flows")
		l.due = now
	}
	l.ended = b.Ending
	return nil
}
