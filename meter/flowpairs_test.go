package meter

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
	"netramet/streams/pair"
)

// lostOf is how many requests of a flow were lost, To and From.
func lostOf(m *Meter, flowIndex uint32) (lost [2]uint64) {
	m.View(func(s *State) {
		var f Flow
		var v Value
		s.Flow(flowIndex, &f)
		for i, a := range []mib.Attr{mib.AttrToLostPDUs, mib.AttrFromLostPDUs} {
			s.Attr(&f, a, &v)
			lost[i] = v.Num
		}
	})
	return lost
}

// query is a DNS query from a client to 10.0.0.53, and answer its answer.
func query(t testing.TB, client string, id uint16, at time.Duration) wire.Frame {
	return sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: client, Dst: "10.0.0.53"},
		sourcetest.UDP{Src: 5000, Dst: 53}, sourcetest.DNS{ID: id, Name: "example.org", Type: 1}, sourcetest.At(at))
}

func answer(t testing.TB, client string, id uint16, at time.Duration) wire.Frame {
	return sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.53", Dst: client},
		sourcetest.UDP{Src: 53, Dst: 5000}, sourcetest.DNS{ID: id, Name: "example.org", Type: 1, Response: true, Answers: 1}, sourcetest.At(at))
}

const dnsRules = `if SourcePeerType == 1 save; else ignore; if DestTransAddress == 53 save; else nomatch; `

// TestPairsOfFlows: DNS queries of two clients of one flow, answered, late, never.
func TestPairsOfFlows(t *testing.T) {
	const ms = time.Millisecond
	a, b := "10.0.0.1", "10.0.0.2"
	frames := []wire.Frame{
		query(t, a, 1, 0), query(t, b, 1, 1*ms), answer(t, b, 1, 8*ms), answer(t, a, 1, 25*ms),
		query(t, a, 2, 100*ms), answer(t, a, 2, 145*ms), // later than the first limit
		query(t, a, 3, 200*ms), answer(t, a, 3, 300*ms), // later than both
		query(t, a, 4, 400*ms), query(t, b, 5, 410*ms), // never answered
		answer(t, b, 9, 500*ms), // never asked
	}
	for _, tt := range []struct {
		name, save string
		want       map[mib.Attr]string
		lost       [2]uint64
	}{
		{"one", "save ToTurnaroundTime1 = 3.11.0!0 & 1.3.10!30;",
			map[mib.Attr]string{mib.AttrToTurnaroundTime1: "1 0 1 / 2"}, [2]uint64{4, 0}},
		{"the largest limit counts", "save ToTurnaroundTime1 = 3.11.0!0 & 1.3.10!30; save ToTurnaroundTime3 = 3.11.0!0 & 1.3.10!50;",
			map[mib.Attr]string{mib.AttrToTurnaroundTime1: "1 0 1 / 2", mib.AttrToTurnaroundTime3: "1 1 1 / 1"}, [2]uint64{3, 0}},
		{"the other direction", "save FromTurnaroundTime1 = 3.11.0!0 & 1.3.10!30;",
			map[mib.Attr]string{mib.AttrFromTurnaroundTime1: " / 0"}, [2]uint64{0, 0}},
		{"another kind", "save ToTurnaroundTime1 = 3.6.0!0 & 1.3.10!30;",
			map[mib.Attr]string{mib.AttrToTurnaroundTime1: " / 0"}, [2]uint64{0, 0}},
		{"a packet of two kinds is lost once", "save ToTurnaroundTime1 = 3.11.0!0 & 1.3.10!30; save ToTurnaroundTime2 = 3.14.0!0 & 1.3.10!30;",
			map[mib.Attr]string{mib.AttrToTurnaroundTime1: "1 0 1 / 2", mib.AttrToTurnaroundTime2: "1 0 1 / 3"}, [2]uint64{4, 0}},
		{"beside plain ones", "save ToTurnaroundTime = 3.11.0!0 & 1.3.10!30; save ToTurnaroundTime2 = 3.0.0!0 & 1.3.10!30;",
			map[mib.Attr]string{mib.AttrToTurnaroundTime: "1 0 1 / 2", mib.AttrToTurnaroundTime2: "1 / 3"}, [2]uint64{4, 0}},
	} {
		for _, cfg := range []Config{{}, {Cache: NoCache}, {Lanes: 3}, {Lanes: 3, Near: NeverNear}} {
			t.Run(fmt.Sprintf("%s, cache %d, lanes %d", tt.name, cfg.Cache, cfg.Lanes), func(t *testing.T) {
				m := newMeter(t, cfg, dnsRules+tt.save+` count;`)
				feedAll(t, m, frames...)
				// The streams end, and with them what waits within its limit.
				feedAll(t, m, udp(t, "10.0.9.1:1", "10.0.9.2:2", time.Minute))
				for a, want := range tt.want {
					if got := distOf(m, 1, a); got != want {
						t.Errorf("%v: %q, want %q", a, got, want)
					}
				}
				if got := lostOf(m, 1); got != tt.lost {
					t.Errorf("lost %d, want %d", got, tt.lost)
				}
			})
		}
	}
}

