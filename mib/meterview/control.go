package meterview

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/mib/agent"
)

func (v *View) nextRuleSet(q *agent.Request, after uint32) uint32 {
	for n := v.s.NextRuleSet(int(min(after, 255))); n != 0; n = v.s.NextRuleSet(n) {
		if q.Spend(rowWork); v.sees(q, uint32(n)) {
			return uint32(n)
		}
	}
	return 0
}

// ruleSetInfoTable is flowRuleSetInfoTable.
func (v *View) ruleSetInfoTable() *rowTable {
	return &rowTable{readable(mib.ObjFlowRuleSetInfoTable), v.nextRuleSet,
		func(_ *agent.Request, column, row uint32, val *agent.Value) agent.Status {
			r, _ := v.s.RuleSetRow(int(row))
			switch column {
			case mib.ColFlowRuleInfoSize:
				val.Int(int32(r.Size))
			case mib.ColFlowRuleInfoOwner:
				val.Text(r.Owner)
			case mib.ColFlowRuleInfoTimeStamp:
				val.TimeTicks(uint32(r.TimeStamp))
			case mib.ColFlowRuleInfoStatus:
				val.Int(int32(r.Status))
			case mib.ColFlowRuleInfoName:
				val.Text(r.Name)
			case mib.ColFlowRuleInfoRulesReady:
				val.Bool(r.Status == 1)
			case mib.ColFlowRuleInfoFlowRecords:
				val.Int(clampInt(int(r.Flows)))
			}
			return agent.OK
		}}
}

// ruleSetTable is ntmRuleSetTable.
func (v *View) ruleSetTable() *rowTable {
	return &rowTable{readable(mib.ObjNtmRuleSetTable), v.nextRuleSet,
		func(_ *agent.Request, column, row uint32, val *agent.Value) agent.Status {
			c, err := v.s.RuleSetCounts(int(row))
			if err != nil {
				return agent.NoSuchInstance
			}
			switch column {
			case mib.ColNtmRuleSetFlows:
				val.Gauge32(clampGauge(c.Flows))
			case mib.ColNtmRuleSetPDUs:
				val.Counter64(c.PDUs)
			case mib.ColNtmRuleSetIgnored:
				val.Counter64(c.Ignored)
			case mib.ColNtmRuleSetNotMatched:
				val.Counter64(c.NotMatched)
			case mib.ColNtmRuleSetRefused:
				val.Counter64(c.RefusedPDUs)
			case mib.ColNtmRuleSetRefusedOctets:
				val.Counter64(c.RefusedOctets)
			case mib.ColNtmRuleSetCreated:
				val.Counter64(c.Created)
			case mib.ColNtmRuleSetRecovered:
				val.Counter64(c.Recovered)
			case mib.ColNtmRuleSetError:
				r, _ := v.s.RuleSetRow(int(row))
				adminString(val, r.Error)
			default:
				return v.ruleSetInput(column, row, val)
			}
			return agent.OK
		}}
}

func (v *View) ruleSetInput(column, row uint32, val *agent.Value) agent.Status {
	in, err := v.s.RuleSetInput(int(row))
	if err != nil {
		return agent.NoSuchInstance
	}
	switch column {
	case mib.ColNtmRuleSetUnsupported:
		val.Counter64(in.Unsupported)
	case mib.ColNtmRuleSetSampledOut:
		val.Counter64(in.SampledOut)
	case mib.ColNtmRuleSetRulesExecuted:
		val.Counter64(in.RulesExecuted)
	case mib.ColNtmRuleSetStopped:
		val.Counter64(in.Stopped)
	case mib.ColNtmRuleSetRecalled:
		val.Counter64(in.Recalled)
	}
	return agent.OK
}

// readerTable is flowReaderInfoTable, or ntmReaderTable, which augments it.
func (v *View) readerTable(table mib.Obj, read func(column, row uint32, val *agent.Value) agent.Status) *rowTable {
	next := func(q *agent.Request, after uint32) uint32 {
		for n := v.s.NextReader(after); n != 0; n = v.s.NextReader(n) {
			q.Spend(rowWork)
			if r, _ := v.s.Reader(n); visible(q, r.Owner) {
				return n
			}
		}
		return 0
	}
	return &rowTable{readable(table), next, func(_ *agent.Request, column, row uint32, val *agent.Value) agent.Status {
		return read(column, row, val)
	}}
}

func (v *View) readReader(column, row uint32, val *agent.Value) agent.Status {
	r, _ := v.s.Reader(row)
	switch column {
	case mib.ColFlowReaderTimeout:
		val.Int(int32(r.Timeout))
	case mib.ColFlowReaderOwner:
		val.Text(r.Owner)
	case mib.ColFlowReaderLastTime:
		val.TimeTicks(uint32(r.LastTime))
	case mib.ColFlowReaderPreviousTime:
		val.TimeTicks(uint32(r.PreviousTime))
	case mib.ColFlowReaderStatus:
		val.Int(int32(r.Status()))
	case mib.ColFlowReaderRuleSet:
		if r.RuleSet == 0 {
			return agent.NoSuchInstance // what the row still needs (RFC 2579 RowStatus)
		}
		val.Int(int32(r.RuleSet))
	}
	return agent.OK
}

func (v *View) readNtmReader(column, row uint32, val *agent.Value) agent.Status {
	r, _ := v.s.Reader(row)
	switch column {
	case mib.ColNtmReaderWaits:
		val.Bool(r.Waits)
	case mib.ColNtmReaderCollected:
		val.Octets(binary.BigEndian.AppendUint64(val.Buf(), r.Collected))
	case mib.ColNtmReaderTime:
		val.Octets(binary.BigEndian.AppendUint64(val.Buf(), uint64(r.Mark)))
	case mib.ColNtmReaderLastTime:
		val.Octets(binary.BigEndian.AppendUint64(val.Buf(), uint64(r.LastTime)))
	}
	return agent.OK
}

// managerTable is flowManagerInfoTable.
func (v *View) managerTable() *rowTable {
	next := func(q *agent.Request, after uint32) uint32 {
		for n := v.s.NextTask(after); n != 0; n = v.s.NextTask(n) {
			q.Spend(rowWork)
			if t, _ := v.s.Task(n); visible(q, t.Owner) {
				return n
			}
		}
		return 0
	}
	return &rowTable{readable(mib.ObjFlowManagerInfoTable), next, v.readManager}
}

func (v *View) readManager(_ *agent.Request, column, row uint32, val *agent.Value) agent.Status {
	t, _ := v.s.Task(row)
	switch column {
	case mib.ColFlowManagerCurrentRuleSet:
		val.Int(int32(t.Current))
	case mib.ColFlowManagerStandbyRuleSet:
		val.Int(int32(t.Standby))
	case mib.ColFlowManagerHighWaterMark:
		val.Int(int32(t.HighWaterMark))
	case mib.ColFlowManagerCounterWrap:
		val.Int(1) // wrap
		if t.Scale {
			val.Int(2)
		}
	case mib.ColFlowManagerOwner:
		val.Text(t.Owner)
	case mib.ColFlowManagerTimeStamp:
		val.TimeTicks(uint32(t.TimeStamp))
	case mib.ColFlowManagerStatus:
		val.Int(int32(t.Status()))
	case mib.ColFlowManagerRunningStandby:
		val.Bool(t.RunningStandby)
	}
	return agent.OK
}
