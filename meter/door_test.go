package meter

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"netramet/mib"
	"netramet/ruleset"
	"netramet/sources/wire"
)

// waitingAtDoor returns when somebody waits to enter the state, which the
// caller holds.
func (d *door) waitingAtDoor() {
	for d.next.TryLock() {
		d.next.Unlock()
		runtime.Gosched()
	}
}

// TestMeteringGoesOnWhileRulesAreVerified: packets that wait when a rule set is
// activated are metered before it runs; nobody else changes anything in between,
// so that what was checked still holds when it is committed.
func TestMeteringGoesOnWhileRulesAreVerified(t *testing.T) {
	spec := &ruleset.RuleSet{Number: 3, Rules: []ruleset.Rule{
		{Action: mib.ActionGotoAct, Parameter: 2},
		{Selector: mib.AttrSourcePeerAddress, Mask: ruleset.Octets{255, 255, 255, 255}, Action: mib.ActionCountPkt},
	}}
	m := newMeter(t, Config{}, fiveTuple)
	f := tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)
	fed, updated := make(chan struct{}), make(chan struct{})
	changed := false
	update(t, m, func(e *Engine) error {
		go func() {
			feedAll(t, m, f)
			close(fed)
		}()
		m.door.waitingAtDoor()
		go func() {
			_ = m.Update(func(*Engine) error { changed = true; return nil })
			close(updated)
		}()
		p, err := e.Prepare(spec)
		if n := e.Counts().Packets; n != 1 {
			t.Errorf("%d packets metered while rules were verified, want 1", n)
		}
		if changed {
			t.Error("an Update came between the check and what follows")
		}
		e.Hold(3, p)
		return err
	})
	<-fed
	<-updated
	update(t, m, func(e *Engine) error { return start(e, 3) })
	m.View(func(s *State) {
		if !s.Runs(3) || !changed {
			t.Errorf("rule set 3 runs %v, Update %v", s.Runs(3), changed)
		}
	})
}

// TestViewsWhileRulesAreVerified: who only looks need not wait until rules are
// verified, and sees what there was before.
func TestViewsWhileRulesAreVerified(t *testing.T) {
	m := New(Config{})
	update(t, m, func(*Engine) error {
		m.door.aside(func() {
			m.View(func(s *State) { // waits for ever if it is not let in
				if _, err := s.RuleSetCounts(3); err == nil {
					t.Error("rule set 3 is there")
				}
			})
		})
		return nil
	})
}

// TestStateEndsWithItsView: a State that was kept is of no use, so that a
// mistake shows at once; one that has yielded goes on.
func TestStateEndsWithItsView(t *testing.T) {
	m := newMeter(t, Config{}, fiveTuple)
	var kept *State
	m.View(func(s *State) {
		kept = s
		s.Yield()
		if s.Uptime() != 1 {
			t.Errorf("uptime %d after a yield", s.Uptime())
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("a State that was kept tells the uptime")
		}
	}()
	kept.Uptime()
}

// TestGuestsWaitForOneCall: who waits for the state has it before the goroutine that
// feeds goes on, whatever that does next. So an answer waits for one batch, or for a
// piece of a tick, however busy the link is.
func TestGuestsWaitForOneCall(t *testing.T) {
	frames := make([]wire.Frame, wire.BatchSize)
	for i := range frames {
		frames[i] = tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)
	}
	for _, row := range []struct {
		name string
		next func(*Meter)
	}{
		{"Feed", func(m *Meter) { feedAll(t, m, frames...) }},
		{"Advance", func(m *Meter) { m.Advance(frames[0].Time + 1e9) }},
		{"Finish", func(m *Meter) { m.Finish() }},
		{"piece of a tick", func(m *Meter) {
			m.door.enter()
			m.door.pass()
			m.door.leave()
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := newMeter(t, Config{}, fiveTuple)
			feedAll(t, m, frames...)
			seen := uint64(0) // packets, by who waits
			m.door.enter()
			go m.View(func(s *State) { seen = s.Counts().Packets })
			m.door.waitingAtDoor()
			m.door.leave()
			row.next(m)
			if seen != wire.BatchSize {
				t.Errorf("who waits has seen %d packets, want %d", seen, wire.BatchSize)
			}
		})
	}
}

// TestGuestsSeeWhatHasCome: between two pieces of a tick nobody is let in while packets are counted
// that have not come yet.
func TestGuestsSeeWhatHasCome(t *testing.T) {
	for _, early := range []bool{false, true} {
		m := newMeter(t, Config{Inactivity: time.Second}, `save SourcePeerAddress; count;`)
		hosts(t, m, 0, 3*stretch, 0)
		m.door.enter()
		if m.in.counted = m.in.clock; early {
			m.in.counted++ // as by a train
		}
		var inside atomic.Bool
		left := make(chan struct{})
		go func() {
			m.View(func(*State) { inside.Store(true) })
			close(left)
		}()
		m.door.waitingAtDoor()
		m.advance(1000, 1<<20)
		if inside.Load() == early {
			t.Errorf("packets that have not come %v, a guest was inside: %v", early, inside.Load())
		}
		m.door.leave()
		<-left
	}
}
