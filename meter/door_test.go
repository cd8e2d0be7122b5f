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
// activated are metered before it runs; other guests are not let in between, so
// that what was checked still holds when it is committed.
func TestMeteringGoesOnWhileRulesAreVerified(t *testing.T) {
	spec := &ruleset.RuleSet{Number: 3, Rules: []ruleset.Rule{
		{Action: mib.ActionGotoAct, Parameter: 2},
		{Selector: mib.AttrSourcePeerAddress, Mask: ruleset.Octets{255, 255, 255, 255}, Action: mib.ActionCountPkt},
	}}
	for _, tt := range []struct {
		name   string
		verify func(s *State) error
	}{
		{"SNMP", func(s *State) error {
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
		{"in process", func(s *State) error { return s.Load(spec) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter(t, Config{}, fiveTuple)
			f := tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0)
			fed, viewed := make(chan struct{}), make(chan struct{})
			guest := false
			update(t, m, func(s *State) error {
				go func() {
					feedAll(t, m, f)
					close(fed)
				}()
				m.door.waitingAtDoor()
				go func() {
					m.View(func(*State) { guest = true })
					close(viewed)
				}()
				err := tt.verify(s)
				if n := s.Counts().Packets; n != 1 {
					t.Errorf("%d packets metered while rules were verified, want 1", n)
				}
				if guest {
					t.Error("a View came between the check and the commit")
				}
				return err
			})
			<-fed
			<-viewed
			m.View(func(s *State) {
				if row, ok := s.RuleSetRow(3); !ok || row.Status != RowActive || !guest {
					t.Errorf("%+v %v, View %v", row, ok, guest)
				}
			})
		})
	}
}
