package streams

import (
	"testing"

	"netramet/meter/packet"
)

// benchKeys are the keys of n streams, in the order of a round's packets.
func benchKeys(t *Table, n int) (keys []Key, which []uint16) {
	keys, which = make([]Key, n), make([]uint16, n)
	for i := range keys {
		p := pkt(byte(i), byte(i>>8), uint16(i), 80)
		t.KeyOf(p, &keys[i])
		which[i] = uint16(i)
	}
	return keys, which
}

// BenchmarkFind finds streams that are there, and notes a packet in each.
func BenchmarkFind(b *testing.B) {
	const n = 4096
	t := New(Config{})
	keys, which := benchKeys(t, n)
	ids := make([]ID, n)
	now := packet.Uptime(1)
	b.ReportAllocs()
	for b.Loop() {
		t.Find(keys, which, ids, nil)
		for _, id := range ids {
			t.Note(id, &Seen{Uptime: now})
		}
		now++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*b.N), "ns/packet")
}

// BenchmarkLife makes streams of one packet each and lets them time out.
func BenchmarkLife(b *testing.B) {
	const n = 4096
	t := New(Config{})
	keys, which := benchKeys(t, n)
	ids, fresh := make([]ID, n), make([]ID, 0, n)
	now := packet.Uptime(1)
	b.ReportAllocs()
	for b.Loop() {
		fresh = t.Find(keys, which, ids, fresh[:0])
		if len(fresh) != n {
			b.Fatalf("%d of %d streams are new", len(fresh), n)
		}
		for _, id := range ids {
			t.Note(id, &Seen{Uptime: now})
		}
		now += 1000 // a stream of one packet lasts 5 s
		for !t.Sweep(now) {
			continue
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*b.N), "ns/stream")
}
