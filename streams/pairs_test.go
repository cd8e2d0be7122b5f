package streams

import (
	"fmt"
	"slices"
	"testing"

	"netramet/meter/packet"
	"netramet/streams/pair"
)

// pairBench is a table that measures, with one stream of ICMP echoes.
type pairBench struct {
	t     *testing.T
	table *Table
	id    ID
	told  []string
}

const pairStart = int64(1_700_000_000e9)

func newPairBench(t *testing.T, cfg Config) *pairBench {
	x := &pairBench{t: t, table: New(cfg)}
	x.table.Measure(true)
	return x
}

func (x *pairBench) key() Key {
	var p packet.Packet
	p.Flags, p.TransType = packet.IsStream, 1
	p.PeerAddress[1][0] = 9
	var k Key
	x.table.KeyOf(&p, &k)
	return k
}

// packet meters a packet at an uptime; id is the request's, which it answers if role
// says so.
func (x *pairBench) packet(at packet.Uptime, dir packet.Direction, role packet.Role, id uint64) {
	x.t.Helper()
	x.id, _ = x.table.FindOne(ptr(x.key()))
	unix := at.Time(pairStart)
	x.table.Note(x.id, &Seen{Uptime: at, Dir: dir, First: unix, Time: unix, PDUs: 1, Octets: 84})
	facts := packet.Facts{Kind: packet.FactsICMP, Role: role, ID: id, Answered: id}
	x.table.Match(x.id, dir, &facts, unix)
	x.take()
}

func ptr[T any](v T) *T { return &v }

func (x *pairBench) take() {
	for _, e := range x.table.TakeEvents() {
		switch e.Kind {
		case Paired:
			x.told = append(x.told, fmt.Sprintf("pair %d %dms", e.Pair.ID, e.Pair.Turnaround()/1e6))
		case Lost:
			x.told = append(x.told, fmt.Sprintf("lost %d", e.Pair.ID))
		case Ended:
			x.told = append(x.told, fmt.Sprintf("%v at %d", e.Reason, e.At))
		}
	}
}

// sweepTo sweeps at each tick from one uptime up to another.
func (x *pairBench) sweepTo(from, to packet.Uptime) {
	for at := from; at <= to; at += tickCs {
		for !x.table.Sweep(at) {
			continue
		}
		x.take()
	}
}

func (x *pairBench) want(told ...string) {
	x.t.Helper()
	if !slices.Equal(x.told, told) {
		x.t.Errorf("told %q, want %q", x.told, told)
	}
}

