package meterview

import (
	"encoding/binary"
	"errors"
	"log/slog"
	"time"

	"netramet/meter"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// control takes the Sets of all writable objects. Rows are staged in one
// meter.Change, whose rules decide; single objects are staged as what is to be
// done at Commit, after the rows.
type control struct {
	v        *View
	change   *meter.Change // nil outside of a Set
	actions  []func()
	requests map[rowName]meter.RowStatus // statuses asked for in this Set; RowNone if none is
}

// rowName names a row of a control table by one of its columns: as a row, by
// its status column.
type rowName struct {
	column mib.Obj
	index  uint32
}

// statusOf maps the refusals of package meter to error-statuses.
var statusOf = [...]agent.Status{
	meter.Granted:             agent.OK,
	meter.NotWritable:         agent.NotWritable,
	meter.NoCreation:          agent.NoCreation,
	meter.InconsistentName:    agent.InconsistentName,
	meter.InconsistentValue:   agent.InconsistentValue,
	meter.WrongValue:          agent.WrongValue,
	meter.ResourceUnavailable: agent.ResourceUnavailable,
	meter.NoAccess:            agent.NoAccess,
}

// Test implements agent.Setter.
func (c *control) Test(t *agent.Txn, b *agent.Bind) agent.Status {
	if c.change == nil {
		c.begin(t)
	}
	o, index, _ := mib.FindObject(b.Name)
	info := o.Info()
	if !info.Writable() || info.Syntax == mib.SyntaxNone {
		return agent.NotWritable
	}
	if c.denied(t, o, index) {
		return agent.NoAccess
	}
	if st := suits(o, &b.Value); st != agent.OK {
		return st
	}
	switch {
	case info.Kind == mib.KindScalar:
		if len(index) != 1 || index[0] != 0 {
			return agent.NoCreation
		}
		return c.scalar(t, o, &b.Value)
	case o >= mib.ObjFlowRuleInfoIndex && o <= mib.ObjFlowRuleInfoFlowRecords && len(index) == 1:
		return statusOf[c.ruleSet(o, index[0], &b.Value)]
	case o >= mib.ObjFlowReaderIndex && o <= mib.ObjFlowReaderRuleSet && len(index) == 1:
		return statusOf[c.reader(o, index[0], &b.Value)]
	case o >= mib.ObjNtmReaderWaits && o <= mib.ObjNtmReaderTime && len(index) == 1:
		return statusOf[c.reader(o, index[0], &b.Value)]
	case o >= mib.ObjFlowManagerIndex && o <= mib.ObjFlowManagerRunningStandby && len(index) == 1:
		return statusOf[c.task(o, index[0], &b.Value)]
	case o >= mib.ObjFlowRuleSelector && o <= mib.ObjFlowRuleParameter && len(index) == 2:
		return statusOf[c.rule(o, index[0], index[1], &b.Value)]
	case o == mib.ObjFlowInterfaceSampleRate && len(index) == 1:
		return c.sampleRate(index[0], uint32(b.Value.Int))
	case o == mib.ObjIfAdminStatus:
		return agent.NotWritable // IF-MIB allows this; nothing is switched here
	}
	return agent.NoCreation // no such row can ever be
}

// denied reports whether a column is of an existing row with an Owner that the
// principal may not write for. For him it is as if a view left the row out, which
// comes before all that is wrong with the value.
func (c *control) denied(t *agent.Txn, o mib.Obj, index []uint32) bool {
	status, ok := statusColumn(o)
	if !ok || len(index) == 0 {
		return false
	}
	owner := ""
	switch n := index[0]; status {
	case mib.ObjFlowRuleInfoStatus:
		if n > 255 || !c.v.s.HasRuleSet(int(n)) {
			return false
		}
		owner = c.v.s.Owner(int(n))
	case mib.ObjFlowReaderStatus:
		r, exists := c.v.s.Reader(n)
		if !exists {
			return false
		}
		owner = r.Owner
	case mib.ObjFlowManagerStatus:
		task, exists := c.v.s.Task(n)
		if !exists {
			return false
		}
		owner = task.Owner
	}
	return !t.Request.Principal.MayWrite(owner)
}

// suits checks a value's type, length and range (RFC 3416 §4.2.5, steps 3-6).
func suits(o mib.Obj, val *ber.Value) agent.Status {
	info := o.Info()
	if mib.Syntax(val.Tag) != info.Syntax {
		return agent.WrongType
	}
	switch info.Syntax {
	case mib.SyntaxOctets:
		if !info.ValidSize(len(val.Bytes)) {
			return agent.WrongLength
		}
	case mib.SyntaxInteger:
		switch o {
		case mib.ObjFlowRuleSelector:
			// The module's list ends where RFC 2720 did; further attributes
			// can be tested and saved too.
			if _, ok := mib.Info(mib.Attr(val.Int)); val.Int < 0 || val.Int > 255 || !ok {
				return agent.WrongValue
			}
		case mib.ObjFlowRuleParameter:
			// 0 stands in rule files for a parameter that is not used.
			if val.Int < 0 || val.Int > info.Max {
				return agent.WrongValue
			}
		case mib.ObjFlowRuleInfoStatus, mib.ObjFlowReaderStatus, mib.ObjFlowManagerStatus:
			// notReady can be read only (RFC 2579).
			if !info.ValidNumber(val.Int) || val.Int == int64(meter.RowNotReady) {
				return agent.WrongValue
			}
		default:
			if !info.ValidNumber(val.Int) {
				return agent.WrongValue
			}
		}
	}
	return agent.OK
}

// begin begins a Set and collects the statuses it asks for: what may be done
// to a row depends on its status column, wherever in the PDU that stands.
func (c *control) begin(t *agent.Txn) {
	c.change = c.v.set.Begin(t.Request.Principal.Owner, t.Request.Now)
	clear(c.requests)
	for b := range t.Of(c) {
		o, index, _ := mib.FindObject(b.Name)
		if status, ok := statusColumn(o); ok && o == status && len(index) == 1 && suits(o, &b.Value) == agent.OK {
			c.requests[rowName{status, index[0]}] = meter.RowStatus(b.Value.Int)
		}
	}
}

// Check implements agent.Setter.
func (c *control) Check(t *agent.Txn) (agent.Status, *agent.Bind) {
	err := c.change.Check()
	if err == nil {
		if b := c.hidden(t); b != nil {
			return agent.InconsistentValue, b
		}
		return agent.OK, nil
	}
	var row *meter.RowError
	if !errors.As(err, &row) {
		return agent.GenErr, nil
	}
	if log, who := c.v.cfg.Log, t.Request.Principal.Name; log != nil {
		c.v.refused = func() {
			log.Warn("refused a Set", slog.String("principal", who),
				slog.String("row", row.Table.String()), slog.Int("index", int(row.Index)), slog.Any("reason", row.Err))
		}
	}
	return statusOf[row.Refusal], c.blame(t, row)
}

// hidden finds a binding by which a row refers to a rule set that the principal
// does not see: for him there is none. Else he could keep its flows from being
// recovered, or the rule set from being removed (decision 29).
func (c *control) hidden(t *agent.Txn) *agent.Bind {
	if !t.Request.Principal.OwnerOnly {
		return nil
	}
	written := make(map[rowName]bool)
	for b := range t.Of(c) {
		if o, index, _ := mib.FindObject(b.Name); len(index) == 1 {
			written[rowName{o, index[0]}] = true
		}
	}
	for b := range t.Of(c) {
		o, index, _ := mib.FindObject(b.Name)
		switch o {
		case mib.ObjFlowReaderRuleSet, mib.ObjFlowManagerCurrentRuleSet, mib.ObjFlowManagerStandbyRuleSet:
			if c.unseen(t, o, int(b.Value.Int)) {
				return b
			}
		case mib.ObjFlowReaderStatus, mib.ObjFlowManagerStatus:
			// A row may be older than the rule set it names.
			if c.requests[rowName{o, index[0]}] == meter.RowActive && c.namesUnseen(t, o, index[0], written) {
				return b
			}
		}
	}
	return nil
}

// unseen reports whether a column that holds n refers to a rule set that the
// principal does not see. The built-in one may be run by everybody.
func (c *control) unseen(t *agent.Txn, column mib.Obj, n int) bool {
	if n == 1 && column != mib.ObjFlowReaderRuleSet {
		return false
	}
	return c.v.s.HasRuleSet(n) && !visible(t.Request, c.v.s.Owner(n))
}

// namesUnseen reports whether an existing row, given by its status column,
// refers to such a rule set with a column that is not among those written.
func (c *control) namesUnseen(t *agent.Txn, status mib.Obj, index uint32, written map[rowName]bool) bool {
	keeps := func(column mib.Obj, n int) bool {
		return !written[rowName{column, index}] && c.unseen(t, column, n)
	}
	if status == mib.ObjFlowReaderStatus {
		reader, _ := c.v.s.Reader(index)
		return keeps(mib.ObjFlowReaderRuleSet, reader.RuleSet)
	}
	task, _ := c.v.s.Task(index)
	return keeps(mib.ObjFlowManagerCurrentRuleSet, task.Current) || keeps(mib.ObjFlowManagerStandbyRuleSet, task.Standby)
}

// blame finds the binding that asked for what a row cannot do: its status, or
// else the first one that names it.
func (c *control) blame(t *agent.Txn, row *meter.RowError) (guilty *agent.Bind) {
	for b := range t.Of(c) {
		o, index, _ := mib.FindObject(b.Name)
		status, ok := statusColumn(o)
		if !ok || len(index) == 0 || index[0] != row.Index || tableOf(status) != row.Table {
			continue
		}
		isRule := len(index) == 2
		switch {
		case row.Rule != 0 && isRule && index[1] == row.Rule:
			return b
		case row.Rule == 0 && o == status:
			return b
		case guilty == nil:
			guilty = b
		}
	}
	return guilty
}

// statusColumn returns the status column of the row that a column belongs to.
func statusColumn(o mib.Obj) (mib.Obj, bool) {
	switch {
	case o >= mib.ObjFlowRuleInfoIndex && o <= mib.ObjFlowRuleInfoFlowRecords,
		o >= mib.ObjFlowRuleSelector && o <= mib.ObjFlowRuleParameter:
		return mib.ObjFlowRuleInfoStatus, true
	case o >= mib.ObjFlowReaderIndex && o <= mib.ObjFlowReaderRuleSet,
		o >= mib.ObjNtmReaderWaits && o <= mib.ObjNtmReaderTime:
		return mib.ObjFlowReaderStatus, true
	case o >= mib.ObjFlowManagerIndex && o <= mib.ObjFlowManagerRunningStandby:
		return mib.ObjFlowManagerStatus, true
	}
	return 0, false
}

func tableOf(status mib.Obj) meter.ControlTable {
	switch status {
	case mib.ObjFlowReaderStatus:
		return meter.ReaderTable
	case mib.ObjFlowManagerStatus:
		return meter.TaskTable
	}
	return meter.RuleSetTable
}

// Commit implements agent.Setter.
func (c *control) Commit(*agent.Txn) {
	c.change.Commit()
	for _, do := range c.actions {
		do()
	}
	c.v.committed = true
	c.forget()
}

// Abort implements agent.Setter.
func (c *control) Abort(*agent.Txn) { c.forget() }

func (c *control) forget() {
	clear(c.actions)
	c.change, c.actions = nil, c.actions[:0]
}

// scalar stages a scalar.
func (c *control) scalar(t *agent.Txn, o mib.Obj, val *ber.Value) agent.Status {
	n := val.Int
	switch o {
	case mib.ObjFlowFloodMark:
		c.later(func() error { return c.v.set.SetFloodMark(int(n)) })
	case mib.ObjFlowInactivityTimeout:
		if n < 0 {
			return agent.WrongValue
		}
		c.later(func() error { return c.v.set.SetInactivity(time.Duration(n) * time.Second) })
	case mib.ObjFlowFloodMode:
		c.later(func() error { c.v.set.SetFloodMode(n == 1); return nil })
	case mib.ObjNtmTraceState:
		if n != int64(meter.TraceRunning) {
			return agent.WrongValue
		}
		if c.v.s.TracePhase() == meter.TraceIdle {
			return agent.InconsistentValue
		}
		who := t.Request.Principal.Name
		c.later(func() error { return c.v.set.StartTrace(who) })
	default:
		return agent.NotWritable
	}
	return agent.OK
}

// later stages what cannot fail, since its value was tested.
func (c *control) later(do func() error) {
	c.actions = append(c.actions, func() {
		if err := do(); err != nil && c.v.cfg.Log != nil {
			c.v.cfg.Log.Error("a tested Set failed", slog.Any("error", err))
		}
	})
}

func (c *control) sampleRate(index, rate uint32) agent.Status {
	if int32(rate) < 0 {
		return agent.WrongValue
	}
	if index < 1 || index > meter.MaxInterfaces {
		return agent.NoCreation
	}
	if _, ok := c.v.s.Interface(int(index)); !ok {
		return agent.InconsistentName // packets or the command line make interfaces
	}
	c.later(func() error { return c.v.set.SetSampleRate(int(index), rate) })
	return agent.OK
}

// number64 reads an NtmUnsigned64, whose length was tested.
func number64(val *ber.Value) uint64 { return binary.BigEndian.Uint64(val.Bytes) }
