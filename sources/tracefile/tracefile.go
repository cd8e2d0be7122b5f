// Package tracefile writes frames to trace files: pcap, pcapng and ERF, plain or
// compressed.
//
// What it writes reads back as what it was given: times to the nanosecond, captured
// lengths and those on the wire, link types, and interfaces as far as the format
// knows any. What a format cannot hold is refused, with the name of one that can.
// It never changes a frame, and reads nothing. The reading stage calls it.
package tracefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"netramet/sources/wire"
)

// Options are what Create needs beside the URI.
type Options struct {
	// Stdout is what "-" writes to. It is not closed.
	Stdout io.Writer
	// Create opens the file, empty, for writing alone: else a pipe would not end when its
	// reader goes away. nil: the system does, which waits without end for the reader of a
	// named pipe.
	Create func(path string) (*os.File, error)
	// SnapLen is what frames were cut to; 0: to nothing.
	SnapLen uint32
	// Application is the name of the program, for formats that keep it.
	Application string
	// About says what is known of the trace and its interfaces, the first one that
	// of number 1. It is asked at the first frame of each interface; nil: nothing is.
	About func() (wire.Section, []wire.Interface)
}

// encoder lays a trace out in one format, octets of which are appended to buf.
type encoder interface {
	// frame appends a record, with all that must come before it. On error nothing is
	// appended.
	frame(buf []byte, f *wire.Frame) ([]byte, error)
	// empty appends what a trace without packets has.
	empty(buf []byte) []byte
}

const (
	// chunkSize is how much is handed to the goroutine that compresses and writes.
	// Where chunks end depends on the frames alone, and so do compressed octets.
	chunkSize = 256 << 10
	// inFlight is how many chunks there are.
	inFlight = 4
)

// Writer writes one file. One goroutine calls its methods; another one, its own,
// compresses and writes.
//
// The file is written in place, as the frames come: after an error it holds what
// came before.
type Writer struct {
	name    string
	enc     encoder
	frames  uint64
	others  uint64 // frames of an interface that the format does not tell
	oneOnly bool   // the format tells no interfaces
	buf     []byte
	packed  bool
	err     error // of Write

	full, free chan []byte
	done       chan struct{}
	mu         sync.Mutex
	fault      error // of the goroutine, under mu
}

// Create opens the file for writing, which empties it, and begins. The URI is a
// path, format:path, or - for standard output; suffixes tell format and compression.
func Create(uri string, opt Options) (*Writer, error) {
	t, err := parse(uri)
	if err != nil {
		return nil, err
	}
	if opt.Create == nil {
		opt.Create = func(path string) (*os.File, error) {
			return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
		}
	}
	out, name := io.WriteCloser(plain{opt.Stdout}), "standard output"
	if t.path != "-" {
		name = t.path
		if out, err = opt.Create(t.path); err != nil {
			return nil, fmt.Errorf("%s: %w", name, bare(err))
		}
	}
	below := &file{w: out}
	z, err := compressor(below, t.compression)
	if err != nil {
		out.Close()
		return nil, fmt.Errorf("%s: %w", name, bare(err))
	}
	w := &Writer{
		name: name, enc: newEncoder(t.format, opt), oneOnly: t.format == "pcap", packed: t.compression != "",
		full: make(chan []byte, inFlight), free: make(chan []byte, inFlight), done: make(chan struct{}),
	}
	for range inFlight - 1 {
		w.free <- nil
	}
	go w.run(z, below, out)
	return w, nil
}

// file is what is written to. It keeps the error that ended it, of which compressors
// tell nothing or too little.
type file struct {
	w   io.Writer
	mu  sync.Mutex // some compressors write on a goroutine of their own
	err error
}

// Write implements io.Writer.
func (f *file) Write(p []byte) (int, error) {
	n, err := f.w.Write(p)
	if err != nil {
		f.mu.Lock()
		f.err = err
		f.mu.Unlock()
	}
	return n, err
}

// cause is the error behind one of the compressor.
func (f *file) cause(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && f.err != nil {
		return f.err
	}
	return err
}

func newEncoder(format string, opt Options) encoder {
	if opt.About == nil {
		opt.About = func() (s wire.Section, all []wire.Interface) { return s, all }
	}
	switch format {
	case "pcap":
		return &pcap{snap: opt.SnapLen}
	case "erf":
		return &erf{}
	}
	return newPcapng(opt)
}

// Name is the file's name, as messages have it.
func (w *Writer) Name() string { return w.name }

// Frames is how many frames were taken.
func (w *Writer) Frames() uint64 { return w.frames }

// Kept reports whether the file has taken all of Frames, as far as is known; all is known
// after Close.
func (w *Writer) Kept() bool { return w.fell() == nil }

// Note says what the file does not keep of what was written, "" if nothing is
// missing.
func (w *Writer) Note() string {
	if w.others == 0 {
		return ""
	}
	return fmt.Sprintf("%s: pcap knows one interface: that of %d packets is not kept; pcapng keeps it", w.name, w.others)
}

// Write takes a frame, whose data it does not keep. Its error repeats; it is that
// of a frame which the format cannot hold, or of the file.
func (w *Writer) Write(f *wire.Frame) error {
	if w.err != nil {
		return w.err
	}
	buf, err := w.enc.frame(w.buf, f)
	if err != nil {
		w.err = fmt.Errorf("%s: packet %d: %w", w.name, w.frames+1, err)
		return w.err
	}
	w.buf = buf
	w.frames++
	if w.oneOnly && f.Interface > 1 {
		w.others++
	}
	if len(w.buf) >= chunkSize {
		return w.hand()
	}
	return nil
}

// Flush hands what was taken to the system, if the file is not compressed and
// nothing is on its way: whoever reads a pipe need not wait for more.
func (w *Writer) Flush() error {
	if w.err == nil && !w.packed && len(w.buf) > 0 && len(w.free) == inFlight-1 {
		return w.hand()
	}
	return w.err
}

// hand gives the chunk to the goroutine.
func (w *Writer) hand() error {
	w.full <- w.buf
	w.buf = (<-w.free)[:0]
	w.err = w.fell()
	return w.err
}

// fell is the goroutine's error.
func (w *Writer) fell() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fault
}

// run compresses and writes chunks until there are no more. It goes on taking them
// after an error, so that nobody waits.
func (w *Writer) run(z io.WriteCloser, below *file, out io.Closer) {
	defer close(w.done)
	for buf := range w.full {
		if w.fell() == nil {
			_, err := z.Write(buf)
			w.fail(below.cause(err))
		}
		w.free <- buf
	}
	w.fail(below.cause(z.Close()))
	w.fail(out.Close())
}

// fail keeps the first error.
func (w *Writer) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && w.fault == nil {
		w.fault = fmt.Errorf("%s: %w", w.name, bare(err))
	}
}

// Close writes what is left and closes the file. Its error is the first one that
// there was.
func (w *Writer) Close() error {
	if w.full == nil {
		return w.err
	}
	if w.frames == 0 {
		w.buf = w.enc.empty(w.buf)
	}
	if len(w.buf) > 0 {
		w.full <- w.buf
	}
	close(w.full)
	<-w.done
	w.full = nil
	if w.err == nil {
		w.err = w.fell()
	}
	return w.err
}

// bare drops the name of the system call, and the file's, which says nothing more.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
