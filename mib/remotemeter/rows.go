package remotemeter

import (
	"context"
	"strconv"

	"netramet/mib"
	"netramet/mib/client"
)

// RuleSetRow is a row of flowRuleSetInfoTable.
type RuleSetRow struct {
	Number int
	Size   int // rules
	Owner  string
	Name   string
	Status mib.RowStatus
	Flows  int
}

// Named returns the rule sets that a user calls name: the one of that number, or
// else all of that name, for a name may be another's number.
func Named(sets []RuleSetRow, name string) (found []RuleSetRow) {
	for _, s := range sets {
		if strconv.Itoa(s.Number) == name {
			return []RuleSetRow{s}
		}
		if s.Name == name {
			found = append(found, s)
		}
	}
	return found
}

// RuleSets reads the rule sets, in order of number.
func (m *Meter) RuleSets(ctx context.Context) ([]RuleSetRow, error) {
	index, rows, err := m.Table(ctx, mib.ObjFlowRuleInfoStatus, mib.ObjFlowRuleInfoSize, mib.ObjFlowRuleInfoOwner,
		mib.ObjFlowRuleInfoName, mib.ObjFlowRuleInfoFlowRecords)
	if err != nil {
		return nil, err
	}
	var all []RuleSetRow
	for i, v := range rows {
		all = append(all, RuleSetRow{
			Number: int(index[i]), Status: mib.RowStatus(v[0].Num), Size: v[1].Int(),
			Owner: v[2].Text(), Name: v[3].Text(), Flows: v[4].Int(),
		})
	}
	return all, nil
}

// ReaderRow is a row of flowReaderInfoTable, and what NETRAMET-MIB adds to it.
type ReaderRow struct {
	Index    int
	RuleSet  int
	Owner    string
	Timeout  int    // seconds, 0 is never
	LastTime uint64 // centiseconds of uptime; of 32 bits if the meter tells no more
	Previous uint64
	Status   mib.RowStatus

	Marks     bool // the meter has ntmReaderTable; only then what follows is valid
	Waits     bool
	Collected uint64 // number of the last collection acknowledged
	Time      uint64 // the reader's mark, centiseconds of uptime; 0 is none
}

// Readers reads the rows of meter readers, in order of index.
func (m *Meter) Readers(ctx context.Context) ([]ReaderRow, error) {
	index, rows, err := m.Table(ctx, mib.ObjFlowReaderStatus, mib.ObjFlowReaderRuleSet, mib.ObjFlowReaderOwner,
		mib.ObjFlowReaderTimeout, mib.ObjFlowReaderLastTime, mib.ObjFlowReaderPreviousTime,
		mib.ObjNtmReaderWaits, mib.ObjNtmReaderCollected, mib.ObjNtmReaderTime, mib.ObjNtmReaderLastTime)
	if err != nil {
		return nil, err
	}
	var all []ReaderRow
	for i, v := range rows {
		if v[0].Missing {
			continue // a row that came or went while we read
		}
		last, previous := v[4].Num, v[5].Num
		if !v[9].Missing {
			last = v[9].Unsigned64()
			if previous != 0 { // 0 is never
				previous = last - uint64(uint32(last)-uint32(previous))
			}
		}
		all = append(all, ReaderRow{
			Index: int(index[i]), Status: mib.RowStatus(v[0].Num), RuleSet: v[1].Int(), Owner: v[2].Text(),
			Timeout: v[3].Int(), LastTime: last, Previous: previous,
			Marks: !v[8].Missing, Waits: v[6].True(), Collected: v[7].Unsigned64(), Time: v[8].Unsigned64(),
		})
	}
	return all, nil
}

// TaskRow is a row of flowManagerInfoTable.
type TaskRow struct {
	Index          int
	Current        int // rule set; 0 is none
	Standby        int
	HighWaterMark  int // percent
	Owner          string
	Status         mib.RowStatus
	RunningStandby bool
}

// Tasks reads the managers' rows, in order of index.
func (m *Meter) Tasks(ctx context.Context) ([]TaskRow, error) {
	index, rows, err := m.Table(ctx, mib.ObjFlowManagerStatus, mib.ObjFlowManagerCurrentRuleSet, mib.ObjFlowManagerStandbyRuleSet,
		mib.ObjFlowManagerHighWaterMark, mib.ObjFlowManagerOwner, mib.ObjFlowManagerRunningStandby)
	if err != nil {
		return nil, err
	}
	var all []TaskRow
	for i, v := range rows {
		if !v[0].Missing {
			all = append(all, taskRow(int(index[i]), v))
		}
	}
	return all, nil
}

// taskRow makes a row of its status, rule sets, mark, Owner and RunningStandby.
func taskRow(index int, v []client.Value) TaskRow {
	return TaskRow{
		Index: index, Status: mib.RowStatus(v[0].Num), Current: v[1].Int(), Standby: v[2].Int(),
		HighWaterMark: v[3].Int(), Owner: v[4].Text(), RunningStandby: v[5].True(),
	}
}
