package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"netramet/internal/command"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/sources/join"
)

// runToEnd runs a command line that must end by itself.
func runToEnd(t *testing.T, args ...string) (status int, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &out, &err)
	if out.Len() > 0 {
		t.Errorf("%v: standard output: %s", args, &out)
	}
	return status, err.String()
}

func TestManagedPortInUse(t *testing.T) {
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	status, stderr := runToEnd(t, "-C", office, "--listen", c.LocalAddr().String())
	if status != command.StatusFailure || !strings.Contains(stderr, "the port is in use") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestLogDash: - is standard error, as of nemac.
func TestLogDash(t *testing.T) {
	trace, err := filepath.Abs(office)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	o, err := parseOptions([]string{"-C", trace, "-L", "-"})
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	log, file, err := openLog(t.Context(), o, stdio{err: &errs})
	if err != nil || file != nil {
		t.Fatal(file, err)
	}
	if log.Info("hello"); !strings.Contains(errs.String(), "hello") {
		t.Errorf("standard error: %s", &errs)
	}
	if _, err := os.Stat("-"); err == nil {
		t.Error("there is a file of the name -")
	}
}

// TestManagedListen shows which communities may be used where.
func TestManagedListen(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"good":   "community campus-1 write\n",
		"open":   "community public read\n",
		"local":  "community public read from 127.0.0.1,::1\ncommunity campus-1 write\n",
		"nobody": "# nobody\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		args   []string
		refuse string // "": it listens
	}{
		{"loopback, default communities", []string{"--listen", "127.0.0.1"}, ""},
		{"default addresses", nil, ""},
		{"everywhere, default communities", []string{"--listen", "0.0.0.0"}, `"public"`},
		{"everywhere, a writing one alone", []string{"--listen", "0.0.0.0", "-w", "campus-1"}, ""},
		{"loopback, nobody at all", []string{"--listen", "127.0.0.1", "-w", "", "-r", ""}, "nobody could use the agent"},
		{"everywhere, the other", []string{"--listen", "0.0.0.0", "-r", "campus-2"}, `"private"`},
		{"everywhere, own ones", []string{"--listen", "0.0.0.0", "-wcampus-1", "-rcampus-2"}, ""},
		{"everywhere, no reading one", []string{"--listen", "0.0.0.0", "-wcampus-1", "-r", ""}, ""},
		{"everywhere, a users file", []string{"--listen", "0.0.0.0", "--users", "good"}, ""},
		{"everywhere, public in a users file", []string{"--listen", "0.0.0.0", "--users", "open"}, `"public"`},
		{"everywhere, public for loopback", []string{"--listen", "0.0.0.0", "--users", "local"}, ""},
		{"everywhere, an empty users file", []string{"--listen", "0.0.0.0", "--users", "nobody"}, "nobody could use the agent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := parseOptions(append([]string{"-C", office, "-m0"}, tt.args...))
			if err != nil {
				t.Fatal(err)
			}
			if o.managed.users != "" {
				o.managed.users = filepath.Join(dir, o.managed.users)
			}
			acc, err := o.managed.access()
			if err != nil {
				t.Fatal(err)
			}
			conns, err := o.managed.openSockets(t.Context(), acc)
			defer closeAll(conns)
			if tt.refuse == "" && (err != nil || len(conns) == 0) || tt.refuse != "" && (err == nil || !strings.Contains(err.Error(), tt.refuse)) {
				t.Errorf("%d sockets, error %v; want an error with %q", len(conns), err, tt.refuse)
			}
			for _, c := range conns {
				if boundTo(c).Port() != boundTo(conns[0]).Port() {
					t.Errorf("different ports: %v, %v", boundTo(conns[0]), boundTo(c))
				}
			}
		})
	}
}

// TestManagedFreePort looks for another free port if the first is not free for
// IPv6, and does not wait for a port that was asked for.
func TestManagedFreePort(t *testing.T) {
	for _, tt := range []struct {
		name  string
		port  uint16
		taken int // how many ports IPv6 has not
		tries int
		ok    bool
	}{
		{"free", 0, 0, 1, true},
		{"the third is free", 0, 2, 3, true},
		{"none is free", 0, 1000, freePortTries, false},
		{"a port that was asked for", 1614, 1, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addrs := []netip.AddrPort{
				netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), tt.port), netip.AddrPortFrom(netip.IPv6Loopback(), tt.port),
			}
			tries, taken := 0, tt.taken
			conns, err := listenFree(addrs, 1, func(at netip.AddrPort) (net.PacketConn, error) {
				if at.Addr().Is4() {
					tries++
				} else if taken--; taken >= 0 {
					return nil, fmt.Errorf("listening on %v: %w", at, syscall.EADDRINUSE)
				}
				return net.ListenPacket("udp4", "127.0.0.1:0") // any socket will do
			})
			defer closeAll(conns)
			if (err == nil) != tt.ok || tries != tt.tries || tt.ok != (len(conns) == 2) {
				t.Errorf("%d sockets after %d tries, %v", len(conns), tries, err)
			}
		})
	}
}

