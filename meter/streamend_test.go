package meter

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
	"netramet/streams"
)

// streamEnds feeds frames to a meter that measures streams, and returns those that
// ended, in order.
func streamEnds(t testing.TB, cfg Config, frames []wire.Frame) (ends []StreamEnd) {
	t.Helper()
	cfg.StreamEnded = func(e *StreamEnd) { ends = append(ends, *e) }
	m := runRuleSets(t, cfg)
	feedAll(t, m, frames...)
	m.Finish()
	return ends
}

// tcpGaps are the steps of time between two packets; some are longer than a
// time-out, some than a tick.
var tcpGaps = []time.Duration{0, time.Millisecond, 30 * time.Millisecond, 400 * time.Millisecond, time.Second,
	1990 * time.Millisecond, 5 * time.Second, 31 * time.Second, 500 * time.Second}

// tcpFrames are TCP segments between few end points: connections that open, close
// and are used again, in no order that TCP would allow.
func tcpFrames(t testing.TB, rnd *rand.Rand, n int) (frames []wire.Frame) {
	flags := []sourcetest.TCPFlags{sourcetest.ACK, sourcetest.ACK, sourcetest.ACK, sourcetest.SYN, sourcetest.SYN | sourcetest.ACK,
		sourcetest.FIN | sourcetest.ACK, sourcetest.FIN | sourcetest.ACK, sourcetest.RST}
	at, gaps := time.Duration(0), rnd.IntN(len(tcpGaps))+1
	for range n {
		if rnd.IntN(3) == 0 {
			at += tcpGaps[rnd.IntN(gaps)] + time.Duration(rnd.IntN(20))*time.Millisecond
		}
		src, dst := "10.0.0.1", fmt.Sprintf("10.0.0.%d", 2+rnd.IntN(4))
		sp, dp := uint16(1000), uint16(80)
		if rnd.IntN(2) == 0 {
			src, dst, sp, dp = dst, src, dp, sp
		}
		seq := []uint32{100, 200, 90_000, 1 << 31, 1<<32 - 5}[rnd.IntN(5)]
		frames = append(frames, sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: src, Dst: dst},
			sourcetest.TCP{Src: sp, Dst: dp, Flags: flags[rnd.IntN(len(flags))], Seq: seq}, sourcetest.Payload(rnd.IntN(400)), sourcetest.At(at)))
	}
	return frames
}

// TestStreamEndsInLanes: which streams end, in which order and why does not depend on
// the lanes, nor on how frames are fed.
func TestStreamEndsInLanes(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	var reasons [streams.NumReasons]int
	for run := range 60 {
		frames := tcpFrames(t, rnd, 300)
		cfg := Config{Streams: streams.Config{MaxStreams: 1 + rnd.IntN(5)}}
		want := streamEnds(t, cfg, frames)
		for _, e := range want {
			reasons[e.Reason]++
		}
		for _, cfg.Lanes = range []int{2, 3, 8} {
			if got := streamEnds(t, cfg, frames); !slices.Equal(got, want) {
				t.Fatalf("run %d, %d lanes: %d streams ended, want %d; first difference at %d", run, cfg.Lanes, len(got), len(want), firstDifference(got, want))
			}
		}
	}
	if slices.Contains(reasons[:], 0) {
		t.Errorf("streams ended for %v: a reason is missing", reasons)
	}
}

func firstDifference[T comparable](a, b []T) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestStreamEndsByTheRules holds the streams that end against a list of all their
// packets, and the rules as they are written.
func TestStreamEndsByTheRules(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	for run := range 150 {
		frames := tcpFrames(t, rnd, 200)
		cfg := Config{}
		switch rnd.IntN(4) {
		case 0:
			cfg.Streams.MinTimeout = streams.NoTimeout
		case 1:
			cfg.Streams.ShortTimeout = 200
		case 2:
			cfg.Streams = streams.Config{MinTimeout: 100, Multiplier: 3, CloseGrace: 40}
		}
		var got []string
		for _, e := range streamEnds(t, cfg, frames) {
			got = append(got, endLine(e.Address[0][:4], e.Address[1][:4], e.First, e.Last, e.PDUs, e.Octets, e.Reason))
		}
		want := naiveStreams(cfg.Streams, frames)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			i := firstDifference(got, want)
			t.Fatalf("run %d, %+v: streams %d, want %d; from %d on\n%q\nwant\n%q", run, cfg.Streams, len(got), len(want), i, got[i:min(i+3, len(got))], want[i:min(i+3, len(want))])
		}
	}
}

func endLine(a, b []byte, first, last int64, pdus, octets [2]uint64, why streams.Reason) string {
	if slices.Compare(a, b) > 0 {
		a, b = b, a
		pdus[0], pdus[1], octets[0], octets[1] = pdus[1], pdus[0], octets[1], octets[0]
	}
	return fmt.Sprint(a, b, first, last, pdus, octets, why)
}

// naiveStream is all that is known of a stream.
type naiveStream struct {
	key     [2]netip.Addr
	packets []naivePacket
}

type naivePacket struct {
	time        int64
	uptime      Uptime
	dir         int
	flags       sourcetest.TCPFlags
	first, next uint32 // sequence numbers
	octets      uint64
}

