package query

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/ruleset"
	"netramet/ruleset/srl"
)

// schema is what rows of the answer have, whatever the files' formats.
type schema struct {
	keys     []srl.Group // what tells rows apart, in order
	counters []mib.Attr
	first    bool // FirstTime is there
	last     bool // LastActiveTime is there
	flows    bool // rows are flows, or records: keys are all their attributes
	every    bool
	varies   bool // a key may have another value in each record of a flow
}

// newSchema finds the schema with the first format that is read: others must have what
// it has.
func newSchema(q *Query, f *ruleset.Format) (*schema, []string) {
	s := &schema{flows: len(q.By) == 0 && q.Every == 0, every: q.Every != 0, keys: q.By}
	var left []string
	for _, a := range f.Attrs {
		switch {
		case a.Class() == mib.ClassCounter:
			s.counters = append(s.counters, a)
		case a.IsDistribution():
			left = append(left, a.String())
		case slices.ContainsFunc(q.By, func(g srl.Group) bool { return g.Attr == a }):
		case a == mib.AttrFirstTime:
			s.first = true
		case a == mib.AttrLastActiveTime:
			s.last = true
		case s.flows:
			s.keys = append(s.keys, srl.Group{Attr: a, All: true})
		}
	}
	for _, k := range s.keys {
		s.varies = s.varies || varies(k.Attr) && !s.flows
	}
	return s, left
}

// layout is how records of one format give rows of a schema.
type layout struct {
	format      *ruleset.Format
	differences bool // counters are amounts already
	*filter
	keys      []keyPlace
	counters  []int // places
	first     int   // place, -1: none
	last      int
	named     bool       // FlowIndex and FirstTime name flows
	alike     []keyPlace // what names them elsewhere, beside FirstTime
	seed      maphash.Seed
	hasSet    bool // FlowRuleSet is there
	wanted    []bool
	wrap      bool // counters have 32 bits
	ruleSetAt int
	hashed    bool // rows are found by their keys
}

// keyPlace is a key's place in records.
type keyPlace struct {
	at int
	srl.Group
	number bool
}

func newKeyPlace(at int, g srl.Group) keyPlace {
	return keyPlace{at, g, g.Attr.Class() != mib.ClassAddress && g.Attr.Class() != mib.ClassMask}
}

func newLayout(q *Query, s *schema, f *ruleset.Format, in string) (*layout, error) {
	l := &layout{format: f, first: -1, last: -1, wanted: make([]bool, len(f.Attrs)), ruleSetAt: -1, hashed: !s.flows}
	place := func(a mib.Attr) (int, bool) {
		i := slices.Index(f.Attrs, a)
		return i, i >= 0
	}
	var err error
	if l.filter, err = newFilter(q.Where, place, s.counters); err != nil {
		return nil, fmt.Errorf("%w\n%s holds %s", err, in, names(f))
	}
	if q.Where != nil {
		_ = q.Where.Walk(func(t *srl.Condition) error { l.want(place, t.Attr); return nil })
	}
	for _, k := range s.keys {
		at, ok := place(k.Attr)
		if !ok && !s.flows {
			return nil, fmt.Errorf("%w\n%s holds %s", k.Fault("", "the flow data does not hold %s", k.Attr), in, names(f))
		} else if !ok {
			return nil, fmt.Errorf("%s: its flows have no %s, as those before have: ask for attributes that all have, with --by", in, k.Attr)
		}
		l.wanted[at] = true
		l.keys = append(l.keys, newKeyPlace(at, k))
	}
	for _, a := range s.counters {
		at, ok := place(a)
		if !ok {
			return nil, fmt.Errorf("%s: its flows have no %s, as those before have", in, a)
		}
		l.wanted[at] = true
		l.counters = append(l.counters, at)
	}
	if at, ok := l.want(place, mib.AttrFirstTime); ok {
		l.first = at
	}
	if at, ok := l.want(place, mib.AttrLastActiveTime); ok {
		l.last = at
	}
	_, index := place(mib.AttrFlowIndex)
	if l.named = index && l.first >= 0; !l.named {
		l.nameByValues()
	}
	l.ruleSetAt, l.hasSet = place(mib.AttrFlowRuleSet)
	return l, nil
}

// nameByValues has flows named by all that tells them apart in their records.
func (l *layout) nameByValues() {
	for at, a := range l.format.Attrs {
		switch a.Class() {
		case mib.ClassCounter, mib.ClassDistribution, mib.ClassTime:
			continue
		}
		if a != mib.AttrFlowStatus {
			l.wanted[at] = true
			l.alike = append(l.alike, newKeyPlace(at, srl.Group{Attr: a, All: true}))
		}
	}
}

