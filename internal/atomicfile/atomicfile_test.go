package atomicfile

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestWrite(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"bare", filepath.Join(t.TempDir(), "in a directory")} {
		for _, content := range []string{"first\n", "", "a longer third\n"} {
			if err := Write(path, []byte(content)); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != content {
				t.Errorf("%s: %q, %v; want %q", path, got, err, content)
			}
		}
		fi, err := os.Stat(path)
		if err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, fi.Mode(), err)
		}
		alone(t, filepath.Dir(path), filepath.Base(path))
	}
}

// TestWriteFails: what stood there stands, and nothing is left beside it.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Join(dir, "taken"), []byte("x")); err == nil {
		t.Error("a directory was replaced")
	}
	alone(t, dir, "taken")
	if err := Write(filepath.Join(dir, "missing", "file"), []byte("x")); err == nil {
		t.Error("a file was written in a directory that is not there")
	}
}

func alone(t *testing.T, dir, name string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 || list[0].Name() != name {
		t.Errorf("%s holds %v, %v; want %s alone", dir, list, err, name)
	}
}
