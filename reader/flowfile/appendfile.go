package flowfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"netramet/internal/atomicfile"
	"netramet/internal/interruptible"
	"netramet/reader"
)

// Options say how an AppendFile is written.
type Options struct {
	Sync bool                 // force each collection to disk before it counts as written
	Pipe interruptible.Opener // opens what is no regular file
}

// AppendFile is a flow data file by name. Each collection opens it, appends a
// whole block and closes it again, so a user ends a file by renaming it: the
// next collection finds the name free and starts a new file, with header
// (RFC 2123 §4.3). A collection that fails is cut off again. A name that is no
// regular file (a terminal, a named pipe, /dev/null) is opened once and written
// as Writer does.
//
// It is one reader.Output, and not safe for concurrent use. The file is locked
// from OpenAppend to Close, or until another has its name: a second AppendFile
// for it, by whatever name and in whatever process, is refused.
type AppendFile struct {
	path    string
	opts    Options
	w       *Writer
	open    func(path string) (file, error)
	replace bool // what the file holds is thrown away at the first opening

	f      file        // open inside a collection; always if stream
	stream bool        // no regular file
	info   fs.FileInfo // of the file as we left it; nil before
	end    int64       // its size as we left it
	start  int64       // where the present block begins
	id     blockID     // of the present block
	blocks []blockID   // the last ones in the file
	last   *blockID    // the last one we wrote, be the file renamed since or not

	unlock func()      // frees the lock of the file locked; nil if there is none
	locked fs.FileInfo // valid iff unlock is not nil

	cut     int64
	skipped int
	skip    bool // the present collection is in the file already
}

// file is what an AppendFile needs of an *os.File.
type file interface {
	io.ReadWriteSeeker
	io.Closer
	Truncate(size int64) error
	Sync() error
	Stat() (fs.FileInfo, error)
}

func openFile(path string) (file, error) {
	// The mode is the usual one: the user's umask says who may read it.
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
}

// OpenAppend makes path ready for appending, creating it if it does not exist.
// What stands behind its last whole block is cut off (CutOff says how much).
// A file that this program did not write, or whose octets or time zone are not
// h's, is refused and left alone.
func OpenAppend(path string, h Header, o Options) (*AppendFile, error) {
	a := &AppendFile{path: path, opts: o, w: NewWriter(nil, h), open: openFile}
	return a.ready()
}

// Create makes path ready like OpenAppend, but throws away what it holds.
func Create(path string, h Header, o Options) (*AppendFile, error) {
	a := &AppendFile{path: path, opts: o, w: NewWriter(nil, h), open: openFile, replace: true}
	return a.ready()
}

// ready opens the file once, to see whether it can be appended to.
func (a *AppendFile) ready() (*AppendFile, error) {
	err := a.prepare()
	if err == nil {
		err = a.release()
	}
	if err != nil {
		a.free()
		return nil, err
	}
	return a, nil
}

// SetStart sets the header's start; see Writer.SetStart.
func (a *AppendFile) SetStart(t time.Time) { a.w.SetStart(t) }

// CutOff returns how many octets behind the last whole block have been cut off
// so far, remains of a process that did not live to finish them.
func (a *AppendFile) CutOff() int64 { return a.cut }

// Skipped returns how many collections were not written because the file held
// them already.
func (a *AppendFile) Skipped() int { return a.skipped }

// prepare opens the file at its end, which it checks unless it is as we left it.
func (a *AppendFile) prepare() error {
	if a.stream {
		return nil
	}
	f, fi, err := a.openLocked()
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() {
		a.f, a.stream, a.w.w = f, true, f
		return nil
	}
	if a.replace {
		if err = f.Truncate(0); err == nil {
			fi, err = f.Stat()
		}
		a.replace = false
	}
	if err == nil && (a.info == nil || !os.SameFile(a.info, fi) || fi.Size() != a.end) {
		err = a.examine(f, fi)
	}
	if err == nil {
		_, err = f.Seek(a.end, io.SeekStart)
	}
	if err != nil {
		_ = f.Close() // nothing was written; err says more
		return fmt.Errorf("flow file %s: %w", a.path, err)
	}
	a.f, a.info, a.start = f, fi, a.end
	a.w.w, a.w.err = f, nil
	return nil
}

// openAny opens the file for reading and writing, or, where that is impossible
// (a pipe's end, a terminal), for writing alone.
func (a *AppendFile) openAny() (file, error) {
	if interruptible.IsStream(a.path) {
		f, err := a.opts.Pipe.Open(a.path)
		if err != nil {
			return nil, fmt.Errorf("flow file: %w", err)
		}
		return f, nil
	}
	f, err := a.open(a.path)
	if err != nil {
		return nil, fmt.Errorf("flow file: %w", err)
	}
	return f, nil
}

