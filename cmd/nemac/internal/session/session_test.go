package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/ruleset"
)

// fakeClock passes as fast as it is slept on. At each sleep, what is due
// happens.
type fakeClock struct {
	now    time.Time
	events []event
	slept  int
}

type event struct {
	at time.Time
	do func()
}

func (c *fakeClock) Now() time.Time { return c.now }

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	if c.slept++; c.slept > 100000 {
		return errors.New("the test sleeps for ever")
	}
	c.now = c.now.Add(max(d, 0))
	for len(c.events) > 0 && !c.now.Before(c.events[0].at) {
		do := c.events[0].do
		c.events = c.events[1:]
		do()
	}
	return ctx.Err()
}

// output remembers collections.
type output struct {
	blocks []string
	cur    strings.Builder
	fail   int // so many Ends fail
	closed bool
	start  time.Time
	again  []uint64 // numbers of collections after a restart of the meter
}

func (o *output) Begin(iv reader.Interval, tasks []reader.Task) error {
	o.cur.Reset()
	fmt.Fprintf(&o.cur, "%d: %d-%d", iv.Number, iv.From, iv.To)
	for _, n := range iv.Notes {
		fmt.Fprintf(&o.cur, " [%s]", n)
	}
	if iv.Restarted {
		o.again = append(o.again, iv.Number)
	}
	return nil
}

func (o *output) Record(rec *reader.Record) error {
	fmt.Fprintf(&o.cur, " %d/%d", rec.RuleSet, rec.Index)
	return nil
}

func (o *output) End() error {
	if o.fail > 0 {
		o.fail--
		return errors.New("no space left on device")
	}
	o.blocks = append(o.blocks, o.cur.String())
	return nil
}

func (o *output) Abort() error         { return nil }
func (o *output) Close() error         { o.closed = true; return nil }
func (o *output) SetStart(t time.Time) { o.start = t }

var noon = time.Date(2026, 3, 1, 12, 0, 1, 0, time.UTC)

// bench is a session with everything around it.
type bench struct {
	m     *clienttest.Meter
	link  *clienttest.Link
	clock *fakeClock
	out   *output
	log   *bytes.Buffer
	cfg   Config
	dials int
	begun time.Time // of the meter, if ticking
}

func newBench(seed uint64, f clienttest.Faults) *bench {
	b := &bench{m: clienttest.New(), clock: &fakeClock{now: noon}, out: &output{}, log: &bytes.Buffer{}}
	b.cfg = Config{
		Owner: "nemac@test:m:r", Clock: b.clock, Log: slog.New(slog.NewTextHandler(b.log, nil)),
		Dial: func(ctx context.Context) (*remotemeter.Meter, error) {
			b.dials++
			b.link = b.m.NewLink(seed+uint64(b.dials), f)
			return remotemeter.Dial(ctx, client.Options{Host: "m", Security: client.Security{Community: "private"}, Conn: b.link, Retries: 30})
		},
		Open:       func(*Meter, bool) (Output, error) { return b.out, nil },
		Sets:       []*ruleset.RuleSet{set("one", 3)},
		Inactivity: -1, FloodMark: -1, UTC: true, Retries: 3, ReaderTimeout: 60,
		Interval: 5 * time.Minute, Keepalive: time.Minute, Wait: time.Minute,
	}
	return b
}

// set makes a rule set whose rules depend on n.
func set(name string, n int) *ruleset.RuleSet {
	rs := &ruleset.RuleSet{Name: name}
	for i := range n {
		r := ruleset.Rule{Selector: mib.AttrNull, Action: mib.ActionGoto, Parameter: uint16(i + 2)}
		if i == n-1 {
			r.Action, r.Parameter = mib.ActionCount, 0
		}
		rs.Rules = append(rs.Rules, r)
	}
	return rs
}

// trace gives the meter a trace of n intervals of a minute, with a flow each.
func (b *bench) trace(n int) {
	b.cfg.Trace = true
	b.m.TraceState, b.m.Start = 2, uint64(noon.UnixNano())
	for i := range n {
		b.m.Intervals = append(b.m.Intervals, func(m *clienttest.Meter) {
			m.Uptime = uint64(i+1)*6000 + 1
			for number := range m.RuleSets() {
				m.Flows[int(number)] = append(m.Flows[int(number)], clienttest.Flow{Index: uint32(i + 1), Changed: m.Uptime - 10,
					Numbers: map[mib.Attr]uint64{mib.AttrFirstTime: m.Uptime - 10}})
			}
		})
	}
}