// TestPairAtTheLimit: the overflow and the lost ones are the same replies, to the
// nanosecond.
func TestPairAtTheLimit(t *testing.T) {
	for _, tt := range []struct {
		after time.Duration
		want  string
		lost  uint64
	}{
		{30*time.Millisecond + 999, "0 0 1 / 0", 0},
		{30*time.Millisecond + 1000, " / 1", 1},
	} {
		m := newMeter(t, Config{}, dnsRules+`save ToTurnaroundTime1 = 3.11.0!0 & 1.3.10!30; count;`)
		feedAll(t, m, query(t, "10.0.0.1", 1, 0), answer(t, "10.0.0.1", 1, tt.after))
		if got, lost := distOf(m, 1, mib.AttrToTurnaroundTime1), lostOf(m, 1); got != tt.want || lost[0] != tt.lost {
			t.Errorf("after %v: %q, %d lost, want %q, %d", tt.after, got, lost, tt.want, tt.lost)
		}
	}
}

// TestLostInSilence: that a request is lost is seen at the same tick in any lanes, also
// where no packet that is metered comes between two ticks.
func TestLostInSilence(t *testing.T) {
	var want Uptime
	for _, lanes := range []int{1, 2, 3} {
		m := newMeter(t, Config{Lanes: lanes, Near: NeverNear}, dnsRules+`save ToTurnaroundTime1 = 3.11.0!0 & 1.3.10!30; count;`)
		frames := []wire.Frame{query(t, "10.0.0.1", 1, 0)}
		for tick := range 80 {
			f := query(t, "10.0.0.1", 1, time.Duration(tick+1)*100*time.Millisecond)
			f.LinkType = 0xfffe // cannot be decoded
			frames = append(frames, f)
		}
		feedAll(t, m, frames...)
		var f Flow
		m.View(func(s *State) { s.Flow(1, &f) })
		if want == 0 {
			want = f.Changed
		}
		if f.Changed != want || lostOf(m, 1)[0] != 1 {
			t.Errorf("%d lanes: changed at %d, want %d; %d lost, want 1", lanes, f.Changed, want, lostOf(m, 1)[0])
		}
	}
}

// TestPairsAskedForLater: a stream whose first packets asked for nothing is matched from
// the packet on that does, and a flow that asks for more gets more.
func TestPairsAskedForLater(t *testing.T) {
	const ms = time.Millisecond
	const rules = dnsRules + `if DestPeerAddress == 10.0.0.53 { save FlowKind = 1; if SourcePeerAddress == 10.0.0.2 save ToTurnaroundTime1 = 3.11.0!0 & 1.3.10!30;
		if SourcePeerAddress == 10.0.0.3 save FromTurnaroundTime1 = 3.11.0!0 & 1.3.10!30; } count;`
	m := newMeter(t, Config{}, rules)
	feedAll(t, m, query(t, "10.0.0.1", 1, 0), answer(t, "10.0.0.1", 1, 5*ms))
	if got := distOf(m, 1, mib.AttrToTurnaroundTime1); got != "none" {
		t.Errorf("before: %q", got)
	}
	feedAll(t, m, query(t, "10.0.0.2", 1, 10*ms), answer(t, "10.0.0.2", 1, 15*ms),
		query(t, "10.0.0.1", 2, 20*ms), answer(t, "10.0.0.1", 2, 25*ms))
	if got := distOf(m, 1, mib.AttrToTurnaroundTime1); got != "2 / 0" {
		t.Errorf("%q, want both streams' pairs", got)
	}
}

