package meter

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"netramet/mib"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
	"netramet/streams/pair"
)

// pairsOf feeds frames to a meter that matches all packets, and returns the pairs.
func pairsOf(t testing.TB, cfg Config, frames []wire.Frame) (pairs []Pair) {
	t.Helper()
	cfg.Paired = func(p *Pair) { pairs = append(pairs, *p) }
	m := runRuleSets(t, cfg)
	feedAll(t, m, frames...)
	m.Finish()
	return pairs
}

func (p Pair) text(start int64) string {
	end := func(i int) string {
		a := netip.AddrFrom16(p.Address[i])
		if p.PeerType == mib.PeerIPv4 {
			a = netip.AddrFrom4([4]byte(p.Address[i][:4]))
		}
		return fmt.Sprintf("%v %d", a, p.Port[i])
	}
	return fmt.Sprintf("%v %s > %s id %#x at %v took %v", p.Kind, end(0), end(1), p.ID, time.Duration(p.Request-start), time.Duration(p.Turnaround()))
}

// exchange is a packet and, a while later, one the other way.
func exchange(t testing.TB, v6 bool, at, later time.Duration, there, back []sourcetest.Part) []wire.Frame {
	ip := func(src, dst string) sourcetest.Part {
		if v6 {
			return sourcetest.IPv6{Src: "2001:db8::" + src, Dst: "2001:db8::" + dst}
		}
		return sourcetest.IPv4{Src: "10.0.0." + src, Dst: "10.0.0." + dst}
	}
	frame := func(at time.Duration, src, dst string, upper []sourcetest.Part) wire.Frame {
		return sourcetest.Frame(t, append([]sourcetest.Part{sourcetest.Ether("", ""), ip(src, dst), sourcetest.At(at)}, upper...)...)
	}
	return []wire.Frame{frame(at, "1", "2", there), frame(at+later, "2", "1", back)}
}

func layers(p ...sourcetest.Part) []sourcetest.Part { return p }

// TestPairs: what is told of a pair of each kind, over IPv4 and IPv6. Rule sets have
// nothing to do with it.
func TestPairs(t *testing.T) {
	const ms = time.Millisecond
	for _, v6 := range []bool{false, true} {
		ip, echo, echoReply := "10.0.0.", sourcetest.Part(sourcetest.ICMP{Type: 8, ID: 7, Seq: 3}), sourcetest.Part(sourcetest.ICMP{ID: 7, Seq: 3})
		if v6 {
			ip, echo, echoReply = "2001:db8::", sourcetest.ICMPv6{Type: 128, ID: 7, Seq: 3}, sourcetest.ICMPv6{Type: 129, ID: 7, Seq: 3}
		}
		var frames []wire.Frame
		frames = append(frames, exchange(t, v6, 0, 3*ms, layers(echo), layers(echoReply))...)
		frames = append(frames, exchange(t, v6, 10*ms, 5*ms,
			layers(sourcetest.UDP{Src: 1025, Dst: 53}, sourcetest.DNS{ID: 0xbeef}), layers(sourcetest.UDP{Src: 53, Dst: 1025}, sourcetest.DNS{ID: 0xbeef, Response: true}))...)
		frames = append(frames, exchange(t, v6, 20*ms, 7*ms,
			layers(sourcetest.TCP{Src: 2000, Dst: 80, Seq: 99, Flags: sourcetest.SYN}), layers(sourcetest.TCP{Src: 80, Dst: 2000, Seq: 499, Ack: 100, Flags: sourcetest.SYN | sourcetest.ACK}))...)
		frames = append(frames, exchange(t, v6, 30*ms, 9*ms,
			layers(sourcetest.TCP{Src: 2000, Dst: 80, Seq: 100, Ack: 500, Flags: sourcetest.ACK}, sourcetest.Payload(10)), layers(sourcetest.TCP{Src: 80, Dst: 2000, Seq: 500, Ack: 110, Flags: sourcetest.ACK}))...)
		want := []string{
			fmt.Sprintf("icmp %s1 0 > %[1]s2 0 id 0x70003 at 0s took 3ms", ip),
			fmt.Sprintf("dns %s1 1025 > %[1]s2 53 id 0xbeef at 10ms took 5ms", ip),
			fmt.Sprintf("udp %s1 1025 > %[1]s2 53 id 0x0 at 10ms took 5ms", ip),
			fmt.Sprintf("tcp-syn %s1 2000 > %[1]s2 80 id 0x63 at 20ms took 7ms", ip),
			fmt.Sprintf("tcp-data %s1 2000 > %[1]s2 80 id 0x6e at 30ms took 9ms", ip),
		}
		var got []string
		for _, p := range pairsOf(t, Config{}, frames) {
			got = append(got, p.text(frames[0].Time))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
	}
}

// TestPairsOfOneHost: echoes that a host sends to itself, as on a loopback interface, travel
// both in the same direction.
func TestPairsOfOneHost(t *testing.T) {
	const ms = time.Millisecond
	for _, ends := range [][]sourcetest.Part{
		{sourcetest.IPv4{Src: "127.0.0.1", Dst: "127.0.0.1"}, sourcetest.ICMP{Type: 8, ID: 7, Seq: 3}, sourcetest.ICMP{ID: 7, Seq: 3}},
		{sourcetest.IPv6{Src: "::1", Dst: "::1"}, sourcetest.ICMPv6{Type: 128, ID: 7, Seq: 3}, sourcetest.ICMPv6{Type: 129, ID: 7, Seq: 3}},
	} {
		frames := []wire.Frame{
			sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.At(0), ends[0], ends[1]),
			sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.At(2*ms), ends[0], ends[2]),
		}
		pairs := pairsOf(t, Config{}, frames)
		if len(pairs) != 1 || pairs[0].Kind != pair.ICMP || pairs[0].Turnaround() != int64(2*ms) {
			t.Errorf("%+v, want one pair of 2 ms", pairs)
		}
	}
}

