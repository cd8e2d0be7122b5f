package meter

import (
	"testing"
	"time"

	"netramet/sources/wire"
)

// TestGlanceCounts: which packets are counted at a glance; what any of them counts,
// the oracle knows.
func TestGlanceCounts(t *testing.T) {
	const interfaces = `save SourceInterface; save SourcePeerAddress; count;`
	out := tcp(t, "10.0.0.1:9", "10.0.0.2:80", 0)
	late, odd, stranger := out, out, tcp(t, "10.0.0.1:8", "10.0.0.2:80", 0)
	late.Time -= int64(time.Second)
	odd.WireLen = 20
	for _, tt := range []struct {
		name     string
		cfg      Config
		programs []string
		frame    wire.Frame
		want     bool
	}{
		{"a known stream", Config{}, []string{fiveTuple}, out, true},
		{"two rule sets", Config{}, []string{fiveTuple, fiveTuple}, out, true},
		{"another stream", Config{}, []string{fiveTuple}, stranger, false},
		{"behind the clock", Config{}, []string{fiveTuple}, late, false},
		{"contradicts itself", Config{}, []string{fiveTuple}, odd, false},
		{"a verdict that depends on more", Config{}, []string{interfaces}, out, false},
		{"nothing remembered", Config{Cache: NoCache}, []string{fiveTuple}, out, false},
		{"a sample", Config{SampleRate: 2}, []string{fiveTuple}, out, false},
		{"in tunnels", Config{Depth: 1}, []string{fiveTuple}, out, false},
		{"two lanes", Config{Lanes: 2}, []string{fiveTuple}, out, true},
		{"streams near", Config{Near: StreamsNear}, []string{fiveTuple}, out, true},
		{"streams near, two lanes", Config{Near: StreamsNear, Lanes: 2}, []string{fiveTuple}, out, false},
		{"in rounds", Config{Near: NeverNear}, []string{fiveTuple}, out, false},
		{"no rule set", Config{}, nil, out, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter(t, tt.cfg, tt.programs...)
			for range 8 {
				feedAll(t, m, out)
			}
			m.flush()
			before := m.counts.Packets
			m.chooseWay()
			if got := m.way.glance && m.meterKnown(&tt.frame); got != tt.want {
				t.Errorf("counted at a glance: %v, want %v", got, tt.want)
			}
			if n := m.counts.Packets - before; (n == 1) != tt.want {
				t.Errorf("%d packets counted", n)
			}
		})
	}
}
