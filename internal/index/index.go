// Package index is the hash index under the stream table and the flow table:
// 32 hash bits and a 32-bit slot in one 64-bit word, nothing else.
//
// It never sees records or keys: growing and deleting work on the stored hash
// bits alone, and it is the caller who compares keys. Hash orders reach no
// output; the secret makes crafted collisions a matter of luck.
package index

import (
	"math/bits"

	"netramet/internal/slab"
)

// Growth and size.
const (
	minBuckets = 1 << 10
	// migrateStep buckets of the old table move with each insertion, so that
	// no single packet pays for a whole table.
	migrateStep = 64

	slotMask = 1<<32 - 1
	moved    = slotMask // slot of a word that was moved or deleted in the old table

	// MaxSlot is the largest slot number that may be stored; it fits an int
	// of 32 bits.
	MaxSlot = 1<<31 - 1
)

// Table maps 32-bit hashes to slots; several slots may share one hash. A word
// is hash<<32 | slot+1; 0 is an empty bucket. The bucket is the hash's top
// bits, with linear probing and at most half of the buckets in use.
type Table struct {
	words []uint64
	shift uint8
	n     int // slots stored, in both tables

	old      []uint64 // being migrated, nil if none
	oldShift uint8
	oldNext  int // buckets of old before this one have moved
}

// Len is the number of slots stored.
func (t *Table) Len() int { return t.n }

// Buckets is the number of words held, those of a table in migration included.
func (t *Table) Buckets() int { return len(t.words) + len(t.old) }

// Cursor says where a search goes on. Its zero value is not a cursor.
type Cursor struct {
	i   uint32
	old bool
}

// First returns the first slot stored under hash h. The caller compares keys
// and calls Next while it finds none that is equal.
func (t *Table) First(h uint32) (slot uint32, c Cursor, ok bool) {
	// Most are found where the search starts, and that much is inlined.
	if i := h >> t.shift; uint(i) < uint(len(t.words)) { // as int a hash may be negative
		if w := t.words[i]; uint32(w>>32) == h && w != 0 {
			return uint32(w) - 1, Cursor{i: i}, true
		}
	}
	return t.search(h)
}

func (t *Table) search(h uint32) (slot uint32, c Cursor, ok bool) {
	if len(t.words) == 0 {
		return 0, c, false
	}
	return t.scan(h, h>>t.shift)
}

// Next returns the next slot stored under h after the one at c.
func (t *Table) Next(h uint32, c Cursor) (uint32, Cursor, bool) {
	if c.old {
		return t.scanOld(h, c.i+1)
	}
	return t.scan(h, c.i+1)
}

func (t *Table) scan(h, from uint32) (uint32, Cursor, bool) {
	words := t.words
	mask := uint32(len(words) - 1)
	for i := from & mask; ; i = (i + 1) & mask {
		w := words[i]
		if w == 0 {
			break
		}
		if uint32(w>>32) == h {
			return uint32(w) - 1, Cursor{i: i}, true
		}
	}
	if t.old != nil {
		return t.scanOld(h, h>>t.oldShift)
	}
	return 0, Cursor{}, false
}

func (t *Table) scanOld(h, from uint32) (uint32, Cursor, bool) {
	mask := uint32(len(t.old) - 1)
	for i := from & mask; ; i = (i + 1) & mask {
		w := t.old[i]
		if w == 0 {
			return 0, Cursor{}, false
		}
		if uint32(w>>32) == h && w&slotMask != moved {
			return uint32(w) - 1, Cursor{i: i, old: true}, true
		}
	}
}

// Touch reads the bucket a search for h starts at, so that the searches of
// many hashes wait for memory together. The result is of no meaning.
func (t *Table) Touch(h uint32) uint64 {
	if len(t.words) == 0 {
		return 0
	}
	return t.words[h>>t.shift&uint32(len(t.words)-1)]
}

// Insert stores slot under h. The caller has made sure that it is not there.
func (t *Table) Insert(h, slot uint32) {
	if t.old != nil {
		t.migrate(migrateStep)
	}
	if 2*(t.n+1) > len(t.words) {
		t.grow()
	}
	t.place(uint64(h)<<32 | uint64(slot+1))
	t.n++
}

// Delete removes slot from under h; it must be there.
func (t *Table) Delete(h, slot uint32) {
	want := uint64(h)<<32 | uint64(slot+1)
	if t.old != nil {
		mask := uint32(len(t.old) - 1)
		for i := h >> t.oldShift & mask; t.old[i] != 0; i = (i + 1) & mask {
			if t.old[i] == want {
				t.old[i] |= moved
				t.n--
				return
			}
		}
	}
	mask := uint32(len(t.words) - 1)
	for i := h >> t.shift & mask; t.words[i] != 0; i = (i + 1) & mask {
		if t.words[i] == want {
			t.close(i)
			t.n--
			return
		}
	}
}

// close empties bucket i and moves later words of its run back over the gap,
// so that searches never meet a hole before their word.
func (t *Table) close(i uint32) {
	mask := uint32(len(t.words) - 1)
	for j := (i + 1) & mask; ; j = (j + 1) & mask {
		w := t.words[j]
		if w == 0 {
			break
		}
		home := uint32(w>>32) >> t.shift & mask
		// w may move to i unless its home lies in (i, j].
		if (j-home)&mask >= (j-i)&mask {
			t.words[i] = w
			i = j
		}
	}
	t.words[i] = 0
}

func (t *Table) place(w uint64) {
	mask := uint32(len(t.words) - 1)
	i := uint32(w>>32) >> t.shift & mask
	for t.words[i] != 0 {
		i = (i + 1) & mask
	}
	t.words[i] = w
}

// grow doubles the table. The old one is emptied migrateStep buckets at a
// time; at load 1/2 it is empty long before the new one is full.
func (t *Table) grow() {
	if t.old != nil {
		t.migrate(len(t.old))
	}
	n := max(2*len(t.words), minBuckets)
	if len(t.words) > 0 {
		t.old, t.oldShift, t.oldNext = t.words, t.shift, 0
	}
	t.words = slab.Make[uint64](n)
	t.shift = uint8(32 - bits.TrailingZeros(uint(n)))
	if t.n == 0 {
		t.old = nil
	}
}

func (t *Table) migrate(steps int) {
	for ; steps > 0 && t.oldNext < len(t.old); steps-- {
		w := t.old[t.oldNext]
		if w != 0 && w&slotMask != moved {
			t.place(w)
			t.old[t.oldNext] |= moved
		}
		t.oldNext++
	}
	if t.oldNext == len(t.old) {
		slab.Discard(t.old)
		t.old = nil
	}
}
