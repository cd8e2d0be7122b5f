package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/reader/snmpflows"
)

// followTrace collects each interval of the meter's trace, and ends with it.
func (s *Session) followTrace(ctx context.Context) error {
	err := s.flows.StartTrace(ctx)
	if err == nil {
		err = s.readTrace(ctx)
	} else if !errors.Is(err, remotemeter.ErrNoRow) {
		err = fmt.Errorf("starting the trace: %w", err)
	}
	if client.IsNewEngine(err) && s.dial(ctx) == nil {
		s.flows.Use(s.c)
		if _, now := s.flows.Trace(ctx); errors.Is(now, remotemeter.ErrNoRow) {
			err = now // it says more
		}
	}
	if errors.Is(err, remotemeter.ErrNoRow) {
		return s.whyGone(ctx, err)
	}
	return err
}

func (s *Session) readTrace(ctx context.Context) error {
	var every backoff
	reading, told := s.flows.Number() > 0, false
	for {
		t, err := s.flows.Trace(ctx)
		if err != nil && !(t.State == mib.TraceDone && errors.Is(err, remotemeter.ErrNoRow)) {
			return err
		}
		ready := t.State == mib.TraceWaitReader || t.State == mib.TraceEndOfFile
		switch {
		case t.Interval < s.flows.Number(), t.State == mib.TraceWaitRuleSet && reading:
			// Rows of our Owner are there, but somebody else's.
			return s.startedAgain(t, snmpflows.ErrTaken)
		case ready && t.Interval > s.flows.Number():
			if err := s.traceInterval(ctx, t); err != nil {
				return err
			}
			if t.State == mib.TraceEndOfFile {
				return s.endTrace(ctx, t)
			}
			every.reset()
			reading = true
			continue // the acknowledgement may have moved the trace on at once
		case t.State == mib.TraceEndOfFile:
			return s.endTrace(ctx, t)
		case t.State == mib.TraceDone:
			if t.Interval > s.flows.Number() {
				return fmt.Errorf("the meter ended its trace at interval %d without us; we have %d", t.Interval, s.flows.Number())
			}
			return s.endTrace(ctx, t)
		case t.State == mib.TraceIdle:
			return errors.New("the meter does not read its trace any more")
		case t.State == mib.TraceWaitRuleSet && !told && every.longest():
			s.cfg.Log.Info("the trace waits for other readers to start")
			told = true
		}
		pause := every.next
		if t.State == mib.TraceWaitReader || t.State == mib.TraceWaitRuleSet {
			pause = every.nextAmong // we are ready, others are not
		}
		reading = reading || t.State != mib.TraceWaitRuleSet
		if err := s.cfg.Clock.Sleep(ctx, pause()); err != nil {
			return err
		}
	}
}

// whyGone says what became of a meter that has no row of ours any more. A meter
// that was started again while we set up may have some of our rows; they go,
// so that it waits for nobody who does not come.
func (s *Session) whyGone(ctx context.Context, gone error) error {
	t, err := s.c.Trace(ctx)
	if err != nil {
		return gone
	}
	again := t.State == mib.TraceWaitRuleSet || t.Interval < s.flows.Number()
	if again || s.flows.Number() == 0 {
		if err := s.remove(ctx); err != nil {
			s.cfg.Log.Warn("removing our rows", "err", err)
		}
	}
	if again {
		return s.startedAgain(t, gone)
	}
	return gone
}

// startedAgain is the error that the meter has begun its trace anew, or is
// about to.
func (s *Session) startedAgain(t remotemeter.Trace, why error) error {
	next := "it reads its trace for others now"
	if t.State == mib.TraceWaitRuleSet {
		next = "it waits for a manager to start its trace from the beginning"
	}
	return fmt.Errorf("the meter was started again after we had collected its trace up to interval %d; %s: %w", s.flows.Number(), next, why)
}

// traceInterval collects one interval and sees that the meter knows it, for
// it waits for us.
func (s *Session) traceInterval(ctx context.Context, t remotemeter.Trace) error {
	if t.Start.UnixNano() != 0 { // else no packet told the time
		s.out.SetStart(t.Start)
	}
	missed := t.Interval - s.flows.Number() - 1
	// The trace stands still, so what is put right holds from the same packet on in
	// each run.
	if err := s.lookAfter(ctx); err != nil {
		return err
	}
	err := s.collectWhole(ctx)
	var commit *reader.CommitError
	if errors.As(err, &commit) {
		if t.State == mib.TraceEndOfFile && client.IsNoAnswer(err) {
			return nil // it had nothing left to wait for (decision 25)
		}
		err = s.flows.Acknowledge(context.WithoutCancel(ctx))
	}
	if err != nil {
		return err
	}
	if missed > 0 {
		s.cfg.Log.Debug("intervals closed together", "to", t.Interval, "before", missed)
	}
	return nil
}

// endTrace takes our rows off the meter, which waits for that before it ends,
// and reports what was wrong with the trace.
func (s *Session) endTrace(ctx context.Context, t remotemeter.Trace) error {
	s.cfg.Log.Info("end of the trace", "intervals", t.Interval)
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	// The meter stays while our rows do, so this is the time to ask.
	if f, err := s.c.Figures(clean); err == nil && f.RefusedPackets > 0 {
		if f.RefusedPackets > f.FloodedPackets {
			s.cfg.Log.Warn("the meter's flow table was full: packets of new flows are missing; give it room by its -f",
				"packets", f.RefusedPackets-f.FloodedPackets, "octets", f.RefusedOctets-f.FloodedOctets)
		}
		if f.FloodedPackets > 0 {
			s.cfg.Log.Warn("the meter was in flood mode: packets of new flows are missing; give it room by its -f, or a higher --flood-mark",
				"packets", f.FloodedPackets, "octets", f.FloodedOctets)
		}
	}
	if err := s.remove(clean); err != nil {
		// The flow data is complete; the meter ends without us by its linger.
		s.cfg.Log.Debug("removing our rows", "err", err)
	}
	if t.Error != "" {
		return fmt.Errorf("the meter could not read the trace to its end: %s", t.Error)
	}
	return nil
}
