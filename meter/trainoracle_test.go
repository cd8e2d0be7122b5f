package meter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
	"netramet/streams"
)

// TestTrainsChangeNothing: frames that were put into trains leave, at the end of each interval and
// of each call, the state that the same frames leave which come one by one.
func TestTrainsChangeNothing(t *testing.T) {
	alone, trains := 0, 0
	for seed := range uint64(testRuns(t, 1200)) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		cfg, programs := anyTrainMeter(rnd)
		frames := anyTrainFrames(t, rnd, 400)
		plain, cfgOf := newTrainMeter(t, cfg, programs), cfg
		cfgOf.Lanes = 1 + rnd.IntN(3)
		m := newTrainMeter(t, cfgOf, programs)
		lookouts := []*Lookout{m.NewLookout(), m.NewLookout()}
		var seen Trains
		for len(frames) > 0 {
			some := frames[:min(len(frames), 1+rnd.IntN(120))]
			frames = frames[len(some):]
			one := wire.Batch{Frames: some}
			want := fedTo(plain, func() Stop { return plain.Feed(&one) })
			by := lookouts[rnd.IntN(2)]
			by.Begin(&seen)
			var batches []*wire.Batch
			for part := range slices.Chunk(some, 1+rnd.IntN(40)) {
				b := &wire.Batch{Frames: part}
				batches = append(batches, b)
				by.See(b, &seen)
			}
			got := fedTo(m, func() Stop { return m.FeedTrains(batches, &seen) })
			if !slices.Equal(got, want) {
				got, want := strings.Split(strings.Join(got, "\n"), "\n"), strings.Split(strings.Join(want, "\n"), "\n")
				i := firstDifference(got, want)
				t.Fatalf("seed %d, %+v, rules %v:\n%s\nwant\n%s", seed, cfgOf, programs, got[i], want[i])
			}
			for _, one := range seen.all[:seen.done] {
				if one.kind == isTrain && one.pdus[0]+one.pdus[1] > 1 && !one.isLeft {
					trains += int(one.pdus[0]) + int(one.pdus[1])
				} else {
					alone++
				}
			}
		}
	}
	if trains < alone/4 {
		t.Errorf("%d frames were counted in trains, %d alone: that is no test", trains, alone)
	}
}

