package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReserve(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"gw.flows.002", "gw.flows.old", "gw.flows.7", "other.flows.009"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ base, want string }{
		{"gw.flows", "gw.flows.003"}, {"gw.flows", "gw.flows.004"}, {"new.flows", "new.flows.001"}, {"other.flows", "other.flows.010"},
	} {
		name, err := reserve(dir, tt.base)
		if err != nil || filepath.Base(name) != tt.want {
			t.Errorf("%s: %s, %v, want %s", tt.base, name, err, tt.want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "gw.flows.1234"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if name, err := reserve(dir, "gw.flows"); err != nil || filepath.Base(name) != "gw.flows.1235" {
		t.Errorf("%s, %v", name, err)
	}
	if _, err := reserve(filepath.Join(dir, "none"), "x"); err == nil {
		t.Error("a directory that is not there was taken")
	}
}

func TestFileBase(t *testing.T) {
	for in, want := range map[string]string{"gw": "gw", "::1": "::1", "../../etc/x": ".._.._etc_x", "a\x00b": "a_b"} {
		if got := fileBase(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLockOwner(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	unlock, err := lockOwner("o", "m:1")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := lockOwner("o", "m:1"); err == nil {
		again()
		t.Skip("this system has no locks")
	} else if !strings.Contains(err.Error(), "another nemac works on meter m:1") {
		t.Errorf("error %v", err)
	}
	other, err := lockOwner("o", "m:2")
	if err != nil {
		t.Fatal(err)
	}
	other()
	unlock()
	if unlock, err = lockOwner("o", "m:1"); err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{"": "-", "a b": "a b", "\x1b[2Jx": "?[2Jx", "\xff": "?", "é": "é"} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
