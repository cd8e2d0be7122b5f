// Package interruptible reads files that may keep their reader waiting, pipes and
// terminals, and opens pipes that have no reader yet, until a context is done. A Read that
// is given up goes on behind the caller's back, which is why it is for programs that are
// about to end. Packages sources, internal/reading and reader/query read their inputs by it,
// and commands open the pipes that they write to.
package interruptible

import (
	"context"
	"errors"
	"os"
	"time"
)

// Open is os.Open, which waits where a named pipe has no writer. When ctx is done, it
// returns ctx's error. waits is called once if it waits for long (OpenPipe); nil: nobody is
// told.
func Open(ctx context.Context, name string, waits func(name string)) (*os.File, error) {
	f, err := Call(ctx.Done(), waits, func(waits func(string)) (*os.File, error) {
		return OpenPipe(name, waits)
	}, func(f *os.File) { f.Close() })
	if errors.Is(err, ErrDone) {
		err = ctx.Err()
	}
	return f, err
}

// unwritten is how long a named pipe may be without a writer before that is told: one
// that is started together with us is there by then.
const unwritten = time.Second

// OpenPipe is os.Open. It calls waits, unless it is nil, once if the file is a named pipe
// that still has no writer after a second, and goes on waiting.
func OpenPipe(name string, waits func(name string)) (*os.File, error) {
	if waits == nil || !isPipe(name) {
		return os.Open(name)
	}
	type result struct {
		f   *os.File
		err error
	}
	opened := make(chan result, 1)
	go func() {
		f, err := os.Open(name)
		opened <- result{f, err}
	}()
	select {
	case got := <-opened:
		return got.f, got.err
	case <-time.After(unwritten):
	}
	waits(name)
	got := <-opened
	return got.f, got.err
}

// ErrDone is what Call returns if it was told that it is to be done before there was a
// result.
var ErrDone = errors.New("done")

// Call calls open, which may wait for a file for long, and returns its result. When done is
// closed before there is one, it returns ErrDone: open goes on behind the caller's back, and
// what it opens is given to discard.
//
// open is given a function to tell what it waits for, also later, in Reads of what it has
// opened. While Call waits, waits is called by Call's own goroutine, so never after Call has
// returned ErrDone. waits may be nil, and open is given nil then.
func Call[T any](done <-chan struct{}, waits func(name string), open func(waits func(string)) (T, error), discard func(T)) (T, error) {
	type result struct {
		of  T
		err error
	}
	opened, told, over := make(chan result), make(chan string), make(chan struct{})
	var tell func(string)
	if waits != nil {
		tell = func(name string) {
			select {
			case told <- name:
			case <-over:
				waits(name)
			case <-done:
			}
		}
	}
	go func() {
		of, err := open(tell)
		select {
		case opened <- result{of, err}:
		case <-done:
			if err == nil {
				discard(of)
			}
		}
	}()
	for {
		select {
		case got := <-opened:
			close(over)
			return got.of, got.err
		case name := <-told:
			waits(name)
		case <-done:
			var none T
			return none, ErrDone
		}
	}
}

// Waits reports whether a Read of f may have to wait: f is no regular file.
func Waits(f *os.File) bool {
	fi, err := f.Stat()
	return err == nil && !fi.Mode().IsRegular()
}

// Reader reads a file where closing it cannot end a Read: a terminal, or a pipe
// inherited in blocking mode. When Ctx is done, Read returns its error; it goes on behind
// the caller's back, so its p must not be used again, and nothing be read any more.
type Reader struct {
	Ctx  context.Context
	File *os.File
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := r.File.Read(p)
		done <- result{n, err}
	}()
	select {
	case got := <-done:
		return got.n, got.err
	case <-r.Ctx.Done():
		return 0, r.Ctx.Err()
	}
}
