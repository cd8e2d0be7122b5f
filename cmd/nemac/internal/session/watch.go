package session

import (
	"context"
	"errors"
	"fmt"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
)

// watch is what is known of what we look after on the meter: our tasks, and what
// they share with those of others (RFC 2720 flowManagerInfoEntry, flowFloodMode).
type watch struct {
	last     remotemeter.Control // as seen, or set by us
	seen     bool                // the part of last that is the meter's is valid
	failed   string              // why something could not be put right; told once
	floodAt  uint64              // packets that flood mode had refused when it was seen to begin
	floodSay bool                // the flow data has a note of flood mode
}

// newWatch is the watch over tasks that have just been put in place.
func newWatch(c *Config, tasks []remotemeter.TaskRow) watch {
	return watch{last: remotemeter.Control{FloodMark: c.FloodMark, Inactivity: c.Inactivity, Tasks: tasks}}
}

// lookAfter looks at our tasks and the marks, says what has changed, and puts right
// what is a manager's to put right: tasks go back to their current rule set, and the
// meter out of flood mode, when there is room again. What changes the numbers of the
// flow data goes into it as a note.
func (s *Session) lookAfter(ctx context.Context) error {
	reader := 0
	if len(s.rows.readers) > 0 {
		reader = s.rows.readers[0].Index
	}
	now, err := s.c.Control(ctx, s.cfg.Owner, reader, s.rows.tasks)
	if err != nil {
		return err
	}
	s.tellShared(&now)
	for i := range now.Tasks {
		s.tellTask(&s.watch.last.Tasks[i], &now.Tasks[i])
	}
	s.watch.last, s.watch.seen = now, true
	for i := range now.Tasks {
		if err := s.endStandby(ctx, &s.watch.last.Tasks[i]); err != nil {
			return err
		}
	}
	return s.endFlood(ctx)
}

// note tells of something that changes numbers, in the log and the flow data.
func (s *Session) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.cfg.Log.Warn(text)
	s.flows.Note(text)
}

// tellShared says what has changed for the whole meter.
func (s *Session) tellShared(now *remotemeter.Control) {
	w, log := &s.watch, s.cfg.Log
	for _, x := range []struct {
		name         string
		set, was, is int
	}{
		{"flood mark", s.cfg.FloodMark, w.last.FloodMark, now.FloodMark},
		{"inactivity timeout", s.cfg.Inactivity, w.last.Inactivity, now.Inactivity},
	} {
		if x.was != x.is && (w.seen || x.set >= 0) {
			log.Warn("somebody else changed the meter's "+x.name, "from", x.was, "to", x.is)
		}
	}
	if full, before := now.RefusedPackets-now.FloodedPackets, w.last.RefusedPackets-w.last.FloodedPackets; w.seen && full > before {
		log.Warn("the meter's flow table is full: packets of new flows are missing; give it room by its -f", "packets", full-before)
	}
	if now.Flooded && !w.last.Flooded {
		w.floodAt, w.floodSay = w.last.FloodedPackets, true
		s.note("the meter is in flood mode, for its flow table was over %d %% full: packets of new flows are missing from here on", now.FloodMark)
	}
	if !now.Flooded && w.floodSay {
		s.floodOver(now)
	}
}

// floodOver says that flood mode has ended.
func (s *Session) floodOver(now *remotemeter.Control) {
	s.watch.floodSay = false
	s.note("flood mode is over; it refused %d packets of new flows", now.FloodedPackets-min(s.watch.floodAt, now.FloodedPackets))
}

// tellTask says what has changed in a task.
func (s *Session) tellTask(was, is *remotemeter.TaskRow) {
	owner := s.cfg.Owner
	ours, before := is.Status != 0 && is.Owner == owner, was.Status != 0 && was.Owner == owner
	log := s.cfg.Log.With("task", is.Index)
	switch {
	case !ours && !before:
		return
	case is.Status == 0:
		s.note("somebody else removed our task of rule set %d: it counts nothing, unless another task runs it", was.Current)
		return
	case !ours:
		log.Warn("our task belongs to somebody else now", "owner", is.Owner)
		s.note("the task of rule set %d is somebody else's now", was.Current)
		return
	}
	switch {
	case before && was.Status == mib.RowActive && is.Status != mib.RowActive:
		s.note("somebody else took the task of rule set %d out of service: it counts nothing, unless another task runs it", is.Current)
	case is.Status == mib.RowActive && (!before || was.Status != mib.RowActive):
		s.note("our task of rule set %d is back in service", is.Current)
	}
	if before && is.Current != was.Current {
		s.note("somebody else changed a task of ours from rule set %d to %d (0 is none)", was.Current, is.Current)
	}
	if is.Standby != was.Standby {
		log.Warn("somebody else changed our task's standby rule set", "from", was.Standby, "to", is.Standby)
	}
	if is.HighWaterMark != was.HighWaterMark {
		log.Warn("somebody else changed our task's high-water mark", "from", was.HighWaterMark, "to", is.HighWaterMark)
	}
	switch {
	case is.RunningStandby && !was.RunningStandby:
		s.note("standby rule set %d (0 is none) took the place of rule set %d: the flow table was over %d %% full", is.Standby, is.Current, is.HighWaterMark)
	case !is.RunningStandby && was.RunningStandby:
		s.backFromStandby(is)
	}
}

func (s *Session) backFromStandby(t *remotemeter.TaskRow) {
	s.note("rule set %d runs again in place of standby rule set %d", t.Current, t.Standby)
}

// endStandby returns a task of ours to its current rule set when the flow table is
// below its mark.
func (s *Session) endStandby(ctx context.Context, t *remotemeter.TaskRow) error {
	if !t.RunningStandby || t.Status != mib.RowActive || t.Owner != s.cfg.Owner || !s.watch.last.Below(t.HighWaterMark) {
		return nil
	}
	if err := s.put(s.c.EndStandby(ctx, t.Index), "ending standby"); err != nil || s.watch.failed != "" {
		return err
	}
	t.RunningStandby = false
	s.backFromStandby(t)
	return nil
}

// endFlood takes the meter out of flood mode when the flood has receded. Who only
// reads is no manager.
func (s *Session) endFlood(ctx context.Context) error {
	k := &s.watch.last
	if !k.Flooded || len(s.cfg.Read) > 0 || !k.Below(k.FloodMark) {
		return nil
	}
	if err := s.put(s.c.EndFlood(ctx), "ending flood mode"); err != nil || s.watch.failed != "" {
		return err
	}
	k.Flooded = false
	s.floodOver(k)
	return nil
}

// put returns an error of putting something right, unless the meter just does not
// let us: that is told once, and is no reason not to collect.
func (s *Session) put(err error, what string) error {
	var status *client.StatusError
	if err == nil {
		s.watch.failed = ""
		return nil
	}
	if !errors.As(err, &status) {
		return fmt.Errorf("%s: %w", what, err)
	}
	if text := what + ": " + err.Error(); s.watch.failed != text {
		s.watch.failed = text
		s.cfg.Log.Warn("the meter does not let us put it right", "what", what, "err", err)
	}
	return nil
}
