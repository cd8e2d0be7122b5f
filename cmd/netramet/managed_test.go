package main

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"netramet/internal/command"
	"netramet/internal/version"
	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/reader/snmpflows"
	"netramet/ruleset"
)

// patience is how long a test waits for what must happen.
const patience = time.Minute

// logBuffer is a meter's standard error, on which a test can wait.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // closed with the next line
}

// Write implements io.Writer.
func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
	return l.text.Write(p)
}

// look returns what was written, and a channel that is closed when there is
// more.
func (l *logBuffer) look() (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more == nil {
		l.more = make(chan struct{})
	}
	return l.text.String(), l.more
}

// running is a managed meter that a test has started.
type running struct {
	t      *testing.T
	log    *logBuffer
	cancel context.CancelFunc
	ended  chan struct{}
	status int // valid when ended is closed
	addr   netip.AddrPort
}

// office is the project's trace of 300 seconds.
var office = filepath.Join("..", "..", "testdata", "office.pcap")

// startMeter starts a managed meter on a free port of 127.0.0.1 and waits
// until it listens.
func startMeter(t *testing.T, args ...string) *running {
	t.Helper()
	return startMeterOn(t, strings.NewReader(""), args...)
}

// startMeterOn is startMeter with a standard input.
func startMeterOn(t *testing.T, stdin io.Reader, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	m := &running{t: t, log: &logBuffer{}, cancel: cancel, ended: make(chan struct{})}
	args = append([]string{"-m0", "--listen", "127.0.0.1"}, args...)
	go func() {
		defer close(m.ended)
		m.status = run(ctx, args, stdin, &bytes.Buffer{}, m.log)
	}()
	t.Cleanup(func() {
		cancel()
		<-m.ended
		if text, _ := m.log.look(); t.Failed() {
			t.Logf("the meter's log:\n%s", text)
		}
	})
	m.addr = netip.MustParseAddrPort(m.waitLog(`msg=listening addr=(\S+)`)[1])
	return m
}

// waitLog waits for a line of the log and returns what the expression found.
func (m *running) waitLog(expr string) []string {
	m.t.Helper()
	re := regexp.MustCompile(expr)
	late := time.After(patience)
	for {
		text, more := m.log.look()
		if found := re.FindStringSubmatch(text); found != nil {
			return found
		}
		select {
		case <-more:
		case <-m.ended:
			if text, _ := m.log.look(); !re.MatchString(text) {
				m.t.Fatalf("the meter ended with %d, without %q in its log", m.status, expr)
			}
		case <-late:
			m.t.Fatalf("no %q in the log", expr)
		}
	}
}

// wait waits for the meter's end and returns its exit status.
func (m *running) wait() int {
	m.t.Helper()
	select {
	case <-m.ended:
	case <-time.After(patience):
		m.t.Fatal("the meter does not end")
	}
	return m.status
}

// manager is a manager and reader written by hand: of one rule set.
type manager struct {
	t     *testing.T
	c     *remotemeter.Meter
	owner string
	set   *ruleset.RuleSet
	row   int // reader's
	task  int
	flows *snmpflows.Flows
	out   bytes.Buffer
	file  *flowfile.Writer
}

// dial makes a client of the meter.
func (m *running) dial(community string) *remotemeter.Meter {
	m.t.Helper()
	c, err := remotemeter.Dial(m.t.Context(), client.Options{Host: m.addr.Addr().String(), Port: m.addr.Port(),
		Security: client.Security{Community: community}, Timeout: patience, Retries: -1})
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { c.Close() })
	return c
}

