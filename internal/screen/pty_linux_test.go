package screen_test

import (
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"netramet/internal/screen"
	"netramet/internal/screen/screentest"
)

// TestRedraw: what is drawn stands in place of what was drawn, below all else and
// never over it, whatever becomes of the terminal's size; no mode is changed.
func TestRedraw(t *testing.T) {
	master, slave := screentest.OpenPTY(t, 12, 10)
	before := screentest.Modes(t, slave)
	e := &screentest.Emulator{Width: 12}
	done := make(chan struct{})
	go func() { defer close(done); e.Follow(master) }()
	t.Setenv("TERM", "xterm")

	if _, err := slave.WriteString("$ netramet\n"); err != nil {
		t.Fatal(err)
	}
	s := screen.New(slave, "")
	if !s.Redraws() {
		t.Fatal("this is no terminal?")
	}
	one, two := s.Pane(), s.Pane()
	show := func(p *screen.Pane, d drawing) {
		t.Helper()
		if err := p.Show(d); err != nil {
			t.Fatal(err)
		}
	}
	show(one, drawing{"a", 3, 99})
	e.Await(t, "$ netramet\naaaaaaaaaaaa\naaaaaaaaaaaa\naaaaaaaaaaaa")
	show(one, drawing{"b", 2, 5}) // shorter, narrower, and a little later
	e.Await(t, "$ netramet\nbbbbb\nbbbbb")
	show(two, drawing{"c", 9, 4}) // more than there is room for
	e.Await(t, "$ netramet\nbbbbb\nbbbbb\n\ncccc\ncccc\ncccc")

	messages := s.Over(slave)
	for _, piece := range []string{"war", "ning\n"} {
		if _, err := io.WriteString(messages, piece); err != nil {
			t.Fatal(err)
		}
	}
	e.Await(t, "$ netramet\nwarning\nbbbbb\nbbbbb\n\ncccc\ncccc\ncccc")

	show(one, drawing{"d", 1, 11})
	e.Await(t, "$ netramet\nwarning\nddddddddddd\n\ncccc\ncccc\ncccc")
	// Nobody knows how a line that is too wide now was wrapped: it stays.
	resize := func(width, height uint16) {
		screentest.SetSize(t, slave, width, height)
		if err := unix.Kill(os.Getpid(), unix.SIGWINCH); err != nil {
			t.Fatal(err)
		}
	}
	resize(8, 10)
	e.Await(t, "$ netramet\nwarning\nddddddddddd\n\ncccc\ncccc\ncccc\ndddddddd\n\ncccc\ncccc\ncccc")
	resize(12, 10)
	e.Await(t, "$ netramet\nwarning\nddddddddddd\n\ncccc\ncccc\ncccc\nddddddddddd\n\ncccc\ncccc\ncccc")

	// While a process is stopped, the shell writes.
	if _, err := io.WriteString(slave, "$ fg\n"); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(os.Getpid(), unix.SIGCONT); err != nil {
		t.Fatal(err)
	}
	e.Await(t, "$ netramet\nwarning\nddddddddddd\n\ncccc\ncccc\ncccc\nddddddddddd\n\ncccc\ncccc\ncccc\n$ fg\nddddddddddd\n\ncccc\ncccc\ncccc")

	show(two, drawing{"e", 1, 4}) // held back, and so shown by Close at the latest
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	e.Await(t, "$ netramet\nwarning\nddddddddddd\n\ncccc\ncccc\ncccc\nddddddddddd\n\ncccc\ncccc\ncccc\n$ fg\nddddddddddd\n\neeee")
	if _, err := io.WriteString(messages, "$ "); err != nil { // nothing is redrawn any more
		t.Fatal(err)
	}
	e.Await(t, "$ netramet\nwarning\nddddddddddd\n\ncccc\ncccc\ncccc\nddddddddddd\n\ncccc\ncccc\ncccc\n$ fg\nddddddddddd\n\neeee\n$")
	if after := screentest.Modes(t, slave); after != before {
		t.Errorf("the terminal's modes were %v and are %v", before, after)
	}
	slave.Close()
	<-done
	if odd := e.Odd(); len(odd) > 0 {
		t.Errorf("control sequences %q", odd)
	}
}
