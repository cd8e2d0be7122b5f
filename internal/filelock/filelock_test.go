package filelock

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// holds takes a lock and demands that it cannot be had again by any of the
// others until it is free.
func holds(t *testing.T, take func() (func(), error), others ...func() (func(), error)) {
	t.Helper()
	unlock, err := take()
	if err != nil {
		t.Fatal(err)
	}
	for i, other := range append(others, take) {
		if again, err := other(); err == nil {
			again()
			t.Errorf("way %d: the lock was given twice", i)
		} else if !errors.Is(err, ErrHeld) {
			t.Errorf("way %d: %v", i, err)
		}
	}
	unlock()
	unlock, err = take()
	if err != nil {
		t.Fatalf("after it was freed: %v", err)
	}
	unlock()
}

func TestTry(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	holds(t, func() (func(), error) { return Try(path) })
	if _, err := Try(filepath.Join(path, "below a file")); err == nil || errors.Is(err, ErrHeld) {
		t.Errorf("a lock file that cannot be: %v", err)
	}
}

func TestTryNamed(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	take := func(text string) func() (func(), error) {
		return func() (func(), error) { return TryNamed("test", text) }
	}
	holds(t, take("a\x00b"))
	a, err := take("a")()
	if err != nil {
		t.Fatal(err)
	}
	defer a()
	b, err := take("b")()
	if err != nil {
		t.Fatalf("another text: %v", err)
	}
	b()
}

// TestNamedIsRemoved: no lock file stays behind, also where one was left, and one
// that is removed by others is no lock any more.
func TestNamedIsRemoved(t *testing.T) {
	if !removesOpenFiles {
		t.Skip("this system removes no open files")
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	files := func() (names []string) {
		list, err := os.ReadDir(temp)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			names = append(names, e.Name())
		}
		return names
	}
	unlock, err := TryNamed("test", "a")
	if err != nil {
		t.Fatal(err)
	}
	left := files()
	if len(left) != 1 {
		t.Fatalf("lock files %q", left)
	}
	unlock()
	if got := files(); len(got) != 0 {
		t.Errorf("%q stay behind", got)
	}
	if err := os.WriteFile(filepath.Join(temp, left[0]), nil, 0o600); err != nil { // of one that was killed
		t.Fatal(err)
	}
	if unlock, err = TryNamed("test", "a"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(temp, left[0])); err != nil {
		t.Fatal(err)
	}
	another, err := TryNamed("test", "a")
	if err != nil {
		t.Fatalf("where the file of the lock is gone: %v", err)
	}
	unlock()
	if _, err := TryNamed("test", "a"); !errors.Is(err, ErrHeld) {
		t.Errorf("the lock of another is gone with the file of the first: %v", err)
	}
	another()
	if got := files(); len(got) != 0 {
		t.Errorf("%q stay behind", got)
	}
}

// TestNamedUnderContention: of many that take a lock and free it at the same time,
// never two have it.
func TestNamedUnderContention(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	var held, taken atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				unlock, err := TryNamed("test", "a")
				if errors.Is(err, ErrHeld) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				taken.Add(1)
				if n := held.Add(1); n != 1 {
					t.Errorf("%d have the lock", n)
				}
				held.Add(-1)
				unlock()
			}
		})
	}
	wg.Wait()
	if taken.Load() == 0 {
		t.Error("nobody got the lock")
	}
}

// TestTryFile: a file has one lock, whatever it is called.
func TestTryFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("TMP", os.Getenv("TMPDIR"))
	t.Chdir(t.TempDir())
	if err := os.WriteFile("data", []byte("here\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	by := func(name string) func() (func(), error) { return func() (func(), error) { return TryFile(name) } }
	others := []func() (func(), error){by("./data"), by(filepath.Join("..", filepath.Base(dir(t)), "data"))}
	if os.Symlink("data", "soft") == nil {
		others = append(others, by("soft"))
	}
	if os.Link("data", "hard") == nil {
		others = append(others, by("hard"))
	}
	holds(t, by("data"), others...)

	unlock, err := TryFile("data")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if text, err := os.ReadFile("data"); err != nil || string(text) != "here\n" {
		t.Errorf("reading a locked file: %q, %v", text, err)
	}
	if err := os.WriteFile("data", []byte("new\n"), 0o600); err != nil {
		t.Errorf("writing a locked file: %v", err)
	}
	if err := os.Rename("data", "renamed"); err == nil {
		if again, err := TryFile("renamed"); err == nil {
			again()
			t.Error("a renamed file lost its lock")
		}
	}
	if _, err := TryFile("missing"); err == nil || errors.Is(err, ErrHeld) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func dir(t *testing.T) string {
	t.Helper()
	d, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return d
}
