package meter

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/ruleset"
	"netramet/sources/wire"
)

// distOf prints the counters of a flow's distribution up to the last one that is not
// 0, and behind a slash the overflow; "none" if the flow does not have it.
func distOf(m *Meter, flowIndex uint32, a mib.Attr) (text string) {
	m.View(func(s *State) {
		var f Flow
		var v Value
		s.Flow(flowIndex, &f)
		s.Attr(&f, a, &v)
		if len(v.Numbers) == 0 {
			text = "none"
			return
		}
		last := len(v.Numbers) - 1
		buckets := v.Numbers[:last]
		for len(buckets) > 0 && buckets[len(buckets)-1] == 0 {
			buckets = buckets[:len(buckets)-1]
		}
		text = strings.Trim(fmt.Sprint(buckets), "[]") + " / " + fmt.Sprint(v.Numbers[last])
	})
	return text
}

// TestDistributions works some out by hand: to 10.0.0.2 go packets of 62 octets at 0,
// 10 and 1,250 ms, back come two of 54 at 40 and 3,000 ms.
func TestDistributions(t *testing.T) {
	const ms = time.Millisecond
	to := func(at time.Duration) wire.Frame {
		f := tcp(t, "10.0.0.1:1", "10.0.0.2:2", at)
		f.WireLen += 8
		return f
	}
	from := func(at time.Duration) wire.Frame { return tcp(t, "10.0.0.2:2", "10.0.0.1:1", at) }
	frames := []wire.Frame{to(0), to(10 * ms), from(40 * ms), to(1250 * ms), from(3000 * ms)}
	for _, tt := range []struct{ save, want string }{
		{"ToPacketSize = 3.0.0!0 & 1.0.61!63", "0 3 / 0"},
		{"FromPacketSize = 3.0.0!0 & 1.0.51!53", " / 2"},
		{"ToInterarrivalTime = 10.0.0!0 & 1.3.10!100", "1 / 1"},          // 10 and 1,240 ms
		{"FromInterarrivalTime = 10.0.0!0 & 1.5.10!55", "0 0 0 0 1 / 0"}, // 2,960 ms: up to 1,000, 1,500 ... 3,000 ms
		{"ToTurnaroundTime = 10.0.0!0 & 1.3.10!100", "0 0 1 / 1"},        // 30 and 1,750 ms
		{"FromTurnaroundTime = 10.0.0!0 & 1.3.10!2260", "0 0 0 0 0 1 / 0"},
		{"FromTurnaroundTime4 = 3.0.0!0 & 2.3.10!1000", " / 1"},
		// Seconds 0, 1 and 2 are over: two packets of 62 octets, one, none.
		{"ToBitRate = 10.1.0!0 & 1.0.0!900", "1 0 0 0 0 1 / 1"},
		{"ToPDURate = 4.1.0!0 & 1.0.0!3", "1 1 1 / 0"},
		{"FromPDURate = 4.1.0!0 & 1.0.0!3", "2 1 / 0"},
		{"FromPDURate = 4.2.0!0 & 1.0.0!3", "1 / 0"}, // one packet in two seconds
		{"FromPDURate = 4.4.0!0 & 1.0.0!3", " / 0"},  // none is over
	} {
		t.Run(tt.save, func(t *testing.T) {
			m := newMeter(t, Config{}, `save SourcePeerAddress; save DestPeerAddress; save `+tt.save+`; count;`)
			feedAll(t, m, frames...)
			m.Finish()
			name, _, _ := strings.Cut(tt.save, " ")
			a, _ := mib.Lookup(name)
			if got := distOf(m, 1, a); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if got := distOf(m, 1, mib.AttrFlowTime); got != "none" {
				t.Errorf("a distribution that was not asked for: %q", got)
			}
			var v Value
			m.View(func(s *State) {
				var f Flow
				s.Flow(1, &f)
				s.Attr(&f, mib.AttrDistributions, &v)
			})
			if want := uint64(1) << (a - mib.AttrToPacketSize); v.Num != want {
				t.Errorf("attribute 65 is %#x, want %#x", v.Num, want)
			}
		})
	}
}

