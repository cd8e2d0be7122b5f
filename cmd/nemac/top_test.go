package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"netramet/meter"
	"netramet/sources/wire"
)

// tableLog is standard output that tells of each table.
type tableLog struct {
	tables chan string
	errs   syncBuffer
}

func (l *tableLog) Write(p []byte) (int, error) {
	l.tables <- string(p)
	return len(p), nil
}

// total waits for the next table that has flows, and returns the line of their sum.
func (l *tableLog) total(t *testing.T) string {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case text := <-l.tables:
			for line := range strings.Lines(text) {
				if words := strings.Fields(line); len(words) > 2 && words[0] == "Total" {
					return strings.Join(words[:2], " ")
				}
			}
		case <-late:
			t.Fatalf("no table with flows; standard error:\n%s", l.errs.String())
		}
	}
}

// TestTopLive looks at a meter: each table has what was added since the one before,
// also of flows that were there, nothing is written, and nothing stays on the meter.
func TestTopLive(t *testing.T) {
	m := startMeter(t, "", meter.Config{}, 1)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("all.srl", []byte("set all; save SourcePeerType; count;"), 0o666); err != nil {
		t.Fatal(err)
	}
	at := []string{"-m", m.port, "127.0.0.1", "private"}
	frames := burst(t, 1, 170, time.Millisecond, 0)
	feed := func(n int) {
		m.meter.Feed(&wire.Batch{Frames: frames[:n]})
		frames = frames[n:]
	}
	// One runs a rule set, another looks at it.
	if status, out, errs := nemac(t, t.Context(), append([]string{"--download-only", "-L", "log", "--owner", "somebody", "-r", "all.srl"}, at...)...); status != 0 {
		t.Fatalf("status %d: %s%s", status, out, errs)
	}
	feed(100)
	for _, tt := range []struct {
		name  string
		args  []string
		first string
	}{
		{"our own", []string{"-r", "all.srl"}, ""}, {"somebody's", []string{"--read-only", "all"}, "Total 130"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			out, status := &tableLog{tables: make(chan string, 100)}, make(chan int)
			args := append([]string{"--top", "--sort=pdus", "--exact", "-c1"}, tt.args...)
			go func() { status <- run(ctx, append(args, at...), strings.NewReader(""), out, &out.errs) }()
			if tt.first != "" {
				if got := out.total(t); got != tt.first {
					t.Errorf("first %q, want %q", got, tt.first)
				}
			} else {
				<-out.tables
			}
			for _, n := range []int{20, 10} {
				feed(n)
				if got, want := out.total(t), fmt.Sprintf("Total %d", n); got != want {
					t.Errorf("%q, want %q", got, want)
				}
			}
			cancel()
			if got := <-status; got != 0 || out.errs.String() != "" {
				t.Errorf("status %d: %s", got, out.errs.String())
			}
		})
	}
	status, list, errs := nemac(t, t.Context(), append([]string{"--list"}, at...)...)
	if status != 0 || strings.Contains(list, ":top:") || !strings.Contains(list, "somebody") {
		t.Errorf("status %d: %s%s", status, list, errs)
	}
	if files, err := filepath.Glob("*"); err != nil || len(files) != 2 { // all.srl and log
		t.Errorf("files %q, error %v", files, err)
	}
}

// systemTop: tables over SNMP are those of batch mode, and with -F flow data is written
// as without.
func systemTop(t *testing.T, s *system) {
	args, rules := []string{"-C", testdata("office.pcap"), "-T60"}, ruleFiles("services.srl", "5tuple.srl")
	want, _ := s.batch(t, args, rules...)
	alone := s.start(t, "", s.meter, append(append(args, "-s", "--meter-name=m", "--top=5", "--sort=rate"), rules...)...)
	alone.want(0)
	m, dir := s.startMeter(t, args...), t.TempDir()
	flows := filepath.Join(dir, "f")
	collect := []string{"-C", "-L", "-", "--meter-name=m", "-F", flows, "--top", "5", "--sort=rate", "-m", m.port}
	for _, f := range rules {
		collect = append(collect, "-r", f)
	}
	n := s.start(t, "", s.nemac, append(collect, "127.0.0.1", "private")...)
	n.want(0)
	m.want(0)
	checkFlows(t, flows, want)
	if got, want := n.stdout.String(), alone.stdout.String(); got != want || strings.Count(got, "Total") != 10 {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestTopOptions: what cannot be.
func TestTopOptions(t *testing.T) {
	for _, tt := range []struct{ args, err string }{
		{"--top=0 -r x gw c", `--top "0": it is a whole number from 1`},
		{"--exact -r x gw c", "--exact is for the table of --top: give that too"},
		{"--top --sort=octet -r x gw c", "did you mean octets?"},
		{"--top -F - -r x gw c", "--top and -F - both go to standard output: give the flow data a file"},
		{"--top --list gw c", "--top is for collecting: "},
		{"--top --download-only -r x gw c", "--top is for collecting: "},
	} {
		status, _, errs := nemac(t, t.Context(), strings.Fields(tt.args)...)
		if status != 2 || !strings.Contains(errs, tt.err) {
			t.Errorf("%s: status %d, %s", tt.args, status, errs)
		}
	}
}

// TestTopInterval: who looks on sees something every ten seconds, if not asked for
// otherwise; flow data goes on as without.
func TestTopInterval(t *testing.T) {
	for args, want := range map[string]uint32{
		"-r x gw c": 300, "--top -r x gw c": 10, "--top 5 -r x gw c": 10, "--top -c 60 -r x gw c": 60, "--top -F f -r x gw c": 300,
	} {
		o, err := parseOptions(strings.Fields(args), func(string) string { return "" })
		if err != nil || o.interval != want {
			t.Errorf("%s: interval %v, error %v", args, o, err)
		}
	}
}

// syncBuffer is a buffer that is read while it is written.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
