package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netramet/meter"
	"netramet/meter/control"
)

// waitInterval waits until the meter has completed n intervals.
func (r *realMeter) waitInterval(n uint64) {
	for done := uint64(0); done < n; runtime.Gosched() {
		r.meter.View(func(s *control.State) { done, _, _ = s.Interval() })
	}
}

// TestResume ends nemac in the middle of a trace, twice; what it writes is
// what one run writes, and goes to one file by the default name.
func TestResume(t *testing.T) {
	trace, err := filepath.Abs(testdata("office.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Abs(testdata("services.srl"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	cfg := meter.Config{Interval: time.Second, Inactivity: 600 * time.Second}
	args := func(m *realMeter) []string {
		return []string{"-C", "-m", m.port, "-r", rules, "--meter-name", "m", "127.0.0.1", "private"}
	}
	whole := startMeter(t, trace, cfg, 1)
	if status, _, errs := nemac(t, t.Context(), args(whole)...); status != 0 {
		t.Fatal(errs)
	}
	want := afterHeader(t, "127.0.0.1.flows.001")
	if err := os.Rename("127.0.0.1.flows.001", "whole"); err != nil {
		t.Fatal(err)
	}
	m := startMeter(t, trace, cfg, 1)
	for _, n := range []uint64{4, 9} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { m.waitInterval(n); cancel() }()
		if status, _, errs := nemac(t, ctx, args(m)...); status != 0 {
			t.Fatal(errs)
		}
		cancel()
	}
	if status, _, errs := nemac(t, t.Context(), args(m)...); status != 0 {
		t.Fatal(errs)
	}
	if got := afterHeader(t, "127.0.0.1.flows.001"); got != want {
		t.Errorf("differs from one run: %s", firstDifference(got, want))
	}
	if files, _ := filepath.Glob("nemac.log.*"); len(files) != 4 {
		t.Errorf("log files %q", files)
	}
}

// TestTraceReadAgain reads a trace again into the same file: what it holds
// already is not written twice, which the user is told; what other rules give
// is written.
func TestTraceReadAgain(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f.flows")
	for i, tt := range []struct {
		rules, told string
		blocks      int
	}{
		{"hosts.srl", "", 3},
		{"hosts.srl", "held 3 of these collections already", 3},
		{"services.srl", "", 6},
	} {
		m := startMeter(t, testdata("office.pcap"), meter.Config{Interval: 100 * time.Second}, 1)
		log := filepath.Join(dir, strconv.Itoa(i))
		status, _, errs := nemac(t, t.Context(), "-C", "-m", m.port, "-r", testdata(tt.rules), "-F", file, "-L", log, "127.0.0.1", "private")
		if status != 0 || (errs == "") != (tt.told == "") || !strings.Contains(errs, tt.told) {
			t.Errorf("run %d: status %d, %q", i+1, status, errs)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), "\n#EndData"); n != tt.blocks {
			t.Errorf("run %d: %d collections in the file, want %d", i+1, n, tt.blocks)
		}
	}
}

// TestTwoOfOneOwner refuses the second nemac at once.
func TestTwoOfOneOwner(t *testing.T) {
	m := startMeter(t, "", meter.Config{}, 1)
	dir := t.TempDir()
	args := []string{"-m", m.port, "-L", "-", "-F", filepath.Join(dir, "f"), "-r", testdata("hosts.srl"), "--owner", "me", "127.0.0.1", "private"}
	unlock, err := lockOwner("me", "127.0.0.1:"+m.port)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	status, _, errs := nemac(t, t.Context(), args...)
	if status != 1 || !strings.Contains(errs, `with the owner "me"`) {
		if runtime.GOOS == "windows" {
			t.Skip("this system has no locks")
		}
		t.Errorf("status %d: %s", status, errs)
	}
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full on this system")
	}
	m := startMeter(t, testdata("office.pcap"), meter.Config{Interval: time.Minute}, 1)
	log := filepath.Join(t.TempDir(), "log")
	status, _, errs := nemac(t, t.Context(), "-C", "--retries=0", "-m", m.port, "-F", "/dev/full", "-L", log, "-r", testdata("hosts.srl"), "127.0.0.1", "private")
	if status != 1 || !strings.Contains(errs, "no space left on device") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// TestMasterAndReader has one nemac run a rule set and another read it with a
// FORMAT of its own, through a config file.
func TestMasterAndReader(t *testing.T) {
	m := startMeter(t, testdata("office.pcap"), meter.Config{Interval: time.Minute}, 1)
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	format := filepath.Join(dir, "short.rules")
	if err := os.WriteFile(format, []byte("set short; format flowindex \" : \" topdus;\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := []string{"-m", m.port, "-L", log, "127.0.0.1", "private"}
	if status, _, errs := nemac(t, t.Context(), append([]string{"--download-only", "-r", testdata("hosts.srl")}, at...)...); status != 0 {
		t.Fatal(errs)
	}
	conf := filepath.Join(dir, "meters.conf")
	text := "127.0.0.1 private -m " + m.port + "\n  --read-only 2 --format " + format + " -F " + filepath.Join(dir, "f") + "\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, _, errs := nemac(t, t.Context(), "-C", "-L", log, "-f", conf); status != 0 {
		t.Fatal(errs)
	}
	if err := <-m.done; err != nil {
		t.Fatal(err)
	}
	got := afterHeader(t, filepath.Join(dir, "f"))
	if !strings.HasPrefix(got, "#Format: flowindex : topdus\n") || !strings.Contains(got, "\n1 : ") {
		t.Errorf("%.300s", got)
	}
	_, list, _ := nemac(t, t.Context(), append([]string{"--list"}, at...)...)
	if !strings.Contains(list, "hosts.srl") {
		t.Errorf("the master's rule set is gone:\n%s", list)
	}
}

func TestShowRules(t *testing.T) {
	status, out, errs := nemac(t, t.Context(), "--check", testdata("hosts.srl"), testdata("5tuple.rules"))
	if status != 0 || strings.Count(out, ": ok, ") != 2 {
		t.Errorf("%d %s%s", status, out, errs)
	}
	if status, out, errs = nemac(t, t.Context(), "--compile", testdata("hosts.srl")); status != 0 || !strings.Contains(out, "RULES") {
		t.Errorf("%d %s%s", status, out, errs)
	}
	dir := t.TempDir()
	var many []string
	for i, text := range append([]string{
		"FORMAT ToPDUs;\nRULES",
		strings.Repeat("save SourcePeerType;", 129) + "count;",
	}, slices.Repeat([]string{"count;"}, 255)...) {
		file := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		many = append(many, file)
	}
	for _, tt := range []struct {
		name  string
		files []string
		want  string
	}{
		{"no rules", many[:1], "0: NeTraMet would refuse it: the rule set has no rules"},
		{"too many saves", many[1:2], "more than 128 saves in one match"},
		{"too many rule sets", many[2:], "255 rule sets are more than the 254"},
	} {
		if status, _, errs := nemac(t, t.Context(), append([]string{"--check"}, tt.files...)...); status != 1 || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: %d %.300s", tt.name, status, errs)
		}
	}
	if status, _, _ = nemac(t, t.Context(), "--check", testdata("nonesuch")); status != 1 {
		t.Errorf("status %d", status)
	}
	if status, _, _ = nemac(t, t.Context(), "--nonesuch"); status != 2 {
		t.Errorf("status %d", status)
	}
	if status, out, _ = nemac(t, t.Context(), "-h"); status != 0 || !strings.Contains(out, "Examples:") {
		t.Errorf("status %d", status)
	}
}
