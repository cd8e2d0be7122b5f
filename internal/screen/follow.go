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
// terminal's size has changed, until stop.
func (s *Screen) follow() {
	resized, ignore := notifyResized()
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
		return &over{s, w}
	}
	return w
}

type over struct {
	s *Screen
	w io.Writer
}

// Write writes a message of whole lines.
func (o *over) Write(p []byte) (int, error) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	if o.s.drawn == nil {
		return o.w.Write(p)
	}
	if width, height, err := o.s.size(); err == nil {
		o.s.write(append(o.s.erased(width, height), "\x1b[J"...))
	}
	o.s.drawn = nil
	n, err := o.w.Write(p)
	o.s.draw()
	return n, err
}
