package clienttest

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/ber"
)

// table is the Setter of both modules: it works on a copy of the state, which
// takes the state's place at Commit.
type table struct{ m *Meter }

// Test does one binding on the copy.
func (t *table) Test(_ *agent.Txn, b *agent.Bind) agent.Status {
	if t.m.work == nil {
		t.m.work = t.m.st.clone()
	}
	o, index, ok := mib.FindObject(b.Name)
	if !ok || !o.Info().Writable() || len(index) == 0 {
		return agent.NotWritable
	}
	s, n := t.m.work, index[0]
	switch o {
	case mib.ObjFlowRuleSelector, mib.ObjFlowRuleMask, mib.ObjFlowRuleMatchedValue, mib.ObjFlowRuleAction, mib.ObjFlowRuleParameter:
		return s.setRule(o, index, b)
	case mib.ObjFlowRuleInfoSize, mib.ObjFlowRuleInfoOwner, mib.ObjFlowRuleInfoName, mib.ObjFlowRuleInfoStatus:
		return t.setRuleSet(s, o, n, b)
	case mib.ObjNtmTraceState:
		if b.Value.Int != int64(mib.TraceRunning) || t.m.TraceState == mib.TraceIdle {
			return agent.InconsistentValue
		}
		return agent.OK
	}
	if o.Info().Kind == mib.KindScalar {
		s.scalars[o] = b.Value.Int
		return agent.OK
	}
	if r := s.setTask(o, n, b); r != agent.NoSuchObject {
		return r
	}
	return t.setReader(s, o, n, b)
}

// request is what a Set asks a row to become.
func request(b *agent.Bind) mib.RowStatus { return mib.RowStatus(b.Value.Int) }

// status does what is the same for all rows.
func status[T any](rows map[uint32]*T, n uint32, want mib.RowStatus, fresh func() *T) (row *T, st agent.Status) {
	row, ok := rows[n]
	switch {
	case want == mib.RowCreateAndWait && !ok:
		rows[n] = fresh()
		return rows[n], agent.OK
	case want == mib.RowDestroy:
		delete(rows, n)
		return nil, agent.OK
	case want == mib.RowCreateAndWait, !ok:
		return nil, agent.InconsistentValue
	}
	return row, agent.OK
}

func (t *table) setRuleSet(s *state, o mib.Obj, n uint32, b *agent.Bind) agent.Status {
	if o == mib.ObjFlowRuleInfoStatus {
		if n == 1 {
			return agent.NotWritable
		}
		for _, task := range s.tasks {
			if request(b) == mib.RowDestroy && (task.Current == int(n) || task.Standby == int(n)) {
				return agent.InconsistentValue
			}
		}
		row, st := status(s.ruleSets, n, request(b), func() *RuleSet { return &RuleSet{Status: mib.RowNotInService} })
		if row == nil || request(b) != mib.RowActive {
			return st
		}
		if t.m.Refuse != nil {
			if why := t.m.Refuse(row); why != "" {
				t.m.errs[n] = why
				return agent.InconsistentValue
			}
		}
		row.Status = mib.RowActive
		return agent.OK
	}
	row, ok := s.ruleSets[n]
	switch {
	case !ok:
		return agent.InconsistentName
	case row.Status == mib.RowActive:
		return agent.NotWritable
	case o == mib.ObjFlowRuleInfoSize:
		row.Rules = make([]Rule, b.Value.Int)
	case o == mib.ObjFlowRuleInfoOwner:
		row.Owner = string(b.Value.Bytes)
	default:
		row.Name = string(b.Value.Bytes)
	}
	return agent.OK
}

func (s *state) setRule(o mib.Obj, index []uint32, b *agent.Bind) agent.Status {
	row, ok := s.ruleSets[index[0]]
	if !ok || len(index) != 2 || index[1] < 1 || int(index[1]) > len(row.Rules) {
		return agent.InconsistentName
	}
	if row.Status == mib.RowActive {
		return agent.NotWritable
	}
	r := &row.Rules[index[1]-1]
	info := o.Info()
	if info.Syntax == mib.SyntaxOctets && !info.ValidSize(len(b.Value.Bytes)) {
		return agent.WrongLength
	}
	switch o {
	case mib.ObjFlowRuleSelector:
		r.Selector = int(b.Value.Int)
	case mib.ObjFlowRuleAction:
		r.Action = int(b.Value.Int)
	case mib.ObjFlowRuleParameter:
		if !info.ValidNumber(b.Value.Int) {
			return agent.WrongValue
		}
		r.Parameter = int(b.Value.Int)
	case mib.ObjFlowRuleMask:
		r.Mask = string(b.Value.Bytes)
	default:
		r.Value = string(b.Value.Bytes)
	}
	return agent.OK
}

