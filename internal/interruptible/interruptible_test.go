package interruptible

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestReader: what comes is read, and a Read that waits ends with its context.
func TestReader(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close() // ends the Read that was given up
	ctx, cancel := context.WithCancel(t.Context())
	in := &Reader{Ctx: ctx, File: r}
	if _, err := w.WriteString("flow"); err != nil {
		t.Fatal(err)
	}
	var text [4]byte
	if _, err := io.ReadFull(in, text[:]); err != nil || string(text[:]) != "flow" {
		t.Fatalf("read %q, %v", text, err)
	}
	cancel()
	if n, err := in.Read(make([]byte, 4)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("read %d octets, %v", n, err)
	}
}

// TestOpen: files are opened, and only those that are regular never wait.
func TestOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if _, err := Open(t.Context(), name, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if Waits(f) {
		t.Error("a regular file waits")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if !Waits(r) {
		t.Error("a pipe does not wait")
	}
}
