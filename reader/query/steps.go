package query

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// steps hands out an answer of many times: a row for each group in each step, zero
// where nothing was counted.
func (e *emitter) steps(ctx context.Context) error {
	every := int64(e.q.Every)
	first, last := e.answer.steps(&run{begin: e.rows.begin, end: e.rows.end}, e.rows.begin, e.rows.end)
	groups := e.groups()
	if !e.rows.some {
		return e.whole(ctx) // no flows, and nobody knows the time
	}
	for slot := range e.rows.all.Len() {
		if x := e.rows.all.At(slot); x.taken {
			first, last = min(first, x.step), max(last, x.step)
		}
	}
	if last-first >= MaxSteps || (last-first+1)*int64(len(groups)) > maxRowsOut {
		return fmt.Errorf("%s of each of %d times would be too many: ask for longer times with --every, or for fewer groups with --top", rowsOf(len(groups)), last-first+1)
	}
	e.start = time.Unix(0, first*every).Add(-10 * time.Millisecond)
	if e.q.OneInterval {
		if err := e.begin(first*every, (last+1)*every); err != nil {
			return err
		}
	}
	for step := first; step <= last; step++ {
		begin, end := step*every, (step+1)*every
		if !e.q.OneInterval {
			if err := e.begin(begin, end); err != nil {
				return err
			}
		}
		if err := e.step(ctx, groups, step, begin, end); err != nil {
			return errors.Join(err, e.out.Abort())
		}
		if !e.q.OneInterval {
			if err := e.end(); err != nil {
				return err
			}
		}
	}
	if e.q.OneInterval {
		return e.end()
	}
	return nil
}

// rowsOf is so many rows in words.
func rowsOf(n int) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// groups are those that rows are handed out of, in order of their keys.
func (e *emitter) groups() []uint32 {
	taken := make([]bool, e.rows.groups.Len())
	for slot := range e.rows.all.Len() {
		x := e.rows.all.At(slot)
		taken[x.group] = taken[x.group] || x.taken
	}
	var groups []uint32
	for g := range taken {
		if taken[g] {
			groups = append(groups, uint32(g))
		}
	}
	if len(groups) == 0 && len(e.schema.keys) == 0 { // all flows are one, though there were none
		e.rows.newGroup(nil)
		return []uint32{0}
	}
	byKey := func(a, b uint32) int { return bytes.Compare(e.rows.groupKey(a), e.rows.groupKey(b)) }
	if n := e.q.Top; n > 0 && n < len(groups) {
		totals := e.totals()
		slices.SortFunc(groups, func(a, b uint32) int { return cmp.Or(totals[a].compare(totals[b]), byKey(a, b)) })
		groups = groups[:n]
	}
	slices.SortFunc(groups, byKey)
	return groups
}

// totals are the ranks of groups by what they have in all steps.
func (e *emitter) totals() []rank {
	totals := make([]rank, e.rows.groups.Len())
	for slot := range e.rows.all.Len() {
		x := e.rows.all.At(slot)
		if !x.taken {
			continue
		}
		r := e.order(slot)
		t := &totals[x.group]
		if t.num += r.num; t.num < r.num {
			t.num = math.MaxUint64
		}
		t.text = r.text
	}
	return totals
}

// step hands out the rows of one step.
func (e *emitter) step(ctx context.Context, groups []uint32, step, begin, end int64) error {
	type cell struct {
		group uint32
		slot  uint32
		there bool
	}
	cells := make([]cell, 0, len(groups))
	for _, g := range groups {
		slot, ok := e.rows.stepOf(g, step)
		cells = append(cells, cell{g, slot, ok && e.rows.all.At(slot).taken})
	}
	if e.order != nil {
		slices.SortStableFunc(cells, func(a, b cell) int {
			switch {
			case a.there && b.there:
				return e.order(a.slot).compare(e.order(b.slot))
			case a.there == b.there:
				return 0
			case a.there:
				return -1
			}
			return 1
		})
	}
	for _, c := range cells {
		if c.there {
			if err := e.row(ctx, c.slot, begin, end); err != nil {
				return err
			}
			continue
		}
		if e.sent++; e.sent%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := e.record(e.rows.groupKey(c.group), nil, begin, end); err != nil {
			return err
		}
	}
	return nil
}
