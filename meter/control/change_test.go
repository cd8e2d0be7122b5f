package control

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"netramet/meter"
	"netramet/mib"
	"netramet/ruleset"
)

// addRuleSet makes an active rule set that counts by host.
func addRuleSet(t testing.TB, m *Meter, n uint32) {
	t.Helper()
	err := change(t, m, wall0, func(c *Change) {
		rs, why := c.RuleSet(n, mib.RowCreateAndGo)
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
		r, why := c.Reader(index, mib.RowCreateAndGo)
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
		r, why := c.Task(index, mib.RowCreateAndGo)
		grant(t)(why)
		grant(t)(r.SetCurrent(ruleSet))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRuleSetOneRunsIfAsked(t *testing.T) {
	for _, run := range []bool{false, true} {
		m := New(meter.Config{MaxGap: meter.AnyGap}, Config{RunDefault: run})
		feed(t, m, packet(t, "10.0.0.1", "10.0.0.2", 0), packet(t, "10.0.0.2", "10.0.0.1", 0))
		m.View(func(s *State) {
			c, err := s.RuleSetCounts(1)
			if err != nil || (c.PDUs == 2) != run || (c.Flows == 1) != run {
				t.Errorf("run %v: %+v %v", run, c, err)
			}
			row, ok := s.RuleSetRow(1)
			if !ok || row.Status != mib.RowActive || row.Running != run {
				t.Errorf("run %v: %+v", run, row)
			}
		})
	}
}

func TestTasksRunRuleSets(t *testing.T) {
	m := newMeter()
	addRuleSet(t, m, 2)
	addRuleSet(t, m, 3)
	running := func() (text string) {
		m.View(func(s *State) {
			for n := s.NextRuleSet(0); n != 0; n = s.NextRuleSet(n) {
				if s.Runs(n) {
					text += fmt.Sprint(n)
				}
			}
		})
		return text
	}
	set := func(index uint32, current, standby int64) {
		err := change(t, m, wall0, func(c *Change) {
			r, why := c.Task(index, mib.RowNone)
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
	if err := change(t, m, wall0, func(c *Change) { _, _ = c.RuleSet(2, mib.RowDestroy) }); err == nil {
		t.Error("a rule set was destroyed that a task names as standby")
	}
	var row *RowError
	if err := change(t, m, wall0, func(c *Change) {
		_, _ = c.RuleSet(3, mib.RowDestroy)
		r, _ := c.Task(2, mib.RowNone)
		grant(t)(r.SetCurrent(3))
	}); !errors.As(err, &row) || row.Refusal != InconsistentValue || row.Table != RuleSetTable {
		t.Errorf("destroy and run at once: %v", err)
	}
	if err := change(t, m, wall0, func(c *Change) { _, _ = c.RuleSet(3, mib.RowDestroy) }); err != nil {
		t.Error(err)
	}
}

// TestReadersGoWithTheirRuleSet: a later rule set of the same number is
// another one.
func TestReadersGoWithTheirRuleSet(t *testing.T) {
	m := newMeter()
	addRuleSet(t, m, 2)
	addReader(t, m, 1, "x", 2, 0, true)
	if err := change(t, m, wall0, func(c *Change) { _, _ = c.RuleSet(2, mib.RowDestroy) }); err != nil {
		t.Fatal(err)
	}
	m.View(func(s *State) {
		if _, ok := s.Reader(1); ok {
			t.Error("the reader is still there")
		}
	})
}

func TestUnfinishedRowsAge(t *testing.T) {
	m := newMeter()
	err := change(t, m, wall0, func(c *Change) {
		rs, why := c.RuleSet(9, mib.RowCreateAndWait)
		grant(t)(why)
		grant(t)(rs.SetOwner("me"))
		_, why = c.Reader(8, mib.RowCreateAndWait)
		grant(t)(why)
		_, why = c.Task(7, mib.RowCreateAndWait)
		grant(t)(why)
	})
	if err != nil {
		t.Fatal(err)
	}
	touch := func(at time.Duration) {
		if err := change(t, m, wall0.Add(at), func(c *Change) {
			rs, why := c.RuleSet(9, mib.RowNone)
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
		update(t, m, func(s *Tables) error {
			if got := fmt.Sprint(s.AdvanceWall(wall0.Add(tt.at))); got != tt.want {
				t.Errorf("after %v: %s, want %s", tt.at, got, tt.want)
			}
			return nil
		})
	}
}

func TestReaderTimesOut(t *testing.T) {
	after := func(m *Meter, d time.Duration) (n int) {
		update(t, m, func(s *Tables) error {
			n = len(s.AdvanceWall(wall0.Add(d)))
			return nil
		})
		return n
	}
	t.Run("live", func(t *testing.T) {
		m := newMeter()
		addRuleSet(t, m, 2)
		addReader(t, m, 1, "", 2, 10, false)
		addReader(t, m, 2, "", 2, 0, false)
		if n := after(m, 9*time.Second); n != 0 {
			t.Error("too early")
		}
		err := change(t, m, wall0.Add(9*time.Second), func(c *Change) {
			r, _ := c.Reader(1, mib.RowNone)
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
	t.Run("a new timeout", func(t *testing.T) {
		m := newMeter()
		addRuleSet(t, m, 2)
		addReader(t, m, 1, "", 2, 0, false)
		timeout := func(seconds int64, at time.Duration) {
			err := change(t, m, wall0.Add(at), func(c *Change) {
				r, _ := c.Reader(1, mib.RowNone)
				grant(t)(r.SetTimeout(seconds))
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		timeout(10, time.Hour)
		if n := after(m, time.Hour+9*time.Second); n != 0 {
			t.Fatal("it began before it was set")
		}
		timeout(10, time.Hour+9*time.Second) // the same again
		if n := after(m, time.Hour+10*time.Second); n != 1 {
			t.Error("not at all")
		}
	})
	t.Run("trace", func(t *testing.T) {
		m := New(meter.Config{MaxGap: meter.AnyGap, Interval: time.Second}, Config{})
		phase := func(p mib.TracePhase, at time.Duration) {
			if err := m.Update(func(s *Tables) error { return s.SetTracePhase(p, wall0.Add(at)) }); err != nil {
				t.Fatal(err)
			}
		}
		addRuleSet(t, m, 2)
		addReader(t, m, 1, "", 2, 10, true)
		addReader(t, m, 2, "", 2, 10, false)
		phase(mib.TraceRunning, 0)
		if n := after(m, time.Hour); n != 0 {
			t.Error("while the trace runs")
		}
		feed(t, m, packet(t, "10.0.0.1", "10.0.0.2", 0), packet(t, "10.0.0.1", "10.0.0.2", 2*time.Second))
		phase(mib.TraceWaitReader, 2*time.Hour)
		phase(mib.TraceWaitReader, 2*time.Hour+time.Second) // the same waiting
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
	m := newMeter()
	addRuleSet(t, m, 2)
	addReader(t, m, 1, "", 2, 0, false)
	for i, tt := range []struct {
		at             time.Duration
		last, previous meter.Uptime
	}{{0, 1, 0}, {0, 1, 0}, {time.Second, 101, 1}, {time.Second, 101, 1}, {3 * time.Second, 301, 101}} {
		feed(t, m, packet(t, "10.0.0.1", "10.0.0.2", tt.at))
		err := change(t, m, wall0, func(c *Change) {
			r, _ := c.Reader(1, mib.RowNone)
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
		m := New(meter.Config{MaxGap: meter.AnyGap, Inactivity: time.Second}, Config{})
		addRuleSet(t, m, 2)
		addTask(t, m, 1, 2)
		addReader(t, m, 1, "", 2, 0, false)
		feed(t, m, packet(t, "10.0.0.1", "10.0.0.9", 0), packet(t, "10.0.0.2", "10.0.0.9", 2*time.Second))
		err := change(t, m, wall0, func(c *Change) {
			r, _ := c.Reader(1, mib.RowNone)
			grant(t)(r.SetLastTime())
			if marked {
				grant(t)(r.SetMark(201))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		feed(t, m, packet(t, "10.0.0.2", "10.0.0.9", 4*time.Second))
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
	m := New(meter.Config{MaxGap: meter.AnyGap, Inactivity: time.Second}, Config{})
	addRuleSet(t, m, 2)
	addRuleSet(t, m, 3)
	addTask(t, m, 1, 3)
	addReader(t, m, 1, "", 2, 0, true)
	feed(t, m, packet(t, "10.0.0.1", "10.0.0.9", 0), packet(t, "10.0.0.2", "10.0.0.9", 500*time.Millisecond))
	for _, f := range []func(r *ReaderChange) Refusal{
		func(r *ReaderChange) Refusal { return r.SetMark(51) },
		(*ReaderChange).SetLastTime,
		func(r *ReaderChange) Refusal { return r.SetRuleSet(3) },
	} {
		err := change(t, m, wall0, func(c *Change) {
			r, _ := c.Reader(1, mib.RowNotInService)
			grant(t)(f(r))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := change(t, m, wall0, func(c *Change) { _, _ = c.Reader(1, mib.RowActive) }); err != nil {
		t.Fatal(err)
	}
	feed(t, m, packet(t, "10.0.0.2", "10.0.0.9", 4*time.Second))
	m.View(func(s *State) {
		if r, _ := s.Reader(1); r.Mark != 0 || r.LastTime != 0 || r.PreviousTime != 0 || s.FlowsInUse() != 2 {
			t.Errorf("%+v, %d flows", r, s.FlowsInUse())
		}
	})
}

func TestTooManyRules(t *testing.T) {
	m := newMeter()
	n := uint32(2)
	for ; ; n++ {
		err := change(t, m, wall0, func(c *Change) {
			rs, _ := c.RuleSet(n, mib.RowCreateAndWait)
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
	if most := uint32(2 + ruleset.MaxAllRules/ruleset.MaxRules); n != most {
		t.Errorf("refused at rule set %d, want %d", n, most)
	}
	// What goes in the same Change makes room.
	err := change(t, m, wall0, func(c *Change) {
		rs, _ := c.RuleSet(n, mib.RowCreateAndWait)
		grant(t)(rs.SetSize(ruleset.MaxRules))
		_, why := c.RuleSet(2, mib.RowDestroy)
		grant(t)(why)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestRowErrorTells(t *testing.T) {
	m := newMeter()
	addRuleSet(t, m, 2)
	err := change(t, m, wall0, func(c *Change) {
		_, _ = c.RuleSet(2, mib.RowNotInService)
		rs, why := c.RuleSet(2, mib.RowNotInService)
		grant(t)(why)
		_, why = rs.Rule(5)
		grant(t)(why)
	})
	if err == nil || !strings.Contains(err.Error(), "rule set 2: inconsistentName: rule 5 is beyond its size, 2") {
		t.Error(err)
	}
	for _, tt := range []struct {
		number  uint32
		request mib.RowStatus
		want    string
	}{
		{2, mib.RowCreateAndGo, "rule set 2: inconsistentValue: createAndGo: the row is there already"},
		{2, mib.RowNotReady, "rule set 2: wrongValue: notReady: it is a state, and cannot be asked for"},
		{3, mib.RowActive, "rule set 3: inconsistentValue: active: there is no such row"},
		{3, mib.RowCreateAndGo, "rule set 3: inconsistentValue: createAndGo: columns that the row must have are not set"},
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

// TestTaskSwitchesDuringCheck: a task that changes to its standby while rules
// are verified stays there, unless its manager says otherwise.
func TestTaskSwitchesDuringCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		back bool // the manager goes back to the current rule set
	}{{"the mark is set", false}, {"the standby is ended", true}} {
		t.Run(tt.name, func(t *testing.T) {
			m := New(meter.Config{MaxFlows: 100, MaxGap: meter.AnyGap}, Config{})
			addRuleSet(t, m, 2)
			addRuleSet(t, m, 3)
			err := change(t, m, wall0, func(c *Change) {
				task, why := c.Task(1, mib.RowCreateAndGo)
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
				task, why := c.Task(1, mib.RowNone)
				grant(t)(why)
				grant(t)(task.SetHighWaterMark(20))
				if tt.back {
					grant(t)(task.SetRunningStandby(false))
				}
				m.tables.switchToStandby(c.t.engine) // as the engine has it do at a tick
			})
			if err != nil {
				t.Fatal(err)
			}
			m.View(func(s *State) {
				if task, _ := s.Task(1); task.RunningStandby == tt.back || s.Runs(2) != tt.back || s.Runs(3) == tt.back {
					t.Errorf("%+v, rule sets run: %v %v", task, s.Runs(2), s.Runs(3))
				}
			})
		})
	}
}

// TestMarksAndDestroyedFlows: the flows of a destroyed rule set are gone for
// everybody, so they set off no mark.
func TestMarksAndDestroyedFlows(t *testing.T) {
	m := New(meter.Config{MaxFlows: 100_000, MaxGap: meter.AnyGap}, Config{FloodMark: 2})
	addRuleSet(t, m, 2)
	addRuleSet(t, m, 3)
	addTask(t, m, 2, 2)
	hosts(t, m, 0, 2000, 0)
	err := change(t, m, wall0, func(c *Change) {
		_, _ = c.Task(2, mib.RowDestroy)
		_, _ = c.RuleSet(2, mib.RowDestroy)
		task, why := c.Task(5, mib.RowCreateAndGo)
		grant(t)(why)
		grant(t)(task.SetCurrent(3))
		grant(t)(task.SetHighWaterMark(1))
	})
	if err != nil {
		t.Fatal(err)
	}
	hosts(t, m, 0, 10, 100*time.Millisecond) // a tick
	m.View(func(s *State) {
		if task, _ := s.Task(5); s.FloodMode() || task.RunningStandby {
			t.Errorf("flood mode %v, task %+v with %d flows", s.FloodMode(), task, s.FlowsInUse())
		}
	})
}

// TestTasksSwitchAtTheirMarks: each task switches at the first tick at which the
// table is fuller than its own mark, and runs its standby rule set from then on.
func TestTasksSwitchAtTheirMarks(t *testing.T) {
	m := New(meter.Config{MaxFlows: 100, MaxGap: meter.AnyGap}, Config{})
	for n := range uint32(4) {
		addRuleSet(t, m, 2+n)
	}
	err := change(t, m, wall0, func(c *Change) {
		for i, mark := range []int64{0, 30, 10} { // the first has none
			task, why := c.Task(uint32(1+i), mib.RowCreateAndGo)
			grant(t)(why)
			grant(t)(task.SetCurrent(2))
			grant(t)(task.SetStandby(int64(3 + i)))
			grant(t)(task.SetHighWaterMark(mark))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	fed := 0
	for i, tt := range []struct {
		flows int
		want  string // of tasks 1 to 3: s standby, c current; and the rule sets that run
	}{{10, "ccc 2"}, {11, "ccs 25"}, {20, "ccs 25"}, {31, "css 245"}, {40, "css 245"}} {
		at := time.Duration(i) * time.Second
		hosts(t, m, fed, 1, at) // the tick's work is over; flows of all that run come with the next ones
		for m.View(func(s *State) { fed = s.FlowsInUse() }); fed < tt.flows; m.View(func(s *State) { fed = s.FlowsInUse() }) {
			hosts(t, m, 1000+fed, 1, at)
		}
		hosts(t, m, 0, 1, at+100*time.Millisecond)
		got := ""
		m.View(func(s *State) {
			for n := range uint32(3) {
				task, _ := s.Task(1 + n)
				got += map[bool]string{false: "c", true: "s"}[task.RunningStandby]
			}
			got += " "
			for n := range 6 {
				if s.Runs(n) {
					got += fmt.Sprint(n)
				}
			}
		})
		if got != tt.want {
			t.Errorf("with %d flows: %s, want %s", tt.flows, got, tt.want)
		}
	}
}

// TestMarkWithoutStandby: a task that has no standby rule set has none to switch
// to, whatever its mark (RFC 2720 flowManagerHighWaterMark), until it gets one.
func TestMarkWithoutStandby(t *testing.T) {
	m := New(meter.Config{MaxFlows: 100, MaxGap: meter.AnyGap}, Config{})
	addRuleSet(t, m, 2)
	addRuleSet(t, m, 3)
	addTask(t, m, 1, 2)
	set := func(f func(task *TaskChange)) {
		err := change(t, m, wall0, func(c *Change) {
			task, why := c.Task(1, mib.RowNone)
			grant(t)(why)
			f(task)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(standby bool) {
		t.Helper()
		m.View(func(s *State) {
			if task, _ := s.Task(1); task.RunningStandby != standby || s.Runs(2) == standby || s.Runs(3) != standby {
				t.Errorf("%+v, rule sets run: %v %v", task, s.Runs(2), s.Runs(3))
			}
		})
	}
	set(func(task *TaskChange) { grant(t)(task.SetHighWaterMark(10)) })
	hosts(t, m, 0, 50, 0)
	hosts(t, m, 0, 1, 100*time.Millisecond) // a tick
	want(false)
	set(func(task *TaskChange) { grant(t)(task.SetStandby(3)) })
	hosts(t, m, 0, 1, 200*time.Millisecond)
	want(true)
}
