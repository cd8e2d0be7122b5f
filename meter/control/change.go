package control

import (
	"fmt"
	"slices"
	"time"

	"netramet/mib"
)

// Table names one of the tables of control rows.
type Table uint8

// The tables.
const (
	RuleSetTable Table = iota // flowRuleSetInfoTable and flowRuleTable
	ReaderTable               // flowReaderInfoTable
	TaskTable                 // flowManagerInfoTable
)

// String names a row of the table.
func (t Table) String() string { return [...]string{"rule set", "reader", "task"}[t] }

// Change is a set of changes of control rows that are made together or not at
// all, whatever their order: rows are staged one after the other, then
// checked, and then committed, which cannot fail. It belongs to one Update and
// changes nothing before Commit, but for the reason of a refused rule set.
type Change struct {
	t     *Tables
	limit string // prefix that the Owner of every row must have
	wall  time.Time

	ruleSets []*RuleSetChange
	readers  []*ReaderChange
	tasks    []*TaskChange
}

// RowError says which row keeps a Change from being made.
type RowError struct {
	Table   Table
	Index   uint32
	Rule    uint32 // number of the rule to blame; 0: the row itself
	Refusal Refusal
	Err     error // why, for people
}

func (e *RowError) Error() string {
	return fmt.Sprintf("%s %d: %v: %v", e.Table, e.Index, e.Refusal, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

// Begin begins a Change for somebody who may only change rows whose Owner
// begins with owner, at wall time wall.
func (t *Tables) Begin(owner string, wall time.Time) *Change {
	return &Change{t: t, limit: owner, wall: wall}
}

// Check checks what the staged rows mean together. Its error is a *RowError.
// Packets may be metered while it verifies rules; nobody else changes a row.
func (c *Change) Check() error {
	for _, r := range c.readers {
		if err := r.check(); err != nil {
			return err
		}
	}
	for _, t := range c.tasks {
		if err := t.checkState(); err != nil {
			return err
		}
	}
	// A rule set may lose its last reference, and a task get its rule set,
	// in the same Change.
	for _, r := range c.ruleSets {
		if err := r.checkState(); err != nil {
			return err
		}
	}
	if err := c.checkRoom(); err != nil {
		return err
	}
	for _, r := range c.ruleSets {
		if r.next == mib.RowActive && r.old != mib.RowActive {
			if err := r.verify(); err != nil {
				return err
			}
		}
	}
	for _, t := range c.tasks {
		if err := t.checkReferences(); err != nil {
			return err
		}
	}
	for _, r := range c.readers {
		if err := r.checkReferences(); err != nil {
			return err
		}
	}
	return nil
}

// checkRoom checks the limits of the tables, of which what goes in the same
// Change makes room.
func (c *Change) checkRoom() error {
	all := c.t.rows()
	if err := checkRows(&all.readers, c.readers, ReaderTable); err != nil {
		return err
	}
	if err := checkRows(&all.tasks, c.tasks, TaskTable); err != nil {
		return err
	}
	return c.checkAllRules()
}

// Commit makes the changes; Check has granted them.
func (c *Change) Commit() {
	// New rule sets are there before tasks run them, and what is destroyed
	// was stopped before.
	for _, r := range c.ruleSets {
		if r.next != mib.RowNone {
			r.commit()
		}
	}
	all := c.t.rows()
	for _, t := range c.tasks {
		t.commit()
	}
	all.runTasks(c.t.engine)
	for _, r := range c.ruleSets {
		if r.next == mib.RowNone {
			r.commit()
		}
	}
	for _, r := range c.readers {
		r.commit()
	}
	all.showCollected(c.t.engine)
}

// ruleSetState is the state a rule set will be in after the change.
func (c *Change) ruleSetState(number int) mib.RowStatus {
	for _, r := range c.ruleSets {
		if int(r.index) == number {
			return r.next
		}
	}
	if r := c.t.rows().ruleSet(number); r != nil {
		return r.status()
	}
	return mib.RowNone
}

// referenced reports whether a manager row will name the rule set after the
// change.
func (c *Change) referenced(number int) bool {
	names := func(t *Task) bool { return t.Current == number || t.Standby == number }
	tasks := &c.t.rows().tasks
	for i, t := range tasks.list {
		index := tasks.index[i]
		staged := func(s *TaskChange) bool { return s.index == index }
		if names(t) && !slices.ContainsFunc(c.tasks, staged) {
			return true
		}
	}
	return slices.ContainsFunc(c.tasks, func(s *TaskChange) bool { return s.next != mib.RowNone && names(&s.row) })
}
