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
	wb := wire.Batch{Frames: frames}
	for stop := m.Feed(&wb); stop != Taken; stop = m.Feed(&wb) {
		note()
		if stop == Ended {
			return got
		}
	}
	for {
		stop := m.Finish()
		note()
		if stop == Ended {
			return got
		}
	}
}

func TestIntervals(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
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
		// The trace begins 40 seconds behind a full minute.
		{"aligned: the first interval ends at a full minute", Config{Interval: time.Minute, Align: true}, []time.Duration{20*s + 370*ms, 59*s + 999*ms, 60 * s, 119 * s, 120 * s},
			[]string{"1@5971:3", "2@9971:5"}},
		{"aligned: the first packet is at a full minute", Config{Interval: time.Minute, Align: true}, []time.Duration{20 * s, 79 * s, 80 * s}, []string{"1@6001:2", "2@6001:3"}},
		{"aligned: an empty run, and N", Config{Interval: time.Minute, Align: true, MaxIntervals: 4}, []time.Duration{50 * s, 200 * s, 241 * s, 260 * s}, []string{"1@3001:1", "3@15001:1", "4@21001:3"}},
		{"aligned: days", Config{Interval: day, Align: true}, []time.Duration{15 * time.Hour, 24 * time.Hour}, []string{"1@2600001:1", "2@3240001:2"}},
		{"aligned without intervals", Config{Align: true}, []time.Duration{20*s + 370*ms, 30 * s}, []string{"1@964:2"}},
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
		last := wire.Batch{Frames: frames[len(frames)-batch%len(frames):]}
		if n := testing.AllocsPerRun(10, func() { m.Feed(&last) }); n != 0 {
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

// TestRecords: a record counts as many packets as it stands for, in the middle
// of their time; nothing of it depends on whether it was held.
func TestRecords(t *testing.T) {
	record := func(src string, first, last time.Duration, pdus, octets uint64) wire.Record {
		f := tcp(t, src, "192.0.2.1:80", last)
		f.Interface = 2
		return wire.Record{Frame: f, FirstTime: f.Time - int64(last-first), LastTime: f.Time, PDUs: pdus, Octets: octets}
	}
	const s = time.Second
	m := newMeter(t, Config{Inactivity: 10 * s}, `save SourcePeerAddress; count;`)
	feed := func(b wire.Batch) {
		t.Helper()
		if stop := m.Feed(&b); stop != Taken {
			t.Fatalf("stop %d", stop)
		}
	}
	flows := func() (got string) {
		m.View(func(s *State) {
			var f Flow
			for i := s.NextFlow(2, 0, 0); i != 0; i = s.NextFlow(2, 0, i) {
				s.Flow(i, &f)
				got += fmt.Sprintf("%d: %d to %d, PDUs %v octets %v; ", i, f.FirstTime, f.LastActive, f.PDUs, f.Octets)
			}
		})
		return got
	}
	feed(wire.Batch{
		Frames: []wire.Frame{tcp(t, "10.0.0.1:1", "192.0.2.1:80", s)},
		Records: []wire.Record{
			record("10.0.0.2:1", 3*s, 5*s, 7, 1<<33),
			record("10.0.0.3:1", 0, 6*s, 1<<33, 60), // from before the first packet
			record("10.0.0.2:1", 2*s, 6*s, 3, 5),    // a flow's first time stays
			record("10.0.0.4:1", 9*s, 6*s, 2, 8),    // first after last
		},
	})
	want := "1: 1 to 1, PDUs [1 0] octets [54 0]; 2: 201 to 501, PDUs [10 0] octets [8589934597 0]; " +
		"3: 1 to 501, PDUs [8589934592 0] octets [60 0]; 4: 501 to 501, PDUs [2 0] octets [8 0]; "
	if got := flows(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	m.View(func(s *State) {
		c, r := s.Counts(), s.Totals()
		if x, _ := s.Interface(2); c.Packets != 1+7+1<<33+3+2 || r.PDUs != c.Packets || x.Packets != c.Packets-1 || x.Octets != 1<<33+60+5+8 {
			t.Errorf("%+v, %+v, %+v", c, r, x)
		}
	})
	// All go; in the slot of one begins a flow whose first packets are older.
	feed(wire.Batch{Records: []wire.Record{record("10.0.1.1:1", 30*s, 30*s, 1, 1)}})
	feed(wire.Batch{Records: []wire.Record{record("10.0.1.2:1", s, 31*s, 1, 1)}})
	if got, want := flows(), "1: 2902 to 3001, PDUs [1 0] octets [1 0]; 5: 2901 to 2901, PDUs [1 0] octets [1 0]; "; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	// Held for their time, sixteen later ones agree with.
	var held []wire.Record
	for i := range 17 {
		held = append(held, record("10.0.2.1:1", 40*24*time.Hour, 40*24*time.Hour+time.Duration(i)*s, 2, 3))
	}
	for i := range held {
		feed(wire.Batch{Records: held[i : i+1]})
	}
	m.View(func(s *State) {
		if c := s.Counts(); c.BadStamps != 0 || c.Packets != 1+7+1<<33+3+2+2+2*17 || s.Uptime() < 40*24*360_000 {
			t.Errorf("%+v at %d", c, s.Uptime())
		}
	})
}

// TestIntervalAtTheEpoch: the only packet is of the first instant of 1970, which
// is a time like any other, unlike none.
func TestIntervalAtTheEpoch(t *testing.T) {
	for _, stamp := range []int64{0, wire.NoTime} {
		m := newMeter(t, Config{}, fiveTuple)
		f := tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)
		f.Time = stamp
		feedAll(t, m, f)
		if why := m.Finish(); why != Ended {
			t.Fatal(why)
		}
		m.View(func(s *State) {
			_, end, _ := s.Interval()
			if got := end.IsZero(); got != (stamp == wire.NoTime) || !got && end.UnixNano() != stamp {
				t.Errorf("stamp %d: the interval ends at %v", stamp, end)
			}
		})
	}
}