// TestDocsExample is the example of docs/streams.md.
func TestDocsExample(t *testing.T) {
	const ms = time.Millisecond
	sized := func(f wire.Frame, octets uint32) wire.Frame {
		f.WireLen = octets
		return f
	}
	a, b := "10.0.0.1:1", "10.0.0.2:2"
	m := newMeter(t, Config{}, `save SourcePeerAddress; save DestPeerAddress;
		save ToPacketSize = 4.0.0!0 & 1.0.50!200; save FromPacketSize = 4.0.0!0 & 1.0.50!200;
		save ToInterarrivalTime = 3.0.0!0 & 2.3.1!100; save ToTurnaroundTime = 3.0.0!0 & 2.3.1!100; count;`)
	feedAll(t, m, sized(tcp(t, a, b, 0), 100), sized(tcp(t, a, b, 10*ms), 100), sized(tcp(t, b, a, 40*ms), 1400))
	for a, want := range map[mib.Attr]string{
		mib.AttrToPacketSize: "0 2 / 0", mib.AttrFromPacketSize: " / 1",
		mib.AttrToInterarrivalTime: "0 1 / 0", mib.AttrToTurnaroundTime: "0 0 1 / 0",
	} {
		if got := distOf(m, 1, a); got != want {
			t.Errorf("%v: %q, want %q", a, got, want)
		}
	}
}

// TestRateOfAnIdleFlow: intervals without packets give samples of 0 until the flow is
// idle, and none afterwards, however long the gap; and they are changes of the flow.
func TestRateOfAnIdleFlow(t *testing.T) {
	const rules = `save SourcePeerAddress; save ToPDURate = 2.1.0!0 & 1.0.0!1; count;`
	m := newMeter(t, Config{Inactivity: 10 * time.Second}, rules)
	packet := func(at time.Duration) wire.Frame { return tcp(t, "10.0.0.1:1", "10.0.0.2:2", at) }
	other := func(at time.Duration) wire.Frame { return udp(t, "10.0.9.1:1", "10.0.0.2:2", at) }
	m.Update(func(e *Engine) error { return collect(e, 1) }) // so that no flow goes
	changed := func() (up Uptime) {
		m.View(func(s *State) {
			var f Flow
			s.Flow(1, &f)
			up = f.Changed
		})
		return up
	}
	feedAll(t, m, packet(0), other(3500*time.Millisecond))
	if got, up := distOf(m, 1, mib.AttrToPDURate), changed(); got != "2 1 / 0" || up != 351 {
		t.Errorf("after 3.5 s: %q, changed at %d", got, up)
	}
	feedAll(t, m, other(300*time.Second))
	if got := distOf(m, 1, mib.AttrToPDURate); got != "9 1 / 0" {
		t.Errorf("idle: %q", got)
	}
	feedAll(t, m, packet(400*time.Second), other(405*time.Second))
	if got := distOf(m, 1, mib.AttrToPDURate); got != "13 2 / 0" {
		t.Errorf("again: %q", got)
	}
	if n := m.flows.dists.rates.armed; n != 2 {
		t.Errorf("%d timers for two flows", n)
	}
}

// TestAskedForLater: a flow whose packets did not ask for a distribution begins to keep
// it with the first one that does, whatever remembered verdicts say of the others, and
// wherever rounds end.
func TestAskedForLater(t *testing.T) {
	const rules = `save SourcePeerAddress & 255.255.255.0; if DestTransAddress == 9 save ToPDURate = 2.1.0!0 & 1.0.0!1;
		if DestTransAddress == (8, 9) save ToPacketSize = 2.0.0!0 & 1.0.0!1500; count;`
	rnd := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		var frames []wire.Frame
		want := 0
		for range 300 {
			port := 1 + rnd.IntN(3)
			if len(frames) > 100 && rnd.IntN(30) == 0 {
				port = 8 + rnd.IntN(2)
			}
			if port > 7 || want > 0 {
				want++
			}
			frames = append(frames, tcp(t, fmt.Sprintf("10.0.0.%d:5", rnd.IntN(4)), fmt.Sprintf("10.1.0.2:%d", port), 0))
		}
		for _, cfg := range []Config{{}, {Cache: NoCache}, {Lanes: 3}, {Lanes: 3, Near: NeverNear}} {
			m := newMeter(t, cfg, rules)
			feedAll(t, m, frames...)
			if got := distOf(m, 1, mib.AttrToPacketSize); got != fmt.Sprintf("0 %d / 0", want) {
				t.Fatalf("%+v: %q, want %d packets", cfg, got, want)
			}
		}
	}
}