// naiveStreams are the lines of the streams that the frames make.
func naiveStreams(cfg streams.Config, frames []wire.Frame) (ended []string) {
	cfg.MinTimeout = cmp.Or(cfg.MinTimeout, streams.DefaultMinTimeout)
	cfg.Multiplier = cmp.Or(cfg.Multiplier, streams.DefaultMultiplier)
	cfg.CloseGrace = cmp.Or(cfg.CloseGrace, streams.DefaultCloseGrace)
	live := map[[2]netip.Addr]*naiveStream{}
	end := func(s *naiveStream, why streams.Reason) {
		if closedAt(s) > 0 {
			why = streams.ReasonClose
		}
		var pdus, octets [2]uint64
		for _, p := range s.packets {
			pdus[p.dir]++
			octets[p.dir] += p.octets
		}
		a, b := s.key[0].As4(), s.key[1].As4()
		ended = append(ended, endLine(a[:], b[:], s.packets[0].time, s.packets[len(s.packets)-1].time, pdus, octets, why))
		delete(live, s.key)
	}
	for _, f := range frames {
		key, p := naiveParse(&f, frames[0].Time)
		lastTick := (p.uptime-1)/10*10 + 1
		for _, s := range live {
			if due, ok := naiveDue(&cfg, s); ok && due <= lastTick {
				end(s, streams.ReasonTimeout)
			}
		}
		if s := live[key]; s != nil && naiveBegins(&cfg, s, &p) {
			end(s, streams.ReasonSYN)
		}
		if live[key] == nil {
			live[key] = &naiveStream{key: key}
		}
		live[key].packets = append(live[key].packets, p)
	}
	for _, s := range live {
		end(s, streams.ReasonCut)
	}
	return ended
}

func naiveParse(f *wire.Frame, start int64) (key [2]netip.Addr, p naivePacket) {
	ip := f.Data[14:]
	tcp := ip[20:]
	src, dst := netip.AddrFrom4([4]byte(ip[12:])), netip.AddrFrom4([4]byte(ip[16:]))
	key = [2]netip.Addr{src, dst}
	if dst.Less(src) {
		key, p.dir = [2]netip.Addr{dst, src}, 1
	}
	p.time, p.uptime = f.Time, 1+Uptime((f.Time-start)/1e7)
	p.flags = sourcetest.TCPFlags(tcp[13])
	p.first = uint32(tcp[4])<<24 | uint32(tcp[5])<<16 | uint32(tcp[6])<<8 | uint32(tcp[7])
	p.next = p.first + uint32(ip[2])<<8 + uint32(ip[3]) - 40
	p.octets = uint64(f.WireLen)
	if p.flags&sourcetest.SYN != 0 {
		p.next = p.first + 1
	} else if p.flags&sourcetest.FIN != 0 {
		p.next++
	}
	return key, p
}

// closedAt is when RST, or FIN each way and the ACK of the second, closed a stream; 0 if
// nothing has.
func closedAt(s *naiveStream) Uptime {
	var fins []int
	for _, p := range s.packets {
		switch {
		case p.flags&sourcetest.RST != 0:
			return p.uptime
		case p.flags&sourcetest.FIN != 0 && !slices.Contains(fins, p.dir):
			fins = append(fins, p.dir)
		case p.flags&sourcetest.ACK != 0 && len(fins) == 2 && p.dir != fins[1]:
			return p.uptime
		}
	}
	return 0
}

// naiveDue is when a stream ends if no packet comes.
func naiveDue(cfg *streams.Config, s *naiveStream) (Uptime, bool) {
	first, last, n := s.packets[0].uptime, s.packets[len(s.packets)-1].uptime, Uptime(len(s.packets))
	if at := closedAt(s); at > 0 {
		return at + cfg.CloseGrace, true
	}
	if cfg.ShortTimeout > 0 && n < 6 {
		return last + cfg.ShortTimeout, true
	}
	if cfg.MinTimeout == streams.NoTimeout {
		return 0, false
	}
	// The least idle time in whole centiseconds that is greater than that many mean intervals.
	idle := Uptime(0)
	for idle*n <= Uptime(cfg.Multiplier)*(last-first) {
		idle += max(1, (Uptime(cfg.Multiplier)*(last-first)-idle*n)/n)
	}
	return last + max(cfg.MinTimeout, idle), true
}

// naiveBegins reports whether a packet begins a new stream.
func naiveBegins(cfg *streams.Config, s *naiveStream, p *naivePacket) bool {
	at := closedAt(s)
	if at > 0 && p.uptime >= at+cfg.CloseGrace {
		return true
	}
	if p.flags&sourcetest.SYN == 0 || p.flags&sourcetest.RST != 0 {
		return false
	}
	if at > 0 && p.flags&sourcetest.ACK == 0 {
		return true
	}
	var next uint32
	var octets uint64
	known, open, answered := false, false, false
	for _, q := range s.packets {
		answered = answered || q.dir != p.dir
		if q.dir == p.dir {
			open = open || q.flags&sourcetest.SYN == 0
			if octets += q.octets; !known || int32(q.next-next) >= 0 {
				next, known = q.next, true
			}
		}
	}
	if p.flags&sourcetest.ACK != 0 && answered {
		return false
	}
	if known && !open {
		return p.first+1 != next
	}
	return known && uint64(next-p.first) > octets+1 && (!answered || p.first-next > 65535)
}
