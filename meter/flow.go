package meter

import (
	"bytes"

	"netramet/internal/index"
	"netramet/internal/slab"
	"netramet/meter/packet"
	"netramet/meter/pme"
)

// record is one flow: its tally in the lane that made it, and what finds it; one
// cache line. The flow's identification is its key, stored apart. keyLen is 0 if
// the slot is free, see freeSlots; life is of the rule set's number, see
// flowTable.lives.
type record struct {
	tally
	first Uptime
	hash  uint32
	long  keyRef // of a key of more than shortKey octets
}

// Short keys lie in an array beside the records, so that a search reads record
// and key together. 32 octets are enough for the 5-tuple of IPv4; longer keys lie
// in the arena.
const (
	shortKey   = 32
	recordSize = 64
)

// blockShift: 256 flows to a block, which keeps its newest change time so that
// searches for changed flows skip it.
const blockShift = 8

// flowTable is the flow table of RFC 2722 §4.5: a 1-origin array of flow
// records and an index by key. A flow's slot is its FlowIndex less one.
type flowTable struct {
	max     int
	secret  index.Secret
	index   index.Table
	records slab.Slab[record]
	short   slab.Slab[[shortKey]byte]
	long    keyArena
	parts   parts
	dists   distTable
	own     ownTimes
	newest  [][]Uptime // by lane and block
	held    []int      // by lane, of how many flows it has a tally

	// lives distinguishes rule sets that had the same number, one after the
	// other: flows whose life is not that of their number are hidden. They
	// belong to a destroyed rule set and are not found any more; their memory
	// comes back at ticks. noLife is the life of no flow.
	lives [ruleset255]uint16

	free  freeSlots
	inUse int
}

// freeSlots are the slots given back, oldest first. They are linked through
// their records, so that they take no memory that would have to grow: of a free
// slot, last is the uptime at which it was given back and long the next one.
type freeSlots struct {
	first, last uint32 // slot+1; 0: there is none
}

func (t *flowTable) init(max, lanes int) {
	t.max = min(max, index.MaxSlot)
	t.secret = index.NewSecret()
	t.newest, t.held = make([][]Uptime, lanes), make([]int, lanes)
}

const noLife = 1<<16 - 1

func (t *flowTable) record(slot uint32) *record { return t.records.At(slot) }

// hidden reports whether a flow is one of a destroyed rule set.
func (t *flowTable) hidden(p *record) bool { return p.life != t.lives[p.ruleSet] }

func (t *flowTable) full() bool { return t.inUse >= t.max }

// hash is the hash of a key and of the same key reversed: both flows, if there
// are two, lie in one place of the index, and one search finds either.
func (t *flowTable) hash(key, back []byte) uint32 {
	return t.secret.Bytes(key) + t.secret.Bytes(back)
}

// key returns a flow's key; it belongs to the table.
func (t *flowTable) key(slot uint32) []byte {
	p := t.records.At(slot)
	if n := int(p.keyLen); n <= shortKey {
		return t.short.At(slot)[:n]
	}
	return t.long.get(p.long, int(p.keyLen))
}

// find looks a flow up by key, whatever its state: a flow that was idle goes
// on, with the counters it has.
func (t *flowTable) find(h uint32, key []byte) (uint32, bool) { return t.findFrom(t.meet(h), h, key) }

// met is what the index has first under a hash: the keys of a flow and of its reverse have one,
// so if that is nothing, neither is there. It is good until a flow is made or removed.
type met struct {
	slot   uint32
	cursor index.Cursor
	ok     bool
}

func (t *flowTable) meet(h uint32) (m met) {
	m.slot, m.cursor, m.ok = t.index.First(h)
	return m
}

// findFrom is find, given what was met under the hash.
func (t *flowTable) findFrom(m met, h uint32, key []byte) (uint32, bool) {
	slot, c := m.slot, m.cursor
	for ok := m.ok; ok; slot, c, ok = t.index.Next(h, c) {
		if bytes.Equal(t.key(slot), key) && !t.hidden(t.record(slot)) {
			return slot, true
		}
	}
	return 0, false
}

// place finds the flow that a packet counts in, given the key that it matched
// with, in that order, and the key reversed: RFC 2722 §4.3. dir is the packet's
// direction in the flow.
func (t *flowTable) place(h uint32, key, back []byte, order pme.Order) (slot uint32, dir packet.Direction, ok bool) {
	return t.placeFrom(t.meet(h), h, key, back, order)
}

