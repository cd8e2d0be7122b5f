package query

import (
	"bytes"
	"cmp"
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

// compare orders two rows: as was asked, then by what they are grouped by, or, flows,
// as they were met.
func (e *emitter) compare(a, b uint32) int {
	if e.order != nil {
		if c := e.order(a).compare(e.order(b)); c != 0 {
			return c
		}
	}
	if !e.schema.flows {
		if c := bytes.Compare(e.rows.key(a), e.rows.key(b)); c != 0 {
			return c
		}
	}
	return cmp.Compare(a, b)
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
	return func(slot uint32) rank { return rank{text: e.keyPart(e.rows.key(slot), at)} }, nil
}

// keyPart is one of the values of a key.
func (e *emitter) keyPart(key []byte, at int) []byte {
	var v reader.Value
	for i, k := range e.schema.keys {
		p := newKeyPlace(0, k)
		rest := p.value(key, &v)
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
	if n := e.q.Top; n > 0 && n < len(slots)/8 {
		slots = e.firstOf(slots, n)
	}
	if e.order != nil || !e.schema.flows {
		slices.SortFunc(slots, e.compare)
	}
	if n := e.q.Top; n > 0 && n < len(slots) {
		slots = slots[:n]
	}
	return slots
}

// firstOf keeps the n rows that come first, in no order.
func (e *emitter) firstOf(slots []uint32, n int) []uint32 {
	kept := slices.Clone(slots[:n])
	slices.SortFunc(kept, e.compare)
	for _, slot := range slots[n:] {
		if e.compare(slot, kept[n-1]) >= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(kept, slot, e.compare)
		copy(kept[at+1:], kept[at:n-1])
		kept[at] = slot
	}
	return kept
}
