package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netramet/internal/command"
	"netramet/reader"
	"netramet/reader/flowfile"
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
	for in, want := range map[string]string{"gw": "gw", "::1": "__1", "[::1]": "__1", "2001:db8::1": "2001_db8__1", "fe80::1%eth0": "fe80__1_eth0", "-x": "_-x", "../../etc/x": ".._.._etc_x", "a\x00b": "a_b"} {
		if got := command.FileBase(in); got != want {
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

// TestFlowFileIsOnes: two do not append to one file, by whatever name; one that
// is restarted beside its like takes the next number.
func TestFlowFileIsOnes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Chdir(t.TempDir())
	h := flowfile.Header{Meter: "m", Options: "-r a", Octets: flowfile.OctetsFrame, Zone: flowfile.ZoneUTC}
	write := func(f *flowFile) {
		t.Helper()
		iv := reader.Interval{Number: 1, Time: time.Unix(1e9, 0), From: 1, To: 100}
		if err := errors.Join(f.Begin(iv, nil), f.End()); err != nil {
			t.Fatal(err)
		}
	}
	open := func(name string, resumed bool) (*flowFile, error) {
		return openFlowFile(name, "m.flows", h, flowfile.Options{}, resumed)
	}
	first, err := open("", false)
	if err != nil {
		t.Fatal(err)
	}
	write(first)
	if f, err := open(filepath.Join("..", filepath.Base(mustGetwd(t)), first.name), false); err == nil {
		_ = f.Close()
		t.Skip("this system has no locks")
	} else if !strings.Contains(err.Error(), "appends to the flow file") {
		t.Errorf("error %v", err)
	}
	second, err := open("", true)
	if err != nil || second.name == first.name {
		t.Fatalf("%+v, %v", second, err)
	}
	if err := errors.Join(first.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
	again, err := open("", true)
	if err != nil || again.name != first.name {
		t.Fatalf("%+v, %v", again, err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func mustGetwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{"": "-", "a b": "a b", "\x1b[2Jx": "?[2Jx", "\xff": "?", "é": "é"} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
