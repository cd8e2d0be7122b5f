package meter

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"netramet/sources/wire"
)

// intervals feeds frames at the given times and lists the collections that
// fall due as "number@uptime", with the packets read before each.
func intervals(t *testing.T, cfg Config, at ...time.Duration) (got []string) {
	t.Helper()
	if cfg.MaxGap == 0 {
		cfg.MaxGap = DefaultMaxGap
	}
	m := newMeter(t, cfg, `save SourcePeerType; count;`)
	var frames []wire.Frame
	for _, d := range at {
		frames = append(frames, tcp(t, "10.0.0.1:1", "10.0.0.2:2", d))
	}
	note := func() {
		m.View(func(s *State) {
			n, _, to := s.Interval()
			r, _ := s.RuleSetCounts(2)
			got = append(got, fmt.Sprintf("%d@%d:%d", n, to, r.PDUs))
		})
	}
	for len(frames) > 0 {
		n, stop := m.Feed(frames)
		frames = frames[n:]
		if stop == Ended {
			return got
		}
		if stop == IntervalEnd {
			note()
		}
	}
	for {
		switch m.Finish() {
		case Ended:
			return got
		case More:
			note()
			return got
		}
		note()
	}
}

func TestIntervals(t *testing.T) {
	const s = time.Second
	day := 24 * time.Hour
	tests := []struct {
		name string
		cfg  Config
		at   []time.Duration
		want []string
	}{
		{"no interval: one collection at the end", Config{}, []time.Duration{0, 5 * s, 70 * s}, []string{"1@7001:3"}},
		{"boundary belongs to the next interval", Config{Interval: 10 * s}, []time.Duration{0, 9999 * time.Millisecond, 10 * s, 11 * s},
			[]string{"1@1001:2", "2@1101:4"}},
		{"empty run is one collection", Config{Interval: 10 * s}, []time.Duration{0, 55 * s}, []string{"1@1001:1", "5@5001:1", "6@5501:2"}},
		{"N counts the grid", Config{Interval: 10 * s, MaxIntervals: 3}, []time.Duration{0, 55 * s, 56 * s}, []string{"1@1001:1", "3@3001:1"}},
		{"N at a boundary", Config{Interval: 10 * s, MaxIntervals: 1}, []time.Duration{0, 10 * s}, []string{"1@1001:1"}},
		{"N beyond the trace", Config{Interval: 10 * s, MaxIntervals: 9}, []time.Duration{0, 10 * s}, []string{"1@1001:1", "2@1001:2"}},
		{"backwards stays at the clock", Config{Interval: 10 * s}, []time.Duration{12 * s, 21 * s, 3 * s}, []string{"1@901:3"}},
		{"two packets two days apart", Config{}, []time.Duration{0, 2 * day}, []string{"1@17280001:2"}},
		{"twenty packets two days apart", Config{}, steps(0, 2*day, 20), []string{"1@328320001:20"}},
		{"sparse at first, then dense", Config{Interval: day}, append(steps(0, day, 3), steps(2*day+s, s, 20)...),
			[]string{"1@8640001:1", "2@17280001:2", "3@17282001:23"}},
		{"an hour ahead", Config{}, slices.Concat(steps(0, s, 50), []time.Duration{time.Hour}, steps(50*s, s, 50)), []string{"1@9901:101"}},
		{"an hour ahead, one behind", Config{}, []time.Duration{0, time.Hour, s}, []string{"1@101:3"}},
		{"an hour ahead, one behind and one after it", Config{}, []time.Duration{0, time.Hour, s, time.Hour + s}, []string{"1@360101:4"}},
		{"just as far as is believed at once", Config{}, []time.Duration{0, DefaultMaxGap, s, 2 * s}, []string{"1@60001:4"}},
		{"a first stamp years ahead", Config{Interval: 10 * s}, append([]time.Duration{46 * 365 * day}, steps(0, s, 25)...),
			[]string{"1@1001:11", "2@2001:21", "3@2401:26"}},
		{"two first stamps ahead", Config{}, append([]time.Duration{time.Hour, 2 * time.Hour}, steps(0, s, 25)...), []string{"1@2401:27"}},
		{"a first stamp ahead of one other", Config{}, []time.Duration{time.Hour, 0}, []string{"1@1:2"}},
		{"a first stamp ahead of half of the others", Config{}, []time.Duration{time.Hour, 0, time.Hour}, []string{"1@1:3"}},
		{"a first stamp years behind", Config{}, append([]time.Duration{0}, steps(day, s, 20)...), []string{"1@8641901:21"}},
		{"a first stamp alone", Config{}, []time.Duration{time.Hour}, []string{"1@1:1"}},
		{"9 of 16 lie before", Config{}, slices.Concat([]time.Duration{0}, steps(day, s, 8), steps(s, s, 9)), []string{"1@901:18"}},
		{"8 of 16 lie before", Config{}, slices.Concat([]time.Duration{0}, steps(day, s, 9), steps(s, s, 8)), []string{"1@8640801:18"}},
		{"the 17th has no vote", Config{}, slices.Concat([]time.Duration{0}, steps(day, s, 9), steps(s, s, 30)), []string{"1@8640801:40"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := intervals(t, tt.cfg, tt.at...); fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestHeldFramesGoOn: frames are held only while a step of time is in doubt, so
// what is read does not depend on batches, and later frames are not copied.
func TestHeldFramesGoOn(t *testing.T) {
	for _, batch := range []int{1, 7, 256} {
		m := newMeter(t, Config{MaxGap: DefaultMaxGap}, `save SourcePeerType; count;`)
		at := append([]time.Duration{0}, steps(40*24*time.Hour, time.Second, 40)...)
		var frames []wire.Frame
		for _, d := range at {
			frames = append(frames, tcp(t, "10.0.0.1:1", "10.0.0.2:2", d))
		}
		for rest := frames; len(rest) > 0; rest = rest[min(batch, len(rest)):] {
			feedAll(t, m, rest[:min(batch, len(rest))]...)
		}
		if n := m.counts.Packets; n != uint64(len(frames)) || m.in.held.n != 0 {
			t.Errorf("batches of %d: %d packets read of %d, %d held", batch, n, len(frames), m.in.held.n)
		}
		last := frames[len(frames)-batch%len(frames):]
		if n := testing.AllocsPerRun(10, func() { m.Feed(last) }); n != 0 {
			t.Errorf("batches of %d: %v allocations each", batch, n)
		}
	}
}

func steps(from, step time.Duration, n int) (at []time.Duration) {
	for i := range n {
		at = append(at, from+time.Duration(i)*step)
	}
	return at
}

// TestAbsurdStamps: work per packet is bounded and nothing overflows whatever
// the stamps.
func TestAbsurdStamps(t *testing.T) {
	m := newMeter(t, Config{Interval: time.Second, MaxGap: DefaultMaxGap}, `save SourcePeerType; count;`)
	stamps := []int64{0, 1 << 62, -1 << 62, 1<<63 - 1, -1<<63 + 2, wire.NoTime, 5, 1<<63 - 1}
	for round := range 3 {
		for _, s := range stamps {
			for range 1 + 17*round {
				f := tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)
				f.Time = s
				feedAll(t, m, f)
			}
		}
	}
	for m.Finish() == IntervalEnd {
		continue
	}
	m.View(func(s *State) {
		r, _ := s.RuleSetCounts(2)
		if want := uint64(len(stamps) * (1 + 18 + 35)); r.PDUs != want {
			t.Errorf("%d packets counted, want %d", r.PDUs, want)
		}
		if up := s.Uptime(); up < 1 || up > maxUptime {
			t.Errorf("uptime %d", up)
		}
	})
}

// TestJumpIsCheap: a step over years of ticks costs one round of the tables.
func TestJumpIsCheap(t *testing.T) {
	m := newMeter(t, Config{}, `save SourcePeerType; count;`)
	feedAll(t, m, tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0), tcp(t, "10.0.0.1:1", "10.0.0.2:2", 22*365*24*time.Hour))
	m.View(func(s *State) {
		if up := s.Uptime(); up != 22*365*24*3600*100+1 {
			t.Errorf("uptime %d", up)
		}
	})
}
