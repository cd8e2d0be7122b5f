//go:build unix

package interruptible

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func namedPipe(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skip("no named pipe:", err)
	}
	return name
}

// TestPipes: a reader that comes later gets what is written, and one that goes away
// ends it.
func TestPipes(t *testing.T) {
	name := namedPipe(t)
	came := make(chan *os.File)
	p := Pipes{Ctx: t.Context(), Waits: func(name string) {
		go func() {
			r, err := os.Open(name)
			if err != nil {
				t.Error(err)
			}
			came <- r
		}()
	}}
	w, err := p.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r := <-came
	if _, err := w.WriteString("flow"); err != nil {
		t.Fatal(err)
	}
	var text [4]byte
	if _, err := io.ReadFull(r, text[:]); err != nil || string(text[:]) != "flow" {
		t.Fatalf("read %q, %v", text, err)
	}
	r.Close()
	if _, err := w.WriteString("flow"); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("with no reader any more: %v, want %v", err, syscall.EPIPE)
	}
}

// TestPipesGivenUp: waiting for a reader ends with the context.
func TestPipesGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	told := 0
	p := Pipes{Ctx: ctx, Waits: func(string) { told++; cancel() }}
	if _, err := p.Open(namedPipe(t)); !errors.Is(err, context.Canceled) || told != 1 {
		t.Errorf("%v, told %d times", err, told)
	}
}

// TestPipesOthers: other files are opened at once, and only what is there.
func TestPipesOthers(t *testing.T) {
	p := Pipes{Ctx: t.Context(), Waits: func(name string) { t.Error("waits for", name) }}
	f, err := p.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if _, err := p.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
