package query

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/table"
)

// rank is the place of a row among others: the larger one comes first, and among
// equals the smaller text.
type rank struct {
	num  uint64
	text []byte
}

func (a rank) compare(b rank) int {
	return cmp.Or(-cmp.Compare(a.num, b.num), bytes.Compare(a.text, b.text))
}

// sortRow is a row with what mostly tells which of two comes first, so that rows in
// memory far apart are seldom looked at.
type sortRow struct {
	num  uint64 // the larger one comes first
	head uint64 // the first octets of the key
	slot uint32
}

func (e *emitter) sortRow(slot uint32) sortRow {
	x := sortRow{slot: slot}
	if e.order != nil {
		r := e.order(slot)
		if x.num = r.num; e.byText {
			x.num = ^head(r.text)
		}
	}
	if !e.schema.flows {
		x.head = head(e.rows.key(slot))
	}
	return x
}

// head are the first octets of a text, as a number.
func head(text []byte) uint64 {
	if len(text) >= 8 {
		return binary.BigEndian.Uint64(text)
	}
	var b [8]byte
	copy(b[:], text)
	return binary.BigEndian.Uint64(b[:])
}

// compare orders two rows: as was asked, then by what they are grouped by, or, flows,
// as they were met.
func (e *emitter) compare(a, b sortRow) int {
	if a.num != b.num {
		return cmp.Compare(b.num, a.num)
	}
	if e.byText {
		if c := e.order(a.slot).compare(e.order(b.slot)); c != 0 {
			return c
		}
	}
	if a.head != b.head {
		return cmp.Compare(a.head, b.head)
	}
	if !e.schema.flows {
		if c := bytes.Compare(e.rows.key(a.slot), e.rows.key(b.slot)); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.slot, b.slot)
}

// setOrder finds what rows are ordered by.
func (e *emitter) setOrder() error {
	key := e.q.Sort
	if key == nil {
		if e.q.Top == 0 {
			return nil
		}
		key = &table.Key{By: table.ByOctets}
		if e.counter(mib.AttrToOctets) < 0 && e.counter(mib.AttrFromOctets) < 0 {
			key.By = table.ByPDUs
		}
	}
	order, err := e.orderBy(*key)
	e.order = order
	return err
}

func (e *emitter) orderBy(o table.Key) (func(uint32) rank, error) {
	switch o.By {
	case table.ByOctets:
		return e.orderByCounters(mib.AttrToOctets, mib.AttrFromOctets)
	case table.ByRate:
		octets, err := e.orderByCounters(mib.AttrToOctets, mib.AttrFromOctets)
		if err != nil || e.schema.every { // all steps are as long
			return octets, err
		}
		return func(slot uint32) rank {
			x := e.rows.all.At(slot)
			seconds := max(x.last-x.first, 1e9)
			if x.first > x.last {
				seconds = 1e9
			}
			hi, lo := bits.Mul64(octets(slot).num, 1e9)
			if hi >= uint64(seconds) {
				return rank{num: math.MaxUint64}
			}
			n, _ := bits.Div64(hi, lo, uint64(seconds))
			return rank{num: n}
		}, nil
	case table.ByPDUs:
		return e.orderByCounters(mib.AttrToPDUs, mib.AttrFromPDUs)
	}
	if o.Attr.Class() == mib.ClassCounter {
		return e.orderByCounters(o.Attr)
	}
	i := slices.Index(e.format.Attrs, o.Attr)
	if i < 0 {
		return nil, fmt.Errorf("rows have no %s to be ordered by; they have %s", o.Attr, names(e.format))
	}
	switch e.places[i].kind {
	case ofFirst:
		return func(slot uint32) rank { return rank{num: ^uint64(e.rows.all.At(slot).first)} }, nil
	case ofLast:
		return func(slot uint32) rank { return rank{num: ^uint64(e.rows.all.At(slot).last)} }, nil
	}
	at := e.places[i].i
	e.byText = true
	return func(slot uint32) rank { return rank{text: e.keyPart(e.rows.key(slot), at)} }, nil
}

// keyPart is one of the values of a key.
func (e *emitter) keyPart(key []byte, at int) []byte {
	var v reader.Value
	for i := range e.keys {
		rest := e.keys[i].value(key, &v)
		if i == at {
			return key[:len(key)-len(rest)]
		}
		key = rest
	}
	return nil
}

func (e *emitter) orderByCounters(attrs ...mib.Attr) (func(uint32) rank, error) {
	var at []int
	for _, a := range attrs {
		if i := e.counter(a); i >= 0 {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return nil, fmt.Errorf("the flow data has no %s to order rows by", attrs[0])
	}
	return func(slot uint32) rank {
		sum := uint64(0)
		for _, i := range at {
			n := e.rows.sum(slot)[i]
			if sum += n; sum < n {
				sum = math.MaxUint64
			}
		}
		return rank{num: sum}
	}, nil
}

func (e *emitter) counter(a mib.Attr) int { return slices.Index(e.schema.counters, a) }

// best orders rows and keeps as many as are asked for.
func (e *emitter) best(slots []uint32) []uint32 {
	if e.order == nil && e.schema.flows {
		if n := e.q.Top; n > 0 && n < len(slots) {
			slots = slots[:n]
		}
		return slots
	}
	var all []sortRow
	if n := e.q.Top; n > 0 && n < len(slots)/8 {
		all = e.firstOf(slots, n)
	} else {
		all = make([]sortRow, len(slots))
		for i, slot := range slots {
			all[i] = e.sortRow(slot)
		}
		slices.SortFunc(all, e.compare)
		if n > 0 && n < len(all) {
			all = all[:n]
		}
	}
	slots = slots[:len(all)]
	for i := range all {
		slots[i] = all[i].slot
	}
	return slots
}

// firstOf finds the n rows that come first.
func (e *emitter) firstOf(slots []uint32, n int) []sortRow {
	kept := make([]sortRow, n)
	for i, slot := range slots[:n] {
		kept[i] = e.sortRow(slot)
	}
	slices.SortFunc(kept, e.compare)
	for _, slot := range slots[n:] {
		if e.order != nil && !e.byText && e.order(slot).num < kept[n-1].num {
			continue // so it is with most
		}
		x := e.sortRow(slot)
		if e.compare(x, kept[n-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(kept, x, e.compare)
		copy(kept[at+1:], kept[at:n-1])
		kept[at] = x
	}
	return kept
}
