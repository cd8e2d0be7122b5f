package query

import (
	"fmt"
	"math/bits"
	"time"
)

// take takes the rows of a run of records.
func (a *answer) take(r *run, b *batch) error {
	width := len(a.schema.counters)
	if a.amount == nil {
		a.amount = make([]uint64, width)
	}
	from, hasSet := uint32(0), r.number == 0 && r.hasSet
	for i := range b.names {
		if i%tile == 0 {
			a.warm(r, b, i)
		}
		n, nums := b.names[i], b.nums[i*width:][:width]
		k := rowKey{key: b.keys[from:b.keyEnds[i]]}
		if from = b.keyEnds[i]; len(b.hashes) > 0 {
			k.hash = b.hashes[i]
		}
		if hasSet && (len(a.sets) == 0 || uint8(a.task.RuleSet) != n.ruleSet) {
			if err := a.oneOf(int(n.ruleSet), ""); err != nil {
				return err
			}
		}
		var at *place
		amounts, known := nums, true
		if !r.differences && !a.q.Counters {
			amounts = a.amount
			if at, known = r.chain.amounts(r.part, n, nums, amounts); !known {
				a.pending.baseline++
				continue
			}
			if r.chain.alike && !r.chain.begins {
				return fmt.Errorf("flows look alike, so what their counters grew by cannot be told: put FlowIndex and FirstTime into the FORMAT (it has %s), or ask for --counters as they stand", names(r.format))
			}
		}
		if r.differences && !a.q.Counters {
			at = r.chain.named(r.part, n)
		}
		if r.late != nil && !r.late.finally(b.bits[i], amounts) {
			continue
		}
		if n.first > 0 {
			r.earliest = min(r.earliest, n.first)
		}
		last := n.first
		if r.last >= 0 {
			last = b.last[i]
		}
		if a.q.Counters {
			a.listed.add(n, last, k.key, amounts)
			continue
		}
		if width > 0 && isZero(amounts) {
			continue
		}
		if err := a.sum(r, at, n, last, k, amounts); err != nil {
			return err
		}
	}
	return nil
}

// tile is how many rows are looked for together; below farRows they are near anyway.
const (
	tile    = 64
	farRows = 1 << 14
)

// warm looks at what the rows from i on will need, so that the memory that is far away
// is waited for together.
func (a *answer) warm(r *run, b *batch, i int) {
	to := min(i+tile, len(b.names))
	if r.chain.places.Len() >= farRows && !a.q.Counters {
		for _, n := range b.names[i:to] {
			a.sink ^= r.chain.touch(n.id)
		}
	}
	if a.rows.all.Len() >= farRows && len(b.hashes) > 0 {
		for _, hash := range b.hashes[i:to] {
			a.sink ^= a.rows.byKey.Touch(hash)
		}
		for _, hash := range b.hashes[i:to] {
			a.sink ^= a.rows.touch(hash)
		}
	}
}

// rowKey is what a flow's row or group is known by; hash is valid unless rows are flows.
type rowKey struct {
	key  []byte
	hash uint32
}

func isZero(n []uint64) bool {
	for _, x := range n {
		if x != 0 {
			return false
		}
	}
	return true
}

// sum adds the amounts of a flow to the rows that they belong to.
func (a *answer) sum(r *run, at *place, n flowName, last uint64, k rowKey, amounts []uint64) error {
	if a.q.Every == 0 {
		slot := a.row(at, k)
		a.rows.add(slot, a.block, amounts)
		a.times(slot, r, n, last)
		return nil
	}
	group := a.group(at, k)
	begin, end := r.active(n, last)
	first, final := a.steps(r, begin, end)
	if first == final {
		a.rows.add(a.rows.step(group, first), a.block, amounts)
		return nil
	}
	if final-first >= MaxSteps {
		return fmt.Errorf("--every %v would make more than %d rows of one interval", a.q.Every, MaxSteps)
	}
	if int64(a.rows.all.Len())+final-first >= int64(a.rows.most) { // though some may be there
		return errRows
	}
	a.pending.spread++
	a.spread(group, amounts, begin, end, first, final)
	return nil
}

