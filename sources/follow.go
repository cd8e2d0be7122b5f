package sources

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// The pauses between two looks at whether a file has grown.
const (
	leastPause = time.Millisecond
	mostPause  = 100 * time.Millisecond
)

// Why a file cannot be followed any more.
var (
	errShrunk   = errors.New("was cut short while it was followed; what came before is metered")
	errReplaced = errors.New("was replaced by another file while it was followed; what it had is metered")
	errGone     = errors.New("is no longer under its name, while it was followed; what it had is metered")
)

// growing reads a file, at whose end it waits for more.
type growing struct {
	path    string
	file    *os.File
	info    os.FileInfo
	at      int64 // octets read
	closing chan struct{}
	once    sync.Once
}

// follow reads a file that is still being written, or a pipe, which may be silent
// and ends with its writers.
func follow(path string, f *os.File) (*stored, error) {
	fi, err := f.Stat()
	switch {
	case err != nil:
	case fi.Mode()&fs.ModeNamedPipe != 0:
		return &stored{name: path, r: f, file: f, live: true}, nil
	case !fi.Mode().IsRegular():
		err = errors.New("is no file to be followed, and no pipe")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	g := &growing{path: path, file: f, info: fi, closing: make(chan struct{})}
	return &stored{name: path, r: g, file: g, live: true}, nil
}

// Read implements io.Reader. The end of the file is never one.
func (g *growing) Read(p []byte) (int, error) {
	var lost error
	for pause := leastPause; ; pause = min(2*pause, mostPause) {
		n, err := g.file.Read(p)
		g.at += int64(n)
		switch {
		case n > 0 || err != nil && err != io.EOF || len(p) == 0:
			return n, err
		case lost != nil:
			return 0, lost // and nothing was written since that was seen
		}
		if lost = g.lost(); lost != nil {
			continue
		}
		select {
		case <-g.closing:
			return 0, os.ErrClosed
		case <-time.After(pause):
		}
	}
}

// lost says why nothing more can be expected.
func (g *growing) lost() error {
	if fi, err := g.file.Stat(); err == nil && fi.Size() < g.at {
		return errShrunk
	}
	switch fi, err := os.Stat(g.path); {
	case errors.Is(err, fs.ErrNotExist):
		return errGone
	case err == nil && !os.SameFile(fi, g.info):
		return errReplaced
	}
	return nil
}

// Close implements io.Closer.
func (g *growing) Close() error {
	g.once.Do(func() { close(g.closing) })
	return g.file.Close()
}
