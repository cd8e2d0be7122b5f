package control

import (
	"fmt"

	"netramet/mib"
	"netramet/ruleset"
)

// TaskChange is a staged row of flowManagerInfoTable.
type TaskChange struct {
	staged[Task]
	switches bool // RunningStandby is set
}

// Task stages a row, or returns it as staged before. request is the status
// asked for in this Change, RowNone if none is.
func (c *Change) Task(index uint32, request mib.RowStatus) (*TaskChange, Refusal) {
	return stage(c, &c.t.rows().tasks, &c.tasks, index, request)
}

// SetCurrent sets flowManagerCurrentRuleSet; 0 stops the task.
func (t *TaskChange) SetCurrent(number int64) Refusal { return t.ruleSet(&t.row.Current, number) }

// SetStandby sets flowManagerStandbyRuleSet; 0 is none.
func (t *TaskChange) SetStandby(number int64) Refusal { return t.ruleSet(&t.row.Standby, number) }

func (t *TaskChange) ruleSet(to *int, number int64) Refusal {
	if number < 0 || number > ruleset.MaxNumber {
		return WrongValue
	}
	if why := t.column(always); why != Granted {
		return why
	}
	*to = int(number)
	return Granted
}

// SetHighWaterMark sets flowManagerHighWaterMark, in percent.
func (t *TaskChange) SetHighWaterMark(percent int64) Refusal {
	if percent < 0 || percent > 100 {
		return WrongValue
	}
	return set(&t.staging, always, &t.row.HighWaterMark, int(percent))
}

// SetScale sets whether flowManagerCounterWrap is scale. Counters of 64 bits
// that start at 0 need neither, so scale factors are always 0.
func (t *TaskChange) SetScale(scale bool) Refusal {
	return set(&t.staging, whileInactive, &t.row.Scale, scale)
}

// SetOwner sets flowManagerOwner.
func (t *TaskChange) SetOwner(owner string) Refusal { return t.setOwner(&t.row.Owner, owner) }

// SetRunningStandby sets flowManagerRunningStandby; false goes back to the
// current rule set.
func (t *TaskChange) SetRunningStandby(standby bool) Refusal {
	if why := t.column(always); why != Granted {
		return why
	}
	t.row.RunningStandby, t.switches = standby, true
	return Granted
}

func (t *TaskChange) checkState() error {
	return t.check(TaskTable, t.row.Owner, mib.RowNotInService)
}

// checkReferences: only active rule sets can be run (RFC 2720
// flowRuleInfoStatus).
func (t *TaskChange) checkReferences() error {
	if t.next != mib.RowActive {
		return nil
	}
	for _, n := range [...]int{t.row.Current, t.row.Standby} {
		if n != 0 && t.c.ruleSetState(n) != mib.RowActive {
			return t.refuse(TaskTable, InconsistentValue, fmt.Errorf("there is no active rule set %d", n))
		}
	}
	return nil
}

func (t *TaskChange) commit() {
	all := t.c.t.rows()
	if t.next == mib.RowNone {
		all.tasks.remove(t.index)
		return
	}
	row := t.row
	row.Active = t.next == mib.RowActive
	row.TimeStamp, row.touched = t.c.t.Uptime(), t.c.wall
	if now := all.tasks.find(t.index); now != nil && !t.switches {
		row.RunningStandby = now.RunningStandby // metering may have switched it during Check
	}
	all.tasks.put(t.index, &row)
}
