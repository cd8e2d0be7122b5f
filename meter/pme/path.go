package pme

import (
	"encoding/binary"
	"slices"

	"netramet/mib"
	"netramet/ruleset"
)

const (
	// maxPaths bounds the paths a matcher remembers; keys of further ones
	// are built the slow way, with the same result.
	maxPaths = 1 << 14

	firstPathSlots = 64
)

// path is how to build the key of one content of the pattern queue: what was
// pushed (not the values), and the lengths of the packet's addresses,
// fix the shape of the key and where each value comes from.
type path struct {
	hash   uint64
	saves  []uint32 // what was pushed; distinguishes paths of equal hash
	copies []move
	dists  uint64
	shape  uint16 // 0: there is none, see Matcher.build
	keyLen uint8
	lens   lengths
}

// lengths are those of a packet's addresses, in octets. Where the program needs no
// Rest, adjacent is 0.
type lengths struct{ peer, adjacent uint8 }

// move puts one value into the key, as whole words: what it writes beyond the
// value is zero and is overwritten by the next one, or lies behind the key.
type move struct {
	mask  [3]uint64
	off   uint8
	words uint8
	reg   uint8 // first register of the value, unless
	entry int16 // >= 0: the value of the rule that pushed this queue entry
}

// pathTable finds paths by the hash of the pattern queue.
type pathTable struct {
	slots []uint32 // path number from 1, 0 is empty; at most half full
	list  []path
	limit int

	scratch path // the last path that was not remembered
	final   []slot
	source  []move
	text    []byte // identity of final
}

func (t *pathTable) init() {
	t.slots = make([]uint32, firstPathSlots)
	t.limit = maxPaths
}

// build makes the key from the first n entries of the pattern queue: all
// attributes zero, then the entries in order, later ones win (RFC 2722 §4.4).
func (m *Matcher) build(n int, lens lengths, key *Key) Verdict {
	pa := m.findPath(n, lens)
	switch {
	case pa.shape != 0:
	case m.adds: // the table is full
		m.Counters.ShapeErrors++
		return Ignore
	default:
		return Unshaped
	}
	buf := &key.Buf
	buf[0] = m.number
	binary.BigEndian.PutUint16(buf[1:], pa.shape)
	for i := range pa.copies {
		c := &pa.copies[i]
		if c.entry < 0 {
			binary.LittleEndian.PutUint64(buf[c.off:], m.regs[c.reg]&c.mask[0])
			if c.words > 1 {
				binary.LittleEndian.PutUint64(buf[c.off+8:], m.regs[c.reg+1]&c.mask[1])
				binary.LittleEndian.PutUint64(buf[c.off+16:], m.regs[c.reg+2]&c.mask[2])
			}
			continue
		}
		value := &m.code[m.queue[c.entry].rule].value
		binary.LittleEndian.PutUint64(buf[c.off:], value[0]&c.mask[0])
		binary.LittleEndian.PutUint64(buf[c.off+8:], value[1]&c.mask[1])
		binary.LittleEndian.PutUint64(buf[c.off+16:], value[2]&c.mask[2])
	}
	key.Len = int(pa.keyLen)
	key.Distributions = pa.dists
	return Count
}

// findPath returns the path of the pattern queue, made if it is new.
func (m *Matcher) findPath(n int, lens lengths) *path {
	t := &m.paths
	hash := m.queueHash[n]
	queue := m.queue[:n]
	last := uint64(len(t.slots) - 1)
	at := hash & last
	for ; t.slots[at] != 0; at = (at + 1) & last {
		pa := &t.list[t.slots[at]-1]
		if pa.hash == hash && pa.lens == lens && pa.is(queue) {
			return pa
		}
	}
	if len(t.list) >= t.limit {
		m.makePath(&t.scratch, queue, lens)
		return &t.scratch
	}
	pa := path{hash: hash, lens: lens}
	m.makePath(&pa, queue, lens)
	if pa.shape == 0 {
		// Not remembered: another day there may be a shape.
		t.scratch = pa
		return &t.scratch
	}
	pa.copies = slices.Clone(pa.copies)
	for _, e := range queue {
		pa.saves = append(pa.saves, e.save)
	}
	t.list = append(t.list, pa)
	t.slots[at] = uint32(len(t.list))
	if 2*len(t.list) > len(t.slots) {
		t.grow()
	}
	return &t.list[len(t.list)-1]
}