// TestManagedState counts snmpEngineBoots in the state file.
func TestManagedState(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	for boots := uint64(1); boots <= 2; boots++ {
		m := startMeter(t, "-C", office, "--state", state)
		if b, err := m.dial("public").Beat(t.Context()); err != nil || b.Boots != boots {
			t.Errorf("start %d: %+v, %v", boots, b, err)
		}
		m.cancel()
		m.wait()
	}
	m := startMeter(t, "-C", office, "--state", filepath.Join(t.TempDir(), "missing", "state"))
	m.waitLog(`level=WARN msg="SNMPv3 engine" error=".*using a random engine ID`)
	startMeter(t, "-C", office, "--state", state)
	m = startMeter(t, "-C", office, "--state", state)
	m.waitLog(`level=WARN msg="SNMPv3 engine" error=".*another meter uses it now.*using a random engine ID`)
	code, stderr := runToEnd(t, "-C", office, "-m", "0", "--state", t.TempDir())
	if code != 1 || !strings.Contains(stderr, "--state: state file") || !strings.Contains(stderr, "it is a directory") {
		t.Errorf("a directory: status %d, %s", code, stderr)
	}
}

// TestManagedLogFile has the log in a file, which may be renamed away.
func TestManagedLogFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	o, err := parseOptions([]string{"-C", office, "-L", name, "-s"})
	if err != nil {
		t.Fatal(err)
	}
	log, file, err := openLog(t.Context(), o, stdio{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	log.Info("quiet")
	log.Warn("one")
	if err := os.Rename(name, name+".1"); err != nil {
		t.Fatal(err)
	}
	log.Warn("two")
	if err := file.Reopen(); err != nil {
		t.Fatal(err)
	}
	log.Warn("three")
	for file, want := range map[string]string{name + ".1": "one two", name: "three"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(string(text)) {
			_, msg, _ := strings.Cut(strings.TrimSpace(line), "msg=")
			got = append(got, msg)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s has %q, want %q", file, got, want)
		}
	}
	if o, err = parseOptions([]string{"-C", name + ".1", "-L", name + ".1"}); err != nil {
		t.Fatal(err)
	}
	if o.parts, err = join.Expand(o.traces); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openLog(t.Context(), o, stdio{}); err == nil || !strings.Contains(err.Error(), "this run reads that file") {
		t.Errorf("the log in the trace's file: %v", err)
	}
	status, stderr := runToEnd(t, "-C", office, "-m0", "--listen", "127.0.0.1", "-L", filepath.Join(name, "under", "a", "file"))
	if status != command.StatusFailure || !strings.HasPrefix(stderr, "netramet: log: open ") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

// TestManagedSilentPipe answers although the trace does not go on, and ends
// when it is told to.
func TestManagedSilentPipe(t *testing.T) {
	trace, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	go w.Write(trace[:len(trace)/2]) // and then nothing, without an end
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m := &running{t: t, log: &logBuffer{}, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(m.ended)
		m.status = run(ctx, []string{"-C", "-", "-T60", "-m0", "--listen", "127.0.0.1"}, r, &bytes.Buffer{}, m.log)
	}()
	m.addr = netip.MustParseAddrPort(m.waitLog(`msg=listening addr=(\S+)`)[1])
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	tr := x.next()
	x.collect(tr.Start)
	if tr, err := x.c.Trace(t.Context()); err != nil || tr.Interval != 1 && tr.Interval != 2 {
		t.Errorf("trace %+v, %v", tr, err)
	}
	cancel()
	if got := m.wait(); got != command.StatusOK {
		t.Errorf("status %d", got)
	}
}

// TestCensus logs what comes, changes and goes, each once.
func TestCensus(t *testing.T) {
	m := control.New(meter.Config{}, control.Config{})
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}}))
	var seen census
	sets, err := (&options{rules: []string{projectRules("hosts.srl")}}).readRules(&out)
	if err != nil {
		t.Fatal(err)
	}
	step := func(want string, f func(*control.Change) error) {
		t.Helper()
		if err := m.Change(f); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		seen.update(m, log)
		if got := out.String(); got != want {
			t.Errorf("logged\n%swant\n%s", got, want)
		}
	}
	row := func(_ any, why control.Refusal) error {
		if why != control.Granted {
			t.Error(why)
		}
		return nil
	}
	none := func(*control.Change) error { return nil }
	step("", none)
	step("msg=\"rule set active\" ruleset=2 name=hosts owner=\"\" rules=7\n"+
		"msg=\"rule set runs\" ruleset=2 name=hosts owner=\"\" rules=7\nmsg=\"task came\" row=2 owner=\"\" current=2 standby=0\n",
		func(c *control.Change) error { return c.Run(sets[0]) })
	step("msg=\"reader came\" row=2 owner=\"\" ruleset=2 waits=false\n",
		func(c *control.Change) error { return c.Read(2) })
	step("", none)
	step("msg=\"rule set stopped\" ruleset=2 name=hosts owner=\"\" rules=7\nmsg=\"task gone\" row=2 owner=\"\" current=2 standby=0\n",
		func(c *control.Change) error { return row(c.Task(2, mib.RowDestroy)) })
	step("msg=\"rule set gone\" ruleset=2 name=hosts owner=\"\"\nmsg=\"reader gone\" row=2 owner=\"\" ruleset=2 waits=false\n",
		func(c *control.Change) error { return row(c.RuleSet(2, mib.RowDestroy)) })
}

// TestManagedWriterReads is the write community used for reading, and one
// community for both.
func TestManagedWriterReads(t *testing.T) {
	m := startMeter(t, "-C", office, "-r", "both", "-wboth")
	c := m.dial("both")
	if _, err := c.Info(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.SetInactivity(t.Context(), 30); err != nil {
		t.Errorf("a Set: %v", err)
	}
}