// TestDistributionsTakeMemoryOnlyIfAsked and give it back.
func TestDistributionsTakeMemoryOnlyIfAsked(t *testing.T) {
	var frames []wire.Frame
	for i := range 2000 {
		frames = append(frames, tcp(t, fmt.Sprintf("10.0.%d.%d:5", i/250, i%250), "10.1.0.2:5", 0))
	}
	m := newMeter(t, Config{}, fiveTuple)
	feedAll(t, m, frames...)
	if n := m.flows.dists.memory(); n != 0 {
		t.Errorf("%d octets for flows that did not ask", n)
	}
	const rules = `save SourcePeerAddress; save ToPacketSize = 100.0.0!0 & 1.0.1!100; save ToBitRate = 200.1.0!0 & 1.0.1!1000; count;`
	m = newMeter(t, Config{Inactivity: time.Second}, rules)
	for round := range 20 {
		for i := range frames {
			frames[i].Time += int64(10 * time.Second)
			frames[i].Data[30] = byte(round) // another address
		}
		feedAll(t, m, frames...)
		if n, kept := m.flows.inUse, int(m.flows.dists.flows.Len()); kept > 3*n {
			t.Fatalf("room for the distributions of %d flows, %d are there", kept, n)
		}
	}
	if n := m.flows.dists.arena.Bytes(); n > 20<<20 {
		t.Errorf("%d octets of counters", n)
	}
}

// TestRateAtTheEnd: an interval that is over between the last tick and the end gives its
// sample in any lanes, also where ticks had nothing to do with flows.
func TestRateAtTheEnd(t *testing.T) {
	silent := func(at time.Duration) wire.Frame {
		f := udp(t, "10.0.0.1:1", "10.0.0.2:2", at)
		f.LinkType = 0xfffe // cannot be decoded
		return f
	}
	const ms = time.Millisecond
	frames := []wire.Frame{silent(0), udp(t, "10.0.0.1:1", "10.0.0.2:2", 50*ms)}
	for tick := range 10 {
		frames = append(frames, silent(time.Duration(tick+1)*100*ms))
	}
	frames = append(frames, silent(1070*ms))
	for _, lanes := range []int{1, 2, 3} {
		m := newMeter(t, Config{Lanes: lanes}, `save SourcePeerAddress; save ToPDURate = 2.1.0!0 & 1.0.0!1; count;`)
		feedAll(t, m, frames...)
		m.Finish()
		if got := distOf(m, 1, mib.AttrToPDURate); got != "0 1 / 0" {
			t.Errorf("%d lanes: %q, want one sample", lanes, got)
		}
	}
}