// is reports whether pa was made from what the queue saves.
func (pa *path) is(queue []pushed) bool {
	if len(pa.saves) != len(queue) {
		return false
	}
	for i, save := range pa.saves {
		if queue[i].save != save {
			return false
		}
	}
	return true
}

func (t *pathTable) grow() {
	slots := make([]uint32, 2*len(t.slots))
	last := uint64(len(slots) - 1)
	for i := range t.list {
		at := t.list[i].hash & last
		for slots[at] != 0 {
			at = (at + 1) & last
		}
		slots[at] = uint32(i) + 1
	}
	t.slots = slots
}

// makePath works out the shape and the moves of a content of the queue.
func (m *Matcher) makePath(pa *path, queue []pushed, lens lengths) {
	t := &m.paths
	t.final, t.source = t.final[:0], t.source[:0]
	pa.dists = 0
	var seen, asked [256]bool
	for _, e := range queue { // of a distribution the first push counts
		if a := mib.Attr(e.save); a.IsDistribution() && !asked[a] {
			asked[a] = true
			pa.dists |= 1 << (e.save >> saveShift)
		}
	}
	for i := len(queue) - 1; i >= 0; i-- { // of others the last one does
		a := mib.Attr(queue[i].save).Slot()
		if a.IsDistribution() || seen[a] {
			continue
		}
		seen[a] = true
		t.place(m.Program, i, queue[i].save, lens)
	}
	t.sort()
	t.text = appendIdentity(t.text[:0], t.final)
	if pa.shape = m.shapes.known(t.text); pa.shape == 0 && m.adds {
		pa.shape = m.shapes.add(t.final)
	}
	off := uint8(keyHeader)
	pa.copies = t.source
	for i := range t.final {
		pa.copies[i].off = off
		off += t.final[i].size
	}
	pa.keyLen = off
}

// place appends the slot and the move of queue entry i.
func (t *pathTable) place(p *Program, i int, save uint32, lens lengths) {
	a := mib.Attr(save)
	c := &p.covers[save>>saveShift-1]
	fromRule := save&saveRule != 0
	size := naturalSize(a, lens)
	if size < int(c.least) {
		size = min(int(c.size), a.Size())
	}
	sl := slot{attr: a.Slot(), size: uint8(size)}
	copy(sl.mask[:size], c.mask[:])
	m := move{mask: words((*ruleset.Octets)(&sl.mask)), reg: registers[a], entry: -1}
	m.words = uint8(max(1, (size+7)/8))
	switch {
	case a.IsComputed():
		// The register holds the newest entry's value, masked.
		m.mask = [3]uint64{0xff}
	case fromRule:
		m.entry = int16(i)
	}
	t.final = append(t.final, sl)
	t.source = append(t.source, m)
}

// naturalSize is the number of octets that a packet's value of a has in a key.
// Attributes of variable length that no packet has take none.
func naturalSize(a mib.Attr, lens lengths) int {
	switch a {
	case mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress:
		return int(lens.peer)
	case mib.AttrSourceAdjacentAddress, mib.AttrDestAdjacentAddress:
		return int(lens.adjacent)
	case mib.AttrSourceSubscriberID, mib.AttrDestSubscriberID, mib.AttrSessionID:
		return 0
	}
	return a.Size()
}

// sort puts slots and moves in order of attribute number.
func (t *pathTable) sort() {
	for i := range t.final {
		for j := i; j > 0 && t.final[j].attr < t.final[j-1].attr; j-- {
			t.final[j], t.final[j-1] = t.final[j-1], t.final[j]
			t.source[j], t.source[j-1] = t.source[j-1], t.source[j]
		}
	}
}
