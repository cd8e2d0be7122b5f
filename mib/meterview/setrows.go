package meterview

import (
	"netramet/meter"
	"netramet/mib"
	"netramet/mib/ber"
	"netramet/ruleset"
)

const isTrue = 1 // TruthValue

// ruleSet stages a column of flowRuleSetInfoTable.
func (c *control) ruleSet(o mib.Obj, index uint32, val *ber.Value) meter.Refusal {
	r, why := c.change.RuleSet(index, c.requests[rowName{mib.ObjFlowRuleInfoStatus, index}])
	switch o {
	case mib.ObjFlowRuleInfoStatus:
		return why // Check judges the rest
	case mib.ObjFlowRuleInfoSize:
		return r.SetSize(val.Int)
	case mib.ObjFlowRuleInfoOwner:
		return r.SetOwner(string(val.Bytes))
	case mib.ObjFlowRuleInfoName:
		return r.SetName(string(val.Bytes))
	case mib.ObjFlowRuleInfoRulesReady:
		return r.SetReady(val.Int == isTrue)
	}
	return meter.NotWritable
}

// rule stages a column of flowRuleTable.
func (c *control) rule(o mib.Obj, set, number uint32, val *ber.Value) meter.Refusal {
	r, _ := c.change.RuleSet(set, c.requests[rowName{mib.ObjFlowRuleInfoStatus, set}])
	rule, why := r.Rule(number)
	if why != meter.Granted {
		return why
	}
	switch o {
	case mib.ObjFlowRuleSelector:
		rule.Selector = mib.Attr(val.Int)
	case mib.ObjFlowRuleMask:
		rule.Mask = ruleset.Octets{}
		copy(rule.Mask[:], val.Bytes)
	case mib.ObjFlowRuleMatchedValue:
		rule.Value = ruleset.Octets{}
		copy(rule.Value[:], val.Bytes)
	case mib.ObjFlowRuleAction:
		rule.Action = mib.Action(val.Int)
	case mib.ObjFlowRuleParameter:
		rule.Parameter = uint16(val.Int)
	default:
		return meter.NotWritable
	}
	return meter.Granted
}

// reader stages a column of flowReaderInfoTable or ntmReaderTable.
func (c *control) reader(o mib.Obj, index uint32, val *ber.Value) meter.Refusal {
	r, why := c.change.Reader(index, c.requests[rowName{mib.ObjFlowReaderStatus, index}])
	switch o {
	case mib.ObjFlowReaderStatus:
		return why // Check judges the rest
	case mib.ObjFlowReaderTimeout:
		return r.SetTimeout(val.Int)
	case mib.ObjFlowReaderOwner:
		return r.SetOwner(string(val.Bytes))
	case mib.ObjFlowReaderLastTime:
		return r.SetLastTime()
	case mib.ObjFlowReaderRuleSet:
		return r.SetRuleSet(val.Int)
	case mib.ObjNtmReaderWaits:
		return r.SetWaits(val.Int == isTrue)
	case mib.ObjNtmReaderCollected:
		return r.SetCollected(number64(val))
	case mib.ObjNtmReaderTime:
		return r.SetMark(number64(val))
	}
	return meter.NotWritable
}

// task stages a column of flowManagerInfoTable.
func (c *control) task(o mib.Obj, index uint32, val *ber.Value) meter.Refusal {
	r, why := c.change.Task(index, c.requests[rowName{mib.ObjFlowManagerStatus, index}])
	switch o {
	case mib.ObjFlowManagerStatus:
		return why // Check judges the rest
	case mib.ObjFlowManagerCurrentRuleSet:
		return r.SetCurrent(val.Int)
	case mib.ObjFlowManagerStandbyRuleSet:
		return r.SetStandby(val.Int)
	case mib.ObjFlowManagerHighWaterMark:
		return r.SetHighWaterMark(val.Int)
	case mib.ObjFlowManagerCounterWrap:
		return r.SetScale(val.Int == 2)
	case mib.ObjFlowManagerOwner:
		return r.SetOwner(string(val.Bytes))
	case mib.ObjFlowManagerRunningStandby:
		return r.SetRunningStandby(val.Int == isTrue)
	}
	return meter.NotWritable
}