// manage downloads and runs a rule set of the project and registers as its
// reader. timeout is the reader's, in seconds.
func (m *running) manage(owner, rules string, timeout int) *manager {
	m.t.Helper()
	x := &manager{t: m.t, c: m.dial("private"), owner: owner}
	sets, err := (&options{rules: []string{rules}}).readRules(m.log)
	if err != nil {
		m.t.Fatal(err)
	}
	x.set = sets[0]
	have, err := x.c.RuleSets(m.t.Context())
	if err != nil {
		m.t.Fatal(err)
	}
	x.set.Number = 1 + len(have)
	x.must(x.c.Download(m.t.Context(), x.set.Number, owner, x.set))
	used := map[int]bool{}
	for _, r := range have { // others have a row each
		used[r.Number-1] = true
	}
	x.row, err = x.c.CreateReader(m.t.Context(), remotemeter.Reader{Owner: owner, RuleSet: x.set.Number, Timeout: timeout, Waits: true}, used)
	x.must(err)
	x.task, err = x.c.CreateTask(m.t.Context(), remotemeter.Task{Owner: owner, Current: x.set.Number}, used)
	x.must(err)
	x.flows = snmpflows.New(x.c, snmpflows.Config{Readers: []snmpflows.ReaderRef{{Index: x.row, RuleSet: x.set.Number}}, Marks: true, Trace: true})
	x.file = flowfile.NewWriter(&x.out, flowfile.Header{Meter: "x", Zone: flowfile.ZoneUTC})
	return x
}

func (x *manager) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *manager) start() {
	x.t.Helper()
	x.must(x.c.StartTrace(x.t.Context()))
}

// next waits until an interval is to be collected that has not been, or the
// trace is done.
func (x *manager) next() remotemeter.Trace {
	x.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		tr, err := x.c.Trace(x.t.Context())
		x.must(err)
		waits := tr.State == mib.TraceWaitReader || tr.State == mib.TraceEndOfFile
		if waits && tr.Interval > x.flows.Number() || tr.State == mib.TraceDone {
			return tr
		}
	}
	x.t.Fatal("no interval ends")
	return remotemeter.Trace{}
}

func (x *manager) collect(start time.Time) {
	x.t.Helper()
	x.file.SetStart(start)
	tasks := []reader.Task{{RuleSet: x.set.Number, Name: x.set.Name, Format: x.set.OutputFormat(), Statistics: x.set.Statistics}}
	_, _, err := reader.Collect(x.t.Context(), x.flows, tasks, x.file)
	x.must(err)
}

// follow collects to the end, and returns how many collections that took and
// the trace as it then was.
func (x *manager) follow() (n int, last remotemeter.Trace) {
	x.t.Helper()
	for {
		last = x.next()
		if last.State == mib.TraceDone {
			return n, last
		}
		x.collect(last.Start)
		n++
		if last.State == mib.TraceEndOfFile {
			return n, last
		}
	}
}

func (x *manager) leave() {
	x.t.Helper()
	x.must(x.c.Remove(x.t.Context(), x.owner, []int{x.task}, []int{x.row}, []int{x.set.Number}))
}

// batchData is the flow data that one command writes, from the second line on.
func batchData(t *testing.T, args ...string) (data string, status int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), append([]string{"-s", "--meter-name", "x"}, args...), strings.NewReader(""), &stdout, &stderr)
	_, data, ok := strings.Cut(stdout.String(), "\n")
	if !ok {
		t.Fatalf("no flow data: %s", &stderr)
	}
	return data, status
}

func projectRules(name string) string { return filepath.Join("..", "..", "testdata", name) }

func TestManagedSystem(t *testing.T) {
	t.Parallel()
	m := startMeter(t, "-C", office, "-T60", "--meter-name", "lab")
	c := m.dial("public")
	info, err := c.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Uptime32 != 1 || info.Uptime != 1 {
		t.Errorf("uptime %d, %d while waiting, want 1", info.Uptime32, info.Uptime)
	}
	if info.Trace.State != mib.TraceWaitRuleSet || info.Trace.Period != time.Minute || !info.Trace.Start.IsZero() {
		t.Errorf("trace %+v", info.Trace)
	}
	if info.Name != "lab" || info.Version != version.Version || !strings.Contains(info.Descr, "office.pcap") {
		t.Errorf("about itself: %+v", info)
	}
	if info.FloodMark != 0 {
		t.Errorf("flood mark %d on a trace", info.FloodMark)
	}
	taps, err := c.Interfaces(t.Context())
	if want := []remotemeter.Interface{{Number: 1, Name: "office.pcap"}}; err != nil || !slices.Equal(taps, want) {
		t.Errorf("interfaces %v, %v", taps, err)
	}
	if err := c.StartTrace(t.Context()); !client.IsStatus(err, client.AuthorizationError) {
		t.Errorf("a reader starts the trace: %v", err)
	}
	m.cancel()
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
	m.waitLog(`msg=end state=waitRuleSet`)
}

