package meter

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"netramet/sources/wire"
)

// TestSearch holds searches against a plain loop, with flows of several rule
// sets that come, change and go.
func TestSearch(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	m := newMeter(t, Config{Inactivity: 20 * time.Second}, `save SourcePeerAddress; count;`,
		`if SourcePeerAddress == 10.0.0/24 save, count; else nomatch;`)
	at := time.Duration(0)
	for round := range 30 {
		at += 5 * time.Second
		var frames []wire.Frame
		for range 100 {
			frames = append(frames, tcp(t, fmt.Sprintf("10.0.%d.%d:1", rnd.IntN(12), rnd.IntN(256)), "192.0.2.1:1", at))
		}
		feedAll(t, m, frames...)
		m.View(func(s *State) {
			for _, set := range []int{AnyRuleSet, 2, 3, 4} {
				since := s.Uptime() - Uptime(rnd.IntN(5000))
				var want, got []uint32
				for slot := range m.flows.records.Len() {
					p := m.flows.record(slot)
					if p.keyLen != 0 && p.last >= since && (set == AnyRuleSet || int(p.ruleSet) == set) {
						want = append(want, slot+1)
					}
				}
				for i := s.NextFlow(set, since, 0); i != 0; i = s.NextFlow(set, since, i) {
					got = append(got, i)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("round %d, rule set %d since %d: %v, want %v", round, set, since, got, want)
				}
			}
		})
	}
}

// TestSearchIsBounded: one call looks at so many flows, and the next goes on.
func TestSearchIsBounded(t *testing.T) {
	m := newMeter(t, Config{}, `save SourcePeerAddress; count;`, `save SourcePeerType; count;`)
	frames := make([]wire.Frame, 0, 256)
	const flows = 3 * SearchBudget
	for i := range flows {
		frames = append(frames, tcp(t, fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255), "192.0.2.1:1", 0))
		if len(frames) == cap(frames) {
			feedAll(t, m, frames...)
			frames = frames[:0]
		}
	}
	// Make blocks look as if they held flows of rule set 3.
	for slot := range m.flows.records.Len() {
		m.blocks.add(slot, 3)
	}
	m.View(func(s *State) {
		after, calls := uint32(2), 0
		for {
			budget := SearchBudget
			found, more := s.SearchFlow(3, 0, after, &budget)
			if calls++; found != 0 {
				t.Fatalf("flow %d", found)
			}
			if more == 0 {
				break
			}
			if more <= after || more-after > SearchBudget+256 {
				t.Fatalf("went from %d to %d", after, more)
			}
			after = more
		}
		if calls < 3 {
			t.Errorf("%d calls", calls)
		}
	})
	// Recovery walks through the blocks and finds out.
	m.recoverFlows(2, int64(m.flows.records.Len()))
	m.View(func(s *State) {
		budget := SearchBudget
		if found, more := s.SearchFlow(3, 0, 2, &budget); found != 0 || more != 0 {
			t.Errorf("after a walk: %d %d", found, more)
		}
		if found, _ := s.SearchFlow(2, 0, flows-1, &budget); found != flows {
			t.Errorf("after a walk the last flow is %d", found)
		}
	})
}

// TestDestroyedFlowsComeBackAtTicks frees 10,000 flows a part at a time.
func TestDestroyedFlowsComeBackAtTicks(t *testing.T) {
	m := newMeter(t, Config{}, `save SourcePeerAddress; count;`)
	frames := make([]wire.Frame, 0, 250)
	for i := range 10_000 {
		frames = append(frames, tcp(t, fmt.Sprintf("10.0.%d.%d:1", i>>8, i&255), "192.0.2.1:1", 0))
		if len(frames) == cap(frames) {
			feedAll(t, m, frames...)
			frames = frames[:0]
		}
	}
	err := m.Update(func(s *Engine) error {
		if err := stop(s, 2); err != nil {
			return err
		}
		s.Drop(2)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	left := m.flows.inUse
	for tick := 1; left > 0; tick++ {
		feedAll(t, m, tcp(t, "10.0.0.1:1", "192.0.2.1:1", time.Duration(tick)*100*time.Millisecond))
		freed := left - m.flows.inUse
		if left = m.flows.inUse; freed <= 0 || freed > recoverAtLeast+10_000/recoverShare {
			t.Fatalf("tick %d frees %d flows", tick, freed)
		}
		m.View(func(s *State) {
			if s.NextFlow(2, 0, 0) != 0 || s.NextFlow(AnyRuleSet, 0, 0) != 0 || s.FlowsInUse() != 0 || s.Flow(9999, &Flow{}) {
				t.Fatal("a hidden flow is seen")
			}
		})
	}
	if m.allHidden != 0 {
		t.Errorf("%d still hidden", m.allHidden)
	}
	m.View(func(s *State) {
		if c := s.Totals(); c.PDUs != 10_000 || c.Created != 10_000 || c.Flows != 0 {
			t.Errorf("totals %+v", c)
		}
	})
}
