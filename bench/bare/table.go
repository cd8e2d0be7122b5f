//go:build linux

package main

import "netramet/internal/slab"

// row is a flow, in one cache line.
type row struct {
	key    key
	pdus   [2]uint32 // by direction
	octets [2]uint64
}

// table finds rows by an open-addressing index, at most half full, of words:
// 32 bits of the hash, and the number of a row plus 1. Rows lie one after the
// other, in memory that the system gives as it is touched.
type table struct {
	index []uint64
	rows  []row
	n     int

	touched uint64 // keeps the compiler from leaving touch out
}

// newTable makes a table for at most so many flows.
func newTable(most int) *table {
	return &table{index: slab.Make[uint64](1 << 13), rows: slab.Make[row](most + 1)}
}

// countAll counts packets.
func (t *table) countAll(packets []pending) {
	if len(packets) > 1 {
		t.touched += t.touch(packets)
	}
	for i := range packets {
		t.count(&packets[i])
	}
}

// touch reads what count will read of the flows of these packets, so that the
// waits for memory overlap: first all index words, then all rows.
func (t *table) touch(packets []pending) (sum uint64) {
	mask := uint64(len(t.index) - 1)
	for i := range packets {
		p := &packets[i]
		p.near = uint32(t.index[p.hash&mask])
	}
	for i := range packets {
		sum += t.rows[packets[i].near].key[4]
	}
	return sum
}

// count counts a packet.
func (t *table) count(p *pending) {
	r := t.find(&p.key, p.hash)
	r.pdus[p.to&1]++
	r.octets[p.to&1] += uint64(p.octets)
}

// find is the row of a flow, made if there is none.
func (t *table) find(k *key, hash uint64) *row {
	mask := uint64(len(t.index) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		w := t.index[i]
		if w == 0 {
			return t.add(k, hash)
		}
		if w>>32 == hash>>32 {
			if r := &t.rows[uint32(w)]; r.key == *k {
				return r
			}
		}
	}
}

// add makes a row.
func (t *table) add(k *key, hash uint64) *row {
	t.n++
	r := &t.rows[t.n]
	r.key = *k
	if 2*t.n <= len(t.index) {
		t.enter(hash, t.n)
		return r
	}
	t.index = slab.Make[uint64](2 * len(t.index))
	for n := 1; n <= t.n; n++ {
		t.enter(t.rows[n].key.hash(), n)
	}
	return r
}

// enter writes the index word of row n.
func (t *table) enter(hash uint64, n int) {
	mask := uint64(len(t.index) - 1)
	i := hash & mask
	for t.index[i] != 0 {
		i = (i + 1) & mask
	}
	t.index[i] = hash>>32<<32 | uint64(n)
}
