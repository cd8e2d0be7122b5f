package columns

import (
	"slices"

	"netramet/internal/digits"
	"netramet/mib"
	"netramet/reader"
	"netramet/reader/cells"
	"netramet/streams/dist"
)

// kind is what a cell of a row shows.
type kind uint8

const (
	kindConstant kind = iota // the same in all rows of a rule set's collection
	kindIndex
	kindFirst
	kindLast
	kindBaseline
	kindCommunity
	kindNumber
	kindPort
	kindAddress
	kindCounts
	kindLimits
	kindLetter
	kindName
	kindAmount
)

// Cell is one column of the rows of a task.
type Cell struct {
	Label string // the column's name
	Type  Type
	kind  kind
	attr  mib.Attr
	place int    // in Record.Values
	text  []byte // of a constant; nil: null
	id    community
	names reader.Namer
}

// Constant reports whether the cell is the same in all rows of a Layout.
func (c *Cell) Constant() bool { return c.kind == kindConstant }

// Layout is how flows of one task are written in one collection.
type Layout struct {
	Cells []Cell
	clock *cells.Clock
	specs []specLimits
}

// specLimits are the limits that belong to a specification.
type specLimits struct {
	spec   [12]byte
	limits dist.Limits
}

// Places of the constant cells, by the order of always.
const (
	atSchema = iota
	atMeter
	atMeterStart
	atRuleSet
	atRuleSetName
	atInterval
	atIntervalStart
	atIntervalEnd
	atRestarted
	atOctetsMode
	atSampleRate
	numConstants
)

// NewLayout lays out the rows of a task's flows in a collection: what every row has,
// then what its FORMAT asks for, each attribute once, with what belongs to it. The time
// of a flow's last packet is known if the task reads LastActiveTime.
func NewLayout(iv *reader.Interval, task *reader.Task, names Names) *Layout {
	l := &Layout{clock: cells.NewClock(iv.MeterStart)}
	l.Cells = make([]Cell, 0, len(always)+2*len(task.Format.Attrs)+1)
	for i := range always {
		l.add(Cell{Label: always[i].In(names), Type: always[i].Type})
	}
	l.setConstants(iv, task)
	for i, k := range []kind{kindIndex, kindFirst, kindLast, kindBaseline} {
		c := &l.Cells[numConstants+i]
		if c.kind = k; k == kindLast {
			c.place = slices.Index(task.Format.Attrs, mib.AttrLastActiveTime)
		}
	}
	if id, ok := communityOf(task); ok {
		l.add(Cell{Label: communityColumn.In(names), Type: Text, kind: kindCommunity, id: id})
	}
	shown := task.Shown().Attrs
	for i, a := range shown {
		if slices.Contains(shown[:i], a) || a == mib.AttrFlowIndex {
			continue
		}
		if col, ok := Of(a); ok && (task.Saved == nil || task.Saved.Has(a)) {
			l.addAttr(col, i, names, iv.Amounts, task.Names)
		}
	}
	return l
}

func (l *Layout) add(c Cell) { l.Cells = append(l.Cells, c) }

// addAttr adds the cells of an attribute.
func (l *Layout) addAttr(col *Column, place int, names Names, amounts bool, called reader.Namer) {
	c := Cell{Label: col.In(names), Type: col.Type, attr: col.Attr, place: place}
	beside := func(suffix string, t Type, k kind) {
		b := c
		b.Label, b.Type, b.kind = c.Label+suffix, t, k
		l.add(b)
	}
	switch col.Type {
	case Address:
		c.kind = kindAddress
	case Numbers:
		c.kind = kindCounts
	default:
		if c.kind = kindNumber; col.Attr.Class() == mib.ClassAddress || col.Attr.Class() == mib.ClassMask {
			c.kind = kindPort
		}
	}
	l.add(c)
	switch {
	case c.kind == kindCounts:
		beside("_limits", Numbers, kindLimits)
	case col.Attr.Class() == mib.ClassCounter && amounts:
		beside("_amount", Number, kindAmount)
	case col.Attr.IsComputed():
		beside("_char", Text, kindLetter)
	}
	if called != nil && called.Has(col.Attr) {
		c.names = called
		beside("_name", Text, kindName)
	}
}

// setConstants writes what is the same in all rows.
func (l *Layout) setConstants(iv *reader.Interval, task *reader.Task) {
	set := func(at int, text []byte, ok bool) {
		if ok {
			l.Cells[at].text = text
		}
	}
	number := func(at int, n uint64) { set(at, digits.AppendUint(nil, n), true) }
	number(atSchema, Schema)
	set(atMeter, []byte(iv.Meter), iv.Meter != "")
	number(atRuleSet, uint64(task.RuleSet))
	set(atRuleSetName, []byte(task.Name), task.Name != "")
	number(atInterval, iv.Number)
	if iv.SampleRate > 0 {
		number(atSampleRate, uint64(iv.SampleRate))
	}
	set(atOctetsMode, []byte(iv.Octets.String()), iv.Octets != reader.OctetsUnknown)
	set(atRestarted, []byte(boolText(iv.Restarted)), true)
	text, ok := AppendTime(nil, iv.MeterStart)
	set(atMeterStart, text, ok)
	text, ok = AppendTime(nil, iv.Begin)
	set(atIntervalStart, text, ok)
	text, ok = AppendTime(nil, iv.End())
	set(atIntervalEnd, text, ok)
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// limits are those of a distribution's buckets, nil if its specification is not known.
func (l *Layout) limits(v *reader.Value) dist.Limits {
	if v.Len != 12 {
		return nil
	}
	spec := [12]byte(v.Octets[:12])
	for i := range l.specs {
		if l.specs[i].spec == spec {
			return l.specs[i].limits
		}
	}
	s := dist.SpecOf([6]byte(spec[:6]), [6]byte(spec[6:]))
	if s.Check(mib.Attr(0)) != nil {
		return nil
	}
	const most = 64 // rule sets have few; what comes over the network may have many
	if len(l.specs) == most {
		l.specs = l.specs[:0]
	}
	l.specs = append(l.specs, specLimits{spec, s.Limits()})
	return l.specs[len(l.specs)-1].limits
}