func (l *layout) want(place func(mib.Attr) (int, bool), a mib.Attr) (int, bool) {
	at, ok := place(a)
	if ok {
		l.wanted[at] = true
	}
	return at, ok
}

// names are the attributes of a format, for messages.
func names(f *ruleset.Format) string {
	all := make([]string, len(f.Attrs))
	for i, a := range f.Attrs {
		all[i] = a.String()
	}
	return strings.Join(all, ", ")
}

// batch is what a run of records gave: arrays with an entry, or some, for each row.
type batch struct {
	names   []flowName
	last    []uint64
	nums    []uint64 // counters of all rows
	bits    []uint64 // answers of late tests
	id      []byte   // scratch
	keys    []byte
	keyEnds []uint32
	hashes  []uint32 // of keys, where rows are found by them
	records uint64
	bad     uint64
	// baseline are flows whose amounts are not known.
	baseline uint64
	faults   []*flowfile.SyntaxError // the first ones
}

// flowName is what names a flow within a rule set of a meter.
type flowName struct {
	first   uint64 // FirstTime
	id      uint64 // FlowIndex, or what stands for it
	ruleSet uint8  // as the record has it
}

func (b *batch) clear() {
	*b = batch{names: b.names[:0], last: b.last[:0], nums: b.nums[:0], bits: b.bits[:0], id: b.id, keys: b.keys[:0], keyEnds: b.keyEnds[:0], hashes: b.hashes[:0], faults: b.faults[:0]}
}

// maxFaults is how many bad lines are told of a run of records.
const maxFaults = 3

// read makes rows of records.
func (l *layout) read(d decoder, lines flowfile.Lines, rec *reader.Record, b *batch, only func(uint8) bool) {
	line := lines.First - 1
	for text := lines.Text; len(text) > 0; {
		line++
		rest, ok, err := d.Next(text, rec)
		text = rest
		if err != nil {
			if b.bad++; len(b.faults) < maxFaults {
				b.faults = append(b.faults, &flowfile.SyntaxError{Line: line, Msg: err.Error()})
			}
			continue
		}
		if !ok {
			continue
		}
		b.records++
		if only != nil && !only(uint8(rec.RuleSet)) {
			continue
		}
		if rec.Baseline && l.differences {
			b.baseline++
			continue
		}
		if l.early.holds(rec) {
			l.add(b, rec)
		}
	}
}

// add adds a row.
func (l *layout) add(b *batch, rec *reader.Record) {
	b.names = append(b.names, flowName{rec.FirstTime, l.id(b, rec), uint8(rec.RuleSet)})
	if l.last >= 0 {
		b.last = append(b.last, rec.Values[l.last].Num)
	}
	if l.late != nil {
		b.bits = append(b.bits, l.answers(rec))
	}
	for _, at := range l.counters {
		b.nums = append(b.nums, rec.Values[at].Num)
	}
	from := len(b.keys)
	for i := range l.keys {
		b.keys = l.keys[i].appendTo(b.keys, &rec.Values[l.keys[i].at])
	}
	if l.hashed {
		b.hashes = append(b.hashes, uint32(maphash.Bytes(l.seed, b.keys[from:])))
	}
	b.keyEnds = append(b.keyEnds, uint32(len(b.keys)))
}

// id is what names a flow beside FirstTime: its FlowIndex, or a hash of its values and
// FirstTime, since flows may live at a time whose values look alike.
func (l *layout) id(b *batch, rec *reader.Record) uint64 {
	if l.named {
		return uint64(rec.Index)
	}
	b.id = binary.BigEndian.AppendUint64(b.id[:0], rec.FirstTime)
	for i := range l.alike {
		b.id = l.alike[i].appendTo(b.id, &rec.Values[l.alike[i].at])
	}
	return maphash.Bytes(l.seed, b.id)
}

// appendTo adds the part of a value that counts: octets that order as values do, the
// shorter addresses first.
func (k *keyPlace) appendTo(b []byte, v *reader.Value) []byte {
	if k.number {
		n := v.Num
		if !k.All {
			n &= k.Bits
		}
		return binary.BigEndian.AppendUint64(b, n)
	}
	b = append(b, v.Len)
	if k.All {
		return append(b, v.Octets[:v.Len]...)
	}
	for i, o := range v.Octets[:v.Len] {
		b = append(b, o&k.Mask[i])
	}
	return b
}

// value takes the first value of a key apart.
func (k *keyPlace) value(key []byte, v *reader.Value) (rest []byte) {
	*v = reader.Value{}
	if k.number {
		v.Num = binary.BigEndian.Uint64(key)
		return key[8:]
	}
	v.Len = key[0]
	return key[1+copy(v.Octets[:], key[1:1+int(v.Len)]):]
}
