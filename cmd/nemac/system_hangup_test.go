package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// systemHangUp sends SIGHUP to a nemac that waits for its meter: it tries to open its
// log anew, and where that fails it says so and goes on in the old one.
func systemHangUp(t *testing.T, s *system) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	n := s.start(t, dir, s.nemac, "-C", "-L", log, "-m", freePort(t), "-r", ruleFileOf(t, "hosts.srl"), "127.0.0.1", "private")
	n.expect(`waiting for the meter`)
	if err := os.Rename(log, log+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(log, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	n.expect(`nemac: SIGHUP: log file: open .*is a directory`)
	n.terminate()
	n.want(0)
	if text, err := os.ReadFile(log + ".old"); err != nil || !strings.Contains(string(text), "the old log file stays open") || !strings.Contains(string(text), "msg=end") {
		t.Errorf("the log has %q, %v", text, err)
	}
}
