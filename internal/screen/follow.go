package screen

import (
	"bytes"
	"io"
	"os"
	"time"

	"github.com/rivo/uniseg"
)

// settle is how long a terminal's size must not change before it is drawn anew.
const settle = 50 * time.Millisecond

// follow draws what is pending when its time has come, and all of it when the
// terminal's size has changed or this process was stopped for a while, until stop.
func (s *Screen) follow() {
	resized, continued, ignore := notify()
	end, ended := make(chan struct{}), make(chan struct{})
	s.due = make(chan time.Duration, 1)
	go func() {
		defer close(ended)
		later := time.NewTimer(time.Hour)
		defer later.Stop()
		for {
			select {
			case <-end:
				return
			case <-resized:
				later.Reset(settle)
			case <-continued:
				s.again()
			case wait := <-s.due:
				later.Reset(wait)
			case <-later.C:
				s.mu.Lock()
				if s.pending || s.drawn != nil {
					s.draw()
				}
				s.mu.Unlock()
			}
		}
	}()
	s.stop = func() {
		ignore()
		close(end)
		<-ended
		s.stop = func() {}
	}
}

// again draws below what others have written while this process was stopped.
func (s *Screen) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn != nil {
		s.drawn = nil
		s.draw()
	}
}

// widest is how many columns the widest line takes.
func widest(lines []byte) (most int) {
	for line := range bytes.Lines(lines) {
		most = max(most, uniseg.StringWidth(string(bytes.TrimSuffix(line, []byte("\n")))))
	}
	return most
}

// Over returns a writer to w, for messages while something is shown: where w is the
// terminal that the screen is on, they come to stand above it.
func (s *Screen) Over(w io.Writer) io.Writer {
	if f, ok := w.(*os.File); ok && s.Redraws() && isTerminal(f) {
		return &over{s: s, w: w}
	}
	return w
}

type over struct {
	s    *Screen
	w    io.Writer
	part []byte // of a line, while something is drawn
}

// Write writes a message. Of one that comes in pieces, lines that are whole are shown.
func (o *over) Write(p []byte) (int, error) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.part = append(o.part, p...)
	lines := o.part
	if o.s.drawn != nil {
		lines = lines[:bytes.LastIndexByte(lines, '\n')+1]
	}
	if len(lines) == 0 {
		return len(p), nil
	}
	redraw := o.s.drawn != nil
	if redraw {
		o.s.write(append(o.s.erased(o.s.measure()), "\x1b[J"...))
		o.s.drawn = nil
	}
	_, err := o.w.Write(lines)
	o.part = append(o.part[:0], o.part[len(lines):]...)
	if redraw {
		o.s.draw()
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}
