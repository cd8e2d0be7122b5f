package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/command"
)

// TestProfiled: a profile is written whatever becomes of the run, and a file
// that cannot be is an error before it.
func TestProfiled(t *testing.T) {
	failed := errors.New("run")
	o := &options{profile: filepath.Join(t.TempDir(), "cpu")}
	var errs bytes.Buffer
	std := stdio{strings.NewReader(""), &bytes.Buffer{}, &errs}
	if err := o.profiled(t.Context(), std, func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("%v, want the run's error", err)
	}
	if fi, err := os.Stat(o.profile); err != nil || fi.Size() == 0 {
		t.Errorf("profile: %v, %v", fi, err)
	}
	ran := false
	o.profile = filepath.Join(o.profile, "none")
	if err := o.profiled(t.Context(), std, func() error { ran = true; return nil }); err == nil || ran {
		t.Errorf("%v, ran %v", err, ran)
	}
}

// TestProfileFull: a file that does not take the profile is an error.
func TestProfileFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no device that is always full:", err)
	}
	status, errs := runToEnd(t, "-s", "-C", office, "-F", filepath.Join(t.TempDir(), "flows"), "--profile", "/dev/full", "@ip")
	if status != command.StatusFailure || !strings.Contains(errs, "netramet: --profile: write /dev/full: ") {
		t.Errorf("status %d: %s", status, errs)
	}
}

// TestProfileToStdout: - is standard output, for one thing alone.
func TestProfileToStdout(t *testing.T) {
	trace, err := filepath.Abs(office)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	const gzip = "\x1f\x8b"
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"-s", "-C", trace, "-F", "flows", "--profile", "-", "@ip"}, nil, &out, &errs)
	if status != command.StatusOK || !strings.HasPrefix(out.String(), gzip) {
		t.Errorf("status %d: %s: %q", status, &errs, &out)
	}
	if _, err := os.Stat("-"); err == nil {
		t.Error("there is a file of the name -")
	}
	for _, tt := range []struct{ name, args, want string }{
		{"flow data", "-C TRACE --profile - @ip", "the flow data and --profile - both go to standard output"},
		{"a trace", "-C TRACE --write pcap:- --profile -", "--write - and --profile - both"},
		{"a dump", "-C TRACE -F flows --dump-streams - --profile - @ip", "--dump-streams - and --profile - both"},
		{"a report", "--info --profile - TRACE", "what --info tells and --profile - both"},
		{"a state", "-C TRACE --state -", "--state -: what is kept there is read again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, errs := runToEnd(t, strings.Fields(strings.ReplaceAll(tt.args, "TRACE", trace))...)
			if status != command.StatusUsage || !strings.Contains(errs, tt.want) {
				t.Errorf("status %d: %s, want %s", status, errs, tt.want)
			}
		})
	}
}

// TestProfileKeeps: a profile takes the place of nothing that the run reads, and of
// nothing at all where nothing is to change.
func TestProfileKeeps(t *testing.T) {
	text, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{"trace", "rules"} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range []string{"-C trace --profile trace @ip", "-C pcap:trace --profile ./trace @ip", "--info --profile trace trace", "-C trace --profile rules rules"} {
		status, errs := runToEnd(t, strings.Fields(args)...)
		if status != command.StatusFailure || !strings.Contains(errs, "this run reads that file") {
			t.Errorf("%s: status %d: %s", args, status, errs)
		}
	}
	for _, name := range []string{"trace", "rules"} {
		if now, err := os.ReadFile(name); err != nil || !bytes.Equal(now, text) {
			t.Errorf("%s is another file now: %v", name, err)
		}
	}
	if status, errs := runToEnd(t, "-C", "trace", "--dry-run", "--profile", "cpu", "@ip"); status != command.StatusOK {
		t.Errorf("status %d: %s", status, errs)
	}
	if _, err := os.Stat("cpu"); err == nil {
		t.Error("a dry run has written a profile")
	}
}
