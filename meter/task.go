package meter

import (
	"errors"
	"fmt"
	"slices"
	"time"
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
	TimeStamp      Uptime // of the manager's last change
	RunningStandby bool   // Standby has taken the place of Current

	local   bool      // made by Run, in this process
	touched time.Time // last change, in wall time
}

// Status is the row's state. Every column has a default, so a row lacks
// nothing.
func (t *Task) Status() RowStatus { return rowState(t.Active, true) }

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
	if t := s.m.tasks.find(index); t != nil {
		return *t, true
	}
	return Task{}, false
}

// NextTask returns the index of the first manager row after an index, 0 if
// there is none.
func (s *State) NextTask(after uint32) uint32 {
	index, _ := s.m.tasks.next(after)
	return index
}

// Run starts a rule set, as a task of its own. Starting one that Run has
// started changes nothing.
func (s *Control) Run(number int) error {
	r, err := s.ruleSet(number)
	if err != nil {
		return err
	}
	if !r.active {
		return fmt.Errorf("%w: %d", ErrNotActive, number)
	}
	m := s.m
	for _, t := range m.tasks.list {
		if t.local && t.Current == number {
			return nil
		}
	}
	if m.tasks.full() {
		return errors.New("manager table is full")
	}
	m.tasks.put(m.tasks.free(), &Task{Active: true, Current: number, TimeStamp: m.in.uptime, local: true})
	m.retask()
	return nil
}

// Stop ends the task that Run made; the rule set's flows stay, and it goes on
// if a manager's task runs it too.
func (s *Control) Stop(number int) error {
	if _, err := s.ruleSet(number); err != nil {
		return err
	}
	t := &s.m.tasks
	for at, task := t.next(0); task != nil; at, task = t.next(at) {
		if task.local && task.Current == number {
			t.remove(at)
		}
	}
	s.m.retask()
	return nil
}

// retask starts and stops rule sets so that those run that some active task
// chooses.
func (m *Meter) retask() {
	var want [ruleset255]bool
	for _, t := range m.tasks.list {
		want[t.choice()] = true
	}
	changed := false
	for n, r := range m.ruleSets {
		if r == nil || (want[n] && r.program != nil) == r.running {
			continue
		}
		changed = true
		if r.running {
			r.stop(&m.counts)
			continue
		}
		r.start(&m.counts)
	}
	if changed {
		m.setRunning()
	}
}

// marks are the levels of the flow table's usage at which something happens
// (RFC 2722 §4.6).
type marks struct {
	flood   int  // flowFloodMark
	flooded bool // flowFloodMode
	floodAt int  // flows in use above which flood mode begins
}

func (m *Meter) setFloodMark(percent int) {
	m.marks.flood = percent
	m.marks.floodAt = int(int64(m.flows.max) * int64(percent) / 100)
	if percent <= 0 || percent >= 100 {
		m.marks.floodAt = m.flows.max
	}
}

// admits reports whether a rule set may make a new flow: in flood mode only
// rule set 1 may.
func (m *Meter) admits(rs *ruleSet) bool { return !m.marks.flooded || rs.spec.Number == 1 }

// created notes a new flow of a rule set. The flood mark works at once.
func (m *Meter) created(rs *ruleSet, slot uint32) {
	rs.counts.Flows++
	rs.counts.Created++
	m.blocks.add(slot, rs.spec.Number)
	if m.flowsInUse() > m.marks.floodAt {
		m.marks.flooded = true
	}
}

// marked reports whether a task has a mark that can still switch it.
func (t *Task) marked() bool {
	return t.Active && !t.RunningStandby && t.HighWaterMark > 0 && t.HighWaterMark < 100
}

// anyHighWater reports whether checkHighWater can switch any task.
func (m *Meter) anyHighWater() bool { return slices.ContainsFunc(m.tasks.list, (*Task).marked) }

// checkHighWater switches tasks to their standby rule sets where the flow
// table is fuller than their mark. It works at ticks, never within a round.
func (m *Meter) checkHighWater() {
	switched := false
	for _, t := range m.tasks.list {
		if t.marked() && int64(m.flowsInUse())*100 > int64(t.HighWaterMark)*int64(m.flows.max) {
			t.RunningStandby, switched = true, true
		}
	}
	if switched {
		m.retask()
	}
}

// FloodMark is flowFloodMark, in percent.
func (s *State) FloodMark() int { return s.m.marks.flood }

// SetFloodMark sets flowFloodMark, in percent; 0 or 100 is no mark.
func (s *Control) SetFloodMark(percent int) error {
	if percent < 0 || percent > 100 {
		return fmt.Errorf("flood mark %d %% is not in 0..100", percent)
	}
	s.m.setFloodMark(percent)
	return nil
}

// FloodMode is flowFloodMode: the mark has been passed, and only rule set 1
// makes new flows.
func (s *State) FloodMode() bool { return s.m.marks.flooded }

// SetFloodMode sets flowFloodMode; managers set it to false when the flood has
// receded.
func (s *Control) SetFloodMode(on bool) { s.m.marks.flooded = on }

// Inactivity is the time without packets after which a flow is idle.
func (s *State) Inactivity() time.Duration { return s.m.cfg.Inactivity }

// SetInactivity sets the time after which a flow is idle; 0 is at once.
func (s *Control) SetInactivity(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("inactivity time-out %v is negative", d)
	}
	s.m.cfg.Inactivity = d
	return nil
}
