package meterview

import (
	"netramet/meter"
	"netramet/mib"
	"netramet/mib/agent"
)

// flowData is flowDataTable: column.ruleSet.timeFilter.flow. The row of a flow
// exists for every time filter up to the flow's last change (RFC 4502,
// TimeFilter). After the last flow of one filter a walk goes on with the next
// rule set from time 0, never with the same flows at the next tick, so that it
// ends.
type flowData struct {
	v       *View
	columns []uint32
	syntax  [mib.ColFlowDataKind + 1]mib.Syntax
}

func newFlowData(v *View) *flowData {
	t := &flowData{v: v, columns: readable(mib.ObjFlowDataTable)}
	for _, c := range t.columns {
		o, _ := mib.ObjFlowDataTable.Column(c)
		t.syntax[c] = o.Info().Syntax
	}
	return t
}

// Get implements agent.Table.
func (t *flowData) Get(q *agent.Request, inst []uint32, val *agent.Value) agent.Status {
	if len(inst) == 0 || columnFrom(t.columns, inst[0]) != inst[0] {
		return agent.NoSuchObject
	}
	if len(inst) != 4 || !t.v.flowAt(q, inst[1], t.v.since(inst[2]), inst[3]) {
		return agent.NoSuchInstance
	}
	t.read(inst[0], val)
	return agent.OK
}

// Next implements agent.Table.
func (t *flowData) Next(q *agent.Request, after []uint32, next *agent.Name, val *agent.Value) agent.Status {
	var from [4]uint32
	copy(from[:], after)
	column := columnFrom(t.columns, from[0])
	if column != from[0] {
		from[1], from[2], from[3] = 0, 0, 0
	}
	for ; column != 0; column = columnFrom(t.columns, column+1) {
		if q.Version != agent.V1 || t.syntax[column] != mib.SyntaxCounter64 {
			set, flow, st := t.v.nextFlow(q, from[1], t.v.since(from[2]), from[3])
			if st != agent.EndOfMibView {
				if set != from[1] {
					from[2] = 0
				}
				next.Set(column, set, from[2], flow)
				if st == agent.OK {
					t.read(column, val)
				}
				return st
			}
			if from[1] == 0 {
				break // no flow at all can be seen, by whatever column
			}
		}
		from[1], from[2], from[3] = 0, 0, 0
	}
	return agent.EndOfMibView
}

// flowAt finds the flow of a rule set that has an index and has changed at or
// after since, and reads it into v.flow.
func (v *View) flowAt(q *agent.Request, set uint32, since meter.Uptime, index uint32) bool {
	return v.sees(q, set) && v.s.Flow(index, &v.flow) && v.flow.RuleSet == int(set) && v.flow.Changed >= since
}

// nextFlow finds the first flow of a rule set after an index that has changed
// at or after since, or else the first of all flows of later rule sets. It reads
// the flow into v.flow and returns its rule set and index; or, with agent.More,
// those after which to go on.
func (v *View) nextFlow(q *agent.Request, set uint32, since meter.Uptime, after uint32) (uint32, uint32, agent.Status) {
	for n := v.nextSeen(q, set); n != 0; n = v.nextSeen(q, n+1) {
		if n != set {
			since, after = 0, 0
			if q.Budget() <= 0 {
				return n, 0, agent.More
			}
		}
		if c, _ := v.s.RuleSetCounts(int(n)); c.Flows == 0 {
			continue // a search would look at all blocks of the table to find none
		}
		found, more := v.search(q, n, since, after)
		switch {
		case found != 0 && v.s.Flow(found, &v.flow):
			return n, found, agent.OK
		case found == 0 && more != 0:
			return n, more, agent.More
		}
	}
	return 0, 0, agent.EndOfMibView
}

// read reads a column of v.flow.
func (t *flowData) read(column uint32, val *agent.Value) {
	a := mib.Attr(column)
	if column == mib.ColFlowDataStatus {
		// Columns 2 and 3 are attributes 3 and 2.
		a = mib.AttrFlowStatus
	}
	x := t.v.attr(a)
	switch t.syntax[column] {
	case mib.SyntaxCounter64:
		val.Counter64(x.Num)
	case mib.SyntaxTimeTicks:
		val.TimeTicks(uint32(x.Num))
	case mib.SyntaxOctets:
		val.Octets(x.Octets)
	default:
		val.Int(int32(x.Num))
	}
}

// attr reads an attribute of v.flow. The value is valid until the next call.
func (v *View) attr(a mib.Attr) *meter.Value {
	v.s.Attr(&v.flow, a, &v.value)
	return &v.value
}
