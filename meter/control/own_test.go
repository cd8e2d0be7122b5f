package control

import (
	"errors"
	"testing"

	"netramet/meter"
	"netramet/mib"
	"netramet/ruleset"
)

// TestOwnRows: a command's rule sets are rows as managers' are, which neither age
// nor time out.
func TestOwnRows(t *testing.T) {
	m := newMeter()
	rs := &ruleset.RuleSet{Number: 7, Name: "hosts", Rules: []ruleset.Rule{
		{Action: mib.ActionGotoAct, Parameter: 2},
		{Selector: mib.AttrSourcePeerAddress, Mask: ruleset.Octets{255, 255, 255, 255}, Action: mib.ActionCountPkt},
	}}
	if err := m.Change(func(c *Change) error { return errors.Join(c.Run(rs), c.Read(7)) }); err != nil {
		t.Fatal(err)
	}
	hosts(t, m, 0, 3, 0)
	if err := m.Change(func(c *Change) error { return c.Collected(7, 1) }); err != nil {
		t.Fatal(err)
	}
	m.View(func(s *State) {
		row, _ := s.RuleSetRow(7)
		if want := (RuleSetRow{Status: mib.RowActive, Running: true, Size: 2, Name: "hosts", TimeStamp: 1, Flows: 3}); row != want {
			t.Errorf("%+v, want %+v", row, want)
		}
		if task, _ := s.Task(7); task != (Task{Active: true, Current: 7, TimeStamp: 1}) {
			t.Errorf("%+v", task)
		}
		if reader, _ := s.Reader(7); reader != (Reader{Active: true, RuleSet: 7, Mark: 1}) {
			t.Errorf("%+v", reader)
		}
	})
	update(t, m, func(s *Tables) error {
		if removed := s.AdvanceWall(wall0); removed != nil {
			t.Errorf("removed %+v", removed)
		}
		return nil
	})
	for _, tt := range []struct {
		name string
		f    func(c *Change) error
		want RowError
	}{
		{"a number that is taken", func(c *Change) error { return c.Run(rs) }, RowError{Table: RuleSetTable, Index: 7, Refusal: InconsistentValue}},
		{"no number", func(c *Change) error { return c.Run(&ruleset.RuleSet{}) }, RowError{Table: RuleSetTable, Refusal: NoCreation}},
		{"a rule set that is not there", func(c *Change) error { return c.Read(9) }, RowError{Table: ReaderTable, Index: 9, Refusal: InconsistentValue}},
		{"a reader that is not there", func(c *Change) error { return c.Collected(9, 1) }, RowError{Table: ReaderTable, Index: 9, Refusal: InconsistentName}},
		{"a time to come", func(c *Change) error { return c.Collected(7, 2) }, RowError{Table: ReaderTable, Index: 7, Refusal: InconsistentValue}},
		{"rules that cannot be", func(c *Change) error {
			return c.Run(&ruleset.RuleSet{Number: 8, Rules: []ruleset.Rule{{Action: mib.ActionGoto, Parameter: 9}}})
		}, RowError{Table: RuleSetTable, Index: 8, Refusal: InconsistentValue}},
	} {
		var got *RowError
		if err := m.Change(tt.f); !errors.As(err, &got) || got.Table != tt.want.Table || got.Index != tt.want.Index || got.Refusal != tt.want.Refusal {
			t.Errorf("%s: %v, want %s %d: %v", tt.name, err, tt.want.Table, tt.want.Index, tt.want.Refusal)
		}
	}
}

// TestStateEndsWithItsView: rows cannot be read through a State that was kept.
func TestStateEndsWithItsView(t *testing.T) {
	m := New(meter.Config{}, Config{})
	var kept *State
	m.View(func(s *State) {
		kept = s
		s.Yield()
		if !s.HasRuleSet(1) {
			t.Error("no rule set 1 after a yield")
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("a State that was kept has rows")
		}
	}()
	kept.HasRuleSet(1)
}

// TestEnteringAllocatesNothing: a View costs no memory.
func TestEnteringAllocatesNothing(t *testing.T) {
	m := newMeter()
	n := 0
	if allocs := testing.AllocsPerRun(100, func() {
		m.View(func(s *State) { n += s.RuleSetSize(1) })
	}); allocs != 0 || n != 303 {
		t.Errorf("%v allocations, %d", allocs, n)
	}
}
