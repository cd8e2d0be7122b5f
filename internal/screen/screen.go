// Package screen shows text that changes: on a terminal in place, each time over what
// was there before, and elsewhere one text below the other.
//
// On a terminal the text stands where the cursor is, among all else that is there, and
// the last one stays when all has ended: no mode of the terminal is ever changed. What
// others write to the same terminal goes through Over, and stays above the text. Only
// the programs use it; what is shown says itself how it looks.
package screen

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/term"
)

// Drawing is a text that fits itself to a screen.
type Drawing interface {
	// AppendTo adds lines, each with its end, of at most width columns, and no more
	// than height of them as far as that can be; 0 is no bound.
	AppendTo(dst []byte, width, height int) []byte
}

// every is the least time between two texts on a terminal, for whoever reads them.
const every = 100 * time.Millisecond

// Screen is where texts are shown. It is safe for concurrent use.
type Screen struct {
	mu    sync.Mutex
	out   io.Writer
	size  func() (width, height int, err error) // nil: no terminal
	width int                                   // of lines where there is no terminal; 0: no bound
	panes []*Pane
	err   error // the first of out
	wrote bool

	drawn   []byte // what stands above the cursor
	when    time.Time
	pending bool // there is a newer text than drawn
	due     chan time.Duration
	stop    func()
}

// Pane is one of the texts of a screen; on a terminal they stand one below the other.
type Pane struct {
	s    *Screen
	last Drawing
}

// New returns the screen that out is, which is followed if it is a terminal. columns
// is the text of the environment's variable COLUMNS, which bounds lines where there is
// no terminal.
func New(out io.Writer, columns string) *Screen {
	s := &Screen{out: out, stop: func() {}}
	if n, err := strconv.ParseUint(columns, 10, 16); err == nil {
		s.width = int(n)
	}
	if f, ok := out.(*os.File); ok && isTerminal(f) {
		s.size = func() (int, int, error) { return term.GetSize(int(f.Fd())) }
		s.follow()
	}
	return s
}

// isTerminal reports whether f is a terminal on which a text can be overwritten.
func isTerminal(f *os.File) bool {
	return runtime.GOOS != "windows" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// Redraws reports whether texts are shown in place.
func (s *Screen) Redraws() bool { return s.size != nil }

// Pane adds a pane below the others.
func (s *Screen) Pane() *Pane {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &Pane{s: s}
	s.panes = append(s.panes, p)
	return p
}

// Show shows d, on a terminal in place of what the pane showed before and perhaps a
// little later. d must not change after that.
func (p *Pane) Show(d Drawing) error {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	p.last = d
	if s.size == nil {
		var text []byte
		if s.wrote {
			text = append(text, '\n')
		}
		s.wrote = true
		s.write(d.AppendTo(text, s.width, 0))
		return s.err
	}
	if wait := every - time.Since(s.when); wait > 0 {
		if !s.pending {
			s.pending = true
			select {
			case s.due <- wait:
			default: // it draws soon anyway
			}
		}
		return s.err
	}
	s.draw()
	return s.err
}

// Close shows what was not shown yet, and ends the watch over the terminal's size. What
// comes after that comes below.
func (s *Screen) Close() error {
	s.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pending {
		s.draw()
	}
	s.drawn = nil
	return s.err
}

func (s *Screen) write(text []byte) {
	if s.err == nil {
		_, s.err = s.out.Write(text)
	}
}

// draw shows all panes in place of what was drawn.
func (s *Screen) draw() {
	width, height := s.measure()
	text := s.erased(width, height)
	lines := s.compose(width, height-1) // the cursor stands below
	for line := range bytes.Lines(lines) {
		// Erased first: behind a line that fills its width the cursor stands on the
		// last character.
		text = append(append(text, "\x1b[K"...), line...)
	}
	s.write(append(text, "\x1b[J"...))
	s.drawn, s.when, s.pending = lines, time.Now(), false
}

// measure returns the terminal's size.
func (s *Screen) measure() (width, height int) {
	width, height, err := s.size()
	if err != nil || width < 1 || height < 2 { // one that tells none
		return 80, 24
	}
	return width, height
}

// erased is what takes the cursor to the begin of what is drawn. Where that does not
// fit on the screen any more, nobody knows how the terminal has wrapped it: then it
// stays, and what comes stands below it.
func (s *Screen) erased(width, height int) []byte {
	n := bytes.Count(s.drawn, []byte("\n"))
	if n == 0 || n >= height || widest(s.drawn) > width {
		return []byte("\r")
	}
	return append(strconv.AppendInt([]byte("\r\x1b["), int64(n), 10), 'A')
}

// compose is the lines of all panes that have any, at most height of them.
func (s *Screen) compose(width, height int) (text []byte) {
	var shown []Drawing
	for _, p := range s.panes {
		if p.last != nil {
			shown = append(shown, p.last)
		}
	}
	for i, d := range shown {
		if i > 0 {
			text = append(text, '\n')
		}
		text = d.AppendTo(text, width, max(height/len(shown)-1, 1))
	}
	for n, rest := 0, text; ; n++ {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return text
		}
		if n == height {
			return text[:len(text)-len(rest)]
		}
		rest = rest[i+1:]
	}
}
