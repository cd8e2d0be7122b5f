package session

import (
	"context"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
)

// TestLookAfter has things happen to a manager's tasks between two collections, at
// 12:07: each is told once, and what changes numbers stands in the flow data.
func TestLookAfter(t *testing.T) {
	const maxFlows = 4_000_000
	full := func(m *clienttest.Meter, percent float64) {
		m.Stats[mib.ObjFlowActiveFlows] = uint64(percent * maxFlows / 100)
	}
	for _, tt := range []struct {
		name   string
		do     func(*clienttest.Meter)
		log    string // in one line of the log
		block  string // note of the collection at 12:10; "" is none
		ended  func(*clienttest.Meter) bool
		events []event
	}{
		{
			name:  "standby, and no room yet",
			do:    func(m *clienttest.Meter) { full(m, 65); m.Tasks()[1].RunningStandby = true },
			log:   "standby rule set 3 (0 is none) took the place of rule set 2",
			block: "[standby rule set 3 (0 is none) took the place of rule set 2: the flow table was over 65 % full]",
			ended: func(m *clienttest.Meter) bool { return m.Tasks()[1].RunningStandby },
		},
		{
			name:  "standby that has done its work",
			do:    func(m *clienttest.Meter) { full(m, 64.9); m.Tasks()[1].RunningStandby = true },
			log:   "rule set 2 runs again in place of standby rule set 3",
			block: "full] [rule set 2 runs again in place of standby rule set 3]",
			ended: func(m *clienttest.Meter) bool { return !m.Tasks()[1].RunningStandby },
		},
		{
			name:   "standby that has done its work later",
			do:     func(m *clienttest.Meter) { full(m, 80); m.Tasks()[1].RunningStandby = true },
			events: []event{{noon.Add(8 * time.Minute), nil}},
			log:    "rule set 2 runs again in place of standby rule set 3",
			block:  "full] [rule set 2 runs again in place of standby rule set 3]",
			ended:  func(m *clienttest.Meter) bool { return !m.Tasks()[1].RunningStandby },
		},
		{
			name: "flood mode, and no room yet",
			do: func(m *clienttest.Meter) {
				full(m, 95)
				m.SetScalar(mib.ObjFlowFloodMode, 1)
				m.Stats[mib.ObjNtmPacketsRefused], m.Stats[mib.ObjNtmPacketsFlooded] = 7, 7
			},
			log:   "the meter is in flood mode",
			block: "[the meter is in flood mode, for its flow table was over 95 % full: packets of new flows are missing from here on]",
			ended: func(m *clienttest.Meter) bool { return m.Scalar(mib.ObjFlowFloodMode) == 1 },
		},
		{
			name: "a flood that has receded",
			do: func(m *clienttest.Meter) {
				full(m, 94.9)
				m.SetScalar(mib.ObjFlowFloodMode, 1)
				m.Stats[mib.ObjNtmPacketsRefused], m.Stats[mib.ObjNtmPacketsFlooded] = 7, 7
			},
			log:   "flood mode is over; it refused 7 packets",
			block: "from here on] [flood mode is over; it refused 7 packets of new flows]",
			ended: func(m *clienttest.Meter) bool { return m.Scalar(mib.ObjFlowFloodMode) == 2 },
		},
		{
			name:  "a task that is stopped",
			do:    func(m *clienttest.Meter) { m.Tasks()[1].Current = 0 },
			log:   "somebody else changed a task of ours from rule set 2 to 0",
			block: "[somebody else changed a task of ours from rule set 2 to 0 (0 is none)]",
		},
		{
			name:  "a task out of service",
			do:    func(m *clienttest.Meter) { m.Tasks()[1].Status = mib.RowNotInService },
			log:   "out of service",
			block: "[somebody else took the task of rule set 2 out of service: it counts nothing, unless another task runs it]",
		},
		{
			name:  "a task that is gone",
			do:    func(m *clienttest.Meter) { delete(m.Tasks(), 1) },
			log:   "somebody else removed our task of rule set 2",
			block: "[somebody else removed our task of rule set 2: it counts nothing, unless another task runs it]",
		},
		{
			name:  "a task that is another's",
			do:    func(m *clienttest.Meter) { m.Tasks()[1].Owner = "other" },
			log:   "owner=other",
			block: "[the task of rule set 2 is somebody else's now]",
		},
		{
			name: "another's standby is none of ours",
			do: func(m *clienttest.Meter) {
				m.Tasks()[9] = &clienttest.Task{Owner: "other", Status: mib.RowActive, Current: 2, RunningStandby: true}
				m.SetScalar(mib.ObjFlowFloodMark, 95)
			},
			log:   "rule set downloaded",
			ended: func(m *clienttest.Meter) bool { return m.Tasks()[9].RunningStandby },
		},
		{name: "another mark", do: func(m *clienttest.Meter) { m.Tasks()[1].HighWaterMark = 50 }, log: "high-water mark\" task=1 from=65 to=50"},
		{name: "another standby", do: func(m *clienttest.Meter) { m.Tasks()[1].Standby = 1 }, log: "standby rule set\" task=1 from=3 to=1"},
		{name: "another flood mark", do: func(m *clienttest.Meter) { m.SetScalar(mib.ObjFlowFloodMark, 90) }, log: "flood mark\" owner from=95 to=90"},
		{name: "another time-out", do: func(m *clienttest.Meter) { m.SetScalar(mib.ObjFlowInactivityTimeout, 30) }, log: "inactivity timeout\" owner from=600 to=30"},
		{
			name: "a full table",
			do:   func(m *clienttest.Meter) { m.Stats[mib.ObjNtmPacketsRefused] = 5 },
			log:  "the meter's flow table is full",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(1, clienttest.Faults{})
			b.cfg.Standby, b.cfg.HighWaterMark = set("few", 1), 65
			b.ticking()
			events := []event{{noon.Add(7*time.Minute - time.Second), func() { tt.do(b.m) }}}
			for _, e := range tt.events {
				events = append(events, event{e.at, func() { full(b.m, 10) }})
			}
			b.live(t, events...)
			log := strings.ReplaceAll(b.log.String(), "owner=nemac@test:m:r ", "")
			if want := strings.ReplaceAll(tt.log, " owner ", " "); strings.Count(log, want) != 1 && tt.log != "rule set downloaded" {
				t.Errorf("the log has %d lines with %q:\n%s", strings.Count(log, want), want, log)
			}
			if got := b.out.blocks[2]; !strings.HasSuffix(got, tt.block) || tt.block == "" && strings.Contains(got, "[") {
				t.Errorf("collection %s, want %q", got, tt.block)
			}
			if all := strings.Join(b.out.blocks[:2], "") + b.out.blocks[3]; strings.Contains(all, "[") {
				t.Errorf("other collections have notes: %q", b.out.blocks)
			}
			if tt.ended != nil && !tt.ended(b.m) {
				t.Errorf("the task is %+v, flood mode %d", b.m.Tasks()[1], b.m.Scalar(mib.ObjFlowFloodMode))
			}
		})
	}
}