func (b *bench) run(t *testing.T, ctx context.Context) error {
	t.Helper()
	err := Run(ctx, b.cfg)
	if t.Failed() {
		t.Log(b.log)
	}
	return err
}

func (b *bench) want(t *testing.T, blocks ...string) {
	t.Helper()
	got, want := strings.Join(b.out.blocks, "\n"), strings.Join(blocks, "\n")
	if got != want {
		t.Errorf("collections:\n%s\nwant:\n%s\nlog:\n%s", got, want, b.log)
	}
}

func TestTrace(t *testing.T) {
	for _, tt := range []struct {
		name   string
		slow   int
		faults clienttest.Faults
	}{
		{"at once", 0, clienttest.Faults{}},
		{"slow", 30, clienttest.Faults{}},
		{"lossy", 2, clienttest.Faults{Drop: .2, Duplicate: .1, Reorder: .1, Delay: .1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(7, tt.faults)
			b.trace(4)
			b.m.Slow = tt.slow
			if err := b.run(t, context.Background()); err != nil {
				t.Fatal(err)
			}
			b.want(t, "1: 1-6001 2/1", "2: 6000-12001 2/2", "3: 12000-18001 2/3", "4: 18000-24001 2/4")
			if b.m.TraceState != mib.TraceDone || len(b.m.Readers()) > 0 || len(b.m.Owners()) > 0 {
				t.Errorf("state %d, rows of %v, %d readers", b.m.TraceState, b.m.Owners(), len(b.m.Readers()))
			}
			if !b.out.closed || !b.out.start.Equal(noon) {
				t.Errorf("closed %v, start %v", b.out.closed, b.out.start)
			}
		})
	}
}

// TestTraceKilled ends nemac in the middle of a collection, then between
// writing and telling the meter; the next one goes on.
func TestTraceKilled(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.trace(3)
	b.cfg.Retries = 0
	b.out.fail = 1
	if err := b.run(t, context.Background()); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Fatalf("error %v", err)
	}
	b.want(t)
	ctx, kill := context.WithCancel(context.Background())
	killed := &killing{output: b.out, kill: kill, at: 2}
	b.cfg.Open = func(*Meter, bool) (Output, error) { return killed, nil }
	if err := b.run(t, ctx); err != nil {
		t.Fatalf("error %v", err)
	}
	resumed := false
	b.cfg.Open = func(_ *Meter, r bool) (Output, error) { resumed = r; return b.out, nil }
	if err := b.run(t, context.Background()); err != nil {
		t.Fatal(err)
	}
	b.want(t, "1: 1-6001 2/1", "2: 6000-12001 2/2", "3: 12000-18001 2/3")
	if !resumed {
		t.Error("the third run did not know that it went on")
	}
	if n := strings.Count(b.log.String(), "downloaded"); n != 1 {
		t.Errorf("%d downloads, want one", n)
	}
}

// killing cancels at the end of a collection.
type killing struct {
	*output
	kill func()
	at   int
}

func (k *killing) End() error {
	err := k.output.End()
	if len(k.blocks) == k.at {
		k.kill()
	}
	return err
}

// TestTraceRemoveRows ends nemac in the middle of a trace.
func TestTraceRemoveRows(t *testing.T) {
	for _, remove := range []bool{false, true} {
		b := newBench(1, clienttest.Faults{})
		b.trace(2)
		b.m.Slow = 1 << 30 // the first interval is never over
		b.cfg.RemoveRows = remove
		ctx, end := context.WithCancel(context.Background())
		b.clock.events = []event{{noon.Add(10 * time.Second), end}}
		if err := b.run(t, ctx); err != nil {
			t.Error(err)
		}
		if left := len(b.m.Owners()) > 0; left == remove {
			t.Errorf("with RemoveRows %v, rows of %v are left", remove, b.m.Owners())
		}
	}
}

func TestTraceError(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.trace(2)
	b.m.TraceError = "x.pcap: record at offset 99: unexpected EOF"
	if err := b.run(t, context.Background()); err == nil || !strings.Contains(err.Error(), "offset 99") {
		t.Errorf("error %v", err)
	}
	b.want(t, "1: 1-6001 2/1", "2: 6000-12001 2/2")
}

