package meter

import (
	"runtime"
	"testing"

	"netramet/mib"
	"netramet/ruleset"
)

// waitingAtDoor returns when somebody waits to enter the state, which the
// caller holds.
func (d *door) waitingAtDoor() {
	for d.next.TryLock() {
		d.next.Unlock()
		runtime.Gosched()
	}
}

// TestMeteringGoesOnWhileRulesAreVerified: packets that wait when a rule set is
// activated are metered before it runs; nobody else changes anything in between,
// so that what was checked still holds when it is committed.
func TestMeteringGoesOnWhileRulesAreVerified(t *testing.T) {
	spec := &ruleset.RuleSet{Number: 3, Rules: []ruleset.Rule{
		{Action: mib.ActionGotoAct, Parameter: 2},
		{Selector: mib.AttrSourcePeerAddress, Mask: ruleset.Octets{255, 255, 255, 255}, Action: mib.ActionCountPkt},
	}}
	for _, tt := range []struct {
		name   string
		verify func(s *Control) error
	}{
		{"SNMP", func(s *Control) error {
			c := s.Begin("", wall0)
			rs, why := c.RuleSet(3, RowCreateAndGo)
			grant(t)(why)
			grant(t)(rs.SetSize(int64(len(spec.Rules))))
			for i := range spec.Rules {
				r, why := rs.Rule(uint32(i + 1))
				grant(t)(why)
				*r = spec.Rules[i]
			}
			if err := c.Check(); err != nil {
				return err
			}
			c.Commit()
			return nil
		}},
		{"in process", func(s *Control) error { return s.Load(spec) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter(t, Config{}, fiveTuple)
			f := tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)
			fed, updated := make(chan struct{}), make(chan struct{})
			changed := false
			update(t, m, func(s *Control) error {
				go func() {
					feedAll(t, m, f)
					close(fed)
				}()
				m.door.waitingAtDoor()
				go func() {
					_ = m.Update(func(*Control) error { changed = true; return nil })
					close(updated)
				}()
				err := tt.verify(s)
				if n := s.Counts().Packets; n != 1 {
					t.Errorf("%d packets metered while rules were verified, want 1", n)
				}
				if changed {
					t.Error("an Update came between the check and the commit")
				}
				return err
			})
			<-fed
			<-updated
			m.View(func(s *State) {
				if row, ok := s.RuleSetRow(3); !ok || row.Status != RowActive || !changed {
					t.Errorf("%+v %v, Update %v", row, ok, changed)
				}
			})
		})
	}
}

// TestViewsWhileRulesAreVerified: who only looks need not wait until rules are
// verified, and sees what there was before.
func TestViewsWhileRulesAreVerified(t *testing.T) {
	m := New(Config{})
	update(t, m, func(*Control) error {
		m.door.aside(func() {
			m.View(func(s *State) { // waits for ever if it is not let in
				if s.HasRuleSet(3) {
					t.Error("rule set 3 is there")
				}
			})
		})
		return nil
	})
}

// TestTaskSwitchesDuringCheck: a task that changes to its standby while rules
// are verified stays there, unless its manager says otherwise.
func TestTaskSwitchesDuringCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		back bool // the manager goes back to the current rule set
	}{{"the mark is set", false}, {"the standby is ended", true}} {
		t.Run(tt.name, func(t *testing.T) {
			m := New(Config{MaxFlows: 100})
			addRuleSet(t, m, 2)
			addRuleSet(t, m, 3)
			err := change(t, m, wall0, func(c *Change) {
				task, why := c.Task(1, RowCreateAndGo)
				grant(t)(why)
				grant(t)(task.SetCurrent(2))
				grant(t)(task.SetStandby(3))
				grant(t)(task.SetHighWaterMark(10))
			})
			if err != nil {
				t.Fatal(err)
			}
			hosts(t, m, 0, 50, 0)
			err = change(t, m, wall0, func(c *Change) {
				task, why := c.Task(1, RowNone)
				grant(t)(why)
				grant(t)(task.SetHighWaterMark(20))
				if tt.back {
					grant(t)(task.SetRunningStandby(false))
				}
				m.checkHighWater() // as a tick does
			})
			if err != nil {
				t.Fatal(err)
			}
			m.View(func(s *State) {
				if task, _ := s.Task(1); task.RunningStandby == tt.back || m.runs(2) != tt.back || m.runs(3) == tt.back {
					t.Errorf("%+v, rule sets run: %v %v", task, m.runs(2), m.runs(3))
				}
			})
		})
	}
}

// TestStateEndsWithItsView: a State that was kept is of no use, so that a
// mistake shows at once; one that has yielded goes on.
func TestStateEndsWithItsView(t *testing.T) {
	m := newMeter(t, Config{}, fiveTuple)
	var kept *State
	m.View(func(s *State) {
		kept = s
		s.Yield()
		if s.Uptime() != 1 {
			t.Errorf("uptime %d after a yield", s.Uptime())
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("a State that was kept tells the uptime")
		}
	}()
	kept.Uptime()
}
