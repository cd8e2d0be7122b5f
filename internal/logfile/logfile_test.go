package logfile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReopen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	l, err := Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if _, err := l.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	holds := func(name, want string) {
		t.Helper()
		if b, err := os.ReadFile(name); err != nil || string(b) != want {
			t.Errorf("%s holds %q (%v), want %q", filepath.Base(name), b, err, want)
		}
	}
	write("one\n")
	if err := os.Rename(name, name+".old"); err != nil {
		t.Skip("a file that is open cannot be renamed here:", err)
	}
	write("two\n")
	if err := l.Reopen(); err != nil {
		t.Fatal(err)
	}
	write("three\n")
	holds(name+".old", "one\ntwo\n")
	holds(name, "three\n")
	// What cannot be opened anew goes on.
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := l.Reopen(); err == nil {
		t.Error("a directory is a log")
	}
	write("four\n")
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Open(name, nil); err == nil {
		t.Error("a directory is a log")
	}
}

// TestOpenOther: what is no log is not spoilt.
func TestOpenOther(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		ok         bool
	}{
		{"a log", "time=2026-01-05T09:00:00Z level=INFO msg=begin\n", true},
		{"nothing", "", true},
		{"rules", "save SourcePeerType;\ncount;\n", false},
		{"flow data", "##NeTraMet v0.1.0:\n", false},
		{"a short one", "tim", false},
	} {
		name := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(name, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := Open(name, nil)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err == nil {
			l.Close()
		}
		if text, err := os.ReadFile(name); err != nil || string(text) != tt.text {
			t.Errorf("%s: it is %q now (%v)", tt.name, text, err)
		}
	}
}
