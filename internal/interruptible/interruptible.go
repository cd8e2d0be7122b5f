// Package interruptible reads files that may keep their reader waiting, pipes and
// terminals, and opens pipes that have no reader yet, until a context is done. A Read that
// is given up goes on behind the caller's back, which is why it is for programs that are
// about to end. Packages internal/reading and reader/query read their inputs by it, and
// commands open the pipes that they write to.
package interruptible

import (
	"context"
	"os"
)

// Open is os.Open, which waits where a named pipe has no writer. When ctx is done, it
// returns ctx's error.
func Open(ctx context.Context, name string) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	opened := make(chan result)
	go func() {
		f, err := os.Open(name)
		select {
		case opened <- result{f, err}:
		case <-ctx.Done():
			f.Close() // a nil one says so
		}
	}()
	select {
	case got := <-opened:
		return got.f, got.err
	case <-ctx.Done():
		return nil, ctx.Err()
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