// row finds the row of a flow, or makes one; there are no steps.
func (a *answer) row(at *place, k rowKey) uint32 {
	if at != nil && at.added && !a.schema.varies {
		return at.row
	}
	slot := uint32(0)
	if a.schema.flows {
		slot = a.rows.flow(k.key)
	} else {
		slot = a.rows.only(k.key, k.hash)
	}
	if at != nil {
		at.row, at.added = slot, true
	}
	return slot
}

// group finds the group of a flow, or makes one.
func (a *answer) group(at *place, k rowKey) uint32 {
	if at != nil && at.added && !a.schema.varies {
		return at.row
	}
	g, _ := a.rows.groupOf(k.key, k.hash)
	if at != nil {
		at.row, at.added = g, true
	}
	return g
}

// active is the part of the interval in which the flow was active, Unix ns.
func (r *run) active(n flowName, last uint64) (begin, end int64) {
	begin, end = r.begin, r.end
	if r.iv.MeterStart.IsZero() {
		return begin, end
	}
	if r.first >= 0 {
		if t := nano(r.iv.RealTime(n.first)); t > begin && t < end {
			begin = t
		}
	}
	if r.last >= 0 && last > 0 {
		// In the centisecond of LastActiveTime there were packets, too.
		if t := nano(r.iv.RealTime(last + 1)); t > begin && t < end {
			end = t
		}
	}
	return begin, end
}

// steps are the first and the last step that a length of time has a part in. Ends of an
// interval that lie less than a second, and a hundredth of it, beyond a step's are its: so
// long does a collection take.
func (a *answer) steps(r *run, begin, end int64) (first, last int64) {
	every := int64(a.q.Every)
	slack := min(int64(time.Second), (r.end-r.begin)/100)
	first, last = floorDiv(begin, every), floorDiv(end-1, every)
	if end <= begin {
		last = first
	}
	if first < last && end == r.end && end-last*every <= slack {
		last--
	}
	if first < last && begin == r.begin && (first+1)*every-begin <= slack {
		first++
	}
	return first, last
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// nano is a time as Unix ns. Dates more than 146 years from 1970 are taken for the last
// ones before, so that all differences have 64 bits.
func nano(t time.Time) int64 {
	const most = 146 * 365 * 24 * 3600 // seconds
	switch s := t.Unix(); {
	case s > most:
		return most * 1e9
	case s < -most:
		return -most * 1e9
	}
	return t.UnixNano()
}

// spread divides amounts among steps in proportion to the time that they have of it.
// What is rounded off one goes to the next, so that nothing is lost.
func (a *answer) spread(group uint32, amounts []uint64, begin, end, first, last int64) {
	every := int64(a.q.Every)
	if a.share == nil {
		a.share, a.given = make([]uint64, len(amounts)), make([]uint64, len(amounts))
	}
	share, given := a.share, a.given
	clear(given)
	for step := first; step <= last; step++ {
		until := min((step+1)*every, end)
		if step == last {
			until = end
		}
		some := false
		for i, n := range amounts {
			hi, lo := bits.Mul64(n, uint64(until-begin))
			so, _ := bits.Div64(hi, lo, uint64(end-begin))
			share[i], given[i] = so-given[i], so
			some = some || share[i] > 0
		}
		if some {
			a.rows.add(a.rows.step(group, step), a.block, share)
		}
	}
}

// times widens the time of a row to that of a flow.
func (a *answer) times(slot uint32, r *run, n flowName, last uint64) {
	if r.iv.MeterStart.IsZero() {
		return
	}
	if r.first >= 0 && r.last >= 0 {
		a.rows.times(slot, nano(r.iv.RealTime(n.first)), nano(r.iv.RealTime(last)))
	} else if r.first >= 0 {
		t := nano(r.iv.RealTime(n.first))
		a.rows.times(slot, t, t)
	}
}
