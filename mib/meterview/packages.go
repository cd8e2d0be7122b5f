package meterview

import (
	"math"
	"slices"

	"netramet/meter"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// attributeWork is the work for an attribute in a package, in rows looked at.
const attributeWork = 5

// packages is flowDataPackageTable: 5.n.attribute...ruleSet.timeFilter.flow; or,
// wide, ntmPackageTable: 3.n.attribute...ruleSet.high.low.flow. Its rows cannot
// be counted, for there is one of each flow for each list of attributes. So a
// walk that names no valid list steps over the table, and one that does ends
// with that list.
type packages struct {
	v      *View
	w      ber.Writer
	column uint32
	max    int  // attributes
	wide   bool // times have 64 bits
	index  [4]uint32
}

func newPackages(v *View) *packages {
	return &packages{v: v, column: mib.ColFlowPackageData, max: mib.MaxSelector}
}

func newWidePackages(v *View) *packages {
	return &packages{v: v, column: mib.ColNtmPackageData, max: mib.MaxWideSelector, wide: true}
}

// selector splits what follows the prefix into column, selector and the rest.
// It is valid if it is complete and each attribute exists, can be read and
// comes once.
func (t *packages) selector(inst []uint32) (attrs, rest []uint32, ok bool) {
	if len(inst) < 2 || inst[0] != t.column || inst[1] < 1 || inst[1] > uint32(t.max) || int(inst[1]) > len(inst)-2 {
		return nil, nil, false
	}
	n := 2 + int(inst[1])
	var seen [4]uint64
	for _, a := range inst[2:n] {
		if a > 255 || !mib.Attr(a).Is(mib.UseRead) || seen[a/64]>>(a%64)&1 != 0 {
			return nil, nil, false
		}
		seen[a/64] |= 1 << (a % 64)
	}
	return inst[2:n], inst[n:], true
}

// row is what follows the selector: rule set, time of one or two
// sub-identifiers, flow. What is missing at the end of a name is 0.
func (t *packages) row(rest []uint32) []uint32 {
	row := t.index[:3]
	if t.wide {
		row = t.index[:4]
	}
	clear(row[copy(row, rest):])
	return row
}

// since is the time of a row.
func (t *packages) since(row []uint32) meter.Uptime {
	if t.wide {
		return meter.Uptime(min(uint64(row[1])<<32|uint64(row[2]), math.MaxInt64))
	}
	return t.v.since(row[1])
}

// hidden reports whether the requester's view leaves flow data out: who may see
// the figures of NETRAMET-MIB alone sees no flows in it either.
func (t *packages) hidden(q *agent.Request) bool {
	return t.wide && !q.Principal.View.Contains(mib.ObjFlowPackageData.OID())
}

// Get implements agent.Table.
func (t *packages) Get(q *agent.Request, inst []uint32, val *agent.Value) agent.Status {
	if len(inst) == 0 || inst[0] != t.column || t.hidden(q) {
		return agent.NoSuchObject
	}
	attrs, rest, ok := t.selector(inst)
	if !ok {
		return agent.NoSuchInstance
	}
	row := t.row(rest)
	if last := len(row) - 1; len(rest) != len(row) || !t.v.flowAt(q, row[0], t.since(row), row[last]) {
		return agent.NoSuchInstance
	}
	return t.read(q, attrs, val)
}

// Next implements agent.Table.
func (t *packages) Next(q *agent.Request, after []uint32, next *agent.Name, val *agent.Value) agent.Status {
	attrs, rest, ok := t.selector(after)
	if !ok || t.hidden(q) {
		return agent.EndOfMibView
	}
	row := t.row(rest)
	last := len(row) - 1
	set, flow, st := t.v.nextFlow(q, row[0], t.since(row), row[last])
	if st == agent.EndOfMibView {
		return st
	}
	if set != row[0] { // later rule sets begin at time 0
		clear(row)
		row[0] = set
	}
	row[last] = flow
	next.Set(after[:2+len(attrs)]...)
	next.Append(row...)
	if st == agent.More {
		return st
	}
	return t.read(q, attrs, val)
}

// read encodes v.flow: a BER SEQUENCE of the values in the order of the
// selector. RFC 2720 does not tell the types inside; they are those of the
// values' own objects, and Gauge32 for numbers of four octets without one.
func (t *packages) read(q *agent.Request, attrs []uint32, val *agent.Value) agent.Status {
	q.Spend(attributeWork * len(attrs))
	buf := val.Buf()
	t.w.Reset(buf[:cap(buf)])
	for i := len(attrs) - 1; i >= 0; i-- {
		a := mib.Attr(attrs[i])
		t.encode(a, t.v.attr(a))
	}
	t.w.Wrap(ber.Sequence, 0)
	if t.w.Err() != nil {
		return agent.TooBig // distributions that no message holds together
	}
	val.Octets(t.w.Bytes())
	return agent.OK
}

// encode writes the value of an attribute in front of what is written.
func (t *packages) encode(a mib.Attr, x *meter.Value) {
	switch a.Class() {
	case mib.ClassAddress, mib.ClassMask:
		t.w.Octets(ber.OctetString, x.Octets)
	case mib.ClassCounter:
		t.w.Uint(ber.Counter64, x.Num)
	case mib.ClassTime:
		t.time(x.Num)
	case mib.ClassDistribution:
		t.distribution(x)
	default:
		t.number(a, x.Num)
	}
}

// distribution writes a distribution as RFC 2724 §3.3 has it: mask and value of
// the rule that asked for it, and the sequence of counters, in a SEQUENCE; an
// empty one if the flow has no such distribution.
func (t *packages) distribution(x *meter.Value) {
	end := t.w.Len()
	if len(x.Numbers) > 0 {
		for _, n := range slices.Backward(x.Numbers) {
			t.w.Uint(ber.Integer, n)
		}
		t.w.Wrap(ber.Sequence, end)
		mask := len(x.Octets) / 2
		t.w.Octets(ber.OctetString, x.Octets[mask:])
		t.w.Octets(ber.OctetString, x.Octets[:mask])
	}
	t.w.Wrap(ber.Sequence, end)
}

func (t *packages) time(num uint64) {
	if t.wide {
		t.w.Uint(ber.Counter64, num)
		return
	}
	t.w.Uint(ber.TimeTicks, uint64(uint32(num)))
}

func (t *packages) number(a mib.Attr, num uint64) {
	if a.Size() == 4 && a != mib.AttrFlowIndex {
		t.w.Uint(ber.Gauge32, num)
		return
	}
	t.w.Int(ber.Integer, int64(num))
}
