package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"netramet/internal/reading"
	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/mib/agent"
	"netramet/mib/meterview"
	"netramet/mib/usm"
	"netramet/sources"
)

// realMeter is a meter that reads a trace in step with its readers, behind an
// agent on a free port of loopback.
type realMeter struct {
	port   string
	meter  *control.Meter
	events chan struct{} // a Set has changed something
	done   chan error
}

func startMeter(t testing.TB, trace string, cfg meter.Config, starters int) *realMeter {
	t.Helper()
	r := &realMeter{meter: control.New(cfg, control.Config{}), events: make(chan struct{}, 1), done: make(chan error, 1)}
	view := meterview.New(r.meter, meterview.Config{Version: "test", Changed: func() {
		select {
		case r.events <- struct{}{}:
		default:
		}
	}})
	a, err := agent.New(agent.Config{Do: view.Do, Yield: view.Yield, System: agent.System{Descr: "netramet", UpTime: view.UpTime}})
	if err != nil {
		t.Fatal(err)
	}
	if err := view.Register(a); err != nil {
		t.Fatal(err)
	}
	acc := agent.DefaultAccess()
	err = acc.AddUser(usm.UserConfig{Name: "noc", Auth: usm.SHA256, AuthPass: usm.NewSecret("authauthauth"),
		Priv: usm.AES128, PrivPass: usm.NewSecret("privprivpriv")}, agent.Principal{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.SetAccess(acc); err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, r.port, _ = net.SplitHostPort(conn.LocalAddr().String())
	if trace != "" {
		r.phase(mib.TraceWaitRuleSet) // before anybody can ask
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := a.Serve(ctx, conn); err != nil {
			t.Error(err)
		}
	})
	if trace != "" {
		wg.Go(func() { r.done <- r.read(ctx, trace, starters) })
	}
	t.Cleanup(func() { cancel(); wg.Wait() })
	return r
}

func (r *realMeter) phase(p mib.TracePhase) {
	_ = r.meter.Update(func(s *control.Tables) error { return s.SetTracePhase(p, time.Now()) })
}

// await waits until ok holds.
func (r *realMeter) await(ctx context.Context, ok func(*control.State) bool) error {
	for {
		yes := false
		r.meter.View(func(s *control.State) { yes = ok(s) })
		if yes {
			return nil
		}
		select {
		case <-r.events:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read meters the trace, as the daemon does. The phase is waitRuleSet by now.
func (r *realMeter) read(ctx context.Context, trace string, starters int) error {
	src, err := sources.Open(trace, sources.Options{})
	if err != nil {
		return err
	}
	defer src.Close()
	if err := r.await(ctx, func(s *control.State) bool { return s.Starters() >= starters }); err != nil {
		return err
	}
	r.phase(mib.TraceRunning)
	interval := func(p mib.TracePhase) error {
		r.phase(p)
		err := r.await(ctx, func(s *control.State) bool {
			n, _, _ := s.Interval()
			return len(s.ReadersBehind(n)) == 0
		})
		r.phase(mib.TraceRunning)
		return err
	}
	loop := reading.Loop{Source: src, Meter: r.meter.Meter, Interval: func() error { return interval(mib.TraceWaitReader) }}
	if _, err := loop.Run(ctx); err != nil {
		return err
	}
	if err := interval(mib.TraceEndOfFile); err != nil {
		return err
	}
	r.phase(mib.TraceDone)
	return r.await(ctx, func(s *control.State) bool { return s.WaitingReaders() == 0 })
}

// nemac runs the command in this process.
func nemac(t testing.TB, ctx context.Context, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(ctx, args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

// testdata is a file of the project's testdata.
func testdata(name string) string { return filepath.Join("..", "..", "testdata", name) }

// afterHeader is a flow data file without its first line.
func afterHeader(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "\n")
	if !ok {
		t.Fatalf("%s: %q", name, b)
	}
	return rest
}

// batch makes the flow data that one command makes without SNMP.
func batch(t testing.TB, trace string, seconds int, rules ...string) string {
	t.Helper()
	dir := t.TempDir()
	prog, file := filepath.Join(dir, "netramet.exe"), filepath.Join(dir, "batch.flows")
	if out, err := exec.Command("go", "build", "-o", prog, "netramet/cmd/netramet").CombinedOutput(); err != nil {
		t.Skipf("the meter's command cannot be built here: %v\n%s", err, out)
	}
	args := append([]string{"-s", "-C", trace, "-T", strconv.Itoa(seconds), "-F", file, "--meter-name", "m"}, rules...)
	if out, err := exec.Command(prog, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return afterHeader(t, file)
}

func TestTraceEqualsBatch(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the meter's command")
	}
	trace, rules := testdata("office.pcap"), []string{testdata("services.srl"), testdata("5tuple.rules"), testdata("hosts.srl")}
	want := batch(t, trace, 10, rules...)
	for _, sec := range []struct {
		name string
		args []string
	}{
		{"v2c", []string{"127.0.0.1", "private"}},
		{"v3", []string{"-v3", "-unoc", "-aSHA-256", "-Aauthauthauth", "-xAES", "-Xprivprivpriv", "127.0.0.1"}},
		{"small messages", []string{"--datagram=1000", "127.0.0.1", "private"}},
	} {
		t.Run(sec.name, func(t *testing.T) {
			m := startMeter(t, trace, meter.Config{Interval: 10 * time.Second, Inactivity: 600 * time.Second}, 1)
			dir := t.TempDir()
			flows := filepath.Join(dir, "f.flows")
			args := []string{"-C", "-m", m.port, "-F", flows, "-L", filepath.Join(dir, "log"), "--meter-name", "m"}
			for _, r := range rules {
				args = append(args, "-r", r)
			}
			status, _, stderr := nemac(t, t.Context(), append(args, sec.args...)...)
			if status != 0 {
				t.Fatalf("status %d: %s", status, stderr)
			}
			if err := <-m.done; err != nil {
				t.Fatal(err)
			}
			if got := afterHeader(t, flows); got != want {
				t.Errorf("differs from batch mode: %s", firstDifference(got, want))
			}
		})
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d of %d (%d)\ngot  %s\nwant %s", i+2, len(g), len(w), g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(g), len(w))
}

// TestManagement lists, stops and destroys on a meter without a trace.
func TestManagement(t *testing.T) {
	m := startMeter(t, "", meter.Config{}, 1)
	dir := t.TempDir()
	at := []string{"-m", m.port, "127.0.0.1", "private"}
	do := func(want int, args ...string) string {
		t.Helper()
		status, out, errs := nemac(t, t.Context(), append(args, at...)...)
		if status != want {
			t.Fatalf("%v: status %d: %s%s", args, status, out, errs)
		}
		return out + errs
	}
	do(0, "--download-only", "-L", filepath.Join(dir, "log"), "-r", testdata("hosts.srl"))
	list := do(0, "--list")
	for _, want := range []string{"RULE SET", "hosts.srl", "active", "TASK", "READER", "idle, interval 0"} {
		if !strings.Contains(list, want) {
			t.Errorf("no %q in\n%s", want, list)
		}
	}
	if out := do(1, "--destroy", "2", "--owner", "other"); !strings.Contains(out, "--force") {
		t.Errorf("another's rule set: %s", out)
	}
	if out := do(1, "--stop", "99"); !strings.Contains(out, `has no rule set "99"`) {
		t.Errorf("no such rule set: %s", out)
	}
	do(0, "--stop", "2")
	if out := do(0, "--destroy", "2"); !strings.Contains(out, "rule set 2") {
		t.Error(out)
	}
	if out := do(1, "-C", "-L", filepath.Join(dir, "log"), "-r", testdata("hosts.srl")); !strings.Contains(out, "reads no trace") {
		t.Error(out)
	}
	if list := do(0, "--list"); strings.Contains(list, "hosts.srl") {
		t.Errorf("something is left:\n%s", list)
	}
}

// TestUnreachable says what silence can mean.
func TestUnreachable(t *testing.T) {
	m := startMeter(t, "", meter.Config{}, 1)
	dir := t.TempDir()
	args := []string{"--wait=0", "--retries=1", "--timeout=20ms", "-L", filepath.Join(dir, "log"), "-r", testdata("hosts.srl")}
	status, _, errs := nemac(t, t.Context(), append(args, "-m", m.port, "127.0.0.1", "wrong")...)
	if status != 1 || !strings.Contains(errs, "does not accept the community") {
		t.Errorf("wrong community: %d %s", status, errs)
	}
	v3 := append(args, "-v3", "-u", "noc", "-a", "SHA-256", "-A", "not the passphrase", "-m", m.port, "127.0.0.1")
	if status, _, errs = nemac(t, t.Context(), v3...); status != 1 || !strings.Contains(errs, "meter 127.0.0.1") {
		t.Errorf("wrong passphrase: %d %s", status, errs)
	}
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(conn.LocalAddr().String())
	conn.Close()
	status, _, errs = nemac(t, t.Context(), append(args, "-m", port, "127.0.0.1", "private")...)
	if status != 1 || !strings.Contains(errs, "nothing listens") {
		t.Errorf("nobody there: %d %s", status, errs)
	}
}
