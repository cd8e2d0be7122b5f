package control

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"netramet/meter"
	"netramet/mib"
)

// TestStartTrace: the Owners whose waiting readers' rule sets all run have
// started it.
func TestStartTrace(t *testing.T) {
	m := newMeter()
	start := func(who string) (n int) {
		if err := m.Update(func(s *Tables) error { return s.StartTrace(who) }); err != nil {
			t.Fatal(err)
		}
		m.View(func(s *State) { n = s.Starters() })
		return n
	}
	if err := m.Update(func(s *Tables) error { return s.StartTrace("x") }); !errors.Is(err, ErrNoTrace) {
		t.Errorf("without a trace: %v", err)
	}
	if err := m.Update(func(s *Tables) error { return s.SetTracePhase(mib.TraceWaitRuleSet, wall0) }); err != nil {
		t.Fatal(err)
	}
	for n := uint32(2); n <= 4; n++ {
		addRuleSet(t, m, n)
	}
	addReader(t, m, 1, "one", 2, 0, true)
	addReader(t, m, 2, "two", 3, 0, true)
	addReader(t, m, 3, "two", 4, 0, true)
	addReader(t, m, 4, "three", 2, 0, false)
	addTask(t, m, 1, 2)
	addTask(t, m, 2, 3)
	if n := start("a"); n != 1 {
		t.Errorf("%d Owners have started, want only \"one\": \"two\" is at work", n)
	}
	if n := start("a"); n != 1 {
		t.Errorf("%d Owners, want 1: it is the same again", n)
	}
	addTask(t, m, 3, 4)
	if n := start("b"); n != 2 {
		t.Errorf("%d Owners, want 2", n)
	}
	if err := m.Update(func(s *Tables) error { return s.SetTracePhase(mib.TraceRunning, wall0) }); err != nil {
		t.Fatal(err)
	}
	if n := start("c"); n != 2 {
		t.Errorf("%d Owners, want 2: it runs", n)
	}
}

// TestStartTraceWithoutRows: somebody who reads without waiting may start it.
func TestStartTraceWithoutRows(t *testing.T) {
	m := newMeter()
	err := m.Update(func(s *Tables) error {
		return errors.Join(s.SetTracePhase(mib.TraceWaitRuleSet, wall0), s.StartTrace("x"), s.StartTrace("x"), s.StartTrace("y"))
	})
	if err != nil {
		t.Fatal(err)
	}
	m.View(func(s *State) {
		if n := s.Starters(); n != 2 {
			t.Errorf("%d have started, want 2", n)
		}
	})
}

func TestReadersBehind(t *testing.T) {
	m := New(meter.Config{MaxGap: meter.AnyGap, Interval: time.Second}, Config{})
	addRuleSet(t, m, 2)
	addRuleSet(t, m, 3)
	addTask(t, m, 1, 2)
	addReader(t, m, 1, "", 2, 0, true)
	addReader(t, m, 2, "", 3, 0, true)  // its rule set does not run
	addReader(t, m, 3, "", 2, 0, false) // does not wait
	addReader(t, m, 4, "", 2, 0, true)
	behind := func(n uint64) (got string) {
		m.View(func(s *State) { got = fmt.Sprint(s.ReadersBehind(n)) })
		return got
	}
	collected := func(index uint32, n uint64) Refusal {
		var why Refusal
		err := change(t, m, wall0, func(c *Change) {
			r, _ := c.Reader(index, mib.RowNone)
			why = r.SetCollected(n)
		})
		if err != nil {
			t.Fatal(err)
		}
		return why
	}
	if why := collected(1, 1); why != InconsistentValue {
		t.Errorf("an interval that has not ended: %v", why)
	}
	feed(t, m, packet(t, "10.0.0.1", "10.0.0.9", 0), packet(t, "10.0.0.2", "10.0.0.9", 1500*time.Millisecond))
	if got := behind(1); got != "[1 4]" {
		t.Errorf("behind: %s", got)
	}
	grant(t)(collected(4, 1))
	if got := behind(1); got != "[1]" {
		t.Errorf("behind: %s", got)
	}
	grant(t)(collected(1, 1))
	if got := behind(1); got != "[]" {
		t.Errorf("behind: %s", got)
	}
	if got := behind(2); got != "[1 4]" {
		t.Errorf("behind: %s", got)
	}
	m.View(func(s *State) {
		if n := s.WaitingReaders(); n != 3 {
			t.Errorf("%d wait, want 3", n)
		}
	})
}

func TestTracePhases(t *testing.T) {
	m := newMeter()
	for p, want := range map[mib.TracePhase]string{mib.TraceIdle: "idle", mib.TraceWaitRuleSet: "waitRuleSet", mib.TraceRunning: "running",
		mib.TraceWaitReader: "waitReader", mib.TraceEndOfFile: "endOfFile", mib.TraceDone: "done"} {
		if p.String() != want {
			t.Errorf("%d is %q", p, p)
		}
	}
	update(t, m, func(s *Tables) error {
		if s.TracePhase() != mib.TraceIdle {
			t.Error("a meter without a trace is not idle")
		}
		for _, p := range []mib.TracePhase{0, 7} {
			if s.SetTracePhase(p, wall0) == nil {
				t.Errorf("phase %d is taken", p)
			}
		}
		s.SetTraceError("broken")
		if s.TraceError() != "broken" {
			t.Error("the error is lost")
		}
		return nil
	})
}
