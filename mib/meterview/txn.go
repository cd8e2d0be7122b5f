package meterview

import (
	"errors"
	"log/slog"

	"netramet/meter/control"
	"netramet/mib"
	"netramet/mib/agent"
)

// setter takes the Sets of all writable objects: each is a txn of its View.
type setter struct{ v *View }

// Test implements agent.Setter.
func (s setter) Test(t *agent.Txn, _ *agent.Bind) agent.Status { return s.v.txn.test(t) }

// Check implements agent.Setter.
func (s setter) Check(*agent.Txn) (agent.Status, *agent.Bind) { return s.v.txn.check() }

// Commit implements agent.Setter.
func (s setter) Commit(*agent.Txn) { s.v.txn.commit() }

// Abort implements agent.Setter.
func (s setter) Abort(*agent.Txn) {}

// txn is one Set. Rows are staged in a control.Change, whose rules decide; single
// objects are staged as what is to be done at Commit, after the rows. It lives
// inside one call of Do; what it leaves for the time after is outcome.
type txn struct {
	v         *View
	tables    *control.Tables
	principal *agent.Principal
	change    *control.Change
	bindings  []binding // all of them, in order; set with the first Test
	tested    int       // how many of them
	requests  map[row]mib.RowStatus
	actions   []func() error
	outcome   outcome
}

// outcome is what a Set leaves to be told when the meter's state has been left
// again: a log that is slow to be read must not hold metering up.
type outcome struct {
	committed bool
	refused   *control.RowError // nil if no row was
	principal string
}

// row names a row of a control table.
type row struct {
	table control.Table
	index uint32
}

// binding is a variable binding of the Set with what its name means.
type binding struct {
	*agent.Bind
	object mib.Obj
	index  []uint32 // of the instance
	row    row      // valid iff isRow
	isRow  bool     // it is of a row of a control table, or of one of its rules
}

// tableOf are the control tables. Rules belong to the row of their rule set.
var tableOf = map[mib.Obj]control.Table{
	mib.ObjFlowRuleSetInfoTable: control.RuleSetTable,
	mib.ObjFlowRuleTable:        control.RuleSetTable,
	mib.ObjFlowReaderInfoTable:  control.ReaderTable,
	mib.ObjNtmReaderTable:       control.ReaderTable,
	mib.ObjFlowManagerInfoTable: control.TaskTable,
}

// statusOf maps the refusals of package control to error-statuses.
var statusOf = [...]agent.Status{
	control.Granted:             agent.OK,
	control.NotWritable:         agent.NotWritable,
	control.NoCreation:          agent.NoCreation,
	control.InconsistentName:    agent.InconsistentName,
	control.InconsistentValue:   agent.InconsistentValue,
	control.WrongValue:          agent.WrongValue,
	control.ResourceUnavailable: agent.ResourceUnavailable,
	control.NoAccess:            agent.NoAccess,
}

// begin finds out what the bindings mean and which statuses are asked for: what
// may be done to a row depends on its status column, wherever in the PDU that
// stands.
func (x *txn) begin(t *agent.Txn) {
	x.principal = t.Request.Principal
	x.change = x.tables.Begin(x.principal.Owner, t.Request.Now)
	x.requests = make(map[row]mib.RowStatus)
	for bind := range t.Of(setter{x.v}) {
		b := binding{Bind: bind}
		b.object, b.index, _ = mib.FindObject(bind.Name)
		if table, ok := b.object.Table(); ok && len(b.index) > 0 {
			b.row.table, b.isRow = tableOf[table]
			b.row.index = b.index[0]
		}
		if b.isStatus() && len(b.index) == 1 && suits(b.object, &b.Value) == agent.OK {
			x.requests[b.row] = mib.RowStatus(b.Value.Int)
		}
		x.bindings = append(x.bindings, b)
	}
}

// isStatus reports whether the binding is of a row's status column.
func (b *binding) isStatus() bool {
	switch b.object {
	case mib.ObjFlowRuleInfoStatus, mib.ObjFlowReaderStatus, mib.ObjFlowManagerStatus:
		return true
	}
	return false
}

// check checks what the bindings mean together, and says which one is to blame.
func (x *txn) check() (agent.Status, *agent.Bind) {
	err := x.change.Check()
	if err == nil {
		if b := x.refersToUnseen(); b != nil {
			return agent.InconsistentValue, b
		}
		return agent.OK, nil
	}
	var why *control.RowError
	if !errors.As(err, &why) {
		return agent.GenErr, nil
	}
	x.outcome.refused, x.outcome.principal = why, x.principal.Name
	return statusOf[why.Refusal], x.blame(why)
}

// blame finds the binding that asked for what a row cannot do: its status, or
// else the first one that names it.
func (x *txn) blame(why *control.RowError) (guilty *agent.Bind) {
	for i := range x.bindings {
		b := &x.bindings[i]
		if !b.isRow || b.row != (row{why.Table, why.Index}) {
			continue
		}
		switch {
		case why.Rule != 0 && len(b.index) == 2 && b.index[1] == why.Rule:
			return b.Bind
		case why.Rule == 0 && b.isStatus():
			return b.Bind
		case guilty == nil:
			guilty = b.Bind
		}
	}
	return guilty
}

func (x *txn) commit() {
	x.change.Commit()
	for _, do := range x.actions {
		// What cannot fail, since its value was tested.
		if err := do(); err != nil && x.v.cfg.Log != nil {
			x.v.cfg.Log.Error("a tested Set failed", slog.Any("error", err))
		}
	}
	x.outcome.committed = true
}

// later stages what is to be done at Commit.
func (x *txn) later(do func() error) { x.actions = append(x.actions, do) }

// tell does what follows a Set, outside the meter's state.
func (o *outcome) tell(cfg *Config) {
	if row := o.refused; row != nil && cfg.Log != nil {
		cfg.Log.Warn("refused a Set", slog.String("principal", o.principal),
			slog.String("row", row.Table.String()), slog.Int("index", int(row.Index)), slog.Any("reason", row.Err))
	}
	if o.committed && cfg.Changed != nil {
		cfg.Changed()
	}
}
