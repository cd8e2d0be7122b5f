package streams

import (
	"cmp"
	"slices"

	"netramet/meter/packet"
)

// keepShare is how many parts of the limit there are, one of which is made free
// when it is passed, so that the whole table is not looked at for each stream.
const keepShare = 16

// idleStream is a stream that may have to go.
type idleStream struct {
	table *Table
	slot  uint32
}

// Bound ends streams if all tables together, those of NewLanes, hold more than
// most: the ones that have been idle longest, until there are a little fewer than
// most. Which ones does not depend on the tables. now is the present uptime.
func Bound(tables []*Table, most int, now packet.Uptime) {
	live := 0
	for _, t := range tables {
		live += int(t.stats.Live)
	}
	if live <= most {
		return
	}
	excess := live - (most - most/keepShare)
	last := lastTimes(tables, live)
	limit := nthSmallest(last, excess-1)
	var tied []idleStream // whose last packet came at that uptime
	for _, t := range tables {
		for slot := range t.hot.Len() {
			switch r := t.hot.At(slot); {
			case r.seen == 0:
			case r.seen>>timeShift < limit:
				t.remove(slot, ReasonEvicted, now)
				excess--
			case r.seen>>timeShift == limit:
				tied = append(tied, idleStream{t, slot})
			}
		}
	}
	slices.SortFunc(tied, func(a, b idleStream) int {
		return slices.Compare(a.table.hot.At(a.slot).key[:], b.table.hot.At(b.slot).key[:])
	})
	for _, s := range tied[:excess] {
		s.table.remove(s.slot, ReasonEvicted, now)
	}
	for _, t := range tables {
		t.wind(now)
	}
}

// lastTimes returns the uptimes of the last packets of all n streams.
func lastTimes(tables []*Table, n int) []uint64 {
	last := make([]uint64, 0, n)
	for _, t := range tables {
		for slot := range t.hot.Len() {
			if seen := t.hot.At(slot).seen; seen != 0 {
				last = append(last, seen>>timeShift)
			}
		}
	}
	return last
}

// wind puts all streams into the wheel anew: those evicted are still in it, and many
// more may come before their buckets do.
func (t *Table) wind(now packet.Uptime) {
	w := &t.wheel
	for i := range w.heads {
		for b := w.heads[i]; b != 0; {
			list := w.blocks.At(b - 1)
			next := list.next
			list.next, w.free = w.free, b
			b = next
		}
		w.heads[i] = 0
	}
	for slot := range t.hot.Len() {
		if t.hot.At(slot).seen != 0 {
			c := t.cold.At(slot)
			c.armed = 0
			t.armBy(slot, min(t.due(t.hot.At(slot), c), t.cfg.firstDue(now)), now)
		}
	}
}

// nthSmallest returns the number that would have index n if v were in order. It
// changes the order of v.
func nthSmallest[T cmp.Ordered](v []T, n int) T {
	for {
		a, b, c := v[0], v[len(v)/2], v[len(v)-1]
		pivot := max(min(a, b), min(max(a, b), c))
		// v[:less] is below the pivot, v[less:at] is equal to it, v[more:] above.
		less, more := 0, len(v)
		for at := 0; at < more; {
			switch x := v[at]; {
			case x < pivot:
				v[at], v[less] = v[less], x
				less++
				at++
			case x > pivot:
				more--
				v[at], v[more] = v[more], x
			default:
				at++
			}
		}
		switch {
		case n < less:
			v = v[:less]
		case n >= more:
			v, n = v[more:], n-more
		default:
			return pivot
		}
	}
}
