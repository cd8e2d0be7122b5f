//go:build unix

package interruptible

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openWriter opens a file for writing; errNoReader says that it would have to wait for
// a named pipe's reader.
func openWriter(name string) (*os.File, error) {
	if !isPipe(name) {
		return os.OpenFile(name, os.O_WRONLY, 0)
	}
	fd, err := syscall.Open(name, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	for err == syscall.EINTR {
		fd, err = syscall.Open(name, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	}
	switch {
	case errors.Is(err, syscall.ENXIO):
		return nil, errNoReader
	case err == nil:
		// Not every system can tell by events when a pipe can be written to.
		if err = syscall.SetNonblock(fd, false); err == nil {
			return os.NewFile(uintptr(fd), name), nil
		}
		_ = syscall.Close(fd) // nothing was written
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: err}
}
