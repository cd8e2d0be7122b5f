package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/reader/snmpflows"
)

// live collects at the times of day until ctx ends it.
func (s *Session) live(ctx context.Context) error {
	loc := time.Local
	if s.cfg.UTC {
		loc = time.UTC
	}
	now := s.cfg.Clock.Now()
	s.out.SetStart(now.Truncate(time.Second))
	l := &liveLoop{s: s, loc: loc, due: now, keep: now.Add(s.cfg.Keepalive), look: now.Add(lookEvery)}
	if b, err := s.c.Beat(ctx); err == nil { // else the keepalives begin without it
		l.last, l.at, l.seen = b, now, now
	}
	for {
		if err := l.step(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err() // whatever it broke
			}
			return err
		}
	}
}

// liveLoop is what a live session knows from one step to the next.
type liveLoop struct {
	s    *Session
	loc  *time.Location
	due  time.Time // of the next collection
	keep time.Time // of the next keepalive
	look time.Time // of the next look, if there are any
	last remotemeter.Beat
	at   time.Time // of last; zero is none
	seen time.Time // when the meter of last was read or heard last
	down bool      // the meter was silent
	why  string    // valid iff down: as the log was told
	// ended says that the meter is about to end, and that its last flows were due.
	ended bool
	// stale says that rows or connection must be made anew before anything
	// else.
	stale bool
}

// step waits for what is due next and does it. An error ends the session.
func (l *liveLoop) step(ctx context.Context) error {
	s := l.s
	now := s.cfg.Clock.Now()
	l.setBack(now)
	if err := s.cfg.Clock.Sleep(ctx, l.nextLook(earlier(l.due, l.keep)).Sub(now)); err != nil {
		return err
	}
	now = s.cfg.Clock.Now()
	if err := l.lookAt(ctx, now); err != nil {
		return err
	}
	if !now.Before(l.keep) {
		l.keep = now.Add(s.cfg.Keepalive)
		if err := l.beat(ctx, now); err != nil {
			return l.judge(ctx, err)
		}
	}
	if now.Before(l.due) {
		return nil
	}
	l.due = NextTime(now, s.cfg.Interval, l.loc)
	if l.stale {
		if err := l.renew(ctx); err != nil {
			return l.judge(ctx, err)
		}
	}
	err := s.lookAfter(ctx)
	if err == nil {
		err = s.collectWhole(ctx)
	}
	if err != nil {
		return l.judge(ctx, err)
	}
	l.seen = now
	l.up()
	return nil
}

// setBack sees to it that a clock which was set back does not put off what is
// due by as much: the meter would forget us. A collection may lie two intervals
// ahead, so that one that was just made does not come again when the clock is
// only corrected.
func (l *liveLoop) setBack(now time.Time) {
	cfg := &l.s.cfg
	if l.due.Sub(now) > 2*cfg.Interval {
		cfg.Log.Warn("the clock was set back", "by", l.due.Sub(now)-cfg.Interval)
		l.due = NextTime(now, cfg.Interval, l.loc)
	}
	l.keep = earlier(l.keep, now.Add(cfg.Keepalive))
	l.look = earlier(l.look, now.Add(lookEvery))
}

// beat sees whether the meter is the one we know.
func (l *liveLoop) beat(ctx context.Context, now time.Time) error {
	if l.stale {
		if err := l.renew(ctx); err != nil {
			return err
		}
	}
	b, err := l.s.c.Beat(ctx)
	if err != nil {
		return err
	}
	l.up()
	if l.restarted(b, now) {
		l.stale = true
		return l.renew(ctx) // which keeps what was known before
	}
	l.last, l.at, l.seen = b, now, now
	return l.s.lookAfter(ctx)
}

// restarted reports whether the meter was started again since it was seen last.
func (l *liveLoop) restarted(b remotemeter.Beat, now time.Time) bool {
	return !l.at.IsZero() && restarted(l.last, b, now.Sub(l.at))
}

// startedAgain is restarted when what we have on the meter is known: one that looks so by
// its clock alone, and has our reader rows, only stood still for a while.
func (l *liveLoop) startedAgain(b remotemeter.Beat, now time.Time) bool {
	return l.restarted(b, now) && (!l.s.found || surelyRestarted(l.last, b))
}

func (l *liveLoop) up() {
	if l.down {
		l.down = false
		l.s.cfg.Log.Info("the meter answers again")
	}
}

// renew sets everything up again, on a meter that was started again or that
// forgot us.
func (l *liveLoop) renew(ctx context.Context) error {
	s := l.s
	before := s.flows
	if err := s.connect(ctx, 0); err != nil {
		return err
	}
	if err := s.suits(); err != nil {
		return err
	}
	now := s.cfg.Clock.Now()
	b, err := s.c.Beat(ctx)
	if err != nil {
		return err
	}
	if err := s.setUp(ctx); err != nil {
		s.flows = before
		return err
	}
	s.flows.GoOnAfter(before)
	if l.startedAgain(b, now) {
		s.flows.Restarted()
	} else {
		s.flows.GoOnFrom(before.Start())
	}
	if s.fresh { // else our rows were there, and collections go on
		s.out.SetStart(now.Truncate(time.Second))
		text := l.whyFresh(b, now)
		s.cfg.Log.Warn(text)
		s.flows.Note(text)
	}
	l.stale, l.ended, l.last, l.at, l.seen = false, false, b, now, now
	return nil
}

// whyFresh says, for the flow data, why the next collection has all flows.
func (l *liveLoop) whyFresh(b remotemeter.Beat, now time.Time) string {
	switch {
	case l.startedAgain(b, now):
		return fmt.Sprintf("the meter was started again after %s; its counters and flow indices begin anew",
			l.seen.In(l.loc).Format("15:04:05 Mon 2 Jan 2006"))
	case l.s.found:
		return "the meter stood still for a while; all flows are read again"
	case l.s.kept:
		return "the meter had removed our reader row; all flows are read again"
	}
	return "our rule sets were gone from the meter; their counters and flow indices begin anew"
}

// judge decides whether an error ends the session. What may mend is tried
// again with the next keepalive, from the same place.
func (l *liveLoop) judge(ctx context.Context, err error) error {
	s := l.s
	if ctx.Err() != nil || isOutput(err) || errors.Is(err, snmpflows.ErrTaken) {
		return err
	}
	var commit *reader.CommitError
	var status *client.StatusError
	switch {
	case errors.As(err, &commit):
		s.cfg.Log.Warn("the collection is written, but the meter could not be told", "err", err)
		return nil
	case errors.Is(err, remotemeter.ErrNoRow) && !l.stale:
		s.cfg.Log.Warn("setting up again", "why", err)
		l.stale = true
		l.due = s.cfg.Clock.Now() // at once
		return nil
	case client.IsSilence(err):
		l.follow(ctx)
	case !errors.As(err, &status):
		l.stale = true // another engine: a new connection may help
	}
	if text := err.Error(); !l.down || text != l.why { // else it has been said
		s.cfg.Log.Error("the meter cannot be read; trying again with each keepalive", "err", err)
		l.down, l.why = true, text
	}
	l.due = earlier(l.due, l.keep)
	return nil
}

// follow looks whether a silent meter has another address.
func (l *liveLoop) follow(ctx context.Context) {
	switch moved, err := l.s.c.Resolve(ctx); {
	case err != nil:
		l.s.cfg.Log.Warn("the meter's name cannot be looked up", "err", err)
	case moved:
		l.s.cfg.Log.Warn("asking another address of the meter's name", "meter", l.s.c.Addr(), "address", l.s.c.Remote())
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
