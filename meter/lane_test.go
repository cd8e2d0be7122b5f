package meter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"netramet/sources/wire"
)

// inLanes feeds frames to meters with so many lanes, all at once, and compares
// their flows with those of a meter that takes one frame after the other and
// remembers nothing.
func inLanes(t *testing.T, cfg Config, frames []wire.Frame, programs ...string) {
	t.Helper()
	all := func(m *Meter) (lines []string) {
		for n := range programs {
			lines = append(lines, flowsOf(m, 2+n)...)
			m.View(func(s *State) {
				var f Flow
				for i := s.NextFlow(2+n, 0, 0); i != 0; i = s.NextFlow(2+n, 0, i) {
					s.Flow(i, &f)
					lines = append(lines, fmt.Sprint(f.Index, f.FirstTime, f.LastActive, f.Octets))
				}
				c, _ := s.RuleSetCounts(2 + n)
				lines = append(lines, fmt.Sprintf("%+v", c))
			})
		}
		return lines
	}
	plain := cfg
	plain.Cache = NoCache
	one := newMeter(t, plain, programs...)
	for _, f := range frames {
		feedAll(t, one, f)
	}
	want := all(one)
	for _, cfg.Near = range []int{NeverNear, 20, DefaultNear, StreamsNear} {
		for _, cfg.Lanes = range []int{1, 2, 3, 8} {
			m := newMeter(t, cfg, programs...)
			feedAll(t, m, frames...)
			if got := all(m); !slices.Equal(got, want) {
				t.Errorf("%d lanes, near %d:", cfg.Lanes, cfg.Near)
				equalLines(t, got, want)
			}
			if m.flows.inUse != one.flows.inUse {
				t.Errorf("%d lanes, near %d: %d flows in use, want %d", cfg.Lanes, cfg.Near, m.flows.inUse, one.flows.inUse)
			}
		}
	}
}

// TestOpposedInOneRound: within one round flows come beside their reverses,
// under one rule set and under two, while streams of all lanes count in those,
// new ones and such as remember them.
func TestOpposedInOneRound(t *testing.T) {
	const rules = `if SourceTransAddress == 80 nomatch; save SourcePeerAddress; save DestPeerAddress; count;`
	rnd := rand.New(rand.NewPCG(3, 4))
	for try := range 60 {
		hosts, packets := 3, 60
		if try%2 == 1 {
			hosts, packets = 6, 400
		}
		var frames []wire.Frame
		for n := range packets {
			a, b := fmt.Sprintf("10.0.0.%d", rnd.IntN(hosts)), fmt.Sprintf("10.0.1.%d", rnd.IntN(hosts))
			if rnd.IntN(2) == 0 {
				a, b = b, a
			}
			port := 1000 + rnd.IntN(2)
			if rnd.IntN(12) == 0 {
				port = 80
			}
			frames = append(frames, tcp(t, fmt.Sprintf("%s:%d", a, port), fmt.Sprintf("%s:%d", b, 2000+rnd.IntN(2)), time.Duration(n)*1500*time.Microsecond))
		}
		inLanes(t, Config{}, frames, rules)
		inLanes(t, Config{}, frames, rules, rules)
	}
}

// TestCoarseFlowInLanes: flows that all lanes count in have a part in each, which
// go with them and are used again.
func TestCoarseFlowInLanes(t *testing.T) {
	var frames []wire.Frame
	for i := range 240 {
		frames = append(frames, tcp(t, fmt.Sprintf("10.0.0.%d:%d", i%250, i), "10.1.0.1:80", 0))
		frames = append(frames, tcp(t, "10.1.0.1:80", fmt.Sprintf("10.0.0.%d:%d", i%250, i), 0))
	}
	inLanes(t, Config{}, frames, `save SourcePeerType; count;`, fiveTuple, `save DestPeerAddress; count;`)

	m := newMeter(t, Config{Lanes: 4}, `save SourcePeerType; count;`)
	for range 3 {
		feedAll(t, m, frames...)
		if lines := flowsOf(m, 2); len(lines) != 1 {
			t.Fatalf("%q", lines)
		}
		if n := m.flows.parts.all.Len(); n != 3 {
			t.Fatalf("%d parts beside the flow's own record", n)
		}
		m.removeFlow(0, 1)
		if m.flows.parts.of(0) != 0 {
			t.Fatal("parts of a flow that is gone")
		}
		m.in.uptime += 100
	}
}

// TestFullInLanes: which flows find room does not depend on lanes.
func TestFullInLanes(t *testing.T) {
	var frames []wire.Frame
	for i := range 200 {
		frames = append(frames, tcp(t, fmt.Sprintf("10.0.0.%d:%d", i%50, i%7), "10.1.0.1:80", 0))
	}
	for _, most := range []int{1, 2, 30} {
		inLanes(t, Config{MaxFlows: most}, frames, fiveTuple, `save SourcePeerAddress; count;`)
	}
}

// TestLaneFigures: what lanes say of themselves adds up.
func TestLaneFigures(t *testing.T) {
	m := newMeter(t, Config{Lanes: 3}, fiveTuple, `save SourcePeerType; count;`)
	var frames []wire.Frame
	for i := range 250 {
		frames = append(frames, tcp(t, fmt.Sprintf("10.0.0.%d:%d", i, i), "10.1.0.1:80", 0))
	}
	feedAll(t, m, frames...)
	m.View(func(s *State) {
		var sum Lane
		for n := range s.Lanes() {
			l := s.Lane(1 + n)
			if l.Streams != l.Packets || l.Flows != int(l.Packets)+1 || l.Packets < 15 {
				t.Errorf("lane %d: %+v", 1+n, l)
			}
			sum.Packets, sum.Streams = sum.Packets+l.Packets, sum.Streams+l.Streams
		}
		if sum.Packets != s.Counts().Packets || sum.Streams != s.Streams().Live {
			t.Errorf("%+v, %+v", sum, s.Streams())
		}
	})
	m.removeFlow(0, 1)
	m.removeFlow(1, 1)
	if n := m.flows.held; n[0]+n[1]+n[2] != 249 {
		t.Errorf("%d flows held after the coarse one and another have gone", n)
	}
}
