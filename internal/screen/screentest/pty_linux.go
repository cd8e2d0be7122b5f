package screentest

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// OpenPTY returns both ends of a pseudo terminal of that size.
func OpenPTY(t testing.TB, width, height uint16) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	slave, err = os.OpenFile(filepath.Join("/dev/pts", strconv.Itoa(n)), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { slave.Close() })
	SetSize(t, slave, width, height)
	return master, slave
}

// SetSize gives a terminal a size.
func SetSize(t testing.TB, tty *os.File, width, height uint16) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: height, Col: width}); err != nil {
		t.Fatal(err)
	}
}

// Emulator shows what a terminal of some width would, without an end below.
type Emulator struct {
	Width int

	mu       sync.Mutex
	lines    [][]byte
	row, col int
	rest     []byte   // of a sequence that has not come whole
	odd      []string // control sequences that it does not know
}

// Follow shows what comes until the terminal is closed.
func (e *Emulator) Follow(master io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := master.Read(buf)
		e.mu.Lock()
		e.take(buf[:n])
		e.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (e *Emulator) take(text []byte) {
	text = append(e.rest, text...)
	e.rest = nil
	for i := 0; i < len(text); i++ {
		for len(e.lines) <= e.row {
			e.lines = append(e.lines, nil)
		}
		switch c := text[i]; {
		case c == '\r':
			e.col = 0
		case c == '\n':
			e.row++
		case c == 0x1b:
			end := bytes.IndexFunc(text[i:], func(r rune) bool { return r >= 'A' && r <= 'Z' || r == 'h' || r == 'l' })
			if end < 0 {
				e.rest = append([]byte(nil), text[i:]...)
				return
			}
			e.control(string(text[i : i+end+1]))
			i += end
		default:
			if e.col == e.Width { // it wraps when the next character comes
				e.row, e.col = e.row+1, 0
			}
			for len(e.lines) <= e.row {
				e.lines = append(e.lines, nil)
			}
			for len(e.lines[e.row]) <= e.col {
				e.lines[e.row] = append(e.lines[e.row], ' ')
			}
			e.lines[e.row][e.col] = c
			e.col++
		}
	}
}

func (e *Emulator) control(seq string) {
	n, _ := strconv.Atoi(strings.Trim(seq, "\x1b[AJK"))
	switch {
	case strings.HasSuffix(seq, "A"):
		e.row = max(e.row-n, 0)
	case seq == "\x1b[K":
		e.lines[e.row] = e.lines[e.row][:min(e.col, len(e.lines[e.row]))]
	case seq == "\x1b[J":
		e.lines[e.row] = e.lines[e.row][:min(e.col, len(e.lines[e.row]))]
		e.lines = e.lines[:e.row+1]
	default:
		e.odd = append(e.odd, seq)
	}
}

// Text is what is seen.
func (e *Emulator) Text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.TrimRight(string(bytes.Join(e.lines, []byte("\n"))), "\n ")
}

// Await waits until want is seen.
func (e *Emulator) Await(t testing.TB, want string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); e.Text() != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the terminal shows\n%s\nwant\n%s", e.Text(), want)
		}
	}
}

// Odd are the control sequences that came and that the Emulator does not know.
func (e *Emulator) Odd() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.odd
}

// Modes are a terminal's.
func Modes(t testing.TB, tty *os.File) unix.Termios {
	t.Helper()
	m, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *m
}
