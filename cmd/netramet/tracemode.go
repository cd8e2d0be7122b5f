package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"netramet/internal/reading"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/sources/wire"
)

// linkUnknown is the link type shown for a trace before its first packet.
const linkUnknown wire.LinkType = 0xffff

// openTraceState shows managers that there is a trace which they may start.
func (d *daemon) openTraceState() error {
	return d.meter.Update(func(s *control.Tables) error {
		if err := s.NameInterface(d.o.row(1), d.o.traceName(), linkUnknown); err != nil {
			return err
		}
		return s.SetTracePhase(mib.TraceWaitRuleSet, time.Now())
	})
}

// followTrace is the life of the managed meter on a trace (decisions 22-27):
// it waits until it is started, reads interval by interval in step with the
// readers that hold it up, and ends when they have gone. When told is done, that
// is the end of the trace; ctx ends everything. Neither is an error; damage of
// the trace and a flow table that was too small are.
func (d *daemon) followTrace(told, ctx context.Context) error {
	need := int(d.o.managed.readers)
	if !d.await(told, func(s *control.State) bool { return s.Starters() >= need }, mib.TraceRunning) {
		return nil
	}
	d.log.Info("trace started")
	fault, whole := d.readTrace(told, ctx)
	if !whole {
		return nil
	}
	if odd := d.src.Stats().Odd; odd > 0 {
		d.log.Warn("records of the trace contradict themselves", slog.Uint64("records", odd))
	}
	if lost := d.src.Stats().Dropped; lost > 0 {
		d.log.Warn("what the trace tells of was lost before it was written", slog.Uint64("lost", lost))
	}
	if missed := d.o.missed(); missed != "" {
		d.log.Warn(missed)
	}
	interrupted := errors.Is(fault, reading.ErrInterrupted)
	if interrupted {
		d.log.Warn("told to end; the running interval is closed, and left to readers that wait")
	} else if errors.As(fault, new(noFilter)) {
		d.log.Error("the filter does not fit the trace; what came before is metered", slog.Any("error", fault))
	} else if fault != nil && len(d.o.parts) > 1 {
		d.log.Error("some files of the trace are damaged; all else is metered", slog.Any("error", fault))
	} else if fault != nil {
		d.log.Error("the trace is damaged; what came before is metered", slog.Any("error", fault))
	}
	if !d.endOfFile(ctx, fault) {
		return nil
	}
	d.linger(ctx, interrupted)
	if interrupted {
		fault = nil
	}
	return errors.Join(fault, d.links.unmetered(d.meter), d.o.refused(d.meter))
}

// await waits until ready says so, and then sets the phase in the same step;
// false if ctx was done before. Nothing polls: whatever can change the answer
// wakes it.
func (d *daemon) await(ctx context.Context, ready func(*control.State) bool, next mib.TracePhase) bool {
	for {
		is := false
		_ = d.meter.Update(func(s *control.Tables) error {
			if is = ready(&s.State); is {
				return s.SetTracePhase(next, time.Now())
			}
			return nil
		})
		if is {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-d.changed:
		}
	}
}

// readTrace meters the trace up to its end or -N, collection by collection; the
// last one is left to the caller. fault is what was wrong with the trace,
// reading.ErrInterrupted if told ended it; whole is false if ctx did.
func (d *daemon) readTrace(told, ctx context.Context) (fault error, whole bool) {
	loop := reading.Loop{
		Source: d.src, Stages: d.o.stages(d.nameTrace(), d.links.note), Meter: d.meter.Meter, Ahead: d.o.readsAhead(),
		Interval: func() error { return d.interval(ctx) }, Busy: d.load.Add, Fed: func() { d.o.showDumps(d.dumps) },
	}
	whole, fault = loop.Run(told)
	return fault, whole
}