// anyPairFrames are packets of all kinds between few end points.
func anyPairFrames(t testing.TB, rnd *rand.Rand, n int) (frames []wire.Frame) {
	at := time.Duration(0)
	for _, f := range tcpFrames(t, rnd, n) {
		frames = append(frames, f)
		at = max(at, time.Duration(f.Time-frames[0].Time))
		id := uint16(rnd.IntN(3))
		var two []wire.Frame
		switch rnd.IntN(3) {
		case 0:
			two = exchange(t, rnd.IntN(2) == 0, at, time.Millisecond, layers(sourcetest.UDP{Src: 1025 + id, Dst: 53}, sourcetest.DNS{ID: id}),
				layers(sourcetest.UDP{Src: 53, Dst: 1025 + id}, sourcetest.DNS{ID: id, Response: true}))
		case 1:
			two = exchange(t, false, at, time.Millisecond, layers(sourcetest.ICMP{Type: 8, ID: id}), layers(sourcetest.ICMP{ID: id}))
		default:
			two = exchange(t, true, at, time.Millisecond, layers(sourcetest.TCP{Src: 5, Dst: 6 + id, Seq: uint32(n) * 9, Ack: uint32(n) * 7, Flags: sourcetest.ACK}, sourcetest.Payload(9)),
				layers(sourcetest.TCP{Src: 6 + id, Dst: 5, Seq: uint32(n) * 7, Ack: uint32(n)*9 + 9, Flags: sourcetest.ACK}))
		}
		frames = append(frames, two[:1+rnd.IntN(2)]...)
	}
	return frames
}

// TestPairsInLanes: which pairs there are, and in which order, does not depend on the
// lanes.
func TestPairsInLanes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	kinds := map[pair.Kind]int{}
	for run := range 30 {
		frames := anyPairFrames(t, rnd, 200)
		cfg := Config{}
		cfg.Streams.MaxStreams = 2 + rnd.IntN(20)
		want := pairsOf(t, cfg, frames)
		for _, p := range want {
			kinds[p.Kind]++
		}
		for _, lanes := range []int{2, 3, 8} {
			cfg.Lanes = lanes
			if got := pairsOf(t, cfg, frames); !slices.Equal(got, want) {
				t.Fatalf("run %d, %d lanes: %d pairs, want %d:\n%v\n%v", run, lanes, len(got), len(want), got, want)
			}
		}
	}
	for _, kind := range []pair.Kind{pair.ICMP, pair.TCPData, pair.DNS, pair.UDP} {
		if kinds[kind] == 0 {
			t.Errorf("no pair of kind %v in all runs", kind)
		}
	}
}

// ackedBatches are batches of TCP data, each segment of which is acknowledged, in so
// many conversations at a time.
func ackedBatches(t testing.TB, packets, conversations int) (batches []wire.Batch) {
	var frames []wire.Frame
	for n := 0; len(frames) < packets; n++ {
		port, seq := uint16(1000+n%conversations), uint32(1000+n/conversations*100)
		frames = append(frames, exchange(t, false, time.Duration(n)*10*time.Microsecond, 5*time.Microsecond,
			layers(sourcetest.TCP{Src: port, Dst: 80, Seq: seq, Ack: 1, Flags: sourcetest.ACK}, sourcetest.Payload(100)),
			layers(sourcetest.TCP{Src: 80, Dst: port, Seq: 1, Ack: seq + 100, Flags: sourcetest.ACK}))...)
	}
	for chunk := range slices.Chunk(frames, wire.BatchSize) {
		batches = append(batches, wire.Batch{Frames: chunk})
	}
	return batches
}

// TestPairsAllocateNothing, once the queues are there.
func TestPairsAllocateNothing(t *testing.T) {
	batches, told := ackedBatches(t, 4096, 16), 0
	m := newMeter(t, Config{Paired: func(*Pair) { told++ }}, fiveTuple)
	feed := func() {
		for i := range batches {
			m.Feed(&batches[i])
		}
	}
	feed()
	if told < 2000 {
		t.Fatalf("%d pairs", told)
	}
	if n := testing.AllocsPerRun(5, feed); n != 0 {
		t.Errorf("%v allocations for %d packets", n, 4096)
	}
}

// BenchmarkPairs tells what it takes to match TCP data with their acknowledgements: the
// time of a packet with and without it, in one run.
func BenchmarkPairs(b *testing.B) {
	const packets = 200_000
	for _, conversations := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("%dStreams", conversations), func(b *testing.B) {
			batches := ackedBatches(b, packets, conversations)
			var with, without time.Duration
			run := func(cfg Config, spent *time.Duration) {
				m := newMeter(b, cfg, fiveTuple)
				begun := time.Now()
				for i := range batches {
					m.Feed(&batches[i])
				}
				*spent += time.Since(begun)
			}
			for b.Loop() {
				run(Config{}, &without)
				run(Config{Paired: func(*Pair) {}}, &with)
			}
			each := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(packets*b.N) }
			b.ReportMetric(each(without), "ns/packet-without")
			b.ReportMetric(each(with), "ns/packet-with")
			b.ReportMetric(float64(with)/float64(without), "ratio")
		})
	}
}
