package session

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
	"netramet/ruleset"
)

// TestRowTakenAfterRestart starts the meter again and has another manager, who
// was quicker, take the indices we had: we leave his rows alone, and set up
// again beside them.
func TestRowTakenAfterRestart(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	other := &clienttest.Reader{Owner: "other", Status: mib.RowActive, RuleSet: 2}
	// Between the keepalive at 12:04:01 and the collection at 12:05.
	b.live(t, event{noon.Add(4*time.Minute + 59*time.Second), func() {
		b.restart()
		b.m.RuleSets()[2] = &clienttest.RuleSet{Owner: "other", Name: "one", Status: mib.RowActive}
		b.m.Readers()[1] = other
		b.m.Tasks()[1] = &clienttest.Task{Owner: "other", Status: mib.RowActive, Current: 2}
	}})
	if other.LastTime != 0 || b.m.Readers()[1].LastTime != 0 {
		t.Error("we began a collection in the name of another")
	}
	if all := strings.Join(b.out.blocks, "\n"); !strings.Contains(all, "2: 1-") || !strings.Contains(all, "[the meter was started again after 12:04:01") {
		t.Errorf("collections:\n%s\nlog:\n%s", all, b.log)
	}
}

// TestRemoveSparesOthers is told to end, and to take its rows along, when the
// meter has been started again and the indices are another's.
func TestRemoveSparesOthers(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	b.cfg.RemoveRows = true
	ctx, cancel := context.WithCancel(context.Background())
	b.clock.events = []event{{noon.Add(4*time.Minute + 59*time.Second), func() {
		b.restart()
		b.m.RuleSets()[2] = &clienttest.RuleSet{Owner: "other", Name: "one", Status: mib.RowActive}
		b.m.Readers()[1] = &clienttest.Reader{Owner: "other", Status: mib.RowActive, RuleSet: 3}
		b.m.Tasks()[1] = &clienttest.Task{Owner: "other", Status: mib.RowActive, Current: 3}
		cancel()
	}}}
	if err := b.run(t, ctx); err != nil {
		t.Fatal(err)
	}
	if len(b.m.RuleSets()) != 2 || len(b.m.Readers()) != 1 || len(b.m.Tasks()) != 1 {
		t.Errorf("rows of another were removed: %d rule sets, %d readers, %d tasks", len(b.m.RuleSets()), len(b.m.Readers()), len(b.m.Tasks()))
	}
}

// TestEndWhileUnreachable is told to end when the meter was started again and
// its name can no longer be looked up.
func TestEndWhileUnreachable(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	b.cfg.RemoveRows = true
	dial, gone := b.cfg.Dial, false
	b.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
		if gone {
			return nil, errors.New("no such host")
		}
		return dial(ctx)
	}
	b.live(t, event{noon.Add(7 * time.Minute), func() {
		gone = true
		b.restart()
	}})
	if !strings.Contains(b.log.String(), "no such host") {
		t.Errorf("log:\n%s", b.log)
	}
}

// TestForgotten has the meter remove our reader row while all else stays, and
// somebody remove our rule set: neither is a restart, and the note in the flow
// data says what it is.
func TestForgotten(t *testing.T) {
	for _, tt := range []struct {
		name   string
		forget func(m *clienttest.Meter)
		want   string
		loads  int
	}{
		{"the reader row", func(m *clienttest.Meter) { clear(m.Readers()) }, "[the meter had removed our reader row; all flows are read again]", 1},
		{"all", func(m *clienttest.Meter) { clear(m.Readers()); clear(m.Tasks()); delete(m.RuleSets(), 2) },
			"[our rule sets were gone from the meter; their counters and flow indices begin anew]", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(1, clienttest.Faults{})
			b.ticking()
			b.live(t, event{noon.Add(7 * time.Minute), func() { tt.forget(b.m) }})
			if all := strings.Join(b.out.blocks, "\n"); !strings.Contains(all, "3: 1-") || !strings.Contains(all, tt.want) {
				t.Errorf("collections:\n%s", all)
			}
			if n := strings.Count(b.log.String(), "downloaded"); n != tt.loads || strings.Contains(b.log.String(), "started again") {
				t.Errorf("%d downloads, want %d\n%s", n, tt.loads, b.log)
			}
		})
	}
}

// TestOneMoreToRead adds a rule set to those that are read: the row that went
// on and the new one begin together.
func TestOneMoreToRead(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.cfg.Sets = []*ruleset.RuleSet{set("one", 3), set("two", 4)}
	b.cfg.DownloadOnly = true
	b.ticking()
	if err := b.run(t, context.Background()); err != nil {
		t.Fatal(err)
	}
	b.cfg.Sets, b.cfg.DownloadOnly, b.cfg.Owner = nil, false, "reader"
	b.cfg.Read = []Read{{Name: "one"}}
	b.live(t)
	b.cfg.Read = append(b.cfg.Read, Read{Name: "two"})
	b.live(t)
	if n := len(b.out.blocks); n != 8 || !strings.Contains(b.out.blocks[4], ": 1-") {
		t.Errorf("collections:\n%s\nlog:\n%s", strings.Join(b.out.blocks, "\n"), b.log)
	}
}

// TestSeveralOfOneName: a rule set to read is chosen by its number, or it is the
// one that was read before; nothing is read by chance.
func TestSeveralOfOneName(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	download := func(owner string, n int) {
		other := *b
		other.cfg.Owner, other.cfg.DownloadOnly = owner, true
		other.cfg.Sets, other.cfg.Read = []*ruleset.RuleSet{set("usage", n)}, nil
		if err := other.run(t, context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	download("one", 2)
	b.cfg.Sets, b.cfg.Read = nil, []Read{{Name: "usage"}}
	b.live(t)
	download("two", 3)
	b.live(t) // goes on with what it read
	if rs := b.m.Readers(); len(rs) != 1 || rs[1].RuleSet != 2 {
		t.Errorf("readers %v", rs)
	}
	b.cfg.Owner = "somebody new"
	if err := b.run(t, context.Background()); err == nil || !strings.Contains(err.Error(), `several rule sets "usage"`) {
		t.Errorf("error %v", err)
	}
	// "set 3;" in a rule file makes a name of the number, which may be taken.
	b.m.RuleSets()[9] = &clienttest.RuleSet{Owner: "two", Name: "3", Status: mib.RowActive}
	b.m.Tasks()[9] = &clienttest.Task{Owner: "two", Current: 9, Status: mib.RowActive}
	b.cfg.Read[0].Name = "3"
	b.live(t)
	if rs := b.m.Readers(); len(rs) != 2 || rs[2].RuleSet != 3 {
		t.Errorf("readers %v", rs)
	}
}
