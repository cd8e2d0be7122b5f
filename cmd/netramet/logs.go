package main

import (
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// logFile is a log that can be opened anew after it was renamed away.
type logFile struct {
	path string
	mu   sync.Mutex
	f    *os.File
}

// openLog makes the log of a managed meter. file is nil if it goes to standard
// error.
func openLog(o *options, std stdio) (log *slog.Logger, file *logFile, err error) {
	level, err := o.managed.level(o.silent)
	if err != nil {
		return nil, nil, err
	}
	out := std.err
	if o.managed.logFile != "" {
		if err := o.checkOverwrite("-L", o.managed.logFile, std.in); err != nil {
			return nil, nil, err
		}
		file = &logFile{path: o.managed.logFile}
		if err := file.reopen(); err != nil {
			return nil, nil, err
		}
		out = file
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level})), file, nil
}

// reopen opens the file by its name; on error the old one stays.
func (l *logFile) reopen() error {
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		l.f.Close()
	}
	l.f = f
	return nil
}

// Write implements io.Writer.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Write(p)
}

// Close closes the file.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.f.Close()
}

// loggedError is an error that the log on standard error has told already.
type loggedError struct{ error }

func (e loggedError) Unwrap() error { return e.error }
