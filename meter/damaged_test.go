package meter

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"netramet/internal/golden"
	"netramet/sources/sourcetest/traffic"
	"netramet/streams"
	"netramet/streams/pair"
)

// level is how much there is at the end of an interval.
type level struct{ streams, flows, octets, waiting int } // waiting: requests without their reply

// damagedLevels meters a damaged trace of so many intervals of a minute, each with
// as many new conversations, whose flows keep dists. It collects each, and returns what
// there was at their ends.
func damagedLevels(t *testing.T, cfg Config, dists string, intervals, perInterval int) (levels []level, ended [streams.NumReasons]uint64) {
	t.Helper()
	cfg.Interval, cfg.Inactivity = time.Minute, time.Minute
	m := newMeter(t, cfg, `save SourcePeerAddress; save DestPeerAddress; save SourceTransType; save SourceTransAddress; save DestTransAddress; `+dists+` count;`)
	g, err := traffic.NewRealistic(traffic.Options{Duration: time.Duration(intervals) * time.Minute, Flows: intervals * perInterval, Damaged: true, Snap: 128})
	if err != nil {
		t.Fatal(err)
	}
	all, err := traffic.Collect(g, 0)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, f := range traffic.Frames(all) {
		feedAll(t, m, f)
		m.View(func(s *State) {
			n, _, to := s.Interval()
			if int(n) == at {
				return
			}
			at = int(n)
			levels = append(levels, level{int(s.Streams().Live), s.FlowsInUse(), s.Memory(), int(s.Pairs().Waiting)})
			m.collected.before[2] = to // the reader has all of it
		})
	}
	m.View(func(s *State) { ended = s.Streams().Ended })
	return levels, ended
}

// highest returns the highest levels of some intervals.
func highest(levels []level) (h level) {
	for _, l := range levels {
		h = level{max(h.streams, l.streams), max(h.flows, l.flows), max(h.octets, l.octets), max(h.waiting, l.waiting)}
	}
	return h
}

// TestDamagedTraceIsBounded: where nothing says that a connection begins or ends, and half
// of each is missing, streams and flows go all the same: after an hour there are no
// more than after a quarter of one.
func TestDamagedTraceIsBounded(t *testing.T) {
	const intervals, perInterval = 60, 300
	levels, ended := damagedLevels(t, Config{}, lifeDists, intervals, perInterval)
	golden.Compare(t, filepath.Join("..", "docs", "streams.svg"), drawLevels(levels))
	early, late := highest(levels[:intervals/4]), highest(levels[3*intervals/4:])
	if late.streams > early.streams*5/4 || late.flows > early.flows*5/4 || late.octets > early.octets*5/4 {
		t.Errorf("in the last quarter %+v, in the first %+v", late, early)
	}
	if late.streams > perInterval || late.flows > 4*perInterval {
		t.Errorf("in the last quarter %+v, with %d conversations a minute", late, perInterval)
	}
	if ended[streams.ReasonTimeout] < intervals*perInterval/10 || ended[streams.ReasonSYN]+ended[streams.ReasonEvicted] > 0 {
		t.Errorf("streams ended for %v", ended)
	}
	levels, ended = damagedLevels(t, Config{Streams: streams.Config{MinTimeout: streams.NoTimeout, MaxStreams: 500}}, "", 20, perInterval)
	if n := slices.MaxFunc(levels, func(a, b level) int { return a.streams - b.streams }).streams; n > 500 || ended[streams.ReasonEvicted] == 0 {
		t.Errorf("%d streams, at most 500 are allowed; ended for %v", n, ended)
	}
}

// dataDists ask for the times to the acknowledgements of data, up to 700 ms.
const dataDists = `save ToTurnaroundTime1 = 100.6.0!0 & 1.3.1!700; save FromTurnaroundTime1 = 100.6.0!0 & 1.3.1!700;`

// TestDamagedPairsAreBounded: segments whose acknowledgement is missing do not pile up.
// They go when they are too old for their distribution, when their queue is full, and
// with their stream.
func TestDamagedPairsAreBounded(t *testing.T) {
	const intervals, perInterval = 40, 300
	levels, ended := damagedLevels(t, Config{}, dataDists, intervals, perInterval)
	early, late := highest(levels[:intervals/4]), highest(levels[3*intervals/4:])
	if late.waiting > early.waiting*3/2+50 || late.streams > early.streams*5/4 || late.octets > early.octets*5/4 {
		t.Errorf("in the last quarter %+v, in the first %+v", late, early)
	}
	if early.waiting == 0 || late.waiting > perInterval*pair.DefaultMaxTCP {
		t.Errorf("in the first quarter %d requests wait, in the last %d", early.waiting, late.waiting)
	}
	if ended[streams.ReasonTimeout] == 0 {
		t.Errorf("streams ended for %v", ended)
	}
}