func (s *state) setTask(o mib.Obj, n uint32, b *agent.Bind) agent.Status {
	if o == mib.ObjFlowManagerStatus {
		row, st := status(s.tasks, n, request(b), func() *Task { return &Task{Status: mib.RowNotInService} })
		if row != nil && request(b) == mib.RowActive {
			if s.ruleSets[uint32(row.Current)] == nil {
				return agent.InconsistentValue
			}
			row.Status = mib.RowActive
		}
		return st
	}
	row, ok := s.tasks[n]
	if !ok {
		row = new(Task)
	}
	switch o {
	case mib.ObjFlowManagerCurrentRuleSet:
		row.Current = int(b.Value.Int)
	case mib.ObjFlowManagerStandbyRuleSet:
		row.Standby = int(b.Value.Int)
	case mib.ObjFlowManagerHighWaterMark:
		row.HighWaterMark = int(b.Value.Int)
	case mib.ObjFlowManagerOwner:
		row.Owner = string(b.Value.Bytes)
	case mib.ObjFlowManagerRunningStandby:
		row.RunningStandby = b.Value.Int == 1
	default:
		return agent.NoSuchObject
	}
	if !ok {
		return agent.InconsistentName
	}
	return agent.OK
}

func (t *table) setReader(s *state, o mib.Obj, n uint32, b *agent.Bind) agent.Status {
	if o == mib.ObjFlowReaderStatus {
		row, st := status(s.readers, n, request(b), func() *Reader { return &Reader{Status: mib.RowNotInService} })
		if row != nil && request(b) == mib.RowActive {
			if s.ruleSets[uint32(row.RuleSet)] == nil {
				return agent.InconsistentValue
			}
			row.Status = mib.RowActive
		}
		return st
	}
	row, ok := s.readers[n]
	if !ok {
		return agent.InconsistentName
	}
	if t.m.Foreign && (o == mib.ObjNtmReaderWaits || o == mib.ObjNtmReaderCollected || o == mib.ObjNtmReaderTime) {
		return agent.NotWritable
	}
	switch o {
	case mib.ObjFlowReaderTimeout:
		row.Timeout = int(b.Value.Int)
	case mib.ObjFlowReaderOwner:
		row.Owner = string(b.Value.Bytes)
	case mib.ObjFlowReaderRuleSet:
		row.RuleSet = int(b.Value.Int)
	case mib.ObjFlowReaderLastTime:
		if now := t.m.Uptime; row.LastTime != now {
			row.Previous, row.LastTime = row.LastTime, now
		}
	case mib.ObjNtmReaderWaits:
		row.Waits = b.Value.Int == 1
	case mib.ObjNtmReaderCollected, mib.ObjNtmReaderTime:
		if len(b.Value.Bytes) != 8 {
			return agent.WrongLength
		}
		v := binary.BigEndian.Uint64(b.Value.Bytes)
		if o == mib.ObjNtmReaderTime && v > t.m.Uptime || o == mib.ObjNtmReaderCollected && v > t.m.Interval {
			return agent.InconsistentValue
		}
		if o == mib.ObjNtmReaderTime {
			row.Time = v
		} else {
			row.Collected = v
		}
	default:
		return agent.NotWritable
	}
	return agent.OK
}

// Check implements agent.Setter.
func (t *table) Check(*agent.Txn) (agent.Status, *agent.Bind) { return agent.OK, nil }

// Commit implements agent.Setter.
func (t *table) Commit(txn *agent.Txn) {
	t.m.st, t.m.work = t.m.work, nil
	counted := false
	for b := range txn.Of(t) {
		o, _, _ := mib.FindObject(b.Name)
		if o == mib.ObjFlowReaderLastTime && !counted {
			t.m.Collections++
			counted = true
		}
		if o == mib.ObjNtmTraceState && t.m.TraceState == mib.TraceWaitRuleSet && b.Value.Tag == ber.Integer {
			t.m.TraceState = mib.TraceRunning
		}
	}
	t.m.advance()
}

// Abort implements agent.Setter.
func (t *table) Abort(*agent.Txn) { t.m.work = nil }
