package control

import (
	"fmt"

	"netramet/meter"
	"netramet/mib"
	"netramet/ruleset"
)

// ReaderChange is a staged row of flowReaderInfoTable, with what NETRAMET-MIB
// adds to it.
type ReaderChange struct {
	staged[Reader]
	collects     bool // a collection begins: LastTime is set
	acknowledges bool // a collection is complete
}

// Reader stages a row, or returns it as staged before. request is the status
// asked for in this Change, RowNone if none is.
func (c *Change) Reader(index uint32, request mib.RowStatus) (*ReaderChange, Refusal) {
	return stage(c, &c.t.rows().readers, &c.readers, index, request)
}

// SetTimeout sets flowReaderTimeout, in seconds; 0 is none.
func (r *ReaderChange) SetTimeout(seconds int64) Refusal {
	if seconds < 0 || seconds > MaxIndex {
		return WrongValue
	}
	return set(&r.staging, always, &r.row.Timeout, uint32(seconds))
}

// SetOwner sets flowReaderOwner.
func (r *ReaderChange) SetOwner(owner string) Refusal { return r.setOwner(&r.row.Owner, owner) }

// SetLastTime begins a collection: whatever value is written, the meter takes
// its own uptime (flowReaderLastTime).
func (r *ReaderChange) SetLastTime() Refusal {
	return set(&r.staging, always, &r.collects, true)
}

// SetRuleSet sets flowReaderRuleSet.
func (r *ReaderChange) SetRuleSet(number int64) Refusal {
	if number < 1 || number > ruleset.MaxNumber {
		return WrongValue
	}
	return set(&r.staging, whileInactive, &r.row.RuleSet, int(number))
}

// SetWaits sets whether a trace waits for the reader.
func (r *ReaderChange) SetWaits(waits bool) Refusal {
	return set(&r.staging, always, &r.row.Waits, waits)
}

// SetCollected sets the number of the last interval that the reader has whole.
// It cannot be one that has not ended.
func (r *ReaderChange) SetCollected(number uint64) Refusal {
	if why := r.column(always); why != Granted {
		return why
	}
	if ended, _, _ := r.c.t.Interval(); number > ended {
		return InconsistentValue
	}
	r.row.Collected, r.acknowledges = number, true
	return Granted
}

// SetMark sets the uptime up to which the reader has everything, 0 if it keeps
// no such mark. It cannot lie in the future.
func (r *ReaderChange) SetMark(upTo uint64) Refusal {
	if why := r.column(always); why != Granted {
		return why
	}
	if upTo > uint64(r.c.t.Uptime()) {
		return InconsistentValue
	}
	r.row.Mark, r.acknowledges = meter.Uptime(upTo), true
	return Granted
}

func (r *ReaderChange) check() error {
	return r.staging.check(ReaderTable, r.row.Owner, r.row.inactive())
}

func (r *ReaderChange) checkReferences() error {
	if r.next == mib.RowActive && r.old != mib.RowActive && r.c.ruleSetState(r.row.RuleSet) == mib.RowNone {
		return r.refuse(ReaderTable, InconsistentValue, fmt.Errorf("%w: %d", meter.ErrNoRuleSet, r.row.RuleSet))
	}
	return nil
}

func (r *ReaderChange) commit() {
	all, now := r.c.t.rows(), r.c.t.Uptime()
	if r.next == mib.RowNone {
		all.readers.remove(r.index)
		return
	}
	row := r.row
	row.Active = r.next == mib.RowActive
	old := all.readers.find(r.index)
	if old != nil && old.RuleSet != row.RuleSet {
		// What it had of another rule set's flows says nothing of these.
		row.LastTime, row.PreviousTime = 0, 0
		if !r.acknowledges {
			row.Mark, row.Collected = 0, 0
		}
	}
	if row.Active && all.ruleSets[row.RuleSet] == nil {
		// Its rule set went in this Change, and its readers with it.
		all.readers.remove(r.index)
		return
	}
	if r.collects && row.LastTime != now {
		// At the same uptime it is the same collection (decision 24).
		row.PreviousTime, row.LastTime = row.LastTime, now
	}
	// A new timeout runs from when it is set: else a shorter one would be over at once.
	if r.collects || r.acknowledges || !row.Active || r.old != mib.RowActive || old.Timeout != row.Timeout {
		row.touched = r.c.wall
	}
	all.readers.put(r.index, &row)
}
