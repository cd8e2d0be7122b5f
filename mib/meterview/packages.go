package meterview

import (
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// MaxSelector is the most attributes of a package: what is left of a name's
// 128 sub-identifiers.
const MaxSelector = 113

// packages is flowDataPackageTable: 5.n.attribute...ruleSet.timeFilter.flow.
// Its rows cannot be counted, for there is one of each flow for each list of
// attributes. So a walk that names no valid list steps over the table, and one
// that does ends with that list.
type packages struct {
	v *View
	w ber.Writer
}

// selector splits what follows the prefix into column, selector and the rest.
// It is valid if it is complete and each attribute exists, can be read and
// comes once.
func selector(inst []uint32) (attrs, rest []uint32, ok bool) {
	if len(inst) < 2 || inst[0] != mib.ColFlowPackageData || inst[1] < 1 || inst[1] > MaxSelector ||
		int(inst[1]) > len(inst)-2 {
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

// Get implements agent.Table.
func (t *packages) Get(q *agent.Request, inst []uint32, val *agent.Value) agent.Status {
	if len(inst) == 0 || inst[0] != mib.ColFlowPackageData {
		return agent.NoSuchObject
	}
	attrs, rest, ok := selector(inst)
	if !ok || len(rest) != 3 || !t.v.flowAt(q, rest[0], rest[1], rest[2]) {
		return agent.NoSuchInstance
	}
	return t.read(attrs, val)
}

// Next implements agent.Table.
func (t *packages) Next(q *agent.Request, after []uint32, next *agent.Name, val *agent.Value) agent.Status {
	attrs, rest, ok := selector(after)
	if !ok {
		return agent.EndOfMibView
	}
	var from [3]uint32
	copy(from[:], rest)
	set, filter, ok := t.v.nextFlow(q, from[0], from[1], from[2])
	if !ok {
		return agent.EndOfMibView
	}
	next.Set(after[:2+len(attrs)]...)
	next.Append(set, filter, t.v.flow.Index)
	return t.read(attrs, val)
}

// read encodes v.flow: a BER SEQUENCE of the values in the order of the
// selector. RFC 2720 does not tell the types inside; they are those of the
// values' own objects, and Gauge32 for numbers of four octets without one.
func (t *packages) read(attrs []uint32, val *agent.Value) agent.Status {
	buf := val.Buf()
	t.w.Reset(buf[:cap(buf)])
	for i := len(attrs) - 1; i >= 0; i-- {
		a := mib.Attr(attrs[i])
		num, octets := t.v.attr(a)
		switch a.Class() {
		case mib.ClassAddress, mib.ClassMask:
			t.w.Octets(ber.OctetString, octets)
		case mib.ClassCounter:
			t.w.Uint(ber.Counter64, num)
		case mib.ClassTime:
			t.w.Uint(ber.TimeTicks, uint64(uint32(num)))
		case mib.ClassDistribution:
			// Rule sets that save distributions are not accepted yet, so no
			// flow has one.
			t.w.Empty(ber.Sequence)
		default:
			t.number(a, num)
		}
	}
	t.w.Wrap(ber.Sequence, 0)
	if t.w.Err() != nil {
		return agent.GenErr // impossible: 113 values are less than a message
	}
	val.Octets(t.w.Bytes())
	return agent.OK
}

func (t *packages) number(a mib.Attr, num uint64) {
	if a.Size() == 4 && a != mib.AttrFlowIndex {
		t.w.Uint(ber.Gauge32, num)
		return
	}
	t.w.Int(ber.Integer, int64(num))
}
