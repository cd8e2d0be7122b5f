package logfile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReopen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log")
	l, err := Open(name)
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
	if _, err := Open(name); err == nil {
		t.Error("a directory is a log")
	}
}
