package usm

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStateFileNames: whatever name the file is given by, no engine ID is used
// twice with the same boots.
func TestStateFileNames(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	path := filepath.Join(dir, "engine")
	soft, far, chain := filepath.Join(dir, "soft"), filepath.Join(elsewhere, "far"), filepath.Join(elsewhere, "chain")
	for link, target := range map[string]string{soft: "engine", far: path, chain: "far", filepath.Join(elsewhere, "dir"): dir} {
		if err := os.Symlink(target, link); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	used := map[string]bool{}
	var id []byte
	for i, name := range []string{path, soft, path, far, soft, chain, path, filepath.Join(elsewhere, "dir", "engine"), path} {
		e, err := OpenEngine(name, 411, t0)
		if err != nil {
			t.Fatalf("start %d by %s: %v", i, name, err)
		}
		if id == nil {
			id = e.ID()
		}
		if !bytes.Equal(id, e.ID()) || e.boots != int32(i+1) {
			t.Errorf("start %d by %s: ID %x, boots %d; want %x, %d", i, name, e.ID(), e.boots, id, i+1)
		}
		key := fmt.Sprintf("%x %d", e.ID(), e.boots)
		if used[key] {
			t.Errorf("start %d by %s: %s was used before", i, name, key)
		}
		used[key] = true
		e.Close()
	}
	if fi, err := os.Lstat(soft); err != nil || fi.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", fi.Mode(), err)
	}
}

// TestStateFileHeld: two engines with one state file would have one ID and two
// clocks, so the second one gets another ID, and says why.
func TestStateFileHeld(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "engine")
	first, err := OpenEngine(path, 411, t0)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{path}
	if soft := filepath.Join(dir, "soft"); os.Symlink("engine", soft) == nil {
		names = append(names, soft)
	}
	for _, name := range names {
		e, err := OpenEngine(name, 411, t0)
		if err == nil || !strings.Contains(err.Error(), "another meter uses it") || bytes.Equal(e.ID(), first.ID()) {
			t.Errorf("by %s: %v, same ID %v", name, err, bytes.Equal(e.ID(), first.ID()))
		}
	}
	first.Close()
	e, err := OpenEngine(path, 411, t0)
	if err != nil || e.boots != 2 || !bytes.Equal(e.ID(), first.ID()) {
		t.Errorf("after the first one ended: boots %d, %v", e.boots, err)
	}
	e.Close()
}

// TestStateFileRefused: what cannot be a state file is refused, and at once.
func TestStateFileRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "engine")
	e, err := OpenEngine(path, 411, t0)
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	cases := map[string]string{dir: "directory", os.DevNull: "no regular file"}
	link := func(target, name, want string) {
		if name = filepath.Join(dir, name); os.Symlink(target, name) == nil {
			cases[name] = want
		}
	}
	link("nowhere", "dangling", "link to nothing")
	link(".", "to a directory", "directory")
	link(os.DevNull, "to a device", "no regular file")
	if fifo := filepath.Join(dir, "fifo"); mkfifo(fifo) == nil {
		cases[fifo] = "no regular file"
		link("fifo", "to a fifo", "no regular file")
	}
	if other := filepath.Join(dir, "other's"); os.WriteFile(other, nil, 0o666) == nil && os.Geteuid() == 0 && os.Chown(other, 1, -1) == nil {
		cases[other] = "another user"
		link("other's", "to another's", "another user")
	}
	if twin := filepath.Join(t.TempDir(), "twin"); mkfifo(filepath.Join(dir, "unix")) == nil && os.Link(path, twin) == nil {
		cases[twin], cases[path] = "hard links", "hard links"
	}
	for name, want := range cases {
		got, err := OpenEngine(name, 411, t0)
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v; want %q", name, err, want)
		}
		if bytes.Equal(got.ID(), e.ID()) {
			t.Errorf("%s: the stored engine ID was used", name)
		}
	}
}
