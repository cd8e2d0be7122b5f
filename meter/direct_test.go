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
		after    time.Duration // of the batch's first frame, behind it
		want     bool
	}{
		{"a known stream", Config{}, []string{fiveTuple}, out, 0, true},
		{"two rule sets", Config{}, []string{fiveTuple, fiveTuple}, out, 0, true},
		{"another stream", Config{}, []string{fiveTuple}, stranger, 0, false},
		{"behind the clock", Config{}, []string{fiveTuple}, late, 0, false},
		{"contradicts itself", Config{}, []string{fiveTuple}, odd, 0, false},
		{"a verdict that depends on more", Config{}, []string{interfaces}, out, 0, false},
		{"nothing remembered", Config{Cache: NoCache}, []string{fiveTuple}, out, 0, false},
		{"a sample", Config{SampleRate: 2}, []string{fiveTuple}, out, 0, false},
		{"in tunnels", Config{Depth: 1}, []string{fiveTuple}, out, 0, false},
		{"IPv6", Config{}, []string{fiveTuple}, six, 0, true},
		{"IPv6, two lanes", Config{Lanes: 2}, []string{fiveTuple}, six, 0, true},
		{"two lanes", Config{Lanes: 2}, []string{fiveTuple}, out, 0, true},
		{"streams near", Config{Near: StreamsNear}, []string{fiveTuple}, out, 0, true},
		{"streams near, two lanes", Config{Near: StreamsNear, Lanes: 2}, []string{fiveTuple}, out, 0, false},
		{"in rounds", Config{Near: NeverNear}, []string{fiveTuple}, out, 0, false},
		{"no rule set", Config{}, nil, out, 0, false},
		{"long after the first of its batch", Config{}, []string{fiveTuple}, out, -10 * time.Second, true},
		{"before the first of its batch", Config{}, []string{fiveTuple}, out, time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter(t, tt.cfg, tt.programs...)
			for range 8 {
				feedAll(t, m, out, six)
			}
			m.flush()
			m.chooseWay()
			m.lookout.want(m.way.glance)
			b := wire.Batch{Frames: []wire.Frame{out, tt.frame}}
			b.Frames[0].Time += int64(tt.after)
			var seen, none Sightings
			m.lookout.See(&b, &seen)
			for name, s := range map[string]*Sightings{"seen": &seen, "not looked at": &none} {
				before := m.counts.Packets
				m.in.fed = 1
				m.takeKnown(&b, s)
				if got := m.in.fed == 2; got != (tt.want && !(tt.after != 0 && s == &seen)) {
					t.Errorf("%s: counted at a glance: %v", name, got)
				}
				if n := m.counts.Packets - before; n != uint64(m.in.fed-1) {
					t.Errorf("%s: %d packets counted", name, n)
				}
				m.in.fed = 0
			}
		})
	}
}
