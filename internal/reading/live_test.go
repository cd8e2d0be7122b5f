package reading

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"netramet/meter"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// fakeLink is a live source in a time of its own: packets come by its monotonic
// clock, are stamped by its time of day, and are handed over a while later.
type fakeLink struct {
	wall, mono int64
	steps      []fakeStep
	arrivals   []time.Duration       // by the monotonic clock, in order
	hold       time.Duration         // how long a packet waits in the ring
	stalls     map[int]time.Duration // by arrival: the reader sleeps so long before it is read
	end        time.Duration         // the run is told to end then
	tell       func()
	frame      wire.Frame

	next  int
	queue []stamped
}

type fakeStep struct {
	at, by time.Duration
}

type stamped struct {
	stamp, ready int64
}

// pass lets time go on, and packets come.
func (l *fakeLink) pass(d time.Duration) {
	until := l.mono + int64(d)
	for {
		next, step := until, false
		if l.next < len(l.arrivals) {
			next = min(next, int64(l.arrivals[l.next]))
		}
		if len(l.steps) > 0 && int64(l.steps[0].at) <= next {
			next, step = int64(l.steps[0].at), true
		}
		l.wall += next - l.mono
		l.mono = next
		switch {
		case step:
			l.wall += int64(l.steps[0].by)
			l.steps = l.steps[1:]
		case l.next < len(l.arrivals) && int64(l.arrivals[l.next]) <= next:
			l.queue = append(l.queue, stamped{l.wall, l.mono + int64(l.hold)})
			l.next++
		case next == until:
			if l.mono >= int64(l.end) {
				l.tell()
			}
			return
		}
	}
}

func (l *fakeLink) clock() (wall, mono int64) { return l.wall, l.mono }

func (l *fakeLink) Read(b *wire.Batch) error {
	b.Reset()
	l.pass(time.Microsecond)
	if len(l.queue) > 0 {
		l.pass(l.stalls[l.next-len(l.queue)])
	}
	if len(l.queue) == 0 || l.queue[0].ready > l.mono {
		l.pass(10 * time.Millisecond)
	}
	for len(l.queue) > 0 && l.queue[0].ready <= l.mono && len(b.Frames) < 3 {
		f := l.frame
		f.Time = l.queue[0].stamp
		b.Frames = append(b.Frames, f)
		l.queue = l.queue[1:]
	}
	return nil
}

func (l *fakeLink) Stats() wire.SourceStats { return wire.SourceStats{} }
func (l *fakeLink) Close() error            { return nil }

// liveRun is what came of a run.
type liveRun struct {
	intervals []string // number:packets so far
	late      uint64
	steps     []time.Duration
	err       error
}

func (l *fakeLink) run(t testing.TB, cfg meter.Config, stages ...Stage) (got liveRun) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l.tell, l.wall = cancel, 1e18
	l.frame = sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.UDP{Src: 1, Dst: 2})
	cfg.Live = true
	m := meter.New(cfg)
	loop := Loop{Source: l, Meter: m, Live: NewLive(l.clock), Stages: stages}
	loop.Live.Stepped = func(by time.Duration) { got.steps = append(got.steps, by.Round(time.Second)) }
	uptime := meter.Uptime(0)
	note := func() error {
		m.View(func(s *meter.State) {
			n, _, _ := s.Interval()
			got.intervals = append(got.intervals, fmt.Sprintf("%d:%d", n, s.Counts().Packets))
			if s.Uptime() < uptime {
				t.Errorf("uptime fell from %d to %d", uptime, s.Uptime())
			}
			uptime = s.Uptime()
		})
		return nil
	}
	loop.Interval = note
	complete, err := loop.Run(ctx)
	if got.err = err; complete {
		_ = note()
	}
	m.View(func(s *meter.State) { got.late = s.Counts().Late })
	return got
}

