//go:build unix

package interruptible

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
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

// TestOpenWithoutWriter: that a pipe has no writer is told once, and a writer that comes
// later is read.
func TestOpenWithoutWriter(t *testing.T) {
	t.Parallel()
	name, told := namedPipe(t), 0
	f, err := Open(t.Context(), name, func(of string) {
		if told++; of != name {
			t.Errorf("told of %s", of)
		}
		go func() {
			w, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer w.Close()
			if _, err := w.WriteString("flow"); err != nil {
				t.Error(err)
			}
		}()
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if text, err := io.ReadAll(f); err != nil || string(text) != "flow" || told != 1 {
		t.Errorf("read %q, %v; told %d times", text, err, told)
	}
}

// TestOpenWithoutWriterGivenUp: waiting for a writer ends with the context.
func TestOpenWithoutWriterGivenUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Open(ctx, namedPipe(t), func(string) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestOpenWithWriter: nobody is told of pipes that have a writer, and of other files.
func TestOpenWithWriter(t *testing.T) {
	name := namedPipe(t)
	both, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pipe is opened for both:", err)
	}
	defer both.Close()
	for _, name := range []string{name, os.DevNull} {
		f, err := Open(t.Context(), name, func(name string) { t.Error("waits for", name) })
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

// TestCall: what is told by what was opened, later, is told as well.
func TestCall(t *testing.T) {
	var told []string
	waits := func(name string) { told = append(told, name) }
	later, err := Call(t.Context().Done(), waits, func(waits func(string)) (func(string), error) {
		waits("at once")
		return waits, nil
	}, func(func(string)) {})
	if err != nil {
		t.Fatal(err)
	}
	later("later")
	if want := []string{"at once", "later"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