// TestLastAnswerLost loses everything after the acknowledgement of the end.
func TestLastAnswerLost(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.trace(2)
	dial := b.cfg.Dial
	b.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
		c, err := dial(ctx)
		b.link.Cut = func(toMeter bool, _ []byte) bool { return b.m.TraceState == mib.TraceDone }
		return c, err
	}
	if err := b.run(t, context.Background()); err != nil {
		t.Errorf("error %v", err)
	}
	b.want(t, "1: 1-6001 2/1", "2: 6000-12001 2/2")
}

func TestWrongKind(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(b *bench)
		want   string
	}{
		{"-C without a trace", func(b *bench) { b.cfg.Trace = true }, "reads no trace"},
		{"-C on a foreign meter", func(b *bench) { b.cfg.Trace = true; b.m.Foreign = true }, "no NETRAMET-MIB"},
		{"a trace without -C", func(b *bench) { b.trace(1); b.cfg.Trace = false }, "use -C"},
		{"refused rules", func(b *bench) { b.m.Refuse = func(*clienttest.RuleSet) string { return "rule 2: no such action" } }, "rule 2: no such action"},
		{"nobody runs it", func(b *bench) { b.cfg.Sets, b.cfg.Read = nil, []Read{{Name: "other"}} }, `runs no rule set "other"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(1, clienttest.Faults{})
			tt.change(b)
			if err := b.run(t, context.Background()); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if o := b.m.Owners(); len(o) > 0 {
				t.Errorf("rows are left behind: %v", o)
			}
		})
	}
}

// TestNoWayAtTheStart begins before there is a network.
func TestNoWayAtTheStart(t *testing.T) {
	for _, tt := range []struct {
		fails int
		want  bool // it waits long enough
	}{{20, true}, {1000, false}} {
		b := newBench(1, clienttest.Faults{})
		dial, fails := b.cfg.Dial, tt.fails
		b.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
			if fails--; fails >= 0 {
				return nil, &client.NoAnswerError{Addr: "m:161", Cause: errors.New("network is unreachable")}
			}
			return dial(ctx)
		}
		b.cfg.DownloadOnly = true
		if err := b.run(t, context.Background()); (err == nil) != tt.want || err != nil && !client.IsNoAnswer(err) {
			t.Errorf("after %d failures: %v", tt.fails, err)
		}
	}
}

// live runs for a time, with events, and then is told to end.
func (b *bench) live(t *testing.T, events ...event) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b.clock.events = append(events, event{b.clock.now.Add(16 * time.Minute), cancel})
	if err := b.run(t, ctx); err != nil {
		t.Error(err)
	}
}

// ticking makes the meter's uptime follow the clock.
func (b *bench) ticking() {
	b.begun = b.clock.now.Add(-10 * time.Second)
	dial := b.cfg.Dial
	b.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
		c, err := dial(ctx)
		cut := b.link.Cut
		b.link.Cut = func(toMeter bool, m []byte) bool {
			b.m.Uptime = max(b.m.Uptime, uint64(b.clock.now.Sub(b.begun)/(10*time.Millisecond)))
			return cut != nil && cut(toMeter, m)
		}
		return c, err
	}
}

// restart starts the meter again.
func (b *bench) restart() {
	b.m.Restart()
	b.begun = b.clock.now
}

func TestLive(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	b.live(t)
	b.want(t, "1: 1-1000", "2: 999-30900", "3: 30899-60900", "4: 60899-90900")
	if len(b.m.Readers()) != 1 || len(b.m.Tasks()) != 1 {
		t.Error("the rows did not stay")
	}
	b.live(t) // goes on where the first stopped
	if got := b.out.blocks[4]; !strings.Contains(got, ": 90899-") {
		t.Errorf("second run begins with %q", got)
	}
	b.cfg.RemoveRows = true
	b.live(t)
	if o := b.m.Owners(); len(o) > 0 {
		t.Errorf("rows are left behind: %v", o)
	}
}

// TestClockSetBack sets the clock back by an hour: collections go on.
func TestClockSetBack(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	ctx, cancel := context.WithCancel(context.Background())
	b.clock.events = []event{{noon.Add(7 * time.Minute), func() {
		b.clock.now, b.begun = b.clock.now.Add(-time.Hour), b.begun.Add(-time.Hour)
		b.clock.events = append(b.clock.events, event{b.clock.now.Add(9 * time.Minute), cancel})
	}}}
	if err := b.run(t, ctx); err != nil {
		t.Fatal(err)
	}
	b.want(t, "1: 1-1000", "2: 999-30900", "3: 30899-60900", "4: 60899-90900")
}

// TestLiveRestart starts the meter again in the middle.
func TestLiveRestart(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	b.live(t, event{noon.Add(7 * time.Minute), func() {
		b.restart()
	}})
	if n := strings.Count(b.log.String(), "downloaded"); n != 2 {
		t.Errorf("%d downloads, want two\n%s", n, b.log)
	}
	if all := strings.Join(b.out.blocks, "\n"); !strings.Contains(all, "3: 1-") || !strings.Contains(all, "[the meter was started again after 12:0") {
		t.Errorf("collections:\n%s", all)
	}
}

// TestMeterPaused: a meter whose machine stood still looks as one that was started
// again, but for our rows, which are there: counters go on.
func TestMeterPaused(t *testing.T) {
	for _, tt := range []struct {
		foreign bool
		third   string // collection
	}{
		{false, "3: 30899-54900"},
		{true, "3: 1-54900 [the meter stood still for a while; all flows are read again]"}, // it keeps no mark for us
	} {
		b := newBench(1, clienttest.Faults{})
		b.m.Foreign = tt.foreign
		b.ticking()
		b.live(t, event{noon.Add(7 * time.Minute), func() { b.begun = b.begun.Add(time.Minute) }})
		if len(b.out.again) > 0 {
			t.Errorf("collections %d are said to be of a meter that was started again\n%s", b.out.again, b.log)
		}
		b.want(t, "1: 1-1000", "2: 999-30900", tt.third, "4: 54899-84900")
	}
}

// TestRestartAndRowGone: what is to be told with the next collection is told though
// everything is set up again before that.
func TestRestartAndRowGone(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	b.live(t, event{noon.Add(7 * time.Minute), b.restart},
		event{noon.Add(9*time.Minute + 30*time.Second), func() { clear(b.m.Readers()) }})
	if got := b.out.blocks[2]; !strings.Contains(got, "the meter was started again") || len(b.out.again) != 1 {
		t.Errorf("the collection after it: %s, said to be after a restart: %d\n%s", got, b.out.again, b.log)
	}
}

// TestRestartBetweenKeepalives: a collection shows too that the meter was still
// the one of before.
func TestRestartBetweenKeepalives(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	b.cfg.Keepalive = time.Hour
	b.live(t, event{noon.Add(7 * time.Minute), b.restart})
	if got := b.out.blocks[2]; !strings.Contains(got, "started again after 12:05:00 Sun 1 Mar 2026") {
		t.Errorf("the collection after it: %s", got)
	}
}

// TestRestartAndSilence starts the meter again and takes its network away
// right after it was noticed: the setting-up comes when it answers again.
func TestRestartAndSilence(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	dead := false
	dial := b.cfg.Dial
	b.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
		if dead { // noticed: from here on nothing passes
			c, err := dial(ctx)
			b.link.Cut = func(bool, []byte) bool { return dead }
			return c, err
		}
		return dial(ctx)
	}
	b.live(t, event{noon.Add(6*time.Minute + 30*time.Second), func() {
		b.restart()
		dead = true
	}}, event{noon.Add(9 * time.Minute), func() { dead = false }})
	if n := strings.Count(b.log.String(), "downloaded"); n != 2 || !strings.Contains(b.log.String(), "cannot be read") {
		t.Errorf("%d downloads, want two\n%s", n, b.log)
	}
	if all := strings.Join(b.out.blocks, "\n"); !strings.Contains(all, "3: 1-") || !strings.Contains(all, "[the meter was started again") {
		t.Errorf("collections:\n%s", all)
	}
}

// TestLiveSilent takes the network away for a while: nothing is lost.
func TestLiveSilent(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.ticking()
	dead := false
	dial := b.cfg.Dial
	b.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
		c, err := dial(ctx)
		cut := b.link.Cut
		b.link.Cut = func(to bool, m []byte) bool { return cut(to, m) || dead }
		return c, err
	}
	b.live(t, event{noon.Add(4 * time.Minute), func() { dead = true }}, event{noon.Add(12 * time.Minute), func() { dead = false }})
	if n := len(b.out.blocks); n != 3 || !strings.HasPrefix(b.out.blocks[1], "2: 999-") {
		t.Errorf("collections:\n%s", strings.Join(b.out.blocks, "\n"))
	}
	for _, text := range []string{"cannot be read", "answers again"} {
		if n := strings.Count(b.log.String(), text); n != 1 {
			t.Errorf("the log says %d times %q, want once:\n%s", n, text, b.log)
		}
	}
}

func TestAdoption(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.cfg.Sets = []*ruleset.RuleSet{set("one", 3), set("two", 4)}
	b.cfg.Standby = set("few \u200f", 1) // a mark that no terminal is shown
	b.cfg.HighWaterMark = 65
	b.cfg.DownloadOnly = true
	if err := b.run(t, context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, task := range b.m.Tasks() {
		if task.Standby != 4 || task.HighWaterMark != 65 || task.Status != mib.RowActive {
			t.Errorf("task %+v", *task)
		}
	}
	// One rule set changes; the others stay, with what they counted.
	b.cfg.Sets[1] = set("two", 5)
	other := *b.m.RuleSets()[2]
	other.Owner = "somebody else"
	b.m.RuleSets()[9] = &other
	if err := b.run(t, context.Background()); err != nil {
		t.Fatal(err)
	}
	log := b.log.String()
	if n := strings.Count(log, "goes on"); n != 2 || strings.Count(log, "downloaded") != 4 || strings.Count(log, "old rule set removed") != 1 {
		t.Errorf("log:\n%s", log)
	}
	if len(b.m.RuleSets()) != 5 || len(b.m.Tasks()) != 2 || len(b.m.RuleSets()[3].Rules) != 5 {
		t.Errorf("%d rule sets, %d tasks", len(b.m.RuleSets()), len(b.m.Tasks()))
	}
	// The master's rule set is read by another.
	b.cfg.Sets, b.cfg.Standby, b.cfg.DownloadOnly = nil, nil, false
	b.cfg.Read, b.cfg.Owner = []Read{{Name: "one"}, {Name: "3"}}, "reader"
	b.live(t)
	if n := len(b.m.Readers()); n != 2 {
		t.Errorf("%d readers", n)
	}
	if len(b.out.blocks) != 4 {
		t.Errorf("collections:\n%s", strings.Join(b.out.blocks, "\n"))
	}
}

// TestSignalWhileSettingUp is told to end at each step of the setting-up:
// what it made is whole, or gone.
func TestSignalWhileSettingUp(t *testing.T) {
	whole := 0
	runs := 0
	for n := 1; n < 320; n += 5 {
		runs++
		b := newBench(1, clienttest.Faults{})
		b.cfg.Sets = append(b.cfg.Sets, set("two", 30))
		b.ticking()
		ctx, cancel := context.WithCancel(context.Background())
		dial := b.cfg.Dial
		b.cfg.Dial = func(ctx context.Context) (*remotemeter.Meter, error) {
			c, err := dial(ctx)
			cut := b.link.Cut
			b.link.Cut = func(to bool, m []byte) bool {
				if b.link.Sent == n {
					cancel()
				}
				return cut(to, m)
			}
			return c, err
		}
		b.clock.events = []event{{noon.Add(time.Minute), cancel}}
		if err := b.run(t, ctx); err != nil {
			t.Fatalf("message %d: %v", n, err)
		}
		sets, readers, tasks := len(b.m.RuleSets())-1, len(b.m.Readers()), len(b.m.Tasks())
		switch {
		case sets == 2 && readers == 2 && tasks == 2:
			whole++
		case sets+readers+tasks > 0:
			t.Errorf("message %d: %d rule sets, %d readers, %d tasks are left", n, sets, readers, tasks)
		}
	}
	if whole == 0 || whole == runs {
		t.Errorf("%d of %d runs were whole", whole, runs)
	}
}

func TestNumbers(t *testing.T) {
	b := newBench(1, clienttest.Faults{})
	b.cfg.DownloadOnly = true
	b.m.RuleSets()[3] = &clienttest.RuleSet{Owner: "x", Name: "x", Status: mib.RowActive}
	five, three := set("five", 1), set("three", 1)
	five.Number, three.Number = 2, 3
	b.cfg.Sets = []*ruleset.RuleSet{set("free", 1), five, three}
	if err := b.run(t, context.Background()); err != nil {
		t.Fatal(err)
	}
	got := ""
	for n := uint32(2); n < 7; n++ {
		if r := b.m.RuleSets()[n]; r != nil {
			got += fmt.Sprintf(" %d=%s", n, r.Name)
		}
	}
	if want := " 2=five 3=x 4=free 5=three"; got != want {
		t.Errorf("rule sets%s, want%s", got, want)
	}
}
