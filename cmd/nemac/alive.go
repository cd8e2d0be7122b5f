package main

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"netramet/cmd/nemac/internal/session"
	"netramet/internal/sdnotify"
)

// stuckAfter is how long a session that is at work may take without a look at the
// clock: more than it takes to read millions of flows from a slow meter.
const stuckAfter = 10 * time.Minute

// pulse is the clock of a session, and sees whether the session gets on.
type pulse struct {
	session.WallClock
	due   atomic.Int64 // Unix ns by which the session must be heard of again
	ended atomic.Bool
}

func newPulse() *pulse {
	p := &pulse{}
	p.Now()
	return p
}

// Now returns the time of day.
func (p *pulse) Now() time.Time {
	now := p.WallClock.Now()
	p.due.Store(now.Add(stuckAfter).UnixNano())
	return now
}

// Sleep waits for d or until ctx is done.
func (p *pulse) Sleep(ctx context.Context, d time.Duration) error {
	p.due.Store(p.WallClock.Now().Add(max(d, 0) + stuckAfter).UnixNano())
	defer p.Now()
	return p.WallClock.Sleep(ctx, d)
}

// beats reports whether the session gets on, or has ended.
func (p *pulse) beats(now time.Time) bool { return p.ended.Load() || now.UnixNano() < p.due.Load() }

// tellManager tells the service manager that the jobs are at work, and goes on telling
// it for as long as none is stuck, until the function returned is called.
func tellManager(ctx context.Context, jobs []*job, status string, log *slog.Logger) (end func()) {
	n, err := sdnotify.Open()
	if err != nil {
		log.Warn("the service manager cannot be told", "err", err)
	}
	if n == nil {
		return func() {}
	}
	n.Ready(status)
	stopping := context.AfterFunc(ctx, n.Stopping)
	over, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		if n.Every() == 0 {
			<-over
			return
		}
		tick := time.NewTicker(n.Every())
		defer tick.Stop()
		for now := time.Now(); ; {
			if allBeat(jobs, now) {
				n.Alive(now)
			}
			select {
			case <-over:
				return
			case now = <-tick.C:
			}
		}
	}()
	return func() {
		close(over)
		<-done
		if stopping() {
			n.Stopping()
		}
		n.Close()
	}
}

func allBeat(jobs []*job, now time.Time) bool {
	for _, j := range jobs {
		if !j.pulse.beats(now) {
			return false
		}
	}
	return true
}
