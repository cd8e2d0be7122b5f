package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestProfiled: a profile is written whatever becomes of the run, and a file
// that cannot be is an error before it.
func TestProfiled(t *testing.T) {
	failed := errors.New("run")
	file := filepath.Join(t.TempDir(), "cpu")
	if err := profiled(file, func() error { return failed }); !errors.Is(err, failed) {
		t.Errorf("%v, want the run's error", err)
	}
	if fi, err := os.Stat(file); err != nil || fi.Size() == 0 {
		t.Errorf("profile: %v, %v", fi, err)
	}
	ran := false
	if err := profiled(filepath.Join(file, "none"), func() error { ran = true; return nil }); err == nil || ran {
		t.Errorf("%v, ran %v", err, ran)
	}
}
