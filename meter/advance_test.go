package meter

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
	"netramet/streams"
)

// TestAdvanceIsTimeAlone: time that goes on between packets changes nothing of what
// they make: flows, what they count, and which of them are recovered.
func TestAdvanceIsTimeAlone(t *testing.T) {
	base := int64(sourcetest.StartTime)
	rapid.Check(t, func(rt *rapid.T) {
		run := func(advances []int64, frames []wire.Frame) []string {
			m := newMeter(t, Config{Live: true, Inactivity: 2 * time.Second, MaxFlows: 100, Streams: streams.Config{MaxStreams: 100}}, `save SourcePeerAddress; count;`)
			m.Advance(base)
			for i := range frames {
				for _, at := range advances {
					if at <= frames[i].Time && (i == 0 || at > frames[i-1].Time) {
						m.Advance(at)
					}
				}
				m.Feed(&wire.Batch{Frames: frames[i : i+1]})
				// All is collected, so that idle flows go.
				_ = m.Update(func(e *Engine) error { return collect(e, e.Uptime()) })
			}
			lines := flowsOf(m, 2)
			slices.Sort(lines) // an index that is free sooner may be taken by another
			return lines
		}
		var frames []wire.Frame
		at := rapid.SliceOfN(rapid.Int64Range(0, 10_000), 1, 20).Draw(rt, "packets")
		slices.Sort(at)
		for _, ms := range at {
			host := rapid.SampledFrom([]string{"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1"}).Draw(rt, "host")
			frames = append(frames, tcp(t, host, "10.0.0.9:2", time.Duration(ms)*time.Millisecond))
		}
		advances := rapid.SliceOfN(rapid.Int64Range(base, base+10e9), 0, 20).Draw(rt, "times")
		slices.Sort(advances)
		if got, want := run(advances, frames), run(nil, frames); !slices.Equal(got, want) {
			rt.Errorf("with time between:\n%q\nwithout:\n%q", got, want)
		}
	})
}

// TestShow: what has been shown holds. A packet that was stamped before, and comes
// after, has changed its flow since.
func TestShow(t *testing.T) {
	m := newMeter(t, Config{Live: true}, `save SourcePeerAddress; count;`)
	base := int64(sourcetest.StartTime)
	m.Advance(base)
	at := func(d time.Duration) int64 { return base + int64(d) }
	feedAll(t, m, tcp(t, "10.0.0.1:1", "10.0.0.2:2", time.Second))
	var shown Uptime
	m.View(func(s *State) {
		s.Show(at(5 * time.Second))
		s.Show(at(3 * time.Second)) // an older look changes nothing
		shown = s.Uptime()
	})
	if shown != 501 {
		t.Fatalf("the uptime is %d, want 501", shown)
	}
	feedAll(t, m, tcp(t, "10.0.0.1:1", "10.0.0.2:2", 2*time.Second))
	m.Advance(at(4 * time.Second))
	m.View(func(s *State) {
		var f Flow
		if !s.Flow(1, &f) || f.PDUs != [2]uint64{2, 0} || f.FirstTime != 101 || f.Changed < shown {
			t.Errorf("the flow is %+v", f)
		}
		if s.Uptime() < shown || s.Counts().Late != 0 {
			t.Errorf("uptime %d, %d late", s.Uptime(), s.Counts().Late)
		}
	})
	m.Advance(at(6 * time.Second))
	m.View(func(s *State) {
		if s.Uptime() != 601 {
			t.Errorf("the uptime is %d, want 601", s.Uptime())
		}
	})
}

// TestAdvanceIntervals: intervals end without packets; after -N of them nothing is
// metered.
func TestAdvanceIntervals(t *testing.T) {
	m := newMeter(t, Config{Live: true, Interval: time.Second, MaxIntervals: 3}, `count;`)
	base := int64(sourcetest.StartTime)
	for i, tt := range []struct {
		at   time.Duration
		want Stop
	}{
		{0, Taken}, {900 * time.Millisecond, Taken}, {time.Second, IntervalEnd}, {time.Second, Taken},
		{500 * time.Millisecond, Taken}, {2500 * time.Millisecond, IntervalEnd}, {2500 * time.Millisecond, Taken},
		{3 * time.Second, Ended}, {time.Hour, Ended},
	} {
		if got := m.Advance(base + int64(tt.at)); got != tt.want {
			t.Errorf("call %d, at %v: %v, want %v", i+1, tt.at, got, tt.want)
		}
	}
	if got := m.Feed(&wire.Batch{Frames: []wire.Frame{tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)}}); got != Ended {
		t.Errorf("a packet after the end: %v", got)
	}
}
