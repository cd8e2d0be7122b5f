package query

import (
	"errors"
	"math"

	"netramet/internal/index"
	"netramet/internal/slab"
)

// rows are the answer so far, with what the block under way adds. What they were before
// is kept until the block is found to be whole.
type rows struct {
	ready  bool
	width  int
	most   uint32 // how many there may be
	secret index.Secret
	keys   arena
	groups slab.Slab[keyAt] // what rows of different steps have in common; without steps each is a row
	byKey  index.Table
	recent slab.Slab[recent] // of groups, with steps
	byStep index.Table
	all    slab.Slab[row]
	sums   slab.Rows[uint64]

	mark uint32   // rows behind it are of the block under way alone
	old  []oldRow // rows before it that the block has changed
	nums []uint64 // sums of old
	over bool     // a sum of the block is too large

	begin, end int64 // of all that was read, Unix ns
	some       bool
}

// recent is the row of a group that was asked for last; valid iff some.
type recent struct {
	step int64
	row  uint32
	some bool
}

// row is a row of the answer.
type row struct {
	group       uint32
	taken       bool  // it has flows
	step        int64 // number of the step of Every since 1970
	block       uint64
	first, last int64 // Unix ns; first > last: unknown
}

// oldRow is a row as it was before the block under way.
type oldRow struct {
	slot uint32
	row
}

// prepare makes the rows ready for sums of so many counters, once.
func (r *rows) prepare(width int) {
	if !r.ready {
		r.ready, r.width, r.secret, r.sums.Size = true, width, index.NewSecret(), width
		if r.most == 0 {
			r.most = maxRows
		}
	}
}

// flow makes a row of a flow.
func (r *rows) flow(key []byte) uint32 { return r.newRow(r.newGroup(key), 0) }

// only finds the only row of a key with a hash, or makes one.
func (r *rows) only(key []byte, hash uint32) uint32 {
	g, found := r.groupOf(key, hash)
	if !found {
		r.newRow(g, 0) // rows and groups have the same numbers
	}
	return g
}

// groupOf finds the group of a key with a hash, or makes one.
func (r *rows) groupOf(key []byte, hash uint32) (g uint32, found bool) {
	g, at, ok := r.byKey.First(hash)
	for ; ok; g, at, ok = r.byKey.Next(hash, at) {
		if string(r.groupKey(g)) == string(key) {
			return g, true
		}
	}
	g = r.newGroup(key)
	r.byKey.Insert(hash, g)
	return g, false
}

// touch looks at the row of a hash; what it returns has no meaning.
func (r *rows) touch(hash uint32) (x uint64) {
	g, _, ok := r.byKey.First(hash)
	if !ok {
		return 0
	}
	at := *r.groups.At(g)
	if key := r.keys.get(at); len(key) > 0 {
		x = uint64(key[0])
	}
	if g < r.all.Len() {
		x ^= r.all.At(g).block
		for _, n := range r.sums.At(g) {
			return x ^ n
		}
	}
	return x
}

// step finds the row of a group's step, or makes one. Mostly it is that of the flow
// before.
func (r *rows) step(g uint32, step int64) uint32 {
	r.recent.Extend(g + 1)
	last := r.recent.At(g)
	if last.some && last.step == step {
		return last.row
	}
	slot, ok := r.stepOf(g, step)
	if !ok {
		slot = r.newRow(g, step)
		r.byStep.Insert(r.stepHash(g, step), slot)
	}
	*last = recent{step, slot, true}
	return slot
}

// stepOf finds the row of a group's step.
func (r *rows) stepOf(g uint32, step int64) (slot uint32, ok bool) {
	hash := r.stepHash(g, step)
	slot, at, ok := r.byStep.First(hash)
	for ; ok; slot, at, ok = r.byStep.Next(hash, at) {
		if x := r.all.At(slot); x.group == g && x.step == step {
			return slot, true
		}
	}
	return 0, false
}

func (r *rows) stepHash(g uint32, step int64) uint32 {
	return r.secret.Words5(uint64(g), uint64(step), 0, 0, 0)
}

func (r *rows) newGroup(key []byte) uint32 {
	g := r.groups.Grow()
	*r.groups.At(g) = r.keys.put(key)
	return g
}

func (r *rows) newRow(group uint32, step int64) uint32 {
	slot := r.all.Grow()
	r.sums.Grow()
	*r.all.At(slot) = row{group: group, step: step, first: math.MaxInt64, last: math.MinInt64}
	return slot
}

// add adds amounts to a row, in the block under way.
func (r *rows) add(slot uint32, block uint64, amounts []uint64) {
	x, sums := r.all.At(slot), r.sums.At(slot)
	if x.block != block {
		if slot < r.mark {
			r.old, r.nums = append(r.old, oldRow{slot, *x}), append(r.nums, sums...)
		}
		x.block, x.taken = block, true
	}
	for i, n := range amounts {
		sums[i] += n
		r.over = r.over || sums[i] < n
	}
}

// times widens the time of a row that add has been told of.
func (r *rows) times(slot uint32, first, last int64) {
	x := r.all.At(slot)
	x.first, x.last = min(x.first, first), max(x.last, last)
}

var errSum = errors.New("a sum has more than 64 bits")

var errRows = errors.New("the answer has too many rows: ask for fewer groups, or for longer times")

// take makes what the block added a part of the answer.
func (r *rows) take() error {
	switch {
	case r.all.Len() > r.most:
		return errRows
	case r.over:
		return errSum
	}
	r.mark, r.old, r.nums = r.all.Len(), r.old[:0], r.nums[:0]
	return nil
}

// drop forgets what the block added.
func (r *rows) drop() {
	for i := range r.old {
		o := &r.old[i]
		*r.all.At(o.slot) = o.row
		copy(r.sums.At(o.slot), r.nums[i*r.width:])
	}
	for slot := r.mark; slot < r.all.Len(); slot++ {
		x := r.all.At(slot)
		*x = row{group: x.group, step: x.step, first: math.MaxInt64, last: math.MinInt64}
		clear(r.sums.At(slot))
	}
	r.old, r.nums, r.over = r.old[:0], r.nums[:0], false
}

// span widens the time that was read.
func (r *rows) span(begin, end int64) {
	if !r.some {
		r.begin, r.end, r.some = begin, end, true
	}
	r.begin, r.end = min(r.begin, begin), max(r.end, end)
}

// sum are the amounts of a row.
func (r *rows) sum(slot uint32) []uint64 { return r.sums.At(slot) }

// key is what a row's group has in common.
func (r *rows) key(slot uint32) []byte { return r.groupKey(r.all.At(slot).group) }

func (r *rows) groupKey(g uint32) []byte { return r.keys.get(*r.groups.At(g)) }
