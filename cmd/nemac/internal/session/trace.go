package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"netramet/mib/client"
	"netramet/reader"
)

// followTrace collects each interval of the meter's trace, and ends with it.
func (s *Session) followTrace(ctx context.Context) error {
	if err := s.c.StartTrace(ctx); err != nil {
		return fmt.Errorf("starting the trace: %w", err)
	}
	var every backoff
	reading := false
	for {
		t, err := s.c.Trace(ctx)
		if err != nil {
			return err
		}
		ready := t.State == client.WaitReader || t.State == client.EndOfFile
		switch {
		case ready && t.Interval > s.flows.Number():
			if err := s.traceInterval(ctx, t); err != nil {
				return err
			}
			if t.State == client.EndOfFile {
				return s.endTrace(ctx, t)
			}
			every.reset()
			reading = true
			continue // the acknowledgement may have moved the trace on at once
		case t.State == client.EndOfFile:
			return s.endTrace(ctx, t)
		case t.State == client.Done:
			if t.Interval > s.flows.Number() {
				return fmt.Errorf("the meter ended its trace at interval %d without us; we have %d", t.Interval, s.flows.Number())
			}
			return s.endTrace(ctx, t)
		case t.State == client.Idle:
			return errors.New("the meter does not read its trace any more")
		case t.State == client.WaitRuleSet && !reading && every.longest():
			s.cfg.Log.Info("the trace waits for other readers to start")
			reading = true
		}
		pause := every.next
		if t.State == client.WaitReader || t.State == client.WaitRuleSet {
			pause = every.nextAmong // we are ready, others are not
		}
		if err := s.cfg.Clock.Sleep(ctx, pause()); err != nil {
			return err
		}
	}
}

// traceInterval collects one interval and sees that the meter knows it, for
// it waits for us.
func (s *Session) traceInterval(ctx context.Context, t client.Trace) error {
	s.out.SetStart(t.Start)
	missed := t.Interval - s.flows.Number() - 1
	// The trace stands still, so what is put right holds from the same packet on in
	// each run.
	if err := s.lookAfter(ctx); err != nil {
		return err
	}
	err := s.collectWhole(ctx)
	var commit *reader.CommitError
	if errors.As(err, &commit) {
		if t.State == client.EndOfFile && client.IsNoAnswer(err) {
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
func (s *Session) endTrace(ctx context.Context, t client.Trace) error {
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
		return fmt.Errorf("the meter reports a damaged trace: %s", t.Error)
	}
	return nil
}
