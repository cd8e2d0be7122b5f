//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestManagedSignals has a running meter read its users again, keep them where
// the file is wrong, and tell how it is. The tests' process
// is the meter's: signals reach it only once it has asked for them, which
// comes before it listens.
func TestManagedSignals(t *testing.T) {
	dir := t.TempDir()
	users := filepath.Join(dir, "users")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(users, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	send := func(sig syscall.Signal) {
		t.Helper()
		if err := syscall.Kill(os.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
	}
	write("community first read\n")
	prefixes := filepath.Join(dir, "prefixes")
	if err := os.WriteFile(prefixes, []byte("10.0.0.0/8 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := startMeter(t, "-C", office, "--users", users, "--prefixes", prefixes, "--linger", "0")
	if _, err := m.dial("first").Info(t.Context()); err != nil {
		t.Fatal(err)
	}

	write("community first read\nuser anna auth SHA-0 whatever-secret read\n")
	send(syscall.SIGHUP)
	m.waitLog(`level=ERROR msg="reload: users and views stay as they were" error="` + users + `:2: after auth comes`)
	if _, err := m.dial("first").Info(t.Context()); err != nil {
		t.Errorf("after a bad file: %v", err)
	}

	write("community second read\n")
	send(syscall.SIGHUP)
	m.waitLog(`level=INFO msg="users and views read again" users=0 communities=1`)
	if _, err := m.dial("second").Info(t.Context()); err != nil {
		t.Errorf("after a good file: %v", err)
	}

	send(syscall.SIGUSR1)
	m.waitLog(`level=INFO msg=status state=waitRuleSet interval=0 uptime=1 packets=0 octets=0 flows=0 streams=0 rulesets=0`)

	if err := os.WriteFile(prefixes, []byte("10.0.0.0/8 1\n192.0.2.0/24 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	send(syscall.SIGHUP)
	m.waitLog(`level=INFO msg="prefixes read again" prefixes=2`)
	if err := os.WriteFile(prefixes, []byte("10.0.0.0/8 none\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	send(syscall.SIGHUP)
	m.waitLog(`level=ERROR msg="reload: the table of prefixes stays as it was" error="--prefixes: ` + prefixes + `:1: `)
	if text, _ := m.log.look(); strings.Contains(text, "secret") {
		t.Error("the log has a passphrase")
	}
}