// TestManagedHandshake collects three intervals by hand and gets what one
// command writes.
func TestManagedHandshake(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"hosts.srl", "services.srl", "groups.rules"} {
		t.Run(name, func(t *testing.T) {
			m := startMeter(t, "-C", office, "-T100", "--linger", "600", "--log-level", "debug")
			x := m.manage("me", projectRules(name), 60)
			x.start()
			n, last := x.follow()
			if n != 3 || last.State != mib.TraceEndOfFile || last.Interval != 3 || last.Error != "" {
				t.Errorf("%d collections, trace %+v", n, last)
			}
			x.leave() // and so the meter does not linger
			if got := m.wait(); got != command.StatusOK {
				t.Errorf("status %d", got)
			}
			want, _ := batchData(t, "-C", office, "-T100", projectRules(name))
			_, got, _ := strings.Cut(x.out.String(), "\n")
			compareData(t, name, got, want)
			for _, line := range []string{
				"listening", "rule set active", "rule set runs", "reader came", "task came", "trace started",
				"interval ended", "interval collected", "all is collected", "rule set gone", "reader gone", "task gone", "end",
			} {
				m.waitLog(`level=(DEBUG|INFO) msg="?` + line)
			}
		})
	}
}

// TestManagedAligned: with --align, too, readers get what one command writes, with
// ends of intervals at full minutes.
func TestManagedAligned(t *testing.T) {
	t.Parallel()
	args := []string{"-C", office, "--start=09:00:20.25", "-T100", "--align"}
	m := startMeter(t, append(args, "--linger=600")...)
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	if n, last := x.follow(); n != 3 || last.State != mib.TraceEndOfFile {
		t.Errorf("%d collections, trace %+v", n, last)
	}
	x.leave()
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
	want, _ := batchData(t, append(args, projectRules("hosts.srl"))...)
	_, got, _ := strings.Cut(x.out.String(), "\n")
	compareData(t, "aligned", got, want)
	for _, date := range []string{"09:01:40", "09:03:20"} {
		if !strings.Contains(got, "\n#Time: "+date+" ") {
			t.Errorf("no interval ends at %s:\n%s", date, got)
		}
	}
}

// TestManagedWholeTrace has no -T: the trace is one interval.
func TestManagedWholeTrace(t *testing.T) {
	t.Parallel()
	m := startMeter(t, "-C", office, "--linger", "600")
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	if n, last := x.follow(); n != 1 || last.Interval != 1 || last.State != mib.TraceEndOfFile {
		t.Errorf("%d collections, trace %+v", n, last)
	}
	x.leave()
	want, _ := batchData(t, "-C", office, projectRules("hosts.srl"))
	_, got, _ := strings.Cut(x.out.String(), "\n")
	compareData(t, "whole trace", got, want)
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
}

// TestManagedIntervals ends after -N intervals of the grid, which is the end
// of the file to readers.
func TestManagedIntervals(t *testing.T) {
	t.Parallel()
	m := startMeter(t, "-C", office, "-T60", "-N2", "--linger", "600")
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	if n, last := x.follow(); n != 2 || last.Interval != 2 || last.State != mib.TraceEndOfFile {
		t.Errorf("%d collections, trace %+v", n, last)
	}
	x.leave()
	want, _ := batchData(t, "-C", office, "-T60", "-N2", projectRules("hosts.srl"))
	_, got, _ := strings.Cut(x.out.String(), "\n")
	compareData(t, "-N2", got, want)
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
}

// TestManagedDamage meters what comes before the damage, tells readers, and
// ends with status 1.
func TestManagedDamage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.pcap")
	if err := os.WriteFile(cut, data[:len(data)*2/3], 0o666); err != nil {
		t.Fatal(err)
	}
	m := startMeter(t, "-C", cut, "-T60", "--linger", "600")
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	_, last := x.follow()
	if last.State != mib.TraceEndOfFile || !strings.Contains(last.Error, "cut.pcap: pcap: offset ") {
		t.Errorf("trace %+v", last)
	}
	x.leave()
	if got := m.wait(); got != command.StatusFailure {
		t.Errorf("status %d", got)
	}
	want, status := batchData(t, "-C", cut, "-T60", projectRules("hosts.srl"))
	_, got, _ := strings.Cut(x.out.String(), "\n")
	compareData(t, "up to the damage", got, want)
	if status != command.StatusFailure {
		t.Errorf("one command ends with %d", status)
	}
	m.waitLog(`level=ERROR msg="the trace is damaged`)
}