// TestRateOfADestroyedRuleSet: what its flows have left in the wheel does no harm.
func TestRateOfADestroyedRuleSet(t *testing.T) {
	rs := compiled(t, `save SourcePeerAddress; save ToPDURate = 2.1.0!0 & 1.0.0!1; count;`)
	m := runRuleSets(t, Config{Lanes: 2}, rs)
	for i := range 20 {
		at := time.Duration(i) * 700 * time.Millisecond
		feedAll(t, m, tcp(t, fmt.Sprintf("10.0.%d.1:5", i), "10.1.0.2:5", at))
		if err := m.Update(func(e *Engine) error {
			if i%2 == 1 {
				return load(e, rs)
			}
			if err := stop(e, 2); err != nil {
				return err
			}
			e.Drop(2)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	feedAll(t, m, udp(t, "10.9.0.1:5", "10.1.0.2:5", time.Hour))
	if n := m.flows.dists.rates.armed; n > m.flows.inUse {
		t.Errorf("%d timers of %d flows", n, m.flows.inUse)
	}
}

// TestTooManyDistributions: programs that are exchanged again and again leave a bounded
// number behind.
func TestTooManyDistributions(t *testing.T) {
	m := newMeter(t, Config{})
	rs := compiled(t, `save ToPacketSize = 2.0.0!0 & 1.0.0!1; count;`)
	i := slices.IndexFunc(rs.Rules, func(r ruleset.Rule) bool { return r.Selector == mib.AttrToPacketSize })
	err := m.Update(func(e *Engine) error {
		for n := range maxDistSpecs + 1 {
			rs.Rules[i].Value[2], rs.Rules[i].Value[3] = byte(n>>8), byte(n)
			p, err := e.Prepare(rs)
			if err != nil {
				if n != maxDistSpecs {
					t.Errorf("refused after %d", n)
				}
				return err
			}
			e.Hold(2, p)
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "destroy it first") {
		t.Errorf("%v", err)
	}
}

// TestSumsOfDistributions: the counters of a distribution are as many as there were
// samples, whatever the lanes.
func TestSumsOfDistributions(t *testing.T) {
	const rules = `save SourceTransType; save ToPacketSize = 9.0.0!0 & 1.0.1!70; save FromPacketSize = 9.0.0!0 & 1.0.1!70;
		save ToInterarrivalTime = 9.0.0!0 & 2.2.1!70; save ToTurnaroundTime1 = 9.14.0!0 & 2.2.1!70; ` + lifeDists + ` count;`
	rnd := rand.New(rand.NewPCG(7, 8))
	for _, lanes := range []int{1, 3} {
		var frames []wire.Frame
		at := time.Duration(0)
		for range 3000 {
			at += time.Duration(rnd.IntN(int(20 * time.Millisecond)))
			a, b := fmt.Sprintf("10.0.0.%d:5", rnd.IntN(20)), fmt.Sprintf("10.1.0.%d:7", rnd.IntN(3))
			if rnd.IntN(2) == 0 {
				a, b = b, a
			}
			frames = append(frames, udp(t, a, b, at-time.Duration(rnd.IntN(int(time.Millisecond)))))
		}
		m := newMeter(t, Config{Lanes: lanes}, rules)
		feedAll(t, m, frames...)
		m.Finish()
		m.View(func(s *State) {
			var f Flow
			s.Flow(1, &f)
			sum := func(a mib.Attr) (n uint64) {
				var v Value
				s.Attr(&f, a, &v)
				for _, c := range v.Numbers {
					n += c
				}
				return n
			}
			ended := uint64(0)
			for _, n := range s.Streams().Ended {
				ended += n
			}
			pairs := uint64(0)
			for i := range m.lanes {
				pairs += m.lanes[i].streams.Pairs().Pairs
			}
			back := s.Counts().Backward
			if pairs == 0 || back == 0 {
				t.Errorf("%d pairs, %d times below 0: the trace tests little", pairs, back)
			}
			for _, tt := range []struct {
				a    mib.Attr
				want uint64
			}{
				{mib.AttrToPacketSize, f.PDUs[0]}, {mib.AttrFromPacketSize, f.PDUs[1]},
				{mib.AttrToInterarrivalTime, f.PDUs[0] - 1 - back},
				{mib.AttrFlowTime, ended}, {mib.AttrFromFlowPDUs, ended}, {mib.AttrToFlowOctets, ended},
			} {
				if got := sum(tt.a); got != tt.want {
					t.Errorf("%d lanes: %v has %d samples, want %d", lanes, tt.a, got, tt.want)
				}
			}
			if got := sum(mib.AttrToTurnaroundTime1); got > pairs || got == 0 {
				t.Errorf("%d lanes: %d samples of %d pairs", lanes, got, pairs)
			}
		})
	}
}
