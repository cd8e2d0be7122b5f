package meter

import (
	"errors"
	"fmt"

	"netramet/ruleset"
)

// ReaderChange is a staged row of flowReaderInfoTable, with what NETRAMET-MIB
// adds to it.
type ReaderChange struct {
	staging
	row          Reader // as it will be
	collects     bool   // a collection begins: LastTime is set
	acknowledges bool   // a collection is complete
}

// Reader stages a row, or returns it as staged before. request is the status
// asked for in this Change, RowNone if none is.
func (c *Change) Reader(index uint32, request RowStatus) (*ReaderChange, Refusal) {
	for _, r := range c.readers {
		if r.index == index {
			return r, Granted
		}
	}
	r := &ReaderChange{staging: staging{c: c, index: index, request: request}}
	if index < 1 || index > MaxIndex {
		r.stop = NoCreation
		return r, r.stop
	}
	if row := c.m.readers.find(index); row != nil {
		r.row, r.old = *row, row.Status()
	}
	if why := r.enter(r.row.Owner); why != Granted {
		return r, why
	}
	if len(c.readers) >= 2*MaxRows { // more than can go and come
		r.stop = ResourceUnavailable
		return r, r.stop
	}
	c.readers = append(c.readers, r)
	return r, Granted
}

// SetTimeout sets flowReaderTimeout, in seconds; 0 is none.
func (r *ReaderChange) SetTimeout(seconds int64) Refusal {
	if seconds < 0 || seconds > MaxIndex {
		return WrongValue
	}
	if why := r.column(true); why != Granted {
		return why
	}
	r.row.Timeout = uint32(seconds)
	return Granted
}

// SetOwner sets flowReaderOwner.
func (r *ReaderChange) SetOwner(owner string) Refusal { return r.owner(&r.row.Owner, owner, false) }

// SetLastTime begins a collection: whatever value is written, the meter takes
// its own uptime (flowReaderLastTime).
func (r *ReaderChange) SetLastTime() Refusal {
	if why := r.column(true); why != Granted {
		return why
	}
	r.collects = true
	return Granted
}

// SetRuleSet sets flowReaderRuleSet.
func (r *ReaderChange) SetRuleSet(number int64) Refusal {
	if number < 1 || number > ruleset.MaxNumber {
		return WrongValue
	}
	if why := r.column(false); why != Granted {
		return why
	}
	r.row.RuleSet = int(number)
	return Granted
}

// SetWaits sets whether a trace waits for the reader.
func (r *ReaderChange) SetWaits(waits bool) Refusal {
	if why := r.column(true); why != Granted {
		return why
	}
	r.row.Waits = waits
	return Granted
}

// SetCollected sets the number of the last interval that the reader has whole.
// It cannot be one that has not ended.
func (r *ReaderChange) SetCollected(number uint64) Refusal {
	if why := r.column(true); why != Granted {
		return why
	}
	if number > r.c.m.in.lastEnd.number {
		return InconsistentValue
	}
	r.row.Collected, r.acknowledges = number, true
	return Granted
}

// SetMark sets the uptime up to which the reader has everything, 0 if it keeps
// no such mark. It cannot lie in the future.
func (r *ReaderChange) SetMark(upTo uint64) Refusal {
	if why := r.column(true); why != Granted {
		return why
	}
	if upTo > uint64(r.c.m.in.uptime) {
		return InconsistentValue
	}
	r.row.Mark, r.acknowledges = Uptime(upTo), true
	return Granted
}

func (r *ReaderChange) check() error {
	return r.staging.check(ReaderTable, r.row.Owner, r.row.complete())
}

func (r *ReaderChange) checkReferences() error {
	if r.next == RowActive && r.old != RowActive && r.c.ruleSetState(r.row.RuleSet) == RowNone {
		return r.refuse(ReaderTable, InconsistentValue, fmt.Errorf("%w: %d", ErrNoRuleSet, r.row.RuleSet))
	}
	return nil
}

func (r *ReaderChange) commit() {
	m := r.c.m
	if r.next == RowNone {
		m.readers.remove(r.index)
		return
	}
	row := r.row
	row.Active = r.next == RowActive
	if old := m.readers.find(r.index); old != nil && old.RuleSet != row.RuleSet {
		// What it had of another rule set's flows says nothing of these.
		row.LastTime, row.PreviousTime = 0, 0
		if !r.acknowledges {
			row.Mark, row.Collected = 0, 0
		}
	}
	if row.Active && m.ruleSets[row.RuleSet] == nil {
		// Its rule set went in this Change, and its readers with it.
		m.readers.remove(r.index)
		return
	}
	if r.collects && row.LastTime != m.in.uptime {
		// At the same uptime it is the same collection (decision 24).
		row.PreviousTime, row.LastTime = row.LastTime, m.in.uptime
	}
	if r.collects || r.acknowledges || !row.Active || r.old != RowActive {
		row.touched = r.c.wall
	}
	m.readers.put(r.index, &row)
}

var errReadersFull = errors.New("reader table is full")
