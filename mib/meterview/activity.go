package meterview

import (
	"encoding/binary"

	"netramet/meter"
	"netramet/mib"
	"netramet/mib/agent"
)

// Limits of flowColumnActivityData.
const (
	maxActivityData = 1000  // octets
	maxActivityFlow = 65535 // its flow numbers have two octets
)

// activity is flowColumnActivityTable, which is deprecated:
// column.attribute.timeFilter.flow. Its data hold the values of one attribute
// of many flows, from the row's flow on, of whatever rule set. A walk goes on
// behind the last of them, so that each flow is told once.
type activity struct {
	v       *View
	columns []uint32
	attrs   []uint32 // that are told, in order
	data    [maxActivityData]byte
}

func newActivity(v *View) *activity {
	t := &activity{v: v, columns: readable(mib.ObjFlowColumnActivityTable)}
	for _, a := range mib.Attrs() {
		if a <= mib.AttrFlowKind && a.Is(mib.UseRead) {
			t.attrs = append(t.attrs, uint32(a))
		}
	}
	return t
}

// Get implements agent.Table.
func (t *activity) Get(q *agent.Request, inst []uint32, val *agent.Value) agent.Status {
	if len(inst) == 0 || columnFrom(t.columns, inst[0]) != inst[0] {
		return agent.NoSuchObject
	}
	if len(inst) != 4 || inst[1] == 0 || columnFrom(t.attrs, inst[1]) != inst[1] || !t.flowAt(q, t.v.since(inst[2]), inst[3]) {
		return agent.NoSuchInstance
	}
	return t.read(q, inst, val)
}

// Next implements agent.Table.
func (t *activity) Next(q *agent.Request, after []uint32, next *agent.Name, val *agent.Value) agent.Status {
	var from [4]uint32
	copy(from[:], after)
	column := columnFrom(t.columns, from[0])
	if column != from[0] {
		from = [4]uint32{column}
	}
	for ; column != 0; column = columnFrom(t.columns, column+1) {
		a := columnFrom(t.attrs, from[1])
		if a != from[1] {
			from[2], from[3] = 0, 0
		}
		for ; a != 0; a = columnFrom(t.attrs, a+1) {
			since := t.v.since(from[2])
			last := from[3]
			if t.flowAt(q, since, last) {
				_, last = t.encode(q, mib.Attr(a), since, last)
			}
			if t.nextFlow(q, since, last) {
				inst := [4]uint32{column, a, from[2], t.v.flow.Index}
				next.Set(inst[0], inst[1], inst[2], inst[3])
				return t.read(q, inst[:], val)
			}
			if since == 0 && last == 0 {
				// No flow at all can be seen. The other attributes and columns
				// need not be searched for one: that is 150 searches.
				return agent.EndOfMibView
			}
			from[2], from[3] = 0, 0
		}
		from[1] = 0
	}
	return agent.EndOfMibView
}

// flowAt reads a flow that can be told into v.flow.
func (t *activity) flowAt(q *agent.Request, since meter.Uptime, index uint32) bool {
	return index <= maxActivityFlow && t.v.s.Flow(index, &t.v.flow) && t.v.flow.Changed >= since &&
		t.v.sees(q, uint32(t.v.flow.RuleSet))
}

// nextFlow reads the next flow that can be told into v.flow.
func (t *activity) nextFlow(q *agent.Request, since meter.Uptime, after uint32) bool {
	for after < maxActivityFlow {
		budget := maxActivityFlow
		found, more := t.v.s.SearchFlow(meter.AnyRuleSet, since, after, &budget)
		q.Spend(maxActivityFlow - budget)
		if found == 0 && more == 0 || found > maxActivityFlow {
			return false
		}
		after = max(found, more)
		if found != 0 && t.v.s.Flow(found, &t.v.flow) && t.v.sees(q, uint32(t.v.flow.RuleSet)) {
			return true
		}
	}
	return false
}

// read reads a column of the row inst, whose flow is v.flow.
func (t *activity) read(q *agent.Request, inst []uint32, val *agent.Value) agent.Status {
	switch inst[0] {
	case mib.ColFlowColumnActivityAttribute:
		val.Int(int32(inst[1]))
	case mib.ColFlowColumnActivityTime:
		val.TimeTicks(uint32(t.v.flow.LastActive))
	case mib.ColFlowColumnActivityIndex:
		val.Int(int32(inst[3]))
	case mib.ColFlowColumnActivityData:
		data, _ := t.encode(q, mib.Attr(inst[1]), t.v.since(inst[2]), inst[3])
		val.Octets(data)
	}
	return agent.OK
}

// encode tells one attribute of the flows from first on: pairs of flow number
// and value, at most as many as fit, then flow number 0 if there are no more.
// It returns the last flow told. v.flow is used.
func (t *activity) encode(q *agent.Request, a mib.Attr, since meter.Uptime, first uint32) (data []byte, last uint32) {
	b := t.data[:0]
	last = first
	for at := first - 1; t.nextFlow(q, since, at); {
		at = t.v.flow.Index
		last = at
		b = t.value(binary.BigEndian.AppendUint16(b, uint16(at)), a)
		if len(b)+2 > maxActivityData-2-2-mib.MaxAddress {
			return b, last // the next value might not fit
		}
	}
	return append(b, 0, 0), last
}

// value appends an attribute of v.flow: numbers in one, two or four octets by
// their type, strings behind their length and without zeros at their end.
func (t *activity) value(b []byte, a mib.Attr) []byte {
	x := t.v.attr(a)
	switch a.Class() {
	case mib.ClassAddress, mib.ClassMask:
		octets := x.Octets
		for len(octets) > 0 && octets[len(octets)-1] == 0 {
			octets = octets[:len(octets)-1]
		}
		return append(append(b, byte(len(octets))), octets...)
	}
	switch a.Size() {
	case 1:
		return append(b, byte(x.Num))
	case 2:
		return binary.BigEndian.AppendUint16(b, uint16(x.Num))
	}
	return binary.BigEndian.AppendUint32(b, uint32(x.Num))
}