// examine reads a file that we do not know, and cuts it behind its last whole
// block.
func (a *AppendFile) examine(f file, fi fs.FileInfo) error {
	s, err := scan(f)
	if err != nil {
		return err
	}
	if s.whole > 0 {
		if s.header.Octets != a.w.hdr.Octets {
			return fmt.Errorf("it counts octets=%s, not octets=%s", s.header.Octets, a.w.hdr.Octets)
		}
		if s.header.Zone != a.w.hdr.Zone {
			return fmt.Errorf("its times are zone=%s, not zone=%s", s.header.Zone, a.w.hdr.Zone)
		}
		if err := checkAmounts(s.header.Amounts, a.w.hdr.Amounts); err != nil {
			return err
		}
	}
	if s.whole < fi.Size() {
		if err := f.Truncate(s.whole); err != nil {
			return fmt.Errorf("cutting off an incomplete collection: %w", err)
		}
		a.cut += fi.Size() - s.whole
	}
	a.end, a.blocks = s.whole, s.blocks
	a.w.state = state{started: s.whole > 0, format: s.format}
	return nil
}

// Begin opens the file and starts a block, unless the file holds it already.
// See reader.Output.
func (a *AppendFile) Begin(iv reader.Interval, tasks []reader.Task) error {
	if a.f != nil && !a.stream {
		return errors.New("flow file " + a.path + ": a collection begins inside another")
	}
	if err := a.prepare(); err != nil {
		return err
	}
	a.id = a.w.blockID(iv, tasks)
	if a.holds(a.id) {
		a.skip = true
		a.skipped++
		return nil
	}
	if yes, why := a.anew(a.id, iv); yes {
		a.w.anew = true
		if why != "" {
			iv.Notes = append(slices.Clip(iv.Notes), why)
		}
	}
	if err := a.w.Begin(iv, tasks); err != nil {
		return errors.Join(a.name(err), a.Abort())
	}
	return nil
}

// holds reports whether a collection has been written already.
func (a *AppendFile) holds(id blockID) bool {
	if a.last != nil && a.last.same(id) {
		return true
	}
	return slices.ContainsFunc(a.blocks, id.same)
}

// Record prints one flow record. See reader.Output.
func (a *AppendFile) Record(rec *reader.Record) error {
	if a.skip {
		return nil
	}
	if err := a.w.Record(rec); err != nil {
		return a.name(err)
	}
	return nil
}

// TakesStored says that any file does. See reader.StoredOutput.
func (a *AppendFile) TakesStored() bool { return true }

// Stored prints flow records. See reader.StoredOutput.
func (a *AppendFile) Stored(list []reader.Stored) error {
	if a.skip {
		return nil
	}
	return a.name(a.w.Stored(list))
}

// End completes the block, makes it last if asked to, and closes the file. See
// reader.Output.
func (a *AppendFile) End() error {
	if a.skip {
		a.skip = false
		return a.release()
	}
	if err := a.w.End(); err != nil || a.stream {
		return a.name(err)
	}
	if a.opts.Sync {
		if err := a.syncFile(); err != nil {
			return a.name(err)
		}
	}
	size, err := a.f.Seek(0, io.SeekCurrent)
	if err != nil {
		return a.name(err)
	}
	if err := a.release(); err != nil {
		a.info = nil // look again what is there
		return err
	}
	a.end = size
	id := a.id
	a.blocks, a.last = remember(a.blocks, id), &id
	return nil
}

// syncFile forces the file, and its name if it is new, to disk.
func (a *AppendFile) syncFile() error {
	if err := a.f.Sync(); err != nil || a.start > 0 {
		return err
	}
	return atomicfile.SyncDir(a.path)
}

// Abort takes the block off the file again and closes it. See reader.Output.
func (a *AppendFile) Abort() error {
	if a.stream {
		return a.name(a.w.Abort())
	}
	if a.f == nil {
		return nil
	}
	if a.skip {
		a.skip = false
		return a.release()
	}
	a.w.rollback()
	a.end = a.start
	if err := a.f.Truncate(a.start); err != nil {
		a.info = nil
		return errors.Join(fmt.Errorf("flow file %s: cutting off the incomplete collection: %w", a.path, err), a.release())
	}
	return a.release()
}

// Close ends the use of the file; a collection that is not complete is cut off.
func (a *AppendFile) Close() error {
	defer a.free()
	err := a.Abort()
	if a.stream && a.f != nil {
		err = errors.Join(err, a.f.Close())
		a.f = nil
	}
	return err
}

// release closes the file between collections.
func (a *AppendFile) release() error {
	if a.stream || a.f == nil {
		return nil
	}
	err := a.f.Close()
	a.f, a.w.w = nil, nil
	if err != nil {
		return fmt.Errorf("flow file %s: %w", a.path, err)
	}
	return nil
}

// name puts the file's name before err, unless the system's error has it.
func (a *AppendFile) name(err error) error {
	var named *fs.PathError
	if err == nil || errors.As(err, &named) {
		return err
	}
	return fmt.Errorf("flow file %s: %w", a.path, err)
}
