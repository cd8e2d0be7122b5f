package meter

import (
	"math/rand/v2"
	"slices"
	"testing"

	"netramet/streams"
)

// TestOvertaking: packets that do not wait for those in the round change neither flows nor
// streams, whatever these say of TCP's beginnings and ends, and whether they can be metered
// at a glance.
func TestOvertaking(t *testing.T) {
	const rules = `if SourceTransAddress == 80 nomatch; save SourcePeerAddress; save DestPeerAddress; count;`
	rnd := rand.New(rand.NewPCG(7, 8))
	for run := range 80 {
		frames := tcpFrames(t, rnd, 300)
		for i := range frames {
			if f := &frames[i]; rnd.IntN(5) == 0 {
				f.Data = slices.Clone(f.Data)
				f.Data[20] |= 0x20 // there are more fragments
			}
		}
		of := func(near int) (stats streams.Stats, flows []string) {
			m := newMeter(t, Config{Near: near}, fiveTuple, rules)
			feedAll(t, m, frames...)
			m.View(func(s *State) { stats = s.Streams() })
			return stats, append(flowsOf(m, 2), flowsOf(m, 3)...)
		}
		stats, flows := of(StreamsNear)
		wantStats, wantFlows := of(NeverNear)
		if stats != wantStats {
			t.Errorf("run %d: streams %+v, want %+v", run, stats, wantStats)
		}
		equalLines(t, flows, wantFlows)
	}
}
