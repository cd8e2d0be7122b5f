package query

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
	"netramet/ruleset/srl"
)

// maxRowsOut bounds the rows that gaps are filled with.
const maxRowsOut = 1 << 26

// errNothing says that there was nothing to ask.
var errNothing = errors.New("there is no complete collection in the flow data")

// emitter hands the rows of the answer to the output.
type emitter struct {
	*answer
	format   *ruleset.Format
	places   []placeOf // of the format's attributes
	keys     []keyPlace
	counters []int // places
	peer     int   // place of the peer type, -1: none
	index    int   // place of FlowIndex, where rows are flows; -1: none
	order    func(slot uint32) rank
	byText   bool      // the order's ranks are texts
	start    time.Time // of uptime 0
	rec      reader.Record
	number   uint64 // of the last interval
	to       uint64 // uptime of its end
	sent     int
	raw      bool // times of rows are uptimes already
}

// placeOf is where an attribute's value comes from.
type placeOf struct {
	kind placeKind
	i    int // key or counter
}

type placeKind uint8

const (
	ofKey placeKind = iota
	ofCounter
	ofFirst
	ofLast
	ofMask // the part of key i that counts
)

// finish hands out the answer.
func (a *answer) finish(ctx context.Context) error {
	if a.total.whole == 0 {
		return errNothing
	}
	if a.q.Counters {
		return nil
	}
	if a.schema == nil { // no record was read
		f := a.format
		if f == nil {
			f = ruleset.DefaultFormat()
		}
		a.schema, _ = newSchema(a.q, f)
	}
	e, err := a.newEmitter()
	if err != nil {
		return err
	}
	if a.q.Every == 0 {
		err = e.whole(ctx)
	} else {
		err = e.steps(ctx)
	}
	a.listed.sent += e.sent
	return err
}

// newEmitter makes the output's format: the keys, times, and counters.
func (a *answer) newEmitter() (*emitter, error) {
	e := &emitter{answer: a, peer: -1, index: -1, start: a.start}
	s := a.schema
	f := &ruleset.Format{}
	add := func(attr mib.Attr, sep string, p placeOf) {
		if len(f.Attrs) == 0 {
			sep = ""
		}
		if attr == mib.AttrSourcePeerType || attr == mib.AttrDestPeerType {
			e.peer = len(f.Attrs)
		}
		if attr == mib.AttrFlowIndex && s.flows {
			e.index = len(f.Attrs)
		}
		f.Attrs, f.Seps = append(f.Attrs, attr), append(f.Seps, sep)
		e.places = append(e.places, p)
	}
	if s.every && a.q.OneInterval {
		add(mib.AttrFirstTime, "", placeOf{ofFirst, 0})
	}
	for i, k := range s.keys {
		e.keys = append(e.keys, newKeyPlace(len(f.Attrs), k))
		add(k.Attr, " ", placeOf{ofKey, i})
		if info, ok := mib.Info(k.Attr); ok && !k.All && info.Mask != mib.AttrNull && !e.hasKey(info.Mask) {
			add(info.Mask, " ", placeOf{ofMask, i})
		}
	}
	if s.first && !s.every {
		add(mib.AttrFirstTime, " ", placeOf{ofFirst, 0})
	}
	if s.last && !s.every {
		add(mib.AttrLastActiveTime, " ", placeOf{ofLast, 0})
	}
	if s.every && a.q.OneInterval { // so that there is a rate
		add(mib.AttrLastActiveTime, " ", placeOf{ofLast, 0})
	}
	for i, c := range s.counters {
		sep := " "
		if i == 0 {
			sep = "  "
		}
		e.counters = append(e.counters, len(f.Attrs))
		add(c, sep, placeOf{ofCounter, i})
	}
	if len(f.Attrs) == 0 {
		return nil, errors.New("the flow data has no counter, and nothing else was asked for")
	}
	f.Seps = append(f.Seps, "")
	e.format, a.task.Format, a.task.Names = f, f, a.q.Names
	a.task.RuleSet = max(a.task.RuleSet, 1)
	return e, e.setOrder()
}

