package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestLogOpenedAnew renames the log away while it is written.
func TestLogOpenedAnew(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	l, err := openLog(name, stdio{})
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
