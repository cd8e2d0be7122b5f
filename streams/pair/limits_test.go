package pair

import (
	"encoding/binary"
	"slices"
	"testing"
	"unsafe"

	"netramet/meter/packet"
)

func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(request{}); n != requestSize {
		t.Errorf("a request takes %d octets, not %d", n, requestSize)
	}
	if n := unsafe.Sizeof(queue{}); n != queueSize {
		t.Errorf("a queue takes %d octets, not %d", n, queueSize)
	}
}

// TestFullQueue: the oldest request of the stream goes, whichever end asked, and is
// dropped, or expired if it has been lost.
func TestFullQueue(t *testing.T) {
	p := New(Config{MaxOther: 3})
	q := p.Want(0, AllKinds, [2]int64{ns(100), 0})
	match := func(ms float64, dir packet.Direction, f packet.Facts) []Event {
		t.Helper()
		events := p.Match(q, dir, &f, ns(ms), nil)
		checkBooks(t, p)
		return events
	}
	match(0, 0, ask(i, 1))
	match(1, 1, ask(i, 2))
	match(2, 0, ask(i, 3))
	match(3, 1, ask(i, 4)) // request 1 goes
	if got := match(4, 1, reply(i, 1)); len(got) != 0 {
		t.Errorf("%v: its request was dropped", got)
	}
	if got := match(200, 1, ask(i, 5)); len(got) != 1 || got[0].What != Lost || got[0].ID != 3 {
		t.Errorf("%v, want request 3 lost, and only that: the other end's have no limit", got)
	}
	match(201, 1, ask(i, 6)) // request 3, which is lost, goes
	if s := p.Stats(); s.Dropped != 2 || s.Expired != 1 || s.Waiting != 3 || s.Queued != 6 || s.Unasked != 1 {
		t.Errorf("%+v", s)
	}
}

// TestFullTCP: octets that went out of a full queue were sent before all the same.
func TestFullTCP(t *testing.T) {
	p := New(Config{MaxTCP: 2})
	q := p.Want(0, TCPData.Set(), [2]int64{})
	var events []Event
	for _, f := range []packet.Facts{data(100, 5), data(105, 5), data(110, 5), data(100, 5), acks(105), data(115, 5), acks(115), acks(120)} {
		dir := packet.Source
		if f.PayloadLen == 0 {
			dir = packet.Dest
		}
		events = p.Match(q, dir, &f, 0, events)
		checkBooks(t, p)
	}
	if len(events) != 2 || events[0].ID != 115 || events[1].ID != 120 {
		t.Errorf("%v, want those that end with 115 and 120", events)
	}
}

// TestDefaultLimits are NeTraMet's.
func TestDefaultLimits(t *testing.T) {
	p := New(Config{})
	icmp, tcp := p.Want(0, AllKinds, [2]int64{}), p.Want(0, AllKinds, [2]int64{})
	for k := range uint32(200) {
		echo, segment := ask(i, uint64(k)), data(10*k, 10)
		p.Match(icmp, 0, &echo, 0, nil)
		p.Match(tcp, 0, &segment, 0, nil)
	}
	if s := p.Stats(); s.Waiting != 90+60 || s.Dropped != 110+140 {
		t.Errorf("%+v, want 90 and 60 waiting", s)
	}
}

// TestEnd: what waits within its limit is dropped when its stream ends, stays counted as
// waiting when the trace does, and is lost if its limit has passed by then.
func TestEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  bool
		want Stats
	}{
		{"stream", false, Stats{Queued: 3, Matched: 1, Dropped: 1, Expired: 1, Pairs: 1, Lost: 1}},
		{"trace", true, Stats{Queued: 3, Matched: 1, Expired: 1, Waiting: 1, Pairs: 1, Lost: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := New(Config{})
			q := p.Want(0, AllKinds, [2]int64{ns(100), ns(100)})
			var events []Event
			for _, s := range []step{{0, "a", ask(i, 1)}, {1, "a", ask(i, 2)}, {5, "b", reply(i, 2)}, {90, "a", ask(i, 3)}} {
				events = p.Match(q, s.dir(), &s.facts, ns(s.at), events)
			}
			events = p.End(q, ns(101), c.cut, events)
			if len(events) != 2 || events[1].String() != "icmp a 1 0s lost" {
				t.Errorf("%v, want a pair and a lost request", events)
			}
			if got := p.Stats(); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if again := p.Want(0, ICMP.Set(), [2]int64{}); again != q || p.requests.Len() != 2 {
				t.Errorf("the memory of queue %d does not come back: %d", q, again)
			}
			f := reply(i, 1)
			if got := p.Match(q, 1, &f, ns(102), nil); len(got) != 0 {
				t.Errorf("%v: of the stream before", got)
			}
		})
	}
}