// nameTrace is the stage that gives the interface of the first frame that is metered
// the trace's name, and its type.
func (d *daemon) nameTrace() reading.Stage {
	named := false
	return func(b *wire.Batch) error {
		if named || len(b.Frames) == 0 {
			return nil
		}
		named = true
		f := &b.Frames[0]
		return d.meter.Update(func(s *control.Tables) error {
			row := max(int(f.Interface), 1)
			if d.o.direction != nil {
				row = d.o.row(1)
			}
			return s.NameInterface(row, d.o.traceName(), f.LinkType)
		})
	}
}

// interval has the interval that has just ended collected by all who wait for
// it.
func (d *daemon) interval(ctx context.Context) error {
	if !d.collected(ctx, d.intervalEnded(), mib.TraceWaitReader, mib.TraceRunning, nil) {
		return reading.ErrInterrupted
	}
	return nil
}

// endOfFile has the last interval collected.
func (d *daemon) endOfFile(ctx context.Context, fault error) (ok bool) {
	d.observe()
	return d.collected(ctx, d.intervalEnded(), mib.TraceEndOfFile, mib.TraceDone, fault)
}

// intervalEnded tells the log of an interval's end.
func (d *daemon) intervalEnded() (n uint64) {
	var to meter.Uptime
	d.meter.View(func(s *control.State) { n, _, to = s.Interval() })
	d.log.Debug("interval ended", slog.Uint64("interval", n), slog.Int64("uptime", int64(to)))
	return n
}

// collected waits in one phase until all waiting readers have interval n, and
// leaves it for the next phase; false if ctx was done.
func (d *daemon) collected(ctx context.Context, n uint64, waiting, next mib.TracePhase, fault error) bool {
	stats := d.src.Stats()
	err := d.meter.Update(func(s *control.Tables) error {
		if fault != nil {
			s.SetTraceError(strings.ReplaceAll(fault.Error(), "\n", "; ")) // one line
		}
		d.waited = d.waited || s.WaitingReaders() > 0
		if err := s.SetSourceStats(d.o.row(1), stats); err != nil {
			return err
		}
		return s.SetTracePhase(waiting, time.Now())
	})
	if err != nil {
		d.log.Error("trace state", slog.Any("error", err)) // a phase and an interface that exist
	}
	begun := time.Now()
	ok := d.await(ctx, func(s *control.State) bool { return len(s.ReadersBehind(n)) == 0 }, next)
	d.log.Debug("interval collected", slog.Uint64("interval", n), slog.Duration("waited", time.Since(begun)))
	return ok
}

// linger goes on answering after the end until the readers that held the trace
// up have removed their rows, or nobody has asked anything for a while. Where
// no reader ever held it up, only the latter says that all is read; a meter
// that was told to end does not wait for that.
func (d *daemon) linger(ctx context.Context, told bool) {
	d.log.Info("all is collected", slog.Uint64("linger", uint64(d.o.managed.linger)))
	quiet := time.Duration(d.o.managed.linger) * time.Second
	done := time.Now()
	timer := time.NewTimer(quiet)
	defer timer.Stop()
	for {
		left := 0
		d.meter.View(func(s *control.State) { left = s.WaitingReaders() })
		if (d.waited || told) && left == 0 {
			return
		}
		last := d.heard.at()
		if last.Before(done) {
			last = done
		}
		rest := time.Until(last.Add(quiet))
		if rest <= 0 {
			return
		}
		timer.Reset(rest)
		select {
		case <-ctx.Done():
			return
		case <-d.changed:
		case <-timer.C:
		}
	}
}

// endQuiet is how long a meter that was told to end goes on for readers that do
// not ask for what they have not got.
const endQuiet = 5 * time.Second

// endWhenQuiet ends everything when nobody has asked anything for a while.
func (d *daemon) endWhenQuiet(ctx context.Context, end func()) {
	for since := time.Now(); ; {
		rest := time.Until(since.Add(endQuiet))
		if last := d.heard.at(); last.After(since) {
			rest = time.Until(last.Add(endQuiet))
		}
		if rest <= 0 {
			end()
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest):
		}
	}
}
