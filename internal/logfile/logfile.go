// Package logfile is a log that can be opened anew after it was renamed away, as
// SIGHUP asks both commands to. It knows no format and no signal.
package logfile

import (
	"os"
	"sync"
)

// File is a log file. It is for many goroutines at a time.
type File struct {
	path string
	mu   sync.Mutex
	f    *os.File
}

// Open opens a log for appending, and makes it if it is not there.
func Open(path string) (*File, error) {
	l := &File{path: path}
	return l, l.Reopen()
}

// Reopen opens the file by its name; on error the old one stays.
func (l *File) Reopen() error {
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
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
