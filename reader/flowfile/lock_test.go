package flowfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/filelock"
)

// TestOneWriter: a file has one writer, by whatever name, and the second one
// changes nothing of it.
func TestOneWriter(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Chdir(t.TempDir())
	a := openFlows(t, "f", Options{})
	if err := putSimple(t, a, 1); err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs("f")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"f", "./f", abs}
	for name, link := range map[string]func(string, string) error{"soft": os.Symlink, "hard": os.Link} {
		if link("f", name) == nil {
			names = append(names, name)
		}
	}
	if os.Symlink(filepath.Dir(abs), "dir") == nil {
		names = append(names, filepath.Join("dir", "f"))
	}
	refused := func(when string) {
		t.Helper()
		for _, name := range names {
			for how, open := range map[string]func(string, Header, Options) (*AppendFile, error){"append": OpenAppend, "create": Create} {
				b, err := open(name, testHeader(), Options{})
				if !errors.Is(err, filelock.ErrHeld) || !strings.Contains(err.Error(), "appends to the flow file "+name) {
					t.Errorf("%s, %s %s: %v, %v", when, how, name, b, err)
				}
			}
		}
	}
	refused("between collections")
	if err := a.Begin(interval(2), nil); err != nil {
		t.Fatal(err)
	}
	refused("in a collection")
	if err := a.End(); err != nil {
		t.Fatal(err)
	}
	refused("after a collection")
	if n := strings.Count(mustRead(t, "f"), endMark); n != 2 {
		t.Errorf("%d collections, want 2", n)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := openFlows(t, name, Options{}).Close(); err != nil {
			t.Errorf("%s after the end: %v", name, err)
		}
	}
}

// TestLockFollowsTheName: the lock goes with the file that has our name. Where
// another was quicker to take the name that became free, nothing is written.
func TestLockFollowsTheName(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Chdir(t.TempDir())
	a := openFlows(t, "f", Options{})
	if err := putSimple(t, a, 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("f", "old"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAppend("old", testHeader(), Options{}); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("a renamed file lost its lock: %v", err)
	}
	b := openFlows(t, "f", Options{})
	if err := putSimple(t, a, 2); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("two append to one file: %v", err)
	}
	if err := errors.Join(putSimple(t, b, 1), b.Close()); err != nil {
		t.Fatal(err)
	}
	if err := putSimple(t, a, 2); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, "f"); got != wholeFile(t, 2) {
		t.Errorf("got\n%s", got)
	}
	if err := errors.Join(openFlows(t, "old", Options{}).Close(), a.Close()); err != nil {
		t.Error(err)
	}
}