// TestWaitingKeepsTheStream: a stream does not time out while a request in it is within
// its limit (decision 32), and a reply in time is one of the same stream.
func TestWaitingKeepsTheStream(t *testing.T) {
	limit := [2]int64{20e9, 20e9}
	t.Run("answered", func(t *testing.T) {
		x := newPairBench(t, Config{})
		x.packet(1, 0, packet.Asks, 1)
		x.table.Want(x.id, pair.AllKinds, limit)
		x.packet(1, 0, packet.Asks, 2)
		x.sweepTo(10, 1900)
		x.packet(1901, 1, packet.Answers, 2)
		x.sweepTo(1910, 3000)
		// Two packets in 0 s and one after 19: idle for 20*19/3 s.
		x.want("pair 2 19000ms")
		x.sweepTo(3010, 40000)
		x.want("pair 2 19000ms", fmt.Sprintf("timeout at %d", 1901+20*1900/3+1))
	})
	t.Run("lost", func(t *testing.T) {
		x := newPairBench(t, Config{})
		x.packet(1, 0, packet.Asks, 1)
		x.table.Want(x.id, pair.AllKinds, limit)
		x.packet(1, 0, packet.Asks, 2)
		x.sweepTo(10, 2000)
		x.want()
		x.sweepTo(2010, 6000)
		if len(x.told) != 2 || x.told[0] != "lost 2" {
			t.Errorf("told %q, want it lost, and then the stream's end", x.told)
		}
		if s := x.table.Pairs(); s.Expired != 1 || s.Dropped != 0 || s.Waiting != 0 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("without limit", func(t *testing.T) {
		x := newPairBench(t, Config{})
		x.packet(1, 0, packet.Asks, 1)
		x.table.Want(x.id, pair.AllKinds, [2]int64{})
		x.packet(1, 0, packet.Asks, 2)
		x.sweepTo(10, 1000)
		x.want("timeout at 501")
		if s := x.table.Pairs(); s.Dropped != 1 {
			t.Errorf("%+v, want it dropped", s)
		}
	})
	t.Run("with patience", func(t *testing.T) {
		x := newPairBench(t, Config{Pairs: pair.Config{Patience: 60e9}})
		x.packet(1, 0, packet.Asks, 1)
		x.table.Want(x.id, pair.AllKinds, [2]int64{})
		x.packet(1, 0, packet.Asks, 2)
		x.sweepTo(10, 5900)
		x.packet(5901, 1, packet.Answers, 2)
		x.want("pair 2 59000ms")
	})
}

// TestEndOfAQueue: the request of a stream that is cut off by the end of the trace is
// waiting; of others that end, dropped. Lost comes before the stream's end.
func TestEndOfAQueue(t *testing.T) {
	begin := func(t *testing.T, limit int64) *pairBench {
		x := newPairBench(t, Config{})
		x.packet(1, 0, packet.Asks, 1)
		x.table.Want(x.id, pair.AllKinds, [2]int64{limit, limit})
		x.packet(1, 0, packet.Asks, 2)
		return x
	}
	t.Run("cut", func(t *testing.T) {
		x := begin(t, 5e9)
		x.table.EndAll(101)
		x.take()
		x.want("cut at 101")
		if s := x.table.Pairs(); s.Waiting != 1 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("cut after the limit", func(t *testing.T) {
		x := begin(t, 1e8)
		x.table.EndAll(101)
		x.take()
		x.want("lost 2", "cut at 101")
	})
	t.Run("evicted", func(t *testing.T) {
		x := begin(t, 5e9)
		Bound([]*Table{x.table}, 0, 101)
		x.take()
		x.want("evicted at 101")
		if s := x.table.Pairs(); s.Dropped != 1 || s.Waiting != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestUnmatched: packets without a time or facts, and streams that nobody asked for, are
// not matched.
func TestUnmatched(t *testing.T) {
	x := newPairBench(t, Config{})
	x.packet(1, 0, packet.Asks, 1)
	x.packet(2, 1, packet.Answers, 1)
	x.want()
	if s := x.table.Pairs(); s != (pair.Stats{}) {
		t.Errorf("%+v", s)
	}
}

// TestPairCountsStay: counts go on where a table stops measuring and begins again; what
// waited then is dropped.
func TestPairCountsStay(t *testing.T) {
	x := newPairBench(t, Config{})
	for range 2 {
		x.packet(1, 0, packet.Asks, 1)
		x.table.Want(x.id, pair.AllKinds, [2]int64{})
		x.packet(2, 0, packet.Asks, 1)
		x.table.Measure(false)
		x.table.Measure(true)
	}
	if s := x.table.Pairs(); s != (pair.Stats{Queued: 2, Dropped: 2}) {
		t.Errorf("%+v", s)
	}
}

// TestNotLostBeforeItsLimit: a request that came late in its centisecond is not lost at a
// tick that its limit has not come to yet.
func TestNotLostBeforeItsLimit(t *testing.T) {
	x := newPairBench(t, Config{ShortTimeout: 70})
	limit := int64(695e6)
	x.packet(1, 0, packet.Asks, 1)
	x.table.Want(x.id, pair.AllKinds, [2]int64{limit, limit})
	match := func(at packet.Uptime, dir packet.Direction, role packet.Role, unix int64) {
		x.table.Note(x.id, &Seen{Uptime: at, Dir: dir, First: unix, Time: unix, PDUs: 1, Octets: 84})
		facts := packet.Facts{Kind: packet.FactsICMP, Role: role, ID: 2, Answered: 2}
		x.table.Match(x.id, dir, &facts, unix)
		x.take()
	}
	asked := pairStart + 9_900_000 // uptime 1 lasts until 10 ms
	match(1, 0, packet.Asks, asked)
	x.sweepTo(11, 71) // 700 ms, 690.1 ms behind the request
	match(71, 1, packet.Answers, asked+694e6)
	x.want("pair 2 694ms")
	if s := x.table.Pairs(); s.Lost != 0 {
		t.Errorf("%+v, want none lost", s)
	}
}