// TestLive: intervals end by the wall, with the packets that were stamped in them,
// however long those wait, and whatever happens to the clock.
func TestLive(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	for _, tt := range []struct {
		name string
		link fakeLink
		cfg  meter.Config
		want liveRun
	}{
		{"silence", fakeLink{end: 35 * s}, meter.Config{Interval: 10 * s},
			liveRun{intervals: []string{"1:0", "2:0", "3:0", "4:0"}, err: ErrInterrupted}},
		{"no interval", fakeLink{arrivals: []time.Duration{s}, end: 35 * s}, meter.Config{},
			liveRun{intervals: []string{"1:1"}, err: ErrInterrupted}},
		{"-N ends in silence", fakeLink{end: 99 * s}, meter.Config{Interval: 10 * s, MaxIntervals: 2},
			liveRun{intervals: []string{"1:0", "2:0"}}},
		{"a packet that waits in the ring at the end of its interval", fakeLink{arrivals: []time.Duration{9*s + 999*ms}, hold: 50 * ms, end: 25 * s}, meter.Config{Interval: 10 * s},
			liveRun{intervals: []string{"1:1", "2:1", "3:1"}, err: ErrInterrupted}},
		{"one that waits longer than any should", fakeLink{arrivals: []time.Duration{9*s + 999*ms}, hold: 500 * ms, end: 25 * s}, meter.Config{Interval: 10 * s},
			liveRun{intervals: []string{"1:0", "2:1", "3:1"}, late: 1, err: ErrInterrupted}},
		{"packets that come at both sides of an end", fakeLink{arrivals: []time.Duration{s, 9*s + 998*ms, 10*s + ms, 19*s + 999*ms, 20 * s}, hold: 20 * ms, end: 25 * s}, meter.Config{Interval: 10 * s},
			liveRun{intervals: []string{"1:2", "2:4", "3:5"}, err: ErrInterrupted}},
		{"a reader that was stopped for 25 seconds", fakeLink{arrivals: []time.Duration{s, 5 * s, 15 * s, 15 * s, 16 * s, 25 * s, 40 * s}, stalls: map[int]time.Duration{1: 25 * s}, end: 45 * s}, meter.Config{Interval: 10 * s},
			liveRun{intervals: []string{"1:2", "2:5", "3:6", "4:6", "5:7"}, err: ErrInterrupted}},
		{"the clock is set forward by an hour", fakeLink{arrivals: []time.Duration{s, 9*s + 990*ms, 10*s + 10*ms, 12 * s}, hold: 20 * ms, steps: []fakeStep{{9*s + 995*ms, time.Hour}}, end: 25 * s}, meter.Config{Interval: 10 * s},
			liveRun{intervals: []string{"1:2", "2:4", "3:4"}, steps: []time.Duration{time.Hour}, err: ErrInterrupted}},
		{"the clock is set back by an hour", fakeLink{arrivals: []time.Duration{s, 9*s + 990*ms, 10*s + 10*ms, 12 * s}, hold: 20 * ms, steps: []fakeStep{{9*s + 995*ms, -time.Hour}}, end: 25 * s}, meter.Config{Interval: 10 * s},
			liveRun{intervals: []string{"1:2", "2:4", "3:4"}, steps: []time.Duration{-time.Hour}, err: ErrInterrupted}},
		{"the clock was never set until then", fakeLink{arrivals: []time.Duration{s, 12 * s}, steps: []fakeStep{{9 * s, 30 * 365 * 24 * time.Hour}}, end: 25 * s}, meter.Config{Interval: 10 * s},
			liveRun{intervals: []string{"1:1", "2:2", "3:2"}, steps: []time.Duration{30 * 365 * 24 * time.Hour}, err: ErrInterrupted}},
		{"what has come when it is told to end", fakeLink{arrivals: []time.Duration{s, 25*s - ms}, hold: 50 * ms, end: 25 * s}, meter.Config{Interval: 10 * s},
			liveRun{intervals: []string{"1:1", "2:1", "3:2"}, err: ErrInterrupted}},
		{"told to end, though packets do not end", fakeLink{arrivals: every(ms, 30*s), end: 5 * s}, meter.Config{},
			liveRun{intervals: []string{"1:5000"}, err: ErrInterrupted}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.link.run(t, tt.cfg)
			if tt.name == "told to end, though packets do not end" {
				// as many as had come, and some of the batch that says so
				if n := len(got.intervals); n != 1 || got.intervals[0] < "1:4990" || got.intervals[0] > "1:5012" {
					t.Errorf("metered %v", got.intervals)
				}
				return
			}
			if !slices.Equal(got.intervals, tt.want.intervals) || got.late != tt.want.late || !errors.Is(got.err, tt.want.err) || !slices.Equal(got.steps, tt.want.steps) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// every is an arrival so often up to an end.
func every(d, end time.Duration) (at []time.Duration) {
	for t := d; t < end; t += d {
		at = append(at, t)
	}
	return at
}

// TestLiveAllDropped: time goes on where packets never end and stages drop them all,
// and where the stamps stand still.
func TestLiveAllDropped(t *testing.T) {
	for name, stage := range map[string]Stage{
		"dropped": func(b *wire.Batch) error { b.Frames = b.Frames[:0]; return nil },
		"no times": func(b *wire.Batch) error {
			for i := range b.Frames {
				b.Frames[i].Time = wire.NoTime
			}
			return nil
		},
		"old times": func(b *wire.Batch) error {
			for i := range b.Frames {
				b.Frames[i].Time = 5
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			link := fakeLink{arrivals: every(time.Millisecond, 40*time.Second), end: 35 * time.Second}
			got := link.run(t, meter.Config{Interval: 10 * time.Second}, stage)
			if len(got.intervals) != 4 {
				t.Errorf("intervals %v, want 4", got.intervals)
			}
		})
	}
}

// TestLiveProperty: whatever packets, delays within what is assumed, stops of the
// reader and steps of the clock there are, each interval has the packets that came in
// it, none is late, and none comes twice, or is left out while the reader runs.
func TestLiveProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		end := time.Duration(rapid.Int64Range(1, 60_000).Draw(rt, "end")) * time.Millisecond
		length := time.Duration(rapid.Int64Range(5, 100).Draw(rt, "interval")) * 100 * time.Millisecond
		link := fakeLink{end: end, hold: time.Duration(rapid.Int64Range(0, 80).Draw(rt, "hold")) * time.Millisecond}
		link.arrivals = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.Int64Range(1, int64(end)).Draw(t, "at"))
		}), 0, 40).Draw(rt, "arrivals")
		slices.Sort(link.arrivals)
		if n := len(link.arrivals); n > 0 && rapid.Bool().Draw(rt, "stops") {
			link.stalls = map[int]time.Duration{rapid.IntRange(0, n-1).Draw(rt, "stop"): time.Duration(rapid.Int64Range(0, int64(9*time.Second)).Draw(rt, "for"))}
		}
		if rapid.Bool().Draw(rt, "steps") {
			by := rapid.SampledFrom([]time.Duration{-time.Hour, -20 * time.Second, 20 * time.Second, time.Hour}).Draw(rt, "by")
			link.steps = []fakeStep{{time.Duration(rapid.Int64Range(0, int64(end)).Draw(rt, "step")), by}}
		}
		arrivals := slices.Clone(link.arrivals)
		got := link.run(t, meter.Config{Interval: length})
		if got.late != 0 {
			rt.Errorf("%d packets are late", got.late)
		}
		// The last interval ends when the run does, which takes what had come by then. A
		// reader that was stopped closes a run of empty intervals at once.
		before := 0
		for _, text := range got.intervals[:len(got.intervals)-1] {
			var i, n int
			if _, err := fmt.Sscanf(text, "%d:%d", &i, &n); err != nil {
				rt.Fatal(err)
			}
			if i <= before || i > before+1 && link.stalls == nil {
				rt.Errorf("interval %d comes after %d", i, before)
			}
			before = i
			until := time.Duration(i) * length
			if want, _ := slices.BinarySearch(arrivals, until); n != want && !near(arrivals, until) {
				rt.Errorf("interval %d: %d, want %d", i, n, want)
			}
		}
		if link.stalls != nil {
			return // a reader that is stopped while it ends may leave something
		}
		if last, want := got.intervals[len(got.intervals)-1], fmt.Sprintf(":%d", len(arrivals)); last[len(last)-len(want):] != want {
			rt.Errorf("in all %s, want %s", last, want)
		}
	})
}

// near reports whether a packet came within the time between two looks at the clock
// of an end.
func near(arrivals []time.Duration, end time.Duration) bool {
	return slices.ContainsFunc(arrivals, func(at time.Duration) bool { return at-end < 10*time.Microsecond && end-at < 10*time.Microsecond })
}
