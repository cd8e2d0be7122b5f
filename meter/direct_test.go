package meter

import (
	"testing"
	"time"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// TestGlanceCounts: which packets are counted at a glance; what any of them counts,
// the oracle knows.
func TestGlanceCounts(t *testing.T) {
	const interfaces = `save SourceInterface; save SourcePeerAddress; count;`
	out := tcp(t, "10.0.0.1:9", "10.0.0.2:80", 0)
	six := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv6{Src: "2001:db8::1", Dst: "2001:db8::2"}, sourcetest.UDP{Src: 9, Dst: 53}, sourcetest.At(0))
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
		{"IPv6", Config{}, []string{fiveTuple}, six, true},
		{"IPv6, two lanes", Config{Lanes: 2}, []string{fiveTuple}, six, true},
		{"two lanes", Config{Lanes: 2}, []string{fiveTuple}, out, true},
		{"streams near", Config{Near: StreamsNear}, []string{fiveTuple}, out, true},
		{"streams near, two lanes", Config{Near: StreamsNear, Lanes: 2}, []string{fiveTuple}, out, false},
		{"in rounds", Config{Near: NeverNear}, []string{fiveTuple}, out, false},
		{"no rule set", Config{}, nil, out, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter(t, tt.cfg, tt.programs...)
			for range 8 {
				feedAll(t, m, out, six)
			}
			m.flush()
			m.chooseWay()
			m.tell()
			b := wire.Batch{Frames: []wire.Frame{tt.frame}}
			var seen Trains
			lookout := m.NewLookout()
			lookout.Begin(&seen)
			lookout.See(&b, &seen)
			before := m.counts.Packets
			if got, want := seen.looked && m.meterTrain(&seen, 0), tt.want && m.way.direct; got != want {
				t.Errorf("counted by what a Lookout saw: %v", got)
			} else if n := m.counts.Packets - before; n != 0 != want {
				t.Errorf("%d packets counted by what a Lookout saw", n)
			}
			before = m.counts.Packets
			if m.takeKnown(&b); m.in.fed == 1 != tt.want {
				t.Errorf("counted at a glance: %v", m.in.fed)
			}
			if n := m.counts.Packets - before; n != uint64(m.in.fed) {
				t.Errorf("%d packets counted at a glance", n)
			}
		})
	}
}