// TestManagedFull ends with status 1 if flows were refused.
func TestManagedFull(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   []string
		status int
	}{
		{[]string{"-f20"}, command.StatusFailure},
		{[]string{"-f20", "--allow-refused"}, command.StatusOK},
	} {
		m := startMeter(t, append(tt.args, "-C", office, "-T60", "--linger", "600")...)
		x := m.manage("me", projectRules("hosts.srl"), 60)
		x.start()
		x.follow()
		x.leave()
		if got := m.wait(); got != tt.status {
			t.Errorf("%v: status %d, want %d", tt.args, got, tt.status)
		}
		m.waitLog(`level=WARN msg="flow table full`)
	}
}

// TestManagedTwoReaders starts when both have, and waits for both.
func TestManagedTwoReaders(t *testing.T) {
	t.Parallel()
	m := startMeter(t, "-C", office, "-T60", "--readers", "2", "--linger", "600")
	a := m.manage("anna", projectRules("hosts.srl"), 60)
	a.start()
	a.start() // once more is still one Owner
	if tr, err := a.c.Trace(t.Context()); err != nil || tr.State != mib.TraceWaitRuleSet {
		t.Fatalf("one of two has started: %+v, %v", tr, err)
	}
	b := m.manage("bert", projectRules("services.srl"), 60)
	b.start()
	for i := 1; i <= 5; i++ {
		tr := a.next()
		a.collect(tr.Start)
		if tr, err := a.c.Trace(t.Context()); err != nil || tr.Interval != uint64(i) || tr.State != mib.TraceWaitReader && tr.State != mib.TraceEndOfFile {
			t.Fatalf("one of two has collected interval %d: %+v, %v", i, tr, err)
		}
		b.collect(b.next().Start)
	}
	a.leave()
	select {
	case <-m.ended:
		t.Fatal("the meter has ended before the second reader left")
	default:
	}
	b.leave()
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
	for x, name := range map[*manager]string{a: "hosts.srl", b: "services.srl"} {
		want, _ := batchData(t, "-C", office, "-T60", projectRules(name))
		_, got, _ := strings.Cut(x.out.String(), "\n")
		compareData(t, name, withoutNumbers(got), withoutNumbers(want))
	}
}

// withoutNumbers is flow data without the numbers of rule sets, and without
// figures of the whole meter.
func withoutNumbers(data string) string {
	return regexp.MustCompile(`(?m)^(#Ruleset: \d+|#Stats: .*)`).ReplaceAllString(data, "")
}

// TestManagedReaderTimeout goes on without a reader that does not come.
func TestManagedReaderTimeout(t *testing.T) {
	t.Parallel()
	m := startMeter(t, "-C", office, "-T60", "--linger", "600")
	m.manage("late", projectRules("hosts.srl"), 1).start()
	m.waitLog(`level=WARN msg="row removed" table=reader row=1 owner=late why="has not collected for 1 seconds"`)
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
	m.waitLog(`msg=end state=done interval=5 .*packets=2882 `)
}

// TestManagedLinger answers after the end for as long as it was told, where no
// reader holds the trace up.
func TestManagedLinger(t *testing.T) {
	t.Parallel()
	t.Run("none", func(t *testing.T) {
		m := startMeter(t, "-C", office, "-T60", "--linger", "0")
		if err := m.dial("private").StartTrace(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := m.wait(); got != command.StatusOK {
			t.Errorf("status %d", got)
		}
		m.waitLog(`msg=end state=done interval=5`)
	})
	t.Run("some", func(t *testing.T) {
		m := startMeter(t, "-C", office, "-T60", "--linger", "600")
		c := m.dial("private")
		if err := c.StartTrace(t.Context()); err != nil {
			t.Fatal(err)
		}
		m.waitLog(`msg="all is collected"`)
		if tr, err := c.Trace(t.Context()); err != nil || tr.State != mib.TraceDone || tr.Interval != 5 {
			t.Errorf("trace %+v, %v", tr, err)
		}
		m.cancel()
		if got := m.wait(); got != command.StatusOK {
			t.Errorf("status %d", got)
		}
	})
}
