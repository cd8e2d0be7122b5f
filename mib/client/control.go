package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"netramet/mib"
)

const maxIndex = 256 // rows of a table (decision 8)

// create makes a row at the lowest index that is free and not in used, and
// fills it; activate follows when the caller is ready. What is left of a row
// that could not be filled is removed again.
func (c *Client) create(ctx context.Context, status, ownerCol mib.Obj, owner string, used map[int]bool, what string, columns func(index uint32) []Bind) (int, error) {
	var last error
	for index := 1; index <= maxIndex; index++ {
		if used[index] {
			continue
		}
		n := uint32(index)
		err := c.newRow(ctx, status, index, append([]Bind{Int(Inst(status, n), createAndWait), Text(Inst(ownerCol, n), owner)}, columns(n)...))
		if err == nil {
			return index, nil
		}
		last = fmt.Errorf("creating %s: %w", what, err)
		if IsStatus(err, NoAccess) {
			continue // it may be the row of somebody whom we may not see
		}
		// Somebody may have taken the index since the table was read.
		if !IsStatus(err, InconsistentValue) {
			if uncertain(err) {
				c.destroyOurs(ctx, status, ownerCol, owner, index)
			}
			return 0, last
		}
		if v, err := c.Get(ctx, Inst(status, n)); err != nil || v[0].Missing {
			return 0, last // free, and refused all the same
		}
	}
	if last == nil {
		last = fmt.Errorf("creating %s: all %d rows are in use", what, maxIndex)
	}
	return 0, last
}

// newRow creates a row by the first of binds and sets the others, all with one
// message if they have room in one that gets through everywhere.
func (c *Client) newRow(ctx context.Context, status mib.Obj, index int, binds []Bind) error {
	n, _ := fitting(binds, c.smallRoom(), Bind.octets)
	if err := c.Set(ctx, binds[:n]...); err != nil {
		return err
	}
	err := portions(c, c.smallRoom, binds[n:], Bind.octets, func(some []Bind, _ int) error { return c.Set(ctx, some...) })
	if err != nil {
		c.destroyQuietly(ctx, status, index)
	}
	return err
}

// activate makes a row active.
func (c *Client) activate(ctx context.Context, status mib.Obj, index int) error {
	return c.Set(ctx, Int(Inst(status, uint32(index)), int(Active)))
}

// destroyRow removes a row; one that is not there counts as removed.
func (c *Client) destroyRow(ctx context.Context, status mib.Obj, index int) error {
	name := Inst(status, uint32(index))
	err := c.Set(ctx, Int(name, destroy))
	if err == nil {
		return nil
	}
	if v, getErr := c.Get(ctx, name); getErr == nil && v[0].Missing {
		return nil
	}
	return err
}

// destroyQuietly is the clean-up of something that failed, whose error the
// caller reports.
func (c *Client) destroyQuietly(ctx context.Context, status mib.Obj, index int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	_ = c.destroyRow(ctx, status, index)
}

// cleanUpTime bounds the removal of what a failed call made.
const cleanUpTime = 5 * time.Second

// uncertain reports whether a Set that failed may have been done all the same:
// only an error-status says that it was not.
func uncertain(err error) bool {
	var status *StatusError
	return err != nil && !errors.As(err, &status)
}

