package screen_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"netramet/internal/screen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// drawing is so many lines of one letter, as wide as the terminal or at most most.
type drawing struct {
	letter string
	lines  int
	most   int
}

func (d drawing) AppendTo(dst []byte, width, height int) []byte {
	n := d.lines
	if height > 0 {
		n = min(n, height)
	}
	for range n {
		dst = append(append(dst, strings.Repeat(d.letter, min(width, d.most))...), '\n')
	}
	return dst
}

// TestPlain: where there is no terminal, texts follow each other.
func TestPlain(t *testing.T) {
	var out bytes.Buffer
	s := screen.New(&out, "6")
	if s.Redraws() {
		t.Error("a buffer is no terminal")
	}
	if s.Over(&out) != io.Writer(&out) {
		t.Error("messages take a way round")
	}
	p := s.Pane()
	for _, d := range []drawing{{"a", 2, 9}, {"b", 1, 3}} {
		if err := p.Show(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "aaaaaa\naaaaaa\n\nbbb\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestFull: an error of the output is told by what is shown next.
func TestFull(t *testing.T) {
	full := errors.New("full")
	s := screen.New(writer(func([]byte) (int, error) { return 0, full }), "")
	p := s.Pane()
	for range 2 {
		if err := p.Show(drawing{"a", 1, 0}); !errors.Is(err, full) {
			t.Errorf("error %v", err)
		}
	}
	if err := s.Close(); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
