package main

import (
	"context"
	"log/slog"
	"time"

	"netramet/meter/control"
)

// leastEndMost is how long a live meter that has ended stays for its readers, at most,
// unless --linger is longer: others may ask it things for ever.
const leastEndMost = time.Minute

// leaveLastPart has readers collect what was metered since they did last, once
// nothing more is. It returns when all have it, or when no SNMP has come for as long as
// --linger says, be it before the end: then nobody will.
func (d *daemon) leaveLastPart(ctx context.Context) {
	// What comes now is nobody's, and nobody's loss.
	if err := d.src.Close(); err != nil {
		d.log.Warn("closing what is metered", slog.Any("error", err))
	}
	without := 0
	_ = d.meter.Update(func(s *control.Tables) error { // has no error
		s.End()
		without = unread(&s.State)
		return nil
	})
	if without == 0 {
		return
	}
	quiet := time.Duration(d.o.managed.linger) * time.Second
	d.log.Info("nothing more is metered; readers may still collect what there is",
		slog.Int("readers", without), slog.Uint64("linger", uint64(d.o.managed.linger)))
	over := time.Now().Add(max(quiet, leastEndMost))
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		now := time.Now()
		d.notify.Alive(now)
		d.meter.View(func(s *control.State) { without = unread(s) })
		rest := min(d.heard.at().Add(quiet).Sub(now), over.Sub(now))
		if without == 0 || rest <= 0 {
			break
		}
		tick.Reset(min(rest, wallEvery))
		select {
		case <-ctx.Done():
			return
		case <-d.changed:
		case <-tick.C:
		}
	}
	d.meter.View(func(s *control.State) { without, _ = s.Unread() })
	if without > 0 {
		d.log.Warn("readers have not come for the last flows, which are lost to them", slog.Int("readers", without))
		return
	}
	d.log.Info("all is collected")
}

// unread is how many readers may still want the last part.
func unread(s *control.State) int {
	without, begun := s.Unread()
	return without + begun
}
