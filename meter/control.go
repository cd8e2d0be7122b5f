package meter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"netramet/ruleset"
)

// ControlConfig is the part of Config that concerns managers.
type ControlConfig struct {
	// RunDefault has rule set 1 run from the start, as the task of manager
	// row 1: the way of live meters. On traces and in one command it does
	// not run (decision 8).
	RunDefault bool

	// FloodMark is the usage of the flow table in percent above which only
	// rule set 1 makes new flows; 0 or 100 is no mark. DefaultFloodMark is
	// RFC 2720's; batches have none (decision 15).
	FloodMark int
}

// startControl sets up what managers find on a new meter.
func (m *Meter) startControl() {
	m.trace.phase = TraceIdle
	m.setFloodMark(m.cfg.Control.FloodMark)
	if m.cfg.Control.RunDefault {
		m.tasks.put(1, &Task{Active: true, Current: 1, TimeStamp: m.in.uptime})
		m.retask()
	}
}

// Limits and times of the control tables.
const (
	DefaultFloodMark = 95
	MaxOwner         = 127 // octets of an Owner
	MaxIndex         = 1<<31 - 1

	// MaxAllRules is how many rules all rule sets together may have.
	MaxAllRules = ruleset.MaxAllRules

	// UnfinishedAge is how long, in wall time, a row may be left alone that is
	// not active (decision 29; RFC 2579 on RowStatus).
	UnfinishedAge = 5 * time.Minute
)

// ControlTable names one of the tables of control rows.
type ControlTable uint8

// The tables.
const (
	RuleSetTable ControlTable = iota // flowRuleSetInfoTable and flowRuleTable
	ReaderTable                      // flowReaderInfoTable
	TaskTable                        // flowManagerInfoTable
)

// String names a row of the table.
func (t ControlTable) String() string { return [...]string{"rule set", "reader", "task"}[t] }

// Change is a set of changes of control rows that are made together or not at
// all, whatever their order: rows are staged one after the other, then
// checked, and then committed, which cannot fail. It belongs to one Update and
// changes nothing before Commit, but for the reason of a refused rule set.
type Change struct {
	m     *Meter
	limit string // prefix that the Owner of every row must have
	wall  time.Time

	ruleSets []*RuleSetChange
	readers  []*ReaderChange
	tasks    []*TaskChange
}