// destroyOurs removes a row that an uncertain Set may have made, unless it is
// somebody else's.
func (c *Client) destroyOurs(ctx context.Context, status, ownerCol mib.Obj, owner string, index int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	v, err := c.Get(ctx, Inst(ownerCol, uint32(index)))
	if err == nil && !v[0].Missing && v[0].Text() == owner {
		c.destroyQuietly(ctx, status, index)
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
func (c *Client) CreateReader(ctx context.Context, r Reader, used map[int]bool) (int, error) {
	index, err := c.create(ctx, mib.ObjFlowReaderStatus, mib.ObjFlowReaderOwner, r.Owner, used, "a reader row", func(n uint32) []Bind {
		return []Bind{
			Int(Inst(mib.ObjFlowReaderTimeout, n), r.Timeout),
			Int(Inst(mib.ObjFlowReaderRuleSet, n), r.RuleSet),
		}
	})
	if err != nil {
		return 0, err
	}
	if r.Waits {
		err = c.SetWaits(ctx, index, true)
	}
	if err == nil {
		err = c.activate(ctx, mib.ObjFlowReaderStatus, index)
	}
	if err != nil {
		c.destroyQuietly(ctx, mib.ObjFlowReaderStatus, index)
		return 0, fmt.Errorf("reader row %d of rule set %d: %w", index, r.RuleSet, err)
	}
	return index, nil
}

// SetWaits says whether the trace waits for a reader.
func (c *Client) SetWaits(ctx context.Context, index int, waits bool) error {
	return c.Set(ctx, Bool(Inst(mib.ObjNtmReaderWaits, uint32(index)), waits))
}

// SetReaderTimeout changes how long the meter waits for a reader, in seconds.
func (c *Client) SetReaderTimeout(ctx context.Context, index, seconds int) error {
	return c.Set(ctx, Int(Inst(mib.ObjFlowReaderTimeout, uint32(index)), seconds))
}

// DestroyReader removes a reader row.
func (c *Client) DestroyReader(ctx context.Context, index int) error {
	return c.destroyRow(ctx, mib.ObjFlowReaderStatus, index)
}

// Remove destroys rows of all three control tables with one Set, if they have room
// in one, so that nothing happens between them: all are gone, or none. Rows that are not the
// owner's are left alone: a meter that was started again may have given their
// numbers to others.
func (c *Client) Remove(ctx context.Context, owner string, tasks, readers, ruleSets []int) error {
	var names []Name
	var binds []Bind
	for _, rows := range []struct {
		owner, status mib.Obj
		index         []int
	}{
		{mib.ObjFlowManagerOwner, mib.ObjFlowManagerStatus, tasks},
		{mib.ObjFlowReaderOwner, mib.ObjFlowReaderStatus, readers},
		{mib.ObjFlowRuleInfoOwner, mib.ObjFlowRuleInfoStatus, ruleSets},
	} {
		for _, i := range rows.index {
			names = append(names, Inst(rows.owner, uint32(i)))
			binds = append(binds, Int(Inst(rows.status, uint32(i)), destroy))
		}
	}
	if len(binds) == 0 {
		return nil
	}
	owners, err := c.Get(ctx, names...)
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
	return c.setSome(ctx, ours...)
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
func (c *Client) CreateTask(ctx context.Context, t Task, used map[int]bool) (int, error) {
	index, err := c.create(ctx, mib.ObjFlowManagerStatus, mib.ObjFlowManagerOwner, t.Owner, used, "a task", t.columns)
	if err != nil {
		return 0, err
	}
	if err := c.activate(ctx, mib.ObjFlowManagerStatus, index); err != nil {
		c.destroyQuietly(ctx, mib.ObjFlowManagerStatus, index)
		return 0, fmt.Errorf("task %d of rule set %d: %w", index, t.Current, err)
	}
	return index, nil
}

func (t Task) columns(n uint32) []Bind {
	return []Bind{
		Int(Inst(mib.ObjFlowManagerCurrentRuleSet, n), t.Current),
		Int(Inst(mib.ObjFlowManagerStandbyRuleSet, n), t.Standby),
		Int(Inst(mib.ObjFlowManagerHighWaterMark, n), t.HighWaterMark),
	}
}

// SetTask changes what an existing task runs.
func (c *Client) SetTask(ctx context.Context, index int, t Task) error {
	return c.Set(ctx, t.columns(uint32(index))...)
}

// StopTask makes a task run nothing.
func (c *Client) StopTask(ctx context.Context, index int) error {
	return c.Set(ctx, Int(Inst(mib.ObjFlowManagerCurrentRuleSet, uint32(index)), 0),
		Int(Inst(mib.ObjFlowManagerStandbyRuleSet, uint32(index)), 0))
}

// EndStandby returns a task from its standby rule set to its current one.
func (c *Client) EndStandby(ctx context.Context, index int) error {
	return c.Set(ctx, Bool(Inst(mib.ObjFlowManagerRunningStandby, uint32(index)), false))
}

// DestroyTask removes a task.
func (c *Client) DestroyTask(ctx context.Context, index int) error {
	return c.destroyRow(ctx, mib.ObjFlowManagerStatus, index)
}

// DestroyRuleSet removes a rule set and its flows. A rule set that a task
// still runs cannot be removed.
func (c *Client) DestroyRuleSet(ctx context.Context, number int) error {
	return c.destroyRow(ctx, mib.ObjFlowRuleInfoStatus, number)
}

// SetInactivity sets after how many idle seconds flows may be recovered.
func (c *Client) SetInactivity(ctx context.Context, seconds int) error {
	return c.Set(ctx, Int(Inst(mib.ObjFlowInactivityTimeout), seconds))
}

// SetFloodMark sets the flood mark, in percent.
func (c *Client) SetFloodMark(ctx context.Context, percent int) error {
	return c.Set(ctx, Int(Inst(mib.ObjFlowFloodMark), percent))
}
