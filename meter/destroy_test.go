package meter

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// hosts feeds one packet of each of n hosts from first on, at time d.
func hosts(t *testing.T, m *Meter, first, n int, d time.Duration) {
	t.Helper()
	for i := first; i < first+n; i++ {
		feedAll(t, m, tcp(t, fmt.Sprintf("10.0.%d.%d:1", i>>8, i&255), "192.0.2.1:1", d))
	}
}

func update(t *testing.T, m *Meter, f func(*Engine) error) {
	t.Helper()
	if err := m.Update(f); err != nil {
		t.Fatal(err)
	}
}

// destroyed stops and destroys rule set 2.
func destroyed(s *Engine) error {
	if err := stop(s, 2); err != nil {
		return err
	}
	s.Drop(2)
	return nil
}

// TestDestroyedFlowsTakeNoRoom: the flows of a destroyed rule set are gone for
// everybody, so they neither keep new flows out nor set off marks.
func TestDestroyedFlowsTakeNoRoom(t *testing.T) {
	const max = 1000
	perHost := `save SourcePeerAddress; count;`
	t.Run("limit", func(t *testing.T) {
		m := newMeter(t, Config{MaxFlows: max}, perHost, perHost)
		update(t, m, func(s *Engine) error { return stop(s, 3) })
		hosts(t, m, 0, max, 0)
		update(t, m, destroyed)
		update(t, m, func(s *Engine) error { return start(s, 3) })
		hosts(t, m, 0, max+1, time.Second/100)
		m.View(func(s *State) {
			c, _ := s.RuleSetCounts(3)
			if c.Created != max || c.RefusedPDUs != 1 || s.FlowsInUse() != max {
				t.Errorf("%+v, %d flows in use", c, s.FlowsInUse())
			}
			if m.allHidden != 0 || m.flows.inUse != max {
				t.Errorf("%d flows, %d hidden", m.flows.inUse, m.allHidden)
			}
		})
	})
	t.Run("levels", func(t *testing.T) {
		m := newMeter(t, Config{MaxFlows: 100_000}, perHost, perHost)
		update(t, m, func(e *Engine) error { e.SetFloodLevel(2000); return stop(e, 3) })
		hosts(t, m, 0, 2000, 0)
		update(t, m, destroyed)
		called := false
		update(t, m, func(e *Engine) error {
			e.Watch(1000, func(e *Engine) { called = true; e.Unwatch() })
			return start(e, 3)
		})
		hosts(t, m, 0, 10, 100*time.Millisecond) // a tick
		m.View(func(s *State) {
			if s.FloodMode() || called {
				t.Errorf("flood mode %v, watcher called %v with %d flows", s.FloodMode(), called, s.FlowsInUse())
			}
		})
	})
}

// TestNumberUsedAgain: a rule set that takes the number of a destroyed one
// begins without flows, and nobody waits for those of the other to be freed.
func TestNumberUsedAgain(t *testing.T) {
	m := newMeter(t, Config{}, `save SourcePeerAddress; count;`)
	hosts(t, m, 0, 2000, 0)
	spec := compiled(t, `save SourcePeerAddress; count;`)
	for range 3 {
		update(t, m, func(s *Engine) error {
			if err := destroyed(s); err != nil {
				return err
			}
			before := m.flows.inUse
			if err := load(s, spec); err != nil {
				return err
			}
			if m.flows.inUse != before {
				t.Errorf("%d flows were freed at once", before-m.flows.inUse)
			}
			return nil
		})
		hosts(t, m, 500, 1000, 0)
		m.View(func(s *State) {
			c, _ := s.RuleSetCounts(2)
			if want := (RuleSetCounts{PDUs: 1000, Flows: 1000, Created: 1000}); c != want || s.FlowsInUse() != 1000 {
				t.Errorf("%+v, %d flows in use, want %+v", c, s.FlowsInUse(), want)
			}
			if n := len(flowsOfState(s, 2)); n != 1000 {
				t.Errorf("%d flows are seen", n)
			}
		})
	}
	for d := 1; m.allHidden > 0; d++ {
		if d > 200 {
			t.Fatalf("%d flows stay hidden", m.allHidden)
		}
		hosts(t, m, 500, 1, time.Duration(d)*100*time.Millisecond)
	}
	if m.flows.inUse != 1000 {
		t.Errorf("%d flows are left", m.flows.inUse)
	}
}

// TestShapesGoWithTheirRuleSet: a rule set that takes a number again begins
// without shapes, whatever other rule sets save.
func TestShapesGoWithTheirRuleSet(t *testing.T) {
	m := newMeter(t, Config{}, `save SourcePeerAddress; count;`, fiveTuple)
	hosts(t, m, 0, 10, 0)
	if n, other := m.ruleSets[2].shapes.Len(), m.ruleSets[3].shapes.Len(); n == 0 || other == 0 {
		t.Fatalf("%d and %d shapes", n, other)
	}
	spec, other := compiled(t, `save SourcePeerAddress; count;`), flowsOf(m, 3)
	update(t, m, func(s *Engine) error {
		if err := destroyed(s); err != nil {
			return err
		}
		return load(s, spec)
	})
	if n := m.ruleSets[2].shapes.Len(); n != 0 {
		t.Errorf("%d shapes are left", n)
	}
	hosts(t, m, 5, 10, 0)
	if got := flowsOf(m, 2); len(got) != 10 || got[0] != "1 0 SourcePeerAddress=[10 0 0 5]" {
		t.Errorf("%q", got)
	}
	equalLines(t, flowsOf(m, 3)[5:10], replaceFirst(other[5:10], "1 0 ", "2 0 "))
}

func replaceFirst(lines []string, old, by string) (out []string) {
	for _, l := range lines {
		out = append(out, strings.Replace(l, old, by, 1))
	}
	return out
}

// flowsOfState lists the indexes of a rule set's flows.
func flowsOfState(s *State, number int) (all []uint32) {
	for i := s.NextFlow(number, 0, 0); i != 0; i = s.NextFlow(number, 0, i) {
		all = append(all, i)
	}
	return all
}

// TestLivesComeRound destroys a rule set more often than there are numbers left
// for its lives, while the flows of the first one are still there.
func TestLivesComeRound(t *testing.T) {
	m := newMeter(t, Config{}, `save SourcePeerAddress; count;`)
	hosts(t, m, 0, 300, 0)
	spec := compiled(t, `save SourcePeerAddress; count;`)
	for turn := range 8 {
		update(t, m, func(s *Engine) error {
			if err := destroyed(s); err != nil {
				return err
			}
			if turn == 0 {
				m.flows.lives[2] = noLife - 4 // as after so many destructions
			}
			return load(s, spec)
		})
		hosts(t, m, 7, 1, 0)
	}
	m.View(func(s *State) {
		if n := len(flowsOfState(s, 2)); n != 1 || s.FlowsInUse() != 1 || m.flows.lives[2] >= noLife-4 {
			t.Errorf("%d flows are seen, %d in use, life %d", n, s.FlowsInUse(), m.flows.lives[2])
		}
	})
}
