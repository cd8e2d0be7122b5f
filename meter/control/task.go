package control

import (
	"time"

	"netramet/meter"
	"netramet/mib"
)

// Task is a row of flowManagerInfoTable: a manager's wish to run a rule set,
// and what to run instead when the flow table fills up.
type Task struct {
	Active         bool
	Owner          string
	Current        int // rule set; 0 is none
	Standby        int // rule set above the mark; 0 is none
	HighWaterMark  int // usage of the flow table in percent; 0 or 100 is no mark
	Scale          bool
	TimeStamp      meter.Uptime // of the manager's last change
	RunningStandby bool         // Standby has taken the place of Current

	touched time.Time // last change, in wall time; zero for tasks of this process
}

// Status is the row's state. Every column has a default, so a row lacks
// nothing.
func (t Task) Status() mib.RowStatus {
	if t.Active {
		return mib.RowActive
	}
	return mib.RowNotInService
}

func (t Task) ownedBy() string { return t.Owner }

// choice is the rule set the task wants run now, 0 for none.
func (t *Task) choice() int {
	switch {
	case !t.Active:
		return 0
	case t.RunningStandby:
		return t.Standby
	}
	return t.Current
}

// Task returns a row of the manager table.
func (s *State) Task(index uint32) (Task, bool) {
	if t := s.rows().tasks.find(index); t != nil {
		return *t, true
	}
	return Task{}, false
}

// NextTask returns the index of the first manager row after an index, 0 if
// there is none.
func (s *State) NextTask(after uint32) uint32 {
	index, _ := s.rows().tasks.next(after)
	return index
}

// runTasks has those rule sets run that some active task chooses, and the engine
// call switchToStandby where it is fuller than the lowest mark of a task.
func (a *tables) runTasks(e *meter.Engine) {
	var want meter.RuleSets
	lowest, marked := 0, false
	for _, t := range a.tasks.list {
		want[t.choice()] = true
		if at, ok := t.switchesAt(e.MaxFlows()); ok && (!marked || at < lowest) {
			lowest, marked = at, true
		}
	}
	e.Run(&want)
	if marked {
		e.Watch(lowest, a.switchToStandby)
	} else {
		e.Unwatch()
	}
}

// switchesAt is the usage, in flows of so many, above which the task switches to
// its standby rule set; ok is false if it does not, or has none (RFC 2720
// flowManagerHighWaterMark).
func (t *Task) switchesAt(maxFlows int) (flows int, ok bool) {
	if !t.Active || t.RunningStandby || t.Standby == 0 {
		return 0, false
	}
	return level(maxFlows, t.HighWaterMark)
}

// switchToStandby switches the tasks to their standby rule sets whose marks the
// flow table's usage is above (RFC 2722 §4.6). The engine calls it at ticks.
func (a *tables) switchToStandby(e *meter.Engine) {
	for _, t := range a.tasks.list {
		if at, ok := t.switchesAt(e.MaxFlows()); ok && e.FlowsInUse() > at {
			t.RunningStandby = true
		}
	}
	a.runTasks(e)
}
