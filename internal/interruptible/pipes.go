package interruptible

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"
)

// Pipes opens files that are there already and no regular ones, as named pipes and
// devices are, for writing alone: with a pipe's last reader gone, writes to it fail.
type Pipes struct {
	Ctx context.Context
	// Waits is called once for each named pipe that has no reader and is waited for.
	Waits func(name string)
}

// IsStream reports whether a file is there and is neither a regular one nor a directory:
// a named pipe, a terminal or another device.
func IsStream(name string) bool {
	fi, err := os.Stat(name)
	return err == nil && !fi.Mode().IsRegular() && !fi.IsDir()
}

// isPipe reports whether a file is a named pipe.
func isPipe(name string) bool {
	fi, err := os.Stat(name)
	return err == nil && fi.Mode()&fs.ModeNamedPipe != 0
}

// Opener opens a stream for writing alone, as Pipes.Open does. One that is nil opens it as
// any file is opened, which waits without end for the reader of a named pipe.
type Opener func(name string) (*os.File, error)

// Open opens the stream.
func (o Opener) Open(name string) (*os.File, error) {
	if o == nil {
		return os.OpenFile(name, os.O_WRONLY, 0)
	}
	return o(name)
}

// errNoReader says that a named pipe has no reader yet.
var errNoReader = errors.New("no reader")

// noReader says that a named pipe had no reader when its context was done.
type noReader struct {
	name  string
	cause error
}

func (e *noReader) Error() string {
	return e.name + ": interrupted before the pipe had a reader"
}

func (e *noReader) Unwrap() error { return e.cause }

// look is how often a named pipe is looked at that has no reader. Its reader waits for
// us as long.
const look = 20 * time.Millisecond

// Open opens the file. It waits until a named pipe has a reader, or the context is done.
func (p Pipes) Open(name string) (*os.File, error) {
	for looks := 0; ; looks++ {
		f, err := openWriter(name)
		if !errors.Is(err, errNoReader) {
			return f, err
		}
		if looks == patience {
			p.Waits(name)
		}
		select {
		case <-p.Ctx.Done():
			return nil, &noReader{name, p.Ctx.Err()}
		case <-time.After(look):
		}
	}
}

// Create opens a file, empty, for writing alone; a stream as Open does.
func (p Pipes) Create(name string) (*os.File, error) {
	if IsStream(name) {
		return p.Open(name)
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
}

// patience is after how many looks it is told that a pipe is waited for: a reader that
// is started together with us is there by then.
const patience = 10