// testRuns is how many runs a test makes; fewer in short tests.
func testRuns(t *testing.T, n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// newTrainMeter is a meter whose flows are collected, and which changes its rules when there are many.
func newTrainMeter(t *testing.T, cfg Config, programs []string) *Meter {
	m := newMeter(t, cfg, programs...)
	if cfg.MaxFlows == 0 {
		return m
	}
	update(t, m, func(e *Engine) error {
		e.Watch(cfg.MaxFlows-1, func(e *Engine) {
			_ = stop(e, 2)
			e.Unwatch()
		})
		return nil
	})
	return m
}

// anyTrainMeter is a meter where all that a train might change comes often.
func anyTrainMeter(rnd *rand.Rand) (cfg Config, programs []string) {
	any := func(d ...time.Duration) time.Duration { return d[rnd.IntN(len(d))] }
	cfg = Config{
		Interval:   any(0, 200*time.Millisecond, time.Second),
		Align:      rnd.IntN(2) == 0,
		Inactivity: any(0, NoInactivity, 200*time.Millisecond, time.Second),
		MaxGap:     any(AnyGap, 300*time.Millisecond, time.Second),
		Octets:     OctetMode(rnd.IntN(2)),
		Streams: streams.Config{
			MinTimeout:   Uptime(any(0, 10, 35, 100)),
			ShortTimeout: Uptime(any(0, 0, 5, 20)),
			MaxStreams:   int(any(0, 0, 3, 130)),
		},
		MaxFlows: int(any(0, 0, 2, 5)),
		Near:     int(any(0, 0, 8)),
	}
	all := []string{fiveTuple,
		`save SourcePeerAddress; count;`,
		`if SourceTransAddress == 80 nomatch; save SourcePeerAddress; save DestPeerAddress; count;`,
		`if SourcePeerAddress == 10.0.0.1 ignore; save DestPeerAddress; count;`}
	for range 1 + rnd.IntN(2) {
		programs = append(programs, all[rnd.IntN(len(all))])
	}
	return cfg, programs
}

// anyTrainFrames are packets of a few streams, near each other and with pauses.
func anyTrainFrames(t *testing.T, rnd *rand.Rand, n int) (frames []wire.Frame) {
	hosts := 1 + rnd.IntN(4)
	odd := rnd.IntN(3) == 0
	at := time.Duration(0)
	for range n {
		switch rnd.IntN(60) {
		case 0:
			at += time.Duration(rnd.IntN(12)) * 50 * time.Millisecond
		case 1:
			at = (at/(100*time.Millisecond) + 1) * 100 * time.Millisecond
		case 2:
			if odd {
				at += time.Duration(rnd.IntN(3)) * time.Second
			}
		default:
			at += time.Duration(rnd.IntN(4000)) * time.Microsecond
		}
		src, dst := fmt.Sprintf("10.0.0.%d", 1+rnd.IntN(hosts)), "10.0.1.1"
		sp, dp := []uint16{1000, 1001, 80}[rnd.IntN(3)], uint16(80)
		if rnd.IntN(3) == 0 {
			src, dst, sp, dp = dst, src, dp, sp
		}
		if rnd.IntN(4) == 0 { // both are servers
			src, dst = dst, src
		}
		ip := sourcetest.Part(sourcetest.IPv4{Src: src, Dst: dst})
		if rnd.IntN(8) == 0 {
			ip = sourcetest.IPv6{Src: "2001:db8::" + src[7:], Dst: "2001:db8::" + dst[7:]}
		}
		flags := sourcetest.TCPFlags(sourcetest.ACK)
		if rnd.IntN(30) == 0 {
			flags = []sourcetest.TCPFlags{sourcetest.SYN, sourcetest.FIN | sourcetest.ACK, sourcetest.RST}[rnd.IntN(3)]
		}
		stamp := at
		if odd && rnd.IntN(60) == 0 {
			stamp += time.Duration(rnd.IntN(3)-1) * time.Second
		}
		f := sourcetest.Frame(t, sourcetest.Ether("", ""), ip, sourcetest.TCP{Src: sp, Dst: dp, Flags: flags}, sourcetest.Payload(rnd.IntN(3)), sourcetest.At(stamp))
		switch rnd.IntN(120) {
		case 0:
			f.Data = f.Data[:20]
		case 1:
			f.Interface = 2
		case 2:
			if odd {
				f.Time = wire.NoTime
			}
		}
		frames = append(frames, f)
	}
	return frames
}

// fedTo describes a meter at the end of each interval of a call of Feed, and behind it.
func fedTo(m *Meter, feed func() Stop) (states []string) {
	for {
		stop := feed()
		states = append(states, fmt.Sprint(stop), stateOf(m))
		if stop != IntervalEnd {
			return states
		}
		_ = m.Update(func(e *Engine) error { return collect(e, e.Uptime()) })
	}
}

// stateOf is all there is to see.
func stateOf(m *Meter) (text string) {
	m.View(func(s *State) {
		n, from, to := s.Interval()
		text = fmt.Sprintf("%d %v %v uptime %d, %+v, streams %+v, flood %v\n", n, from, to, s.Uptime(), s.Counts(), s.Streams(), s.FloodMode())
		for i := range 3 {
			text += fmt.Sprintf("interface %+v\n", m.interfaces.taps[i])
		}
		for number := 2; number <= 3; number++ {
			c, _ := s.RuleSetCounts(number)
			text += fmt.Sprintf("rule set %d %v: %+v\n", number, m.ruleSets[number] != nil, c)
			var f Flow
			for i := s.NextFlow(number, 0, 0); i != 0; i = s.NextFlow(number, 0, i) {
				s.Flow(i, &f)
				text += fmt.Sprintf("flow %d %x: %v %v %d-%d\n", f.Index, f.key, f.PDUs, f.Octets, f.FirstTime, f.LastActive)
			}
		}
	})
	return text
}
