package streams

import (
	"testing"

	"netramet/meter/packet"

	"pgregory.net/rapid"
)

// aLife is a table with one stream of steady packets, and its time.
type aLife struct {
	t     *rapid.T
	table *Table
	now   packet.Uptime
	last  packet.Uptime // of the stream
}

func newLife(t *rapid.T) *aLife { return &aLife{t: t, table: New(Config{}), now: 1} }

// to lets time go by, with the ticks that come.
func (l *aLife) to(at packet.Uptime) {
	for ; l.now <= at; l.now += tickCs {
		for !l.table.Sweep(l.now) {
		}
	}
}

func (l *aLife) packet(at packet.Uptime) {
	l.to(at)
	keys, ids := make([]Key, 1), make([]ID, 1)
	l.table.KeyOf(pkt(1, 2, 3, 4), &keys[0])
	l.table.Find(keys, []uint16{0}, ids, nil)
	l.table.Note(ids[0], &Seen{Uptime: at})
	l.last = at
}

func (l *aLife) lives(when string) {
	l.t.Helper()
	if s := l.table.Stats(); s.Live != 1 || s.Created != 1 {
		l.t.Fatalf("%s, idle since %d: %+v at %d", when, l.last, s, l.now)
	}
}

// TestSteadySlowStreamsLiveLong: a stream whose packets come less often than the least
// time-out goes on as long as none is twenty times as late as they are in the mean.
func TestSteadySlowStreamsLiveLong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife(t)
		n := packet.Uptime(rapid.IntRange(4, 20).Draw(t, "packets"))
		interval := packet.Uptime(rapid.IntRange(100, 490).Draw(t, "interval"))
		at := packet.Uptime(1)
		for range n {
			l.packet(at)
			at += interval
		}
		for range rapid.IntRange(1, 20).Draw(t, "pauses") {
			longest := DefaultMultiplier * (l.last - 1) / n
			l.packet(l.last + packet.Uptime(rapid.IntRange(500, int(longest)).Draw(t, "pause")))
			n++
			l.lives("while its packets come")
		}
		due := l.last + max(DefaultMinTimeout, DefaultMultiplier*(l.last-1)/n+1)
		l.to(due - 1)
		l.lives("until it has been idle for too long")
		l.to(due + tickCs)
		if s := l.table.Stats(); s.Ended[ReasonTimeout] != 1 {
			t.Fatalf("%+v behind %d", s, due)
		}
	})
}

// TestBusyStreamsThatStopGoSoon: a stream of packets that come fast goes when it has
// been idle for the least time-out, however long it has lived.
func TestBusyStreamsThatStopGoSoon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLife(t)
		at := packet.Uptime(1)
		for range rapid.IntRange(2, 2000).Draw(t, "packets") {
			l.packet(at)
			at += packet.Uptime(rapid.IntRange(0, 25).Draw(t, "interval"))
		}
		l.to(l.last + DefaultMinTimeout - 1)
		l.lives("for the least time-out")
		l.to(l.last + DefaultMinTimeout + tickCs)
		if s := l.table.Stats(); s.Ended[ReasonTimeout] != 1 {
			t.Fatalf("%+v, last packet at %d", s, l.last)
		}
	})
}
