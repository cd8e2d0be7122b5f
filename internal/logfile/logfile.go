// Package logfile is a log that can be opened anew after it was renamed away, as
// SIGHUP asks both commands to. It knows no signal.
package logfile

import (
	"fmt"
	"io"
	"os"
	"sync"

	"netramet/internal/interruptible"
)

// begins is how each line of log/slog's text begins.
const begins = "time="

// File is a log file. It is for many goroutines at a time.
type File struct {
	path string
	pipe interruptible.Opener
	mu   sync.Mutex
	f    *os.File
}

// Open opens a log for appending, and makes it if it is not there. A file that
// holds something else, such as the rules or the flow data of the run, is left
// alone: that is an error. pipe opens what is no regular file, which is no log that could
// be renamed away.
func Open(path string, pipe interruptible.Opener) (*File, error) {
	if !mayBeLog(path) {
		return nil, fmt.Errorf("%s is no log (its lines do not begin with %s), so nothing is appended to it; name another file", path, begins)
	}
	l := &File{path: path, pipe: pipe}
	return l, l.Reopen()
}

// mayBeLog reports whether what path holds, if anything, begins like a log.
func mayBeLog(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return true // a new file; a pipe or a device holds nothing
	}
	f, err := os.Open(path)
	if err != nil {
		return true // it may be for writing only
	}
	defer f.Close()
	start := make([]byte, len(begins))
	n, err := io.ReadFull(f, start)
	return n == 0 || err == nil && string(start) == begins
}

// Reopen opens the file by its name; on error the old one stays.
func (l *File) Reopen() error {
	f, err := l.open()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		_ = l.f.Close() // it was renamed away, and nobody could be told
	}
	l.f = f
	return nil
}

func (l *File) open() (*os.File, error) {
	if interruptible.IsStream(l.path) {
		return l.pipe.Open(l.path)
	}
	return os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
}

// Own has give change whose the file is, that is open now.
func (l *File) Own(give func(*os.File) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return give(l.f)
}

// Write implements io.Writer.
func (l *File) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Write(p)
}

// Close closes the file.
func (l *File) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Close()
}