// placeFrom is place, given what was met under the hash.
func (t *flowTable) placeFrom(m met, h uint32, key, back []byte, order pme.Order) (slot uint32, dir packet.Direction, ok bool) {
	// A packet that matched with its addresses exchanged travels from the
	// flow's dest to its source.
	if slot, ok = t.findFrom(m, h, key); ok {
		return slot, packet.Direction(order), true
	}
	if order == pme.WireOrder {
		slot, ok = t.findFrom(m, h, back)
	}
	return slot, packet.Dest, ok
}

// touch reads the flow that a search has met first, so that the searches of many packets wait
// for memory together.
func (t *flowTable) touch(slot uint32) uint64 {
	// The hash lies with what find compares, and no lane writes there.
	return uint64(t.records.At(slot).hash) + uint64(t.short.At(slot)[0])
}

// create makes a flow at uptime now whose first packet came at uptime first, in the slot freed longest ago; but not in the very
// centisecond in which it was freed, so that rule set, index and FirstTime name
// a flow for ever. It refuses when the table is full.
func (t *flowTable) create(h uint32, key []byte, lane uint8, now, first Uptime) (uint32, bool) {
	if t.full() {
		return 0, false
	}
	slot, ok := t.takeFree(now)
	if ok {
		// A record's first packets may be from when the slot was another
		// flow's.
		first = max(first, t.records.At(slot).last+1)
	} else {
		slot = t.records.Grow()
		t.short.Grow()
		if int(slot>>blockShift) == len(t.newest[0]) {
			for i := range t.newest {
				t.newest[i] = append(t.newest[i], 0)
			}
		}
	}
	p := t.records.At(slot)
	*p = record{first: first, hash: h, tally: tally{
		last: now, generation: p.generation, lane: lane,
		ruleSet: key[0], keyLen: uint8(len(key)), life: t.lives[key[0]],
	}}
	t.own.begin(tallyRef(slot))
	if !putShort(t.short.At(slot), key) {
		p.long = t.long.put(key)
	}
	t.index.Insert(h, slot)
	t.inUse++
	t.held[lane]++
	return slot, true
}

// putShort stores a key, if it is a short one.
func putShort(to *[shortKey]byte, key []byte) bool {
	switch n := len(key); {
	case n > shortKey:
		return false
	case n >= shortKey/2: // in two pieces of one size, which may overlap
		*(*[shortKey / 2]byte)(to[:]) = *(*[shortKey / 2]byte)(key)
		*(*[shortKey / 2]byte)(to[n-shortKey/2:]) = *(*[shortKey / 2]byte)(key[n-shortKey/2:])
	default:
		copy(to[:], key)
	}
	return true
}

// remove frees a flow's slot. Verdicts that name it must be forgotten.
func (t *flowTable) remove(slot uint32, now Uptime) {
	p := t.records.At(slot)
	t.index.Delete(p.hash, slot)
	if p.keyLen > shortKey {
		t.long.drop(p.long, int(p.keyLen))
	}
	t.dropParts(slot)
	t.dists.drop(slot)
	t.held[p.lane]--
	p.keyLen = 0
	p.last, p.long = now, 0
	if t.free.last != 0 {
		t.records.At(t.free.last - 1).long = keyRef(slot + 1)
	} else {
		t.free.first = slot + 1
	}
	t.free.last = slot + 1
	t.inUse--
}

// takeFree takes the slot freed longest ago, if that was before now.
func (t *flowTable) takeFree(now Uptime) (slot uint32, ok bool) {
	f := &t.free
	if f.first == 0 {
		return 0, false
	}
	slot = f.first - 1
	p := t.records.At(slot)
	if p.last >= now {
		return 0, false
	}
	if f.first = uint32(p.long); f.first == 0 {
		f.last = 0
	}
	return slot, true
}

// memory is what the table holds, in octets.
func (t *flowTable) memory() int {
	n := (recordSize+shortKey)*int(t.records.Len()) + 8*t.index.Buckets() + t.long.bytes() + t.own.memory() +
		partSize*int(t.parts.all.Len()) + 4*int(t.parts.first.Len()) + t.dists.memory()
	for _, newest := range t.newest {
		n += 8 * cap(newest)
	}
	return n
}

// newestIn is the uptime of the last change of any flow in a block.
func (t *flowTable) newestIn(block uint32) (newest Uptime) {
	for _, of := range t.newest {
		newest = max(newest, of[block])
	}
	return newest
}