// whole hands out an answer that is one interval.
func (e *emitter) whole(ctx context.Context) error {
	var slots []uint32
	for slot := range e.rows.all.Len() {
		x := e.rows.all.At(slot)
		if !x.taken {
			continue
		}
		slots = append(slots, slot)
		if x.first <= x.last && (e.start.IsZero() || x.first < nano(e.start)) {
			e.start = time.Unix(0, x.first-x.first%1e9).Add(-time.Second)
		}
	}
	slots = e.best(slots)
	if err := e.begin(e.rows.begin, e.rows.end); err != nil {
		return err
	}
	for _, slot := range slots {
		if err := e.row(ctx, slot, e.rows.all.At(slot).first, e.rows.all.At(slot).last); err != nil {
			return errors.Join(err, e.out.Abort())
		}
	}
	return e.end()
}

// begin begins an interval of the output.
func (e *emitter) begin(begin, end int64) error {
	iv := reader.Interval{Meter: e.meterName(), MeterStart: e.start, Begin: time.Unix(0, begin).UTC(), Time: time.Unix(0, end).UTC(), Amounts: true}
	if !e.mixed {
		iv.Octets = e.octets
	}
	if e.start.IsZero() && end == 0 { // nobody knows the time
		iv.Begin, iv.Time = time.Time{}, time.Time{}
	}
	e.number++
	iv.Number, iv.From = e.number, max(e.uptime(begin), 2)-1 // of the two, one is the end before
	e.to = max(e.uptime(end), 1)
	iv.To = e.to
	return e.out.Begin(iv, []reader.Task{e.task})
}

// meterName is the meter whose flows there are.
func (a *answer) meterName() string {
	switch len(a.meters) {
	case 0:
		return "none"
	case 1:
		return a.meters[0]
	case 2:
		return strings.Join(a.meters, "+")
	}
	return a.meters[0] + "+others"
}

// uptime is a time as the output's meter tells it.
func (e *emitter) uptime(t int64) uint64 {
	if e.raw {
		return uint64(t)
	}
	if e.start.IsZero() {
		return 1
	}
	d := (t - nano(e.start)) / 1e7
	return uint64(max(d, 0))
}

func (e *emitter) end() error {
	if err := e.out.End(); err != nil {
		return errors.Join(err, e.out.Abort())
	}
	return nil
}

// row hands out one row; noStep is one without amounts, of the group in e.fill.
func (e *emitter) row(ctx context.Context, slot uint32, first, last int64) error {
	if e.sent++; e.sent%4096 == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	return e.record(e.rows.key(slot), e.rows.sum(slot), first, last)
}

func (e *emitter) hasKey(a mib.Attr) bool {
	return slices.ContainsFunc(e.schema.keys, func(g srl.Group) bool { return g.Attr == a })
}

// mask is the mask of a key as the mask of a flow's address, which stands before it.
func (e *emitter) mask(key int, rec *reader.Record, at int) {
	v := &rec.Values[at]
	if v.Len = rec.Values[at-1].Len; v.Len > 0 {
		copy(v.Octets[:v.Len], e.schema.keys[key].Mask[:])
	}
}

func (e *emitter) record(key []byte, sums []uint64, first, last int64) error {
	rec := &e.rec
	rec.Clear(len(e.places))
	rec.RuleSet, rec.Index = e.task.RuleSet, uint32(e.sent)
	known := (first <= last || e.raw) && !e.start.IsZero()
	if known {
		rec.FirstTime = e.uptime(first)
	}
	for i := range e.keys {
		key = e.keys[i].value(key, &rec.Values[e.keys[i].at])
	}
	for i, p := range e.places {
		switch {
		case p.kind == ofFirst && known:
			rec.Values[i].Num = e.uptime(first)
		case p.kind == ofMask:
			e.mask(p.i, rec, i)
		case p.kind == ofLast && known:
			rec.Values[i].Num = e.uptime(last)
		case p.kind == ofCounter && sums != nil:
			rec.Values[i].Num = sums[p.i]
		}
	}
	if e.index >= 0 {
		rec.Index = uint32(rec.Values[e.index].Num)
	}
	if e.peer >= 0 {
		rec.PeerType = mib.PeerType(rec.Values[e.peer].Num)
	}
	rec.Amounts = slices.Grow(rec.Amounts[:0], len(e.places))[:len(e.places)]
	clear(rec.Amounts)
	for _, i := range e.counters {
		rec.Amounts[i] = rec.Values[i].Num
	}
	return e.out.Record(rec)
}
