package remotemeter

import (
	"context"
	"errors"
	"fmt"
	"time"

	"netramet/mib"
	"netramet/mib/client"
)

// table is a control table.
type table struct {
	status, owner mib.Obj // columns
	row           string  // what one of its rows is called
}

var (
	readerTable  = table{mib.ObjFlowReaderStatus, mib.ObjFlowReaderOwner, "a reader row"}
	taskTable    = table{mib.ObjFlowManagerStatus, mib.ObjFlowManagerOwner, "a task"}
	ruleSetTable = table{mib.ObjFlowRuleInfoStatus, mib.ObjFlowRuleInfoOwner, "a rule set"}
)

// create makes a row at the lowest index that is free and not in used, and
// fills it; activate follows when the caller is ready. What is left of a row
// that could not be filled is removed again.
func (m *Meter) create(ctx context.Context, t table, owner string, used map[int]bool, columns func(index uint32) []client.Bind) (int, error) {
	var last error
	for index := 1; index <= mib.MaxRows; index++ {
		if used[index] {
			continue
		}
		n := uint32(index)
		err := m.newRow(ctx, t.status, index, append([]client.Bind{client.Int(client.Inst(t.status, n), int(mib.RowCreateAndWait)), client.Text(client.Inst(t.owner, n), owner)}, columns(n)...))
		if err == nil {
			return index, nil
		}
		last = fmt.Errorf("creating %s: %w", t.row, err)
		if client.IsStatus(err, client.NoAccess) {
			continue // it may be the row of somebody whom we may not see
		}
		// Somebody may have taken the index since the table was read.
		if !client.IsStatus(err, client.InconsistentValue) {
			if uncertain(err) {
				m.destroyOurs(ctx, t, owner, index)
			}
			return 0, last
		}
		if v, err := m.Get(ctx, client.Inst(t.status, n)); err != nil || v[0].Missing {
			return 0, last // free, and refused all the same
		}
	}
	if last == nil {
		last = fmt.Errorf("creating %s: all %d rows are in use", t.row, mib.MaxRows)
	}
	return 0, last
}

// newRow creates a row by the first of binds and sets the others, all with one
// message if they have room in one that gets through everywhere.
func (m *Meter) newRow(ctx context.Context, status mib.Obj, index int, binds []client.Bind) error {
	done, err := m.SetSmallParts(ctx, binds...)
	if err != nil && done > 0 {
		m.destroyQuietly(ctx, status, index)
	}
	return err
}

// activate makes a row active.
func (m *Meter) activate(ctx context.Context, status mib.Obj, index int) error {
	return m.Set(ctx, client.Int(client.Inst(status, uint32(index)), int(mib.RowActive)))
}

// destroyRow removes a row; one that is not there counts as removed.
func (m *Meter) destroyRow(ctx context.Context, status mib.Obj, index int) error {
	name := client.Inst(status, uint32(index))
	err := m.Set(ctx, client.Int(name, int(mib.RowDestroy)))
	if err == nil {
		return nil
	}
	if v, getErr := m.Get(ctx, name); getErr == nil && v[0].Missing {
		return nil
	}
	return err
}

// destroyQuietly is the clean-up of something that failed, whose error the
// caller reports.
func (m *Meter) destroyQuietly(ctx context.Context, status mib.Obj, index int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	_ = m.destroyRow(ctx, status, index)
}

// cleanUpTime bounds the removal of what a failed call made.
const cleanUpTime = 5 * time.Second

// uncertain reports whether a Set that failed may have been done all the same:
// only an error-status says that it was not.
func uncertain(err error) bool {
	var status *client.StatusError
	return err != nil && !errors.As(err, &status)
}

// destroyOurs removes a row that an uncertain Set may have made, unless it is
// somebody else's.
func (m *Meter) destroyOurs(ctx context.Context, t table, owner string, index int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	v, err := m.Get(ctx, client.Inst(t.owner, uint32(index)))
	if err == nil && !v[0].Missing && v[0].Text() == owner {
		m.destroyQuietly(ctx, t.status, index)
	}
}

// Reader describes a reader row to create.
type Reader struct {
	Owner   string
	RuleSet int
	Timeout int  // seconds, 0 is never
	Waits   bool // the trace waits for this reader
}

// CreateReader makes an active reader row and returns its index. used are
// indices known to be taken. No row is left behind on error.
func (m *Meter) CreateReader(ctx context.Context, r Reader, used map[int]bool) (int, error) {
	index, err := m.create(ctx, readerTable, r.Owner, used, func(n uint32) []client.Bind {
		return []client.Bind{
			client.Int(client.Inst(mib.ObjFlowReaderTimeout, n), r.Timeout),
			client.Int(client.Inst(mib.ObjFlowReaderRuleSet, n), r.RuleSet),
		}
	})
	if err != nil {
		return 0, err
	}
	if r.Waits {
		err = m.SetWaits(ctx, index, true)
	}
	if err == nil {
		err = m.activate(ctx, mib.ObjFlowReaderStatus, index)
	}
	if err != nil {
		m.destroyQuietly(ctx, mib.ObjFlowReaderStatus, index)
		return 0, fmt.Errorf("reader row %d of rule set %d: %w", index, r.RuleSet, err)
	}
	return index, nil
}