// TestLookAfterBefore finds what was left by a nemac of before: it is put right before
// the first collection.
func TestLookAfterBefore(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.cfg.Standby, b.cfg.HighWaterMark = set("few", 1), 65
	b.cfg.DownloadOnly = true
	if err := b.run(t, context.Background()); err != nil {
		t.Fatal(err)
	}
	b.m.Tasks()[1].RunningStandby = true
	b.m.SetScalar(mib.ObjFlowFloodMode, 1)
	b.cfg.DownloadOnly = false
	b.ticking()
	b.live(t)
	if b.m.Tasks()[1].RunningStandby || b.m.Scalar(mib.ObjFlowFloodMode) != 2 || strings.Count(b.out.blocks[0], "[") != 4 {
		t.Errorf("the task is %+v, flood mode %d, collections %q", b.m.Tasks()[1], b.m.Scalar(mib.ObjFlowFloodMode), b.out.blocks)
	}
}

// TestOnlyReads: who reads what others run leaves flood mode to them, but tells.
func TestOnlyReads(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.m.RuleSets()[2] = &clienttest.RuleSet{Owner: "other", Name: "one", Status: mib.RowActive}
	b.m.Tasks()[1] = &clienttest.Task{Owner: "other", Status: mib.RowActive, Current: 2}
	b.cfg.Sets, b.cfg.Read = nil, []Read{{Name: "one"}}
	b.m.SetScalar(mib.ObjFlowFloodMode, 1)
	b.ticking()
	b.live(t)
	if b.m.Scalar(mib.ObjFlowFloodMode) != 1 || !strings.Contains(b.out.blocks[0], "[the meter is in flood mode") {
		t.Errorf("flood mode %d, collections %q", b.m.Scalar(mib.ObjFlowFloodMode), b.out.blocks)
	}
}

// TestLookAfterTrace puts things right while the trace stands still.
func TestLookAfterTrace(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.cfg.Standby, b.cfg.HighWaterMark = set("few", 1), 65
	b.trace(3)
	second := b.m.Intervals[1]
	b.m.Intervals[1] = func(m *clienttest.Meter) { second(m); m.Tasks()[1].RunningStandby = true }
	third := b.m.Intervals[2]
	b.m.Intervals[2] = func(m *clienttest.Meter) {
		if m.Tasks()[1].RunningStandby {
			t.Error("the trace goes on before the task is put right")
		}
		third(m)
	}
	if err := b.run(t, context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := b.out.blocks[1]; !strings.Contains(got, "runs again in place of") {
		t.Errorf("collections %q", b.out.blocks)
	}
}

// TestNarrowLive collects over paths that drop large datagrams.
func TestNarrowLive(t *testing.T) {
	for _, max := range []int{1500, 1000, 484} {
		b := newBench(1, clienttest.Faults{})
		b.cfg.Sets = append(b.cfg.Sets, set("two", 300))
		b.ticking()
		dial := b.cfg.Dial
		b.cfg.Dial = func(ctx context.Context) (c *remotemeter.Meter, err error) {
			c, err = dial(ctx)
			b.link.Max = max
			return c, err
		}
		b.live(t)
		b.want(t, "1: 1-1000", "2: 999-30900", "3: 30899-60900", "4: 60899-90900")
	}
}
