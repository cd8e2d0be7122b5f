package meter

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/ruleset"
	"netramet/sources/wire"
)

var wall0 = time.Unix(1_000_000_000, 0)

// change makes one Change of a meter and returns its error.
func change(t testing.TB, m *Meter, wall time.Time, f func(c *Change)) error {
	t.Helper()
	return m.Update(func(s *Control) error {
		c := s.Begin("", wall)
		f(c)
		if err := c.Check(); err != nil {
			return err
		}
		c.Commit()
		return nil
	})
}

// grant fails the test if something is refused.
func grant(t testing.TB) func(Refusal) {
	return func(r Refusal) {
		t.Helper()
		if r != Granted {
			t.Fatalf("refused: %v", r)
		}
	}
}

// addRuleSet makes an active rule set that counts by host.
func addRuleSet(t testing.TB, m *Meter, n uint32) {
	t.Helper()
	err := change(t, m, wall0, func(c *Change) {
		rs, why := c.RuleSet(n, RowCreateAndGo)
		grant(t)(why)
		grant(t)(rs.SetSize(2))
		rule, why := rs.Rule(1)
		grant(t)(why)
		*rule = ruleset.Rule{Action: mib.ActionGotoAct, Parameter: 2}
		rule, why = rs.Rule(2)
		grant(t)(why)
		*rule = ruleset.Rule{Selector: mib.AttrSourcePeerAddress, Mask: ruleset.Octets{255, 255, 255, 255}, Action: mib.ActionCountPkt}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func addReader(t testing.TB, m *Meter, index uint32, owner string, ruleSet int64, timeout int64, waits bool) {
	t.Helper()
	err := change(t, m, wall0, func(c *Change) {
		r, why := c.Reader(index, RowCreateAndGo)
		grant(t)(why)
		grant(t)(r.SetOwner(owner))
		grant(t)(r.SetRuleSet(ruleSet))
		grant(t)(r.SetTimeout(timeout))
		grant(t)(r.SetWaits(waits))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func addTask(t testing.TB, m *Meter, index uint32, ruleSet int64) {
	t.Helper()
	err := change(t, m, wall0, func(c *Change) {
		r, why := c.Task(index, RowCreateAndGo)
		grant(t)(why)
		grant(t)(r.SetCurrent(ruleSet))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRuleSetOneRunsIfAsked(t *testing.T) {
	for _, run := range []bool{false, true} {
		m := New(Config{MaxGap: AnyGap, Control: ControlConfig{RunDefault: run}})
		feedAll(t, m, tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0), udp(t, "10.0.0.2:1", "10.0.0.1:2", 0))
		m.View(func(s *State) {
			c, err := s.RuleSetCounts(1)
			if err != nil || (c.PDUs == 2) != run || (c.Flows == 1) != run {
				t.Errorf("run %v: %+v %v", run, c, err)
			}
			row, ok := s.RuleSetRow(1)
			if !ok || row.Status != RowActive || row.Running != run {
				t.Errorf("run %v: %+v", run, row)
			}
		})
	}
}

func TestTasksRunRuleSets(t *testing.T) {
	m := New(Config{MaxGap: AnyGap})
	addRuleSet(t, m, 2)
	addRuleSet(t, m, 3)
	running := func() (s string) {
		for _, run := range m.lanes[0].runs {
			s += fmt.Sprint(run.rules.spec.Number)
		}
		return s
	}
	set := func(index uint32, current, standby int64) {
		err := change(t, m, wall0, func(c *Change) {
			r, why := c.Task(index, RowNone)
			grant(t)(why)
			grant(t)(r.SetCurrent(current))
			grant(t)(r.SetStandby(standby))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	addTask(t, m, 1, 2)
	addTask(t, m, 2, 0)
	for _, tt := range []struct {
		index            uint32
		current, standby int64
		want             string
	}{{2, 2, 0, "2"}, {2, 3, 0, "23"}, {1, 0, 0, "3"}, {1, 0, 2, "3"}, {2, 1, 0, "1"}, {2, 0, 0, ""}} {
		set(tt.index, tt.current, tt.standby)
		if got := running(); got != tt.want {
			t.Errorf("%+v: %q runs", tt, got)
		}
	}
	if err := change(t, m, wall0, func(c *Change) { _, _ = c.RuleSet(2, RowDestroy) }); err == nil {
		t.Error("a rule set was destroyed that a task names as standby")
	}
	var row *RowError
	if err := change(t, m, wall0, func(c *Change) {
		_, _ = c.RuleSet(3, RowDestroy)
		r, _ := c.Task(2, RowNone)
		grant(t)(r.SetCurrent(3))
	}); !errors.As(err, &row) || row.Refusal != InconsistentValue || row.Table != RuleSetTable {
		t.Errorf("destroy and run at once: %v", err)
	}
	if err := change(t, m, wall0, func(c *Change) { _, _ = c.RuleSet(3, RowDestroy) }); err != nil {
		t.Error(err)
	}
}

// TestReadersGoWithTheirRuleSet: a later rule set of the same number is
// another one.
func TestReadersGoWithTheirRuleSet(t *testing.T) {
	m := New(Config{MaxGap: AnyGap})
	addRuleSet(t, m, 2)
	addReader(t, m, 1, "x", 2, 0, true)
	if err := m.Update(func(s *Control) error { return s.Destroy(2) }); err != nil {
		t.Fatal(err)
	}
	m.View(func(s *State) {
		if _, ok := s.Reader(1); ok {
			t.Error("the reader is still there")
		}
	})
}

func TestUnfinishedRowsAge(t *testing.T) {
	m := New(Config{MaxGap: AnyGap})
	err := change(t, m, wall0, func(c *Change) {
		rs, why := c.RuleSet(9, RowCreateAndWait)
		grant(t)(why)
		grant(t)(rs.SetOwner("me"))
		_, why = c.Reader(8, RowCreateAndWait)
		grant(t)(why)
		_, why = c.Task(7, RowCreateAndWait)
		grant(t)(why)
	})
	if err != nil {
		t.Fatal(err)
	}
	touch := func(at time.Duration) {
		if err := change(t, m, wall0.Add(at), func(c *Change) {
			rs, why := c.RuleSet(9, RowNone)
			grant(t)(why)
			grant(t)(rs.SetSize(3))
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		at   time.Duration
		want string
	}{
		{4 * time.Minute, "[]"},
		{5 * time.Minute, "[{reader 8  not active for five minutes} {task 7  not active for five minutes}]"},
		{8 * time.Minute, "[]"},
		{9 * time.Minute, "[{rule set 9 me not active for five minutes}]"},
		{time.Hour, "[]"},
	} {
		if tt.at == 4*time.Minute {
			touch(tt.at)
		}
		update(t, m, func(s *Control) error {
			if got := fmt.Sprint(s.AdvanceWall(wall0.Add(tt.at))); got != tt.want {
				t.Errorf("after %v: %s, want %s", tt.at, got, tt.want)
			}
			return nil
		})
	}
}

func TestReaderTimesOut(t *testing.T) {
	after := func(m *Meter, d time.Duration) (n int) {
		update(t, m, func(s *Control) error {
			n = len(s.AdvanceWall(wall0.Add(d)))
			return nil
		})
		return n
	}
	t.Run("live", func(t *testing.T) {
		m := New(Config{MaxGap: AnyGap})
		addRuleSet(t, m, 2)
		addReader(t, m, 1, "", 2, 10, false)
		addReader(t, m, 2, "", 2, 0, false)
		if n := after(m, 9*time.Second); n != 0 {
			t.Error("too early")
		}
		err := change(t, m, wall0.Add(9*time.Second), func(c *Change) {
			r, _ := c.Reader(1, RowNone)
			grant(t)(r.SetLastTime())
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := after(m, 18*time.Second); n != 0 {
			t.Error("a collection is no sign of life")
		}
		if n := after(m, 19*time.Second); n != 1 {
			t.Error("not at all")
		}
	})
	t.Run("trace", func(t *testing.T) {
		m := New(Config{MaxGap: AnyGap, Interval: time.Second})
		phase := func(p TracePhase, at time.Duration) {
			if err := m.Update(func(s *Control) error { return s.SetTracePhase(p, wall0.Add(at)) }); err != nil {
				t.Fatal(err)
			}
		}
		addRuleSet(t, m, 2)
		addReader(t, m, 1, "", 2, 10, true)
		addReader(t, m, 2, "", 2, 10, false)
		phase(TraceRunning, 0)
		if n := after(m, time.Hour); n != 0 {
			t.Error("while the trace runs")
		}
		feedAll(t, m, tcp(t, "10.0.0.1:1", "10.0.0.2:2", 0), tcp(t, "10.0.0.1:1", "10.0.0.2:2", 2*time.Second))
		phase(TraceWaitReader, 2*time.Hour)
		phase(TraceWaitReader, 2*time.Hour+time.Second) // the same waiting
		if n := after(m, 2*time.Hour+9*time.Second); n != 0 {
			t.Error("too early")
		}
		if n := after(m, 2*time.Hour+10*time.Second); n != 1 {
			t.Error("not at all, or the one that is not waited for")
		}
	})
}

// TestLastTime is flowReaderLastTime as decision 24 has it.
func TestLastTime(t *testing.T) {
	m := New(Config{MaxGap: AnyGap})
	addRuleSet(t, m, 2)
	addReader(t, m, 1, "", 2, 0, false)
	for i, tt := range []struct {
		at             time.Duration
		last, previous Uptime
	}{{0, 1, 0}, {0, 1, 0}, {time.Second, 101, 1}, {time.Second, 101, 1}, {3 * time.Second, 301, 101}} {
		feedAll(t, m, tcp(t, "10.0.0.1:1", "10.0.0.2:2", tt.at))
		err := change(t, m, wall0, func(c *Change) {
			r, _ := c.Reader(1, RowNone)
			grant(t)(r.SetLastTime())
		})
		if err != nil {
			t.Fatal(err)
		}
		m.View(func(s *State) {
			if r, _ := s.Reader(1); r.LastTime != tt.last || r.PreviousTime != tt.previous {
				t.Errorf("collection %d: last %d, previous %d, want %d and %d", i, r.LastTime, r.PreviousTime, tt.last, tt.previous)
			}
		})
	}
}

// TestMarksRuleRecovery: a reader with a mark of its own frees flows by it, a
// plain one by its previous time.
func TestMarksRuleRecovery(t *testing.T) {
	for _, marked := range []bool{false, true} {
		m := New(Config{MaxGap: AnyGap, Inactivity: time.Second})
		addRuleSet(t, m, 2)
		addTask(t, m, 1, 2)
		addReader(t, m, 1, "", 2, 0, false)
		feedAll(t, m, tcp(t, "10.0.0.1:1", "10.0.0.9:2", 0), tcp(t, "10.0.0.2:1", "10.0.0.9:2", 2*time.Second))
		err := change(t, m, wall0, func(c *Change) {
			r, _ := c.Reader(1, RowNone)
			grant(t)(r.SetLastTime())
			if marked {
				grant(t)(r.SetMark(201))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		feedAll(t, m, tcp(t, "10.0.0.2:1", "10.0.0.9:2", 4*time.Second))
		m.View(func(s *State) {
			if got, want := s.FlowsInUse(), map[bool]int{false: 2, true: 1}[marked]; got != want {
				t.Errorf("marked %v: %d flows, want %d", marked, got, want)
			}
		})
	}
}

// TestReaderOfAnotherRuleSet: what a reader has of one rule set's flows says
// nothing of another's.
func TestReaderOfAnotherRuleSet(t *testing.T) {
	m := New(Config{MaxGap: AnyGap, Inactivity: time.Second})
	addRuleSet(t, m, 2)
	addRuleSet(t, m, 3)
	addTask(t, m, 1, 3)
	addReader(t, m, 1, "", 2, 0, true)
	feedAll(t, m, tcp(t, "10.0.0.1:1", "10.0.0.9:2", 0), tcp(t, "10.0.0.2:1", "10.0.0.9:2", 500*time.Millisecond))
	for _, f := range []func(r *ReaderChange) Refusal{
		func(r *ReaderChange) Refusal { return r.SetMark(51) },
		(*ReaderChange).SetLastTime,
		func(r *ReaderChange) Refusal { return r.SetRuleSet(3) },
	} {
		err := change(t, m, wall0, func(c *Change) {
			r, _ := c.Reader(1, RowNotInService)
			grant(t)(f(r))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := change(t, m, wall0, func(c *Change) { _, _ = c.Reader(1, RowActive) }); err != nil {
		t.Fatal(err)
	}
	feedAll(t, m, tcp(t, "10.0.0.2:1", "10.0.0.9:2", 4*time.Second))
	m.View(func(s *State) {
		if r, _ := s.Reader(1); r.Mark != 0 || r.LastTime != 0 || r.PreviousTime != 0 || s.FlowsInUse() != 2 {
			t.Errorf("%+v, %d flows", r, s.FlowsInUse())
		}
	})
}

func TestTooManyRules(t *testing.T) {
	m := New(Config{MaxGap: AnyGap})
	n := uint32(2)
	for ; ; n++ {
		err := change(t, m, wall0, func(c *Change) {
			rs, _ := c.RuleSet(n, RowCreateAndWait)
			grant(t)(rs.SetSize(ruleset.MaxRules))
		})
		if err != nil {
			var why *RowError
			if !errors.As(err, &why) || why.Refusal != ResourceUnavailable {
				t.Error(err)
			}
			break
		}
	}
	if most := uint32(2 + MaxAllRules/ruleset.MaxRules); n != most {
		t.Errorf("refused at rule set %d, want %d", n, most)
	}
	// What goes in the same Change makes room.
	err := change(t, m, wall0, func(c *Change) {
		rs, _ := c.RuleSet(n, RowCreateAndWait)
		grant(t)(rs.SetSize(ruleset.MaxRules))
		_, why := c.RuleSet(2, RowDestroy)
		grant(t)(why)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestSearch holds searches against a plain loop, with flows of several rule
// sets that come, change and go.
func TestSearch(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	m := newMeter(t, Config{Inactivity: 20 * time.Second}, `save SourcePeerAddress; count;`,
		`if SourcePeerAddress == 10.0.0/24 save, count; else nomatch;`)
	at := time.Duration(0)
	for round := range 30 {
		at += 5 * time.Second
		var frames []wire.Frame
		for range 100 {
			frames = append(frames, tcp(t, fmt.Sprintf("10.0.%d.%d:1", rnd.IntN(12), rnd.IntN(256)), "192.0.2.1:1", at))
		}
		feedAll(t, m, frames...)
		m.View(func(s *State) {
			for _, set := range []int{AnyRuleSet, 2, 3, 4} {
				since := s.Uptime() - Uptime(rnd.IntN(5000))
				var want, got []uint32
				for slot := range m.flows.records.Len() {
					p := m.flows.record(slot)
					if p.keyLen != 0 && p.last >= since && (set == AnyRuleSet || int(p.ruleSet) == set) {
						want = append(want, slot+1)
					}
				}
				for i := s.NextFlow(set, since, 0); i != 0; i = s.NextFlow(set, since, i) {
					got = append(got, i)
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("round %d, rule set %d since %d: %v, want %v", round, set, since, got, want)
				}
			}
		})
	}
}

// TestSearchIsBounded: one call looks at so many flows, and the next goes on.
func TestSearchIsBounded(t *testing.T) {
	m := newMeter(t, Config{}, `save SourcePeerAddress; count;`, `save SourcePeerType; count;`)
	frames := make([]wire.Frame, 0, 256)
	const flows = 3 * SearchBudget
	for i := range flows {
		frames = append(frames, tcp(t, fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255), "192.0.2.1:1", 0))
		if len(frames) == cap(frames) {
			feedAll(t, m, frames...)
			frames = frames[:0]
		}
	}
	// Make blocks look as if they held flows of rule set 3.
	for slot := range m.flows.records.Len() {
		m.blocks.add(slot, 3)
	}
	m.View(func(s *State) {
		after, calls := uint32(2), 0
		for {
			budget := SearchBudget
			found, more := s.SearchFlow(3, 0, after, &budget)
			if calls++; found != 0 {
				t.Fatalf("flow %d", found)
			}
			if more == 0 {
				break
			}
			if more <= after || more-after > SearchBudget+256 {
				t.Fatalf("went from %d to %d", after, more)
			}
			after = more
		}
		if calls < 3 {
			t.Errorf("%d calls", calls)
		}
	})
	// Recovery walks through the blocks and finds out.
	m.recoverFlows(2, int64(m.flows.records.Len()))
	m.View(func(s *State) {
		budget := SearchBudget
		if found, more := s.SearchFlow(3, 0, 2, &budget); found != 0 || more != 0 {
			t.Errorf("after a walk: %d %d", found, more)
		}
		if found, _ := s.SearchFlow(2, 0, flows-1, &budget); found != flows {
			t.Errorf("after a walk the last flow is %d", found)
		}
	})
}

// TestDestroyedFlowsComeBackAtTicks frees 10,000 flows a part at a time.
func TestDestroyedFlowsComeBackAtTicks(t *testing.T) {
	m := newMeter(t, Config{}, `save SourcePeerAddress; count;`)
	frames := make([]wire.Frame, 0, 250)
	for i := range 10_000 {
		frames = append(frames, tcp(t, fmt.Sprintf("10.0.%d.%d:1", i>>8, i&255), "192.0.2.1:1", 0))
		if len(frames) == cap(frames) {
			feedAll(t, m, frames...)
			frames = frames[:0]
		}
	}
	err := m.Update(func(s *Control) error {
		if err := s.Stop(2); err != nil {
			return err
		}
		return s.Destroy(2)
	})
	if err != nil {
		t.Fatal(err)
	}
	left := m.flows.inUse
	for tick := 1; left > 0; tick++ {
		feedAll(t, m, tcp(t, "10.0.0.1:1", "192.0.2.1:1", time.Duration(tick)*100*time.Millisecond))
		freed := left - m.flows.inUse
		if left = m.flows.inUse; freed <= 0 || freed > recoverAtLeast+10_000/recoverShare {
			t.Fatalf("tick %d frees %d flows", tick, freed)
		}
		m.View(func(s *State) {
			if s.NextFlow(2, 0, 0) != 0 || s.NextFlow(AnyRuleSet, 0, 0) != 0 || s.FlowsInUse() != 0 || s.Flow(9999, &Flow{}) {
				t.Fatal("a hidden flow is seen")
			}
		})
	}
	if m.allHidden != 0 {
		t.Errorf("%d still hidden", m.allHidden)
	}
	m.View(func(s *State) {
		if c := s.Totals(); c.PDUs != 10_000 || c.Created != 10_000 || c.Flows != 0 {
			t.Errorf("totals %+v", c)
		}
	})
}

func TestRowErrorTells(t *testing.T) {
	m := New(Config{MaxGap: AnyGap})
	addRuleSet(t, m, 2)
	err := change(t, m, wall0, func(c *Change) {
		_, _ = c.RuleSet(2, RowNotInService)
		rs, why := c.RuleSet(2, RowNotInService)
		grant(t)(why)
		_, why = rs.Rule(5)
		grant(t)(why)
	})
	if err == nil || !strings.Contains(err.Error(), "rule set 2: inconsistentName: rule 5 is beyond its size, 2") {
		t.Error(err)
	}
	for _, tt := range []struct {
		number  uint32
		request RowStatus
		want    string
	}{
		{2, RowCreateAndGo, "rule set 2: inconsistentValue: createAndGo: the row is there already"},
		{2, RowNotReady, "rule set 2: wrongValue: notReady: it is a state, and cannot be asked for"},
		{3, RowActive, "rule set 3: inconsistentValue: active: there is no such row"},
		{3, RowCreateAndGo, "rule set 3: inconsistentValue: createAndGo: columns that the row must have are not set"},
	} {
		err := change(t, m, wall0, func(c *Change) {
			_, why := c.RuleSet(tt.number, tt.request)
			grant(t)(why)
		})
		if err == nil || err.Error() != tt.want {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}
