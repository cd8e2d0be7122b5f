package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"netramet/internal/command"
)

// TestLogOpenedAnew renames the log away while it is written.
func TestLogOpenedAnew(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	l, err := openLog(t.Context(), name, false, stdio{})
	if err != nil {
		t.Fatal(err)
	}
	hangUps := make(chan os.Signal)
	stop := l.reopenAt(hangUps)
	l.Info("one")
	if err := os.Rename(name, name+".old"); err != nil {
		t.Skip("a file that is open cannot be renamed here:", err)
	}
	l.Info("two")
	for range 2 { // the second one is taken when the first has been dealt with
		hangUps <- syscall.SIGHUP
	}
	l.Info("three")
	stop()
	l.close(false)
	old, oldErr := os.ReadFile(name + ".old")
	fresh, freshErr := os.ReadFile(name)
	if oldErr != nil || freshErr != nil || strings.Count(string(old), "\n") != 2 || !strings.Contains(string(fresh), "msg=three") {
		t.Errorf("the old log has %q (%v), the new one %q (%v)", old, oldErr, fresh, freshErr)
	}
}

// TestLogElsewhere: the log spoils neither the flow file nor the rules.
func TestLogElsewhere(t *testing.T) {
	dir := t.TempDir()
	rules := filepath.Join(dir, "r.srl")
	const text = "save SourcePeerType;\ncount;\n"
	if err := os.WriteFile(rules, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ to, log, says string }{
		{"flows:" + filepath.Join(dir, "x"), filepath.Join(dir, "x"), "are one file"},
		{"csv:" + filepath.Join(dir, "x"), dir + "/./x", "are one file"},
		{"csv:" + filepath.Join(dir, "%%x"), filepath.Join(dir, "%x"), "are one file"},
		{"jsonl:" + filepath.Join(dir, "%H"), filepath.Join(dir, "12"), "are one file"},
		{filepath.Join(dir, "x"), filepath.Join(dir, "x"), "-F and -L name one file"},
		{filepath.Join(dir, "x"), dir + "/./x", "-F and -L name one file"},
		{filepath.Join(dir, "x"), rules, "r.srl is no log"},
	} {
		option := "--to"
		if filepath.IsAbs(tt.to) {
			option = "-F"
		}
		status, _, errs := nemac(t, t.Context(), "-C", "--wait=0", "-r", rules, option, tt.to, "-L", tt.log, "127.0.0.1:1", "private")
		if status != command.StatusFailure || !strings.Contains(errs, tt.says) {
			t.Errorf("%s %s -L %s: status %d, %s", option, tt.to, tt.log, status, errs)
		}
	}
	if got, err := os.ReadFile(rules); err != nil || string(got) != text {
		t.Errorf("the rules are %q now (%v)", got, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "x")); err == nil {
		t.Error("a file was made")
	}
}
