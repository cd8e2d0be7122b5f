package meterview

import (
	"netramet/meter/control"
	"netramet/mib"
	"netramet/ruleset"
)

const isTrue = 1 // TruthValue

// column stages a column of a row. The value is of the column's type and in its range.
func (x *txn) column(b *binding) control.Refusal {
	switch b.row.table {
	case control.ReaderTable:
		return x.reader(b)
	case control.TaskTable:
		return x.task(b)
	}
	return x.ruleSet(b)
}

// ruleSet stages a column of flowRuleSetInfoTable.
func (x *txn) ruleSet(b *binding) control.Refusal {
	r, why := x.change.RuleSet(b.row.index, x.requests[b.row])
	switch b.object {
	case mib.ObjFlowRuleInfoStatus:
		return why // Check judges the rest
	case mib.ObjFlowRuleInfoSize:
		return r.SetSize(b.Value.Int)
	case mib.ObjFlowRuleInfoOwner:
		return r.SetOwner(string(b.Value.Bytes))
	case mib.ObjFlowRuleInfoName:
		return r.SetName(string(b.Value.Bytes))
	case mib.ObjFlowRuleInfoRulesReady:
		return r.SetReady()
	}
	return control.NotWritable
}

// rule stages a column of flowRuleTable.
func (x *txn) rule(b *binding) control.Refusal {
	r, _ := x.change.RuleSet(b.row.index, x.requests[b.row])
	rule, why := r.Rule(b.index[1])
	if why != control.Granted {
		return why
	}
	switch b.object {
	case mib.ObjFlowRuleSelector:
		rule.Selector = mib.Attr(b.Value.Int)
	case mib.ObjFlowRuleMask:
		rule.Mask = ruleset.Octets{}
		copy(rule.Mask[:], b.Value.Bytes)
	case mib.ObjFlowRuleMatchedValue:
		rule.Value = ruleset.Octets{}
		copy(rule.Value[:], b.Value.Bytes)
	case mib.ObjFlowRuleAction:
		rule.Action = mib.Action(b.Value.Int)
	case mib.ObjFlowRuleParameter:
		rule.Parameter = uint16(b.Value.Int)
	default:
		return control.NotWritable
	}
	return control.Granted
}

// reader stages a column of flowReaderInfoTable or ntmReaderTable.
func (x *txn) reader(b *binding) control.Refusal {
	r, why := x.change.Reader(b.row.index, x.requests[b.row])
	switch b.object {
	case mib.ObjFlowReaderStatus:
		return why // Check judges the rest
	case mib.ObjFlowReaderTimeout:
		return r.SetTimeout(b.Value.Int)
	case mib.ObjFlowReaderOwner:
		return r.SetOwner(string(b.Value.Bytes))
	case mib.ObjFlowReaderLastTime:
		return r.SetLastTime()
	case mib.ObjFlowReaderRuleSet:
		return r.SetRuleSet(b.Value.Int)
	case mib.ObjNtmReaderWaits:
		return r.SetWaits(b.Value.Int == isTrue)
	case mib.ObjNtmReaderCollected:
		return r.SetCollected(number64(&b.Value))
	case mib.ObjNtmReaderTime:
		return r.SetMark(number64(&b.Value))
	}
	return control.NotWritable
}

// task stages a column of flowManagerInfoTable.
func (x *txn) task(b *binding) control.Refusal {
	r, why := x.change.Task(b.row.index, x.requests[b.row])
	switch b.object {
	case mib.ObjFlowManagerStatus:
		return why // Check judges the rest
	case mib.ObjFlowManagerCurrentRuleSet:
		return r.SetCurrent(b.Value.Int)
	case mib.ObjFlowManagerStandbyRuleSet:
		return r.SetStandby(b.Value.Int)
	case mib.ObjFlowManagerHighWaterMark:
		return r.SetHighWaterMark(b.Value.Int)
	case mib.ObjFlowManagerCounterWrap:
		return r.SetScale(b.Value.Int == 2)
	case mib.ObjFlowManagerOwner:
		return r.SetOwner(string(b.Value.Bytes))
	case mib.ObjFlowManagerRunningStandby:
		return r.SetRunningStandby(b.Value.Int == isTrue)
	}
	return control.NotWritable
}
