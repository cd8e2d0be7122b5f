package meterview

import (
	"encoding/binary"
	"slices"
	"time"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// test checks the next binding by itself and stages it.
func (x *txn) test(t *agent.Txn) agent.Status {
	if x.change == nil {
		x.begin(t)
	}
	b := &x.bindings[x.tested]
	x.tested++
	info := b.object.Info()
	if !info.Writable() || info.Syntax == mib.SyntaxNone {
		return agent.NotWritable
	}
	if x.denied(b) {
		return agent.NoAccess
	}
	if st := suits(b.object, &b.Value); st != agent.OK {
		return st
	}
	table, _ := b.object.Table()
	switch {
	case info.Kind == mib.KindScalar:
		if len(b.index) != 1 || b.index[0] != 0 {
			return agent.NoCreation
		}
		return x.scalar(b)
	case table == mib.ObjFlowRuleTable && len(b.index) == 2:
		return statusOf[x.rule(b)]
	case table == mib.ObjFlowRuleTable:
	case b.isRow && len(b.index) == 1:
		return statusOf[x.column(b)]
	case table == mib.ObjFlowInterfaceTable && len(b.index) == 1:
		return x.sampleRate(b.index[0], uint32(b.Value.Int))
	case b.object == mib.ObjIfAdminStatus:
		return agent.NotWritable // IF-MIB allows this; nothing is switched here
	}
	return agent.NoCreation // no such row can ever be
}

// denied reports whether a column is of an existing row with an Owner that the
// principal may not write for. For him it is as if a view left the row out, which
// comes before all that is wrong with the value.
func (x *txn) denied(b *binding) bool {
	if !b.isRow {
		return false
	}
	owner, exists := x.tables.OwnerOf(b.row.table, b.row.index)
	return exists && !x.principal.MayWrite(owner)
}

// suits checks a value's type, length and range (RFC 3416 §4.2.5, steps 3-6).
func suits(o mib.Obj, val *ber.Value) agent.Status {
	info := o.Info()
	if mib.Syntax(val.Tag) != info.Syntax {
		return agent.WrongType
	}
	switch info.Syntax {
	case mib.SyntaxOctets:
		if !info.ValidSize(len(val.Bytes)) {
			return agent.WrongLength
		}
	case mib.SyntaxInteger:
		switch o {
		case mib.ObjFlowRuleSelector:
			// The module's list ends where RFC 2720 did; further attributes
			// can be tested and saved too.
			if _, ok := mib.Info(mib.Attr(val.Int)); val.Int < 0 || val.Int > 255 || !ok {
				return agent.WrongValue
			}
		case mib.ObjFlowRuleParameter:
			// 0 stands in rule files for a parameter that is not used.
			if val.Int < 0 || val.Int > info.Max {
				return agent.WrongValue
			}
		case mib.ObjFlowRuleInfoStatus, mib.ObjFlowReaderStatus, mib.ObjFlowManagerStatus:
			// notReady can be read only (RFC 2579).
			if !info.ValidNumber(val.Int) || val.Int == int64(mib.RowNotReady) {
				return agent.WrongValue
			}
		default:
			if !info.ValidNumber(val.Int) {
				return agent.WrongValue
			}
		}
	}
	return agent.OK
}

// refersToUnseen finds a binding by which a row refers to a rule set that the
// principal does not see: for him there is none. Else he could keep its flows
// from being recovered, or the rule set from being removed (decision 29).
func (x *txn) refersToUnseen() *agent.Bind {
	if !x.principal.OwnerOnly {
		return nil
	}
	for i := range x.bindings {
		b := &x.bindings[i]
		switch {
		case b.object == mib.ObjFlowReaderRuleSet, b.object == mib.ObjFlowManagerCurrentRuleSet, b.object == mib.ObjFlowManagerStandbyRuleSet:
			if x.unseen(b.object, int(b.Value.Int)) {
				return b.Bind
			}
		case b.isStatus() && x.requests[b.row] == mib.RowActive:
			// A row may be older than the rule set it names.
			if x.keepsUnseen(b.row) {
				return b.Bind
			}
		}
	}
	return nil
}

// unseen reports whether a column that holds n refers to a rule set that the
// principal does not see. The built-in one may be run by everybody.
func (x *txn) unseen(column mib.Obj, n int) bool {
	if n == 1 && column != mib.ObjFlowReaderRuleSet {
		return false
	}
	return x.tables.HasRuleSet(n) && !x.principal.MayRead(x.tables.Owner(n))
}

// keepsUnseen reports whether an existing row refers to such a rule set with a
// column that is not among those written.
func (x *txn) keepsUnseen(r row) bool {
	keeps := func(column mib.Obj, n int) bool {
		written := slices.ContainsFunc(x.bindings, func(b binding) bool { return b.object == column && b.row == r })
		return !written && x.unseen(column, n)
	}
	switch r.table {
	case control.ReaderTable:
		reader, _ := x.tables.Reader(r.index)
		return keeps(mib.ObjFlowReaderRuleSet, reader.RuleSet)
	case control.TaskTable:
		task, _ := x.tables.Task(r.index)
		return keeps(mib.ObjFlowManagerCurrentRuleSet, task.Current) || keeps(mib.ObjFlowManagerStandbyRuleSet, task.Standby)
	}
	return false
}

// scalar stages a scalar.
func (x *txn) scalar(b *binding) agent.Status {
	n := b.Value.Int
	switch b.object {
	case mib.ObjFlowFloodMark:
		x.later(func() error { return x.tables.SetFloodMark(int(n)) })
	case mib.ObjFlowInactivityTimeout:
		if n < 0 {
			return agent.WrongValue
		}
		x.later(func() error { return x.tables.SetInactivity(time.Duration(n) * time.Second) })
	case mib.ObjFlowFloodMode:
		x.later(func() error { x.tables.SetFloodMode(n == 1); return nil })
	case mib.ObjNtmTraceState:
		if n != int64(mib.TraceRunning) {
			return agent.WrongValue
		}
		if x.tables.TracePhase() == mib.TraceIdle {
			return agent.InconsistentValue
		}
		who := x.principal.Name
		x.later(func() error { return x.tables.StartTrace(who) })
	default:
		return agent.NotWritable
	}
	return agent.OK
}

func (x *txn) sampleRate(index, rate uint32) agent.Status {
	if int32(rate) < 0 {
		return agent.WrongValue
	}
	if index < 1 || index > meter.MaxInterfaces {
		return agent.NoCreation
	}
	if _, ok := x.tables.Interface(int(index)); !ok {
		return agent.InconsistentName // packets or the command line make interfaces
	}
	x.later(func() error { return x.tables.SetSampleRate(int(index), rate) })
	return agent.OK
}

// number64 reads an NtmUnsigned64, whose length was tested.
func number64(val *ber.Value) uint64 { return binary.BigEndian.Uint64(val.Bytes) }
