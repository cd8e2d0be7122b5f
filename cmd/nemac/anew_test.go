package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"netramet/meter"
)

// TestAnotherTrace collects two traces into one file: the second begins with a
// header and a note, and so does the same trace in other intervals.
func TestAnotherTrace(t *testing.T) {
	dir := t.TempDir()
	file, log := filepath.Join(dir, "f.flows"), filepath.Join(dir, "log")
	for i, tt := range []struct {
		trace    string
		interval time.Duration
	}{{"office.pcap", 100 * time.Second}, {"small.pcapng", 100 * time.Second}, {"office.pcap", 50 * time.Second}} {
		m := startMeter(t, testdata(tt.trace), meter.Config{Interval: tt.interval}, 1)
		if status, _, errs := nemac(t, t.Context(), "-C", "-m", m.port, "-r", testdata("hosts.srl"), "-F", file, "-L", log, "127.0.0.1", "private"); status != 0 {
			t.Fatal(errs)
		}
		text := mustReadFile(t, file)
		if headers, notes := strings.Count(text, "##NeTraMet"), strings.Count(text, "begin anew\n"); headers != i+1 || notes != i {
			t.Errorf("after run %d: %d headers, %d notes\n%s", i+1, headers, notes, text)
		}
	}
}

// TestMeterAnewWhileAway: the meter is started again while no nemac runs; the
// one that comes then says so in the file of before. One that finds its rule
// sets in place goes on without a word.
func TestMeterAnewWhileAway(t *testing.T) {
	dir := t.TempDir()
	file, log := filepath.Join(dir, "f.flows"), filepath.Join(dir, "log")
	once := func(m *realMeter, collected int) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go endWhen(ctx, cancel, log, "msg=collected", collected)
		if status, _, errs := nemac(t, ctx, "-c", "1d", "-m", m.port, "-r", testdata("hosts.srl"), "-F", file, "-L", log, "--meter-name", "m", "--owner", "me", "--utc", "127.0.0.1", "private"); status != 0 {
			t.Fatal(errs)
		}
		return mustReadFile(t, file)
	}
	m := startMeter(t, "", meter.Config{}, 1)
	once(m, 1)
	if text := once(m, 2); strings.Count(text, "##NeTraMet") != 1 || strings.Contains(text, "begin anew") {
		t.Errorf("the same run of the meter:\n%s", text)
	}
	// As if it were long ago: this meter's clock stands still.
	old := regexp.MustCompile(`#Time: \S+`).ReplaceAllString(mustReadFile(t, file), "#Time: 00:00:00")
	if err := os.WriteFile(file, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := once(startMeter(t, "", meter.Config{}, 1), 3); strings.Count(text, "##NeTraMet") != 2 || strings.Count(text, "begin anew\n") != 1 {
		t.Errorf("another run of the meter:\n%s", text)
	}
}

// TestOneFileByTwoNames refuses a second nemac on a flow file, whatever it calls
// it; the meter is not left with rows of the one that is refused.
func TestOneFileByTwoNames(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f.flows")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	conf := filepath.Join(dir, "meters.conf")
	a, b := startMeter(t, "", meter.Config{}, 1), startMeter(t, "", meter.Config{}, 1)
	text := "127.0.0.1 private -m " + a.port + " -F " + file + "\n127.0.0.1 private -m " + b.port + " -F " + link + "\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	log := filepath.Join(dir, "log")
	go endWhen(ctx, cancel, log, "appends to the flow file", 1)
	status, _, errs := nemac(t, ctx, "-L", log, "-r", testdata("hosts.srl"), "-f", conf)
	if status != 1 || strings.Count(errs, "appends to the flow file") != 1 {
		t.Errorf("status %d: %s", status, errs)
	}
}

// endWhen cancels ctx when a log holds a text n times.
func endWhen(ctx context.Context, cancel func(), log, text string, n int) {
	for ctx.Err() == nil {
		if l, _ := os.ReadFile(log); strings.Count(string(l), text) >= n {
			cancel()
		}
		runtime.Gosched()
	}
}

func mustReadFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