// TestExpire: a waiting request keeps its stream until its limit has passed.
func TestExpire(t *testing.T) {
	p := New(Config{})
	q := p.Want(0, AllKinds, [2]int64{ns(100), ns(50)})
	steps := []step{{0, "a", ask(i, 1)}, {10, "b", ask(i, 2)}, {20, "b", ask(i, 3)}}
	for _, s := range steps {
		p.Match(q, s.dir(), &s.facts, ns(s.at), nil)
	}
	for _, c := range []struct {
		now, until float64
		lost       []uint64
	}{{60, 60, nil}, {61, 70, []uint64{2}}, {99, 100, []uint64{3}}, {100, 100, nil}, {1000, -1, []uint64{1}}, {2000, -1, nil}} {
		until, events := p.Expire(q, ns(c.now), nil)
		if want := ns(c.until); until != want && (c.until >= 0 || until != Never) {
			t.Errorf("at %v ms: lives until %d, want %d", c.now, until, want)
		}
		var lost []uint64
		for _, e := range events {
			lost = append(lost, e.ID)
		}
		if !slices.Equal(lost, c.lost) {
			t.Errorf("at %v ms: lost %v, want %v", c.now, lost, c.lost)
		}
	}
	if until, _ := p.Expire(0, ns(5000), nil); until != Never {
		t.Error("no queue: nothing waits")
	}
	// A larger limit comes with a flow that asks later; a smaller one does nothing.
	f := ask(i, 9)
	p.Match(q, 0, &f, ns(3000), nil)
	p.Want(q, 0, [2]int64{ns(300), ns(1)})
	if until, _ := p.Expire(q, ns(3001), nil); until != ns(3300) {
		t.Errorf("lives until %d, want 3.3 s", until)
	}
}

// TestPatience: without a limit, a stream lives on for a while after its last request.
func TestPatience(t *testing.T) {
	p := New(Config{Patience: ns(1000)})
	q := p.Want(0, AllKinds, [2]int64{})
	for _, s := range []step{{0, "a", ask(i, 1)}, {400, "a", ask(i, 2)}, {500, "b", ask(i, 3)}, {600, "a", reply(i, 3)}} {
		p.Match(q, s.dir(), &s.facts, ns(s.at), nil)
	}
	for _, c := range []struct{ now, until float64 }{{600, 1400}, {1400, 1400}, {1401, -1}} {
		if until, events := p.Expire(q, ns(c.now), nil); len(events) != 0 || until != ns(c.until) && (until != Never || c.until >= 0) {
			t.Errorf("at %v ms: lives until %d, want %v ms; %v", c.now, until, c.until, events)
		}
	}
	p.Want(q, 0, [2]int64{ns(900), 0})
	if until, _ := p.Expire(q, ns(800), nil); until != ns(900) {
		t.Errorf("lives until %d, want what is lost first, 900 ms", until)
	}
}

// TestTimesFarApart: times and limits of any size are no pairs, or right ones.
func TestTimesFarApart(t *testing.T) {
	p := New(Config{})
	q := p.Want(0, AllKinds, [2]int64{Never, Never})
	f, r := ask(i, 1), reply(i, 1)
	events := p.Match(q, 0, &f, -Never-1, nil)
	events = p.Match(q, 1, &r, Never, events)
	if len(events) != 1 || events[0].What != Lost || p.Stats().Backwards != 1 {
		t.Errorf("%v %+v, want it lost, and no pair of a time that 64 bits do not hold", events, p.Stats())
	}
}

// packetsOf makes packets of octets, for fuzzing.
func packetsOf(b []byte, f func(q uint8, dir packet.Direction, facts *packet.Facts, step int64)) {
	const size = 16
	for ; len(b) >= size; b = b[size:] {
		word := binary.LittleEndian.Uint32(b[4:])
		facts := packet.Facts{
			Kind: packet.FactsKind(b[0] % 7), Role: packet.Role(b[1] & 3), TCPFlags: b[2], SACKs: b[3] % (packet.MaxSACK + 1),
			Question: uint32(b[8] & 3), ID: uint64(b[9] & 7), Answered: uint64(b[10] & 7), PayloadLen: uint32(b[11]),
			Seq: word, Ack: word + uint32(int8(b[12])),
		}
		for k := range facts.SACK {
			facts.SACK[k] = [2]uint32{word + uint32(b[13])<<k, word + uint32(b[14])}
		}
		f(b[15]&7, packet.Direction(b[15]>>3&1), &facts, int64(int8(b[15]))<<(b[3]&31))
	}
}

// FuzzMatch plays any packets in a few queues with small limits: the books balance
// after each, and memory is that of the limits.
func FuzzMatch(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdeg0123456789ABCDEF"), uint8(0))
	f.Add(make([]byte, 160), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, limit uint8) {
		const queues, most = 8, 3
		p := New(Config{MaxTCP: most, MaxOther: most, Measure: Measure(limit & 1)})
		var q [queues]Queue
		now, wait := int64(0), int64(limit>>1)
		packetsOf(b, func(at uint8, dir packet.Direction, facts *packet.Facts, step int64) {
			now += step
			switch {
			case q[at] == 0:
				q[at] = p.Want(0, AllKinds, [2]int64{wait, wait * 3})
			case step == -1:
				checkEvents(t, p.End(q[at], now, at == 0, nil))
				q[at] = p.Want(0, AllKinds, [2]int64{wait, 0})
			}
			checkEvents(t, p.Match(q[at], dir, facts, now, nil))
			if s := p.Stats(); s.Queued != s.Matched+s.Dropped+s.Expired+s.Waiting {
				t.Fatalf("%+v", s)
			}
		})
		if n := p.requests.Len(); n > queues*most || p.queues.Len() > queues {
			t.Fatalf("%d requests, %d queues", n, p.queues.Len())
		}
	})
}

func checkEvents(t *testing.T, events []Event) {
	for k := range events {
		if e := &events[k]; e.What == Paired && e.Turnaround() < 0 || e.What == Lost && e.Reply != 0 {
			t.Fatalf("%+v", e)
		}
	}
}
