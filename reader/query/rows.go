package query

import (
	"errors"
	"math"
	"math/bits"
)

// rows are the answer so far. What the block under way adds stands beside what was
// taken, until the block is found to be whole.
type rows struct {
	keys   []byte // of all groups, one behind the other
	groups []group
	byKey  map[string]uint32
	byStep map[stepKey]uint32
	all    []row
	width  int
	sums   []uint64 // two sets for each row: taken, and of the block under way
	touch  []uint32 // rows that the block under way has

	begin, end int64 // of all that was read, Unix ns
	some       bool
}

// group is what rows of different steps have in common.
type group struct {
	from, to int // of keys
	// row is that of step, which was asked for last; valid iff stepped.
	step    int64
	row     uint32
	stepped bool
}

// row is a row of the answer.
type row struct {
	group       uint32
	step        int64 // number of the step of Every since 1970
	block       uint64
	first, last int64 // Unix ns; first > last: unknown
	newFirst    int64 // of the block under way
	newLast     int64
	taken       bool
}

type stepKey struct {
	group uint32
	step  int64
}

// flow makes a row of a flow.
func (r *rows) flow(key []byte) uint32 { return r.newRow(r.newGroup(key), 0) }

// only finds the only row of a key, or makes one.
func (r *rows) only(key []byte) uint32 {
	g, found := r.groupOf(key)
	if !found {
		r.newRow(g, 0) // rows and groups have the same numbers
	}
	return g
}

// groupOf finds the group of a key, or makes one.
func (r *rows) groupOf(key []byte) (g uint32, found bool) {
	if g, found = r.byKey[string(key)]; !found {
		if r.byKey == nil {
			r.byKey = make(map[string]uint32)
		}
		g = r.newGroup(key)
		r.byKey[string(key)] = g
	}
	return g, found
}

// step finds the row of a group's step, or makes one. Mostly it is that of the flow
// before.
func (r *rows) step(g uint32, step int64) uint32 {
	last := &r.groups[g]
	if last.stepped && last.step == step {
		return last.row
	}
	at, ok := r.byStep[stepKey{g, step}]
	if !ok {
		if r.byStep == nil {
			r.byStep = make(map[stepKey]uint32)
		}
		at = r.newRow(g, step)
		r.byStep[stepKey{g, step}] = at
	}
	last.step, last.row, last.stepped = step, at, true
	return at
}

func (r *rows) newGroup(key []byte) uint32 {
	from := len(r.keys)
	r.keys = append(r.keys, key...)
	r.groups = append(r.groups, group{from: from, to: len(r.keys)})
	return uint32(len(r.groups) - 1)
}

func (r *rows) newRow(group uint32, step int64) uint32 {
	r.all = append(r.all, row{group: group, step: step, first: math.MaxInt64, last: math.MinInt64})
	return uint32(len(r.all) - 1)
}

// touched makes a row one of the block under way.
func (r *rows) touched(slot uint32, block uint64) *row {
	x := &r.all[slot]
	if x.block != block {
		x.block = block
		x.newFirst, x.newLast = math.MaxInt64, math.MinInt64
		r.touch = append(r.touch, slot)
	}
	return x
}

// add adds amounts to what the block under way has for a row.
func (r *rows) add(slot uint32, block uint64, amounts []uint64) {
	r.width = len(amounts)
	r.touched(slot, block)
	if need := 2 * r.width * len(r.all); len(r.sums) < need {
		r.sums = append(r.sums, make([]uint64, need-len(r.sums))...)
	}
	sums := r.sums[2*r.width*int(slot)+r.width:][:r.width]
	for i, n := range amounts {
		if sums[i] += n; sums[i] < n {
			sums[i] = math.MaxUint64 // take refuses it
		}
	}
}

// times widens the time of a row that add has been told of.
func (r *rows) times(slot uint32, first, last int64) {
	x := &r.all[slot]
	x.newFirst, x.newLast = min(x.newFirst, first), max(x.newLast, last)
}

var errSum = errors.New("a sum has more than 64 bits")

var errRows = errors.New("the answer has too many rows: ask for fewer groups, or for longer times")

// take makes what the block added a part of the answer.
func (r *rows) take() error {
	if len(r.all) > maxRows {
		return errRows
	}
	for _, slot := range r.touch {
		x := &r.all[slot]
		x.taken = true
		x.first, x.last = min(x.first, x.newFirst), max(x.last, x.newLast)
		at := r.sums[2*r.width*int(slot):]
		sums, added := at[:r.width], at[r.width:2*r.width]
		for i := range sums {
			sum, carry := bits.Add64(sums[i], added[i], 0)
			if carry != 0 || added[i] == math.MaxUint64 {
				return errSum
			}
			sums[i], added[i] = sum, 0
		}
	}
	r.touch = r.touch[:0]
	return nil
}

// drop forgets what the block added.
func (r *rows) drop() {
	for _, slot := range r.touch {
		clear(r.sums[2*r.width*int(slot)+r.width:][:r.width])
		r.all[slot].block = 0
	}
	r.touch = r.touch[:0]
}

// span widens the time that was read.
func (r *rows) span(begin, end int64) {
	if !r.some {
		r.begin, r.end, r.some = begin, end, true
	}
	r.begin, r.end = min(r.begin, begin), max(r.end, end)
}

// sum are the amounts of a row.
func (r *rows) sum(slot uint32) []uint64 { return r.sums[2*r.width*int(slot):][:r.width] }

// key is what a row's group has in common.
func (r *rows) key(slot uint32) []byte {
	g := &r.groups[r.all[slot].group]
	return r.keys[g.from:g.to]
}