// SetWaits says whether the trace waits for a reader.
func (m *Meter) SetWaits(ctx context.Context, index int, waits bool) error {
	return m.Set(ctx, client.Bool(client.Inst(mib.ObjNtmReaderWaits, uint32(index)), waits))
}

// SetReaderTimeout changes how long the meter waits for a reader, in seconds.
func (m *Meter) SetReaderTimeout(ctx context.Context, index, seconds int) error {
	return m.Set(ctx, client.Int(client.Inst(mib.ObjFlowReaderTimeout, uint32(index)), seconds))
}

// DestroyReader removes a reader row.
func (m *Meter) DestroyReader(ctx context.Context, index int) error {
	return m.destroyRow(ctx, mib.ObjFlowReaderStatus, index)
}

// Remove destroys rows of all three control tables with one Set, if they have room
// in one, so that nothing happens between them: all are gone, or none. Rows that are not the
// owner's are left alone: a meter that was started again may have given their
// numbers to others.
func (m *Meter) Remove(ctx context.Context, owner string, tasks, readers, ruleSets []int) error {
	var names []client.Name
	var binds []client.Bind
	for _, rows := range []struct {
		table
		index []int
	}{{taskTable, tasks}, {readerTable, readers}, {ruleSetTable, ruleSets}} {
		for _, i := range rows.index {
			names = append(names, client.Inst(rows.owner, uint32(i)))
			binds = append(binds, client.Int(client.Inst(rows.status, uint32(i)), int(mib.RowDestroy)))
		}
	}
	if len(binds) == 0 {
		return nil
	}
	owners, err := m.Get(ctx, names...)
	if err != nil {
		return err
	}
	ours := binds[:0]
	for i, v := range owners {
		if !v.Missing && v.Text() == owner {
			ours = append(ours, binds[i])
		}
	}
	if len(ours) == 0 {
		return nil
	}
	return m.SetParts(ctx, ours...)
}

// Task describes a manager row to create or to have.
type Task struct {
	Owner         string
	Current       int // rule set
	Standby       int // 0 is none
	HighWaterMark int // percent; 0 or 100 never switch
}

// CreateTask makes an active manager row, which starts its rule set at once,
// and returns its index. No row is left behind on error.
func (m *Meter) CreateTask(ctx context.Context, t Task, used map[int]bool) (int, error) {
	index, err := m.create(ctx, taskTable, t.Owner, used, t.columns)
	if err != nil {
		return 0, err
	}
	if err := m.activate(ctx, mib.ObjFlowManagerStatus, index); err != nil {
		m.destroyQuietly(ctx, mib.ObjFlowManagerStatus, index)
		return 0, fmt.Errorf("task %d of rule set %d: %w", index, t.Current, err)
	}
	return index, nil
}

func (t Task) columns(n uint32) []client.Bind {
	return []client.Bind{
		client.Int(client.Inst(mib.ObjFlowManagerCurrentRuleSet, n), t.Current),
		client.Int(client.Inst(mib.ObjFlowManagerStandbyRuleSet, n), t.Standby),
		client.Int(client.Inst(mib.ObjFlowManagerHighWaterMark, n), t.HighWaterMark),
	}
}

// SetTask changes what an existing task runs.
func (m *Meter) SetTask(ctx context.Context, index int, t Task) error {
	return m.Set(ctx, t.columns(uint32(index))...)
}

// StopTask makes a task run nothing.
func (m *Meter) StopTask(ctx context.Context, index int) error {
	return m.Set(ctx, client.Int(client.Inst(mib.ObjFlowManagerCurrentRuleSet, uint32(index)), 0),
		client.Int(client.Inst(mib.ObjFlowManagerStandbyRuleSet, uint32(index)), 0))
}

// EndStandby returns a task from its standby rule set to its current one.
func (m *Meter) EndStandby(ctx context.Context, index int) error {
	return m.Set(ctx, client.Bool(client.Inst(mib.ObjFlowManagerRunningStandby, uint32(index)), false))
}

// DestroyTask removes a task.
func (m *Meter) DestroyTask(ctx context.Context, index int) error {
	return m.destroyRow(ctx, mib.ObjFlowManagerStatus, index)
}

// DestroyRuleSet removes a rule set and its flows. A rule set that a task
// still runs cannot be removed.
func (m *Meter) DestroyRuleSet(ctx context.Context, number int) error {
	return m.destroyRow(ctx, mib.ObjFlowRuleInfoStatus, number)
}

// SetInactivity sets after how many idle seconds flows may be recovered.
func (m *Meter) SetInactivity(ctx context.Context, seconds int) error {
	return m.Set(ctx, client.Int(client.Inst(mib.ObjFlowInactivityTimeout), seconds))
}

// SetFloodMark sets the flood mark, in percent.
func (m *Meter) SetFloodMark(ctx context.Context, percent int) error {
	return m.Set(ctx, client.Int(client.Inst(mib.ObjFlowFloodMark), percent))
}
