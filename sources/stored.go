package sources

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"netramet/internal/interruptible"
)

// stored is the trace as it is stored: a file, a pipe, a connection or standard
// input. It counts what is read, below any decompression.
type stored struct {
	name string
	r    io.Reader
	file io.Closer // nil for standard input, which is not ours to close
	size int64     // 0 if unknown
	live bool      // more may come at any time, or nothing

	read   atomic.Int64
	closed atomic.Bool
	once   sync.Once
}

// readError is an error of the system, not of the trace: what was to be read
// could not be.
type readError struct{ error }

func (e *readError) Unwrap() error { return e.error }

// openStored opens a path, standard input for "-", or an address.
func openStored(path string, opt Options) (*stored, error) {
	switch {
	case IsAddress(path) && opt.Follow == FollowGrowth:
		return nil, fmt.Errorf("%s: is no file to be followed: it is read until the other side closes it", path)
	case IsAddress(path):
		return dial(path)
	}
	if path == "-" {
		s := &stored{name: "standard input", r: opt.Stdin}
		if s.r == nil {
			return nil, errors.New("standard input: not available")
		}
		if f, ok := opt.Stdin.(*os.File); ok {
			s.size = regularSize(f)
		}
		if s.live = opt.Follow == FollowGrowth; s.live && s.size > 0 {
			return nil, errors.New("standard input: is a file: name it, so that it can be followed")
		}
		return s, nil
	}
	f, err := interruptible.OpenPipe(path, opt.Waits)
	if err != nil {
		return nil, openError(path, err)
	}
	if fi, err := f.Stat(); err == nil && fi.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s: is a directory", path)
	}
	if opt.Follow == FollowGrowth {
		return follow(path, f)
	}
	return &stored{name: path, r: f, file: f, size: regularSize(f)}, nil
}

// openError drops the system call's name, which says nothing to a user.
func openError(path string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s: %w", path, err)
}

func regularSize(f *os.File) int64 {
	if fi, err := f.Stat(); err == nil && fi.Mode().IsRegular() {
		return fi.Size()
	}
	return 0
}

// Read reads and counts.
func (s *stored) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.read.Add(int64(n))
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}

// Close closes the file, which makes a Read blocked on a pipe return. On
// standard input it passes the read deadline instead, where there is one.
func (s *stored) Close() error {
	var err error
	s.once.Do(func() {
		s.closed.Store(true)
		if s.file != nil {
			err = s.file.Close()
			return
		}
		if d, ok := s.r.(interface{ SetReadDeadline(time.Time) error }); ok {
			// An input without deadlines stays blocked until it has data.
			_ = d.SetReadDeadline(time.Unix(1, 0))
		}
	})
	return err
}
