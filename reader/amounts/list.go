package amounts

import (
	"encoding/binary"

	"netramet/reader/lines"
)

// list is flows one behind the other, packed, for there may be millions. It is written and read from its beginning on.
type list struct {
	chunks [][]byte
	used   []int // of each chunk up to the one that is written to
	free   []byte
}

const (
	firstChunk = 4 << 10 // octets; the next ones have twice as many each
	doublings  = 6
)

// empty makes the list one without flows; its memory is used again.
func (l *list) empty() { l.used, l.free = l.used[:0], nil }

// add adds a flow.
func (l *list) add(f *lines.Flow) {
	if len(l.free) < longFlow {
		l.turn()
	}
	c := &f.Counts
	if (f.FirstTime|c[0]|c[1]|c[2]|c[3])>>32|c[4]|c[5] != 0 {
		packLong(l.free, f)
		l.free = l.free[longFlow:]
		return
	}
	b := l.free[:shortFlow]
	b[0], b[1] = f.RuleSet, f.Has
	binary.LittleEndian.PutUint32(b[2:], f.Index)
	binary.LittleEndian.PutUint32(b[6:], uint32(f.FirstTime))
	for i := range shortCount {
		binary.LittleEndian.PutUint32(b[10+4*i:], uint32(c[i]))
	}
	l.free = l.free[shortFlow:]
}

// turn makes the next chunk the one that is written to.
func (l *list) turn() {
	n := len(l.used)
	if n > 0 {
		l.used[n-1] = len(l.chunks[n-1]) - len(l.free)
	}
	if n == len(l.chunks) {
		l.chunks = append(l.chunks, make([]byte, firstChunk<<min(n, doublings)))
	}
	l.used, l.free = append(l.used, 0), l.chunks[n]
}

// reading reads the flows of a list.
type reading struct {
	list *list
	next int    // chunk
	rest []byte // of the chunk before, what is behind the flow
	left int    // octets of rest that are flows
	flow lines.Flow
}

// read begins to read the list, which does not change meanwhile.
func (l *list) read() (r reading, ok bool) {
	r.list = l
	return r, r.advance()
}

// advance goes on to the next flow; it returns false if there is none.
func (r *reading) advance() bool {
	if r.left == 0 && !r.turn() {
		return false
	}
	n := unpack(r.rest, &r.flow)
	r.rest, r.left = r.rest[n:], r.left-n
	return true
}

// turn goes on to the next chunk.
func (r *reading) turn() bool {
	l := r.list
	if r.next == len(l.used) {
		return false
	}
	r.rest = l.chunks[r.next]
	if r.left = l.used[r.next]; r.next == len(l.used)-1 {
		r.left = len(r.rest) - len(l.free)
	}
	r.next++
	return true
}

// A flow begins with its rule set and the counters that it has. A short one has 32 bits
// for each number, and no counters behind the first four, which few flows have; any other
// is marked among the bits of counters, and has 64 bits for each.
const (
	shortFlow  = 2 + 6*4
	longFlow   = 2 + (2+numCounts)*8
	shortCount = 4
	numCounts  = len(lines.Counters)
	isLong     = 0x80
)

// packLong writes a long flow to b.
func packLong(b []byte, f *lines.Flow) {
	b = b[:longFlow]
	b[0], b[1] = f.RuleSet, f.Has|isLong
	binary.LittleEndian.PutUint64(b[2:], uint64(f.Index))
	binary.LittleEndian.PutUint64(b[10:], f.FirstTime)
	for i, n := range f.Counts {
		binary.LittleEndian.PutUint64(b[18+8*i:], n)
	}
}

// unpack reads a flow from b, and returns how many octets it takes.
func unpack(b []byte, f *lines.Flow) int {
	f.RuleSet, f.Has = b[0], b[1]&^isLong
	if b[1]&isLong == 0 {
		b = b[:shortFlow]
		f.Index, f.FirstTime = binary.LittleEndian.Uint32(b[2:]), uint64(binary.LittleEndian.Uint32(b[6:]))
		for i := range shortCount {
			f.Counts[i] = uint64(binary.LittleEndian.Uint32(b[10+4*i:]))
		}
		clear(f.Counts[shortCount:])
		return shortFlow
	}
	b = b[:longFlow]
	f.Index, f.FirstTime = uint32(binary.LittleEndian.Uint64(b[2:])), binary.LittleEndian.Uint64(b[10:])
	for i := range f.Counts {
		f.Counts[i] = binary.LittleEndian.Uint64(b[18+8*i:])
	}
	return longFlow
}