// RowError says which row keeps a Change from being made.
type RowError struct {
	Table   ControlTable
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
func (s *Control) Begin(owner string, wall time.Time) *Change {
	return &Change{m: s.m, limit: owner, wall: wall}
}

// staging is what the staged rows of all tables have.
type staging struct {
	c       *Change
	index   uint32
	request RowStatus // asked for in the same Change; RowNone if nothing is
	old     RowStatus // the state the row is in
	next    RowStatus // the state it will be in; valid after Check
	stop    Refusal   // why nothing of the row may be changed; Granted if it may
}

// enter finds out whether a row may be staged at all.
func (g *staging) enter(owner string) Refusal {
	switch {
	case g.old != RowNone && !strings.HasPrefix(owner, g.c.limit):
		g.stop = NoAccess
	case g.old == RowNone && g.request == RowNone:
		g.stop = InconsistentName
	}
	return g.stop
}

// column checks that the row's columns may be written: while it is active only
// those that are always writable. A value that is never allowed is refused
// before (RFC 3416 §4.2.5, steps 6 to 9).
func (g *staging) column(whileActive bool) Refusal {
	switch {
	case g.stop != Granted:
		return g.stop
	case g.old == RowNone && !g.request.Creates():
		return InconsistentName
	case g.old == RowActive && !whileActive && (g.request == RowNone || g.request == RowActive):
		return NotWritable // other requests take it out of service, or are refused
	}
	return Granted
}

// owner checks a new Owner and stores it.
func (g *staging) owner(to *string, owner string, whileActive bool) Refusal {
	if len(owner) > MaxOwner || !utf8.ValidString(owner) || !strings.HasPrefix(owner, g.c.limit) {
		return WrongValue
	}
	if r := g.column(whileActive); r != Granted {
		return r
	}
	*to = owner
	return Granted
}

// check finds the row's next state.
func (g *staging) check(table ControlTable, owner string, complete bool) error {
	g.next = g.old
	if g.request != RowNone {
		var r Refusal
		if g.next, r = g.old.Next(g.request, complete); r != Granted {
			return g.refuse(table, r, fmt.Errorf("%v: %s", g.request, g.whyNot()))
		}
	} else if g.old != RowActive {
		g.next = waiting(complete)
	}
	if g.next != RowNone && !strings.HasPrefix(owner, g.c.limit) {
		return g.refuse(table, InconsistentValue, fmt.Errorf("its owner must begin with %q", g.c.limit))
	}
	return nil
}

// whyNot tells people why the row cannot become what is asked for.
func (g *staging) whyNot() string {
	switch exists := g.old != RowNone; {
	case g.request == RowNotReady:
		return "it is a state, and cannot be asked for"
	case exists && g.request.Creates():
		return "the row is there already"
	case !exists && !g.request.Creates():
		return "there is no such row"
	}
	return "columns that the row must have are not set"
}

func (g *staging) refuse(table ControlTable, r Refusal, err error) error {
	return &RowError{Table: table, Index: g.index, Refusal: r, Err: err}
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
		if r.next == RowActive && r.old != RowActive {
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
	const full = "the table is full"
	room := MaxRows - len(c.m.readers.list)
	for _, r := range c.readers {
		room -= r.adds()
	}
	for _, r := range c.readers {
		if room < 0 && r.adds() > 0 {
			return r.refuse(ReaderTable, ResourceUnavailable, errors.New(full))
		}
	}
	room = MaxRows - len(c.m.tasks.list)
	for _, t := range c.tasks {
		room -= t.adds()
	}
	for _, t := range c.tasks {
		if room < 0 && t.adds() > 0 {
			return t.refuse(TaskTable, ResourceUnavailable, errors.New(full))
		}
	}
	return c.checkAllRules()
}

// adds is how many rows there will be more of.
func (g *staging) adds() int {
	switch {
	case g.old == RowNone && g.next != RowNone:
		return 1
	case g.old != RowNone && g.next == RowNone:
		return -1
	}
	return 0
}

// Commit makes the changes; Check has granted them.
func (c *Change) Commit() {
	// New rule sets are there before tasks run them, and what is destroyed
	// was stopped before.
	for _, r := range c.ruleSets {
		if r.next != RowNone {
			r.commit()
		}
	}
	for _, t := range c.tasks {
		t.commit()
	}
	c.m.retask()
	for _, r := range c.ruleSets {
		if r.next == RowNone {
			r.commit()
		}
	}
	for _, r := range c.readers {
		r.commit()
	}
}

// ruleSetState is the state a rule set will be in after the change.
func (c *Change) ruleSetState(number int) RowStatus {
	for _, r := range c.ruleSets {
		if int(r.index) == number {
			return r.next
		}
	}
	if number < 1 || number >= ruleset255 || c.m.ruleSets[number] == nil {
		return RowNone
	}
	return c.m.ruleSets[number].status()
}

// referenced reports whether a manager row will name the rule set after the
// change.
func (c *Change) referenced(number int) bool {
	names := func(t *Task) bool { return t.Current == number || t.Standby == number }
	for i, t := range c.m.tasks.list {
		index := c.m.tasks.index[i]
		staged := func(s *TaskChange) bool { return s.index == index }
		if names(t) && !slices.ContainsFunc(c.tasks, staged) {
			return true
		}
	}
	return slices.ContainsFunc(c.tasks, func(s *TaskChange) bool { return s.next != RowNone && names(&s.row) })
}

// Removed is a row that the meter has removed by itself.
type Removed struct {
	Table ControlTable
	Index uint32
	Owner string
	Why   string
}

// AdvanceWall does, in an Update, what falls due by wall time: it removes readers that have
// not collected within their timeout, and rows that were left unfinished. On a
// trace a reader's timeout runs only while the meter waits for that reader
// (decision 1).
func (s *Control) AdvanceWall(now time.Time) (removed []Removed) {
	m := s.m
	unfinished := func(active bool, touched time.Time) bool {
		return !active && !touched.IsZero() && now.Sub(touched) >= UnfinishedAge
	}
	const left = "not active for five minutes"
	for n, r := range m.ruleSets {
		if r != nil && unfinished(r.active, r.touched) && !s.Begin("", now).referenced(n) {
			removed = append(removed, Removed{RuleSetTable, uint32(n), r.owner, left})
			m.destroy(n)
		}
	}
	for at, r := m.readers.next(0); r != nil; at, r = m.readers.next(at) {
		why := ""
		switch {
		case unfinished(r.Active, r.touched):
			why = left
		case r.Active && m.timedOut(r, now):
			why = fmt.Sprintf("has not collected for %d seconds", r.Timeout)
		default:
			continue
		}
		removed = append(removed, Removed{ReaderTable, at, r.Owner, why})
		m.readers.remove(at)
	}
	for at, t := m.tasks.next(0); t != nil; at, t = m.tasks.next(at) {
		if unfinished(t.Active, t.touched) {
			removed = append(removed, Removed{TaskTable, at, t.Owner, left})
			m.tasks.remove(at)
		}
	}
	return removed
}