// allPairs asks for pairs of five kinds both ways, with limits of 50 ms.
func allPairs(last pair.Kind) (save string) {
	for i, kind := range []pair.Kind{pair.ICMP, pair.TCPData, pair.TCPSyn, pair.DNS, last} {
		of := []string{"", "1", "2", "3", "4"}[i]
		save += fmt.Sprintf("save ToTurnaroundTime%s = 3.%d.0!0 & 1.3.10!50; save FromTurnaroundTime%[1]s = 3.%[2]d.0!0 & 1.3.10!50; ", of, kind)
	}
	return save
}

// pairsOfAll is what a meter's flows keep of pairs, as text, and of the first one, how
// many pairs it has and how many requests it lost.
func pairsOfAll(m *Meter) (text string, pairs, lost uint64) {
	m.View(func(s *State) {
		var f Flow
		var v Value
		for index := uint32(1); s.Flow(index, &f); index++ {
			for a := mib.AttrToPacketSize; a <= mib.AttrFromFlowOctets; a++ {
				if !a.IsTurnaround() {
					continue
				}
				s.Attr(&f, a, &v)
				text += fmt.Sprintf("%d %v %d\n", index, a, v.Numbers)
				for _, n := range v.Numbers {
					if index == 1 {
						pairs += n
					}
				}
			}
			for _, a := range []mib.Attr{mib.AttrToLostPDUs, mib.AttrFromLostPDUs} {
				s.Attr(&f, a, &v)
				text += fmt.Sprintf("%d %v %d\n", index, a, v.Num)
				if index == 1 {
					lost += v.Num
				}
			}
		}
	})
	return text, pairs, lost
}

// TestPairsOfFlowsInLanes: what flows of two rule sets keep of pairs does not depend on the
// lanes, the memory of verdicts or how few streams there may be; and a flow of all packets
// keeps each pair and each lost request that there is.
func TestPairsOfFlowsInLanes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(9, 10))
	var pairs, lost uint64
	for run := range 20 {
		// Queries of DNS are packets of UDP too, and lost once.
		last := []pair.Kind{pair.UDP, pair.NTP}[run%2]
		all := `if SourcePeerType == 0 ignore; save FlowKind = 'A'; ` + allPairs(last) + `count;`
		ends := strings.Replace(fiveTuple, "count;", allPairs(last)+"count;", 1)
		frames := anyPairFrames(t, rnd, 150)
		cfg := Config{}
		cfg.Streams.MaxStreams = 1 + rnd.IntN(20)
		meter := func(cfg Config) (text string, pairs, lost uint64, counts pair.Stats) {
			m := newMeter(t, cfg, all, ends)
			feedAll(t, m, frames...)
			m.Finish()
			text, pairs, lost = pairsOfAll(m)
			m.View(func(s *State) { counts = s.Pairs() })
			return text, pairs, lost, counts
		}
		want, p, n, counts := meter(cfg)
		if p != counts.Pairs || n > counts.Lost || last != pair.UDP && n != counts.Lost {
			t.Fatalf("run %d: the flow has %d pairs and lost %d requests, of %+v", run, p, n, counts)
		}
		if counts.Queued != counts.Matched+counts.Dropped+counts.Expired+counts.Waiting {
			t.Fatalf("run %d: %+v", run, counts)
		}
		pairs, lost = pairs+p, lost+n
		for _, lanes := range []int{1, 2, 3, 8} {
			cfg.Lanes, cfg.Cache = lanes, []CacheMode{CacheVerdicts, NoCache}[run/2%2]
			if got, _, _, _ := meter(cfg); got != want {
				t.Fatalf("run %d, %d lanes: got\n%s\nwant\n%s", run, lanes, got, want)
			}
		}
	}
	if pairs == 0 || lost == 0 {
		t.Errorf("%d pairs, %d lost, want some of both", pairs, lost)
	}
}
