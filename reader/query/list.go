package query

import (
	"math"
	"time"

	"netramet/reader"
)

// list are the records of the block under way, as they stand.
type list struct {
	keys    []byte
	entries []entry
	nums    []uint64
	emitter *emitter
	sent    int
}

type entry struct {
	flow     flowName
	last     uint64
	from, to int
}

func (l *list) add(n flowName, last uint64, key []byte, nums []uint64) {
	from := len(l.keys)
	l.keys = append(l.keys, key...)
	l.entries = append(l.entries, entry{n, last, from, len(l.keys)})
	l.nums = append(l.nums, nums...)
}

func (l *list) drop() { l.keys, l.entries, l.nums = l.keys[:0], l.entries[:0], l.nums[:0] }

// list hands out the records of a block that is whole.
func (a *answer) list(x *piece) error {
	l := &a.listed
	defer l.drop()
	if l.emitter == nil {
		e, err := a.newEmitter()
		if err != nil {
			return err
		}
		l.emitter = e
	}
	e := l.emitter
	// Rows of this block alone, so that they can be ordered as others are.
	a.rows = rows{}
	a.rows.prepare(len(a.schema.counters))
	slots := make([]uint32, 0, len(l.entries))
	for _, n := range l.entries {
		slot := a.rows.flow(l.keys[n.from:n.to])
		r := a.rows.all.At(slot)
		r.first, r.last, r.taken = int64(min(n.flow.first, math.MaxInt64)), int64(min(n.last, math.MaxInt64)), true
		slots = append(slots, slot)
	}
	for i, slot := range slots {
		copy(a.rows.sum(slot), l.nums[a.rows.width*i:])
	}
	iv := a.open[0].iv
	iv.Amounts, iv.Number, iv.Stats, iv.Notes = false, e.number+1, nil, nil
	if x.iv.Number > 0 {
		iv.Number = x.iv.Number
	}
	e.number++
	// Times are uptimes here, of the block's meter.
	e.start = time.Unix(0, 0)
	e.raw = true
	slots = e.best(slots)
	if err := e.out.Begin(iv, []reader.Task{e.task}); err != nil {
		return err
	}
	for _, slot := range slots {
		e.sent++
		if err := e.record(a.rows.key(slot), a.rows.sum(slot), a.rows.all.At(slot).first, a.rows.all.At(slot).last); err != nil {
			_ = e.out.Abort() // err says more
			return err
		}
	}
	l.sent = e.sent
	return e.end()
}
