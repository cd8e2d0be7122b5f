package fileaccess

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpenToAll(t *testing.T) {
	if !modesCount {
		t.Skip("modes mean nothing on this system")
	}
	dir := t.TempDir()
	for _, tt := range []struct {
		mode fs.FileMode
		want string // "": no warning
	}{
		{0o600, ""}, {0o400, ""}, {0o640, ""}, {0o660, ""},
		{0o644, "can read it: chmod 600"}, {0o604, "can read it"}, {0o622, "can change it"}, {0o666, "can change it"},
	} {
		path := filepath.Join(dir, "secrets")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		fi, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		err = OpenToAll(path, fi)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("mode %o: %v, want %q", tt.mode, err, tt.want)
		}
		if !Own(fi) || Names(fi) != 1 {
			t.Errorf("mode %o: own %v, %d names", tt.mode, Own(fi), Names(fi))
		}
	}
	if fi, err := os.Stat(os.DevNull); err != nil || OpenToAll(os.DevNull, fi) != nil {
		t.Errorf("a device: %v", err)
	}
}

func TestNames(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := os.WriteFile(a, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !modesCount || os.Link(a, b) != nil {
		t.Skip("no hard links here, or none that are counted")
	}
	fi, err := os.Stat(b)
	if err != nil || Names(fi) != 2 {
		t.Errorf("%d names, %v; want 2", Names(fi), err)
	}
	if os.Geteuid() != 0 {
		t.Log("only root can give a file away: Own is not tried on another's")
		return
	}
	if err := os.Chown(a, 1, -1); err != nil {
		t.Skip(err)
	}
	if fi, err = os.Stat(a); err != nil || Own(fi) {
		t.Errorf("a file of user 1 counts as our own; %v", err)
	}
}
