package lines

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
	"unicode"

	"netramet/internal/atomicfile"
	"netramet/internal/interruptible"
	"netramet/reader"
)

// Options say how a File is written.
type Options struct {
	Sync    bool                 // force each collection to disk before it counts as written
	Replace bool                 // what a file holds when it is first written to is thrown away
	Whole   bool                 // with Replace: files get their names from Finish
	Zone    *time.Location       // of times in the name; nil is UTC
	Stdout  io.Writer            // what "-" stands for
	Pipe    interruptible.Opener // opens what is no regular file
	// Tell is given what the user should know: what was cut off, what was there
	// already. nil: nobody wants to.
	Tell func(text string)
	// TakeUp is called in Open for each whole collection that is there already, the
	// oldest first. nil: nobody wants to. It must not keep the collection.
	TakeUp func(*Collection)
}

var _ reader.StoredOutput = (*File)(nil)

// File is a file of lines by name, or several whose names tell of the time. Each
// collection opens it, is appended and closes it again, so a user ends a file by
// renaming it: the next collection begins a new one. A new file has another name,
// which begins with a point, until its first collection is whole. What cannot be
// taken back (standard output, pipes, devices) is opened once.
//
// It is one reader.Output, and not safe for concurrent use. A regular file is locked
// from the first collection to Close, or until another has its name: somebody else
// who would append to it is refused.
type File struct {
	name   Name
	format Format
	opts   Options
	open   func(path string, flag int) (handle, error)

	at     place
	w      io.Writer // of a collection, or of a stream
	buf    []byte
	header string          // of the file; "" while there is none
	sent   int64           // octets of this collection that went to w
	id     ID              // of this collection
	ids    []ID            // the last that were written, or found
	done   map[string]bool // names that were begun anew, of Options.Replace
	whole  whole           // of Options.Whole
	inside bool
	skip   bool // this collection is there already
	told   bool // so the user knows
}

// handle is what is needed of an *os.File.
type handle interface {
	io.ReadWriteSeeker
	io.Closer
	Truncate(size int64) error
	Sync() error
	Stat() (fs.FileInfo, error)
}

// open opens a file; what is no regular one, for writing alone.
func (o *Options) open(path string, flag int) (handle, error) {
	var f *os.File
	var err error
	if flag == os.O_WRONLY {
		f, err = o.Pipe.Open(path)
	} else {
		f, err = os.OpenFile(path, flag, 0o666) // the user's umask says who may read it
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

const (
	flushAt = 64 << 10 // octets that are held back at most, and a line
	maxIDs  = 1000     // collections that are known again
)

// Open makes a file ready. What stands behind its last whole collection is cut off;
// one that the format did not write is refused and left alone.
func Open(path string, f Format, o Options) (*File, error) {
	file := &File{format: f, opts: o, open: o.open, done: map[string]bool{}}
	if path == "-" {
		file.at.stream, file.w, file.at.path = true, o.Stdout, "standard output"
		return file, nil
	}
	var err error
	if file.name, err = ParseName(path, o.Zone); err != nil {
		return nil, fmt.Errorf("file %s: %w", path, err)
	}
	if file.name.Varies() {
		return file, file.takeUpAll()
	}
	if err = file.prepare(file.name.At(time.Time{}), o.TakeUp); err == nil {
		err = file.release()
	}
	if err != nil {
		file.at.leave()
		return nil, err
	}
	return file, nil
}

// prepare opens a file at its end. each is given the collections of one that is not
// known yet.
func (f *File) prepare(path string, each func(*Collection)) error {
	if f.at.stream {
		return nil
	}
	if path != f.at.path {
		f.turnTo(path)
	}
	known, err := f.at.open(f.open, f.opts.Replace && !f.done[path])
	if err != nil {
		return named(path, err)
	}
	f.w = f.at.file
	if f.at.stream || known {
		return nil
	}
	if err := f.examine(each); err != nil {
		_ = f.release() // nothing was written; err says more
		return named(path, err)
	}
	return nil
}

// examine reads a file that is not as we left it, and cuts it behind its last whole
// collection.
func (f *File) examine(each func(*Collection)) error {
	whole, header, err := f.format.Scan(f.at.file, func(c *Collection) error {
		f.remember(c.ID)
		if each != nil {
			each(c)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("it does not go on from what stands there: %w; take another name", err)
	}
	if over := f.at.info.Size() - whole; over > 0 {
		if err := f.at.file.Truncate(whole); err != nil {
			return fmt.Errorf("cutting off an incomplete collection: %w", err)
		}
		f.tell(fmt.Sprintf("%s: an incomplete collection at its end was cut off (%d octets)", f.at.path, over))
	}
	f.at.end, f.header = whole, header
	_, err = f.at.file.Seek(whole, io.SeekStart)
	return err
}

func (f *File) tell(text string) {
	if f.opts.Tell != nil {
		f.opts.Tell(text)
	}
}

func (f *File) remember(id ID) {
	if len(f.ids) >= 2*maxIDs {
		f.ids = append(f.ids[:0], f.ids[len(f.ids)-maxIDs:]...)
	}
	f.ids = append(f.ids, id)
}

// sameStart is how far apart the starts of one run of a meter may be found.
const sameStart = 2 * time.Second

// same reports whether a collection that a file holds is this one.
func (id *ID) same(found *ID) bool {
	if id.Interval != found.Interval { // so mostly, and files of many collections are looked through for each
		return false
	}
	apart := id.Start.Sub(found.Start)
	return plain(id.Meter) == plain(found.Meter) && id.End.Equal(found.End) &&
		id.Start.IsZero() == found.Start.IsZero() && max(apart, -apart) <= sameStart &&
		(found.RuleSets == [4]uint64{} || id.RuleSets == found.RuleSets)
}

// plain is a name as a format can show it at least: some have no control characters.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(name, "\ufffd"))
}

// Begin opens the file and starts a collection, unless the file holds it already. See
// reader.Output.
func (f *File) Begin(iv reader.Interval, tasks []reader.Task) error {
	if f.inside {
		return named(f.at.path, errors.New("a collection begins inside another"))
	}
	when := iv.Begin
	if when.IsZero() {
		when = iv.End()
	}
	path := f.at.path
	if !f.at.stream {
		path = f.name.At(when)
	}
	if err := f.prepare(path, nil); err != nil {
		return err
	}
	f.id = ID{Meter: iv.Meter, Start: iv.MeterStart, Interval: iv.Number, End: iv.End()}
	for i := range tasks {
		f.id.Add(tasks[i].RuleSet)
	}
	f.inside, f.sent, f.buf = true, 0, f.buf[:0]
	if f.skip = f.holds(); f.skip {
		return nil
	}
	var err error
	if f.buf, err = f.format.Begin(f.buf, &iv, tasks, f.header); err != nil {
		return errors.Join(named(f.at.path, err), f.Abort())
	}
	return nil
}

// holds reports whether the collection was written already.
func (f *File) holds() bool {
	for i := range f.ids {
		if f.id.same(&f.ids[i]) {
			if !f.told {
				f.told = true
				f.tell(fmt.Sprintf("%s: collection %d is there already, and is not written again; so it is with others that come again", f.at.path, f.id.Interval))
			}
			return true
		}
	}
	return false
}

// Record adds a flow. See reader.Output.
func (f *File) Record(rec *reader.Record) error {
	return f.add(func(b []byte) ([]byte, error) { return f.format.Record(b, rec) })
}

// TakesStored says that any file does. See reader.StoredOutput.
func (f *File) TakesStored() bool { return true }

// Stored adds flows. See reader.StoredOutput.
func (f *File) Stored(list []reader.Stored) error {
	return f.add(func(b []byte) ([]byte, error) { return f.format.Stored(b, list) })
}

// add adds what a function appends of flows.
func (f *File) add(flows func(b []byte) ([]byte, error)) (err error) {
	if !f.inside {
		return named(f.at.path, errors.New("a flow outside a collection"))
	}
	if f.skip {
		return nil
	}
	if f.buf, err = flows(f.buf); err != nil {
		return named(f.at.path, err)
	}
	if len(f.buf) < flushAt {
		return nil
	}
	return f.flush()
}

// flush writes the whole lines of what is held back.
func (f *File) flush() error {
	whole := bytes.LastIndexByte(f.buf, '\n') + 1
	if whole == 0 {
		return nil // a line that is longer than what is held back
	}
	if f.header == "" && f.sent == 0 {
		line, _, _ := bytes.Cut(f.buf, []byte("\n"))
		f.header = strings.TrimSuffix(string(line), "\r")
	}
	n, err := f.w.Write(f.buf[:whole])
	f.sent += int64(n)
	f.buf = append(f.buf[:0], f.buf[whole:]...)
	if err == nil {
		return nil
	}
	if f.at.stream || f.opts.Whole {
		return named(f.at.path, err)
	}
	return named(f.at.path, fmt.Errorf("%w; it is cut back to the collections that are whole: make room, or give another file", err))
}

// End completes the collection, makes it last if asked to, and closes the file. See
// reader.Output.
func (f *File) End() (err error) {
	if !f.inside {
		return named(f.at.path, errors.New("no collection to end"))
	}
	if f.skip {
		f.inside = false
		return f.release()
	}
	if f.buf, err = f.format.End(f.buf); err != nil {
		return named(f.at.path, err)
	}
	if len(f.buf) > 0 {
		if err := f.flush(); err != nil {
			return err
		}
	}
	if !f.at.stream {
		if err := f.settle(); err != nil {
			return named(f.at.path, err)
		}
	}
	f.inside = false
	f.remember(f.id)
	return nil
}

// settle makes what was written last, under the file's own name.
func (f *File) settle() error {
	isNew := f.at.part != "" && !f.opts.Whole
	if f.opts.Sync {
		if err := f.at.file.Sync(); err != nil {
			return err
		}
	}
	if err := f.release(); err != nil {
		return err
	}
	if isNew {
		if err := f.at.rename(f.opts.Replace); err != nil {
			return err
		}
		f.done[f.at.path] = true
	}
	if isNew && f.opts.Sync {
		if err := atomicfile.SyncDir(f.at.path); err != nil {
			return err
		}
	}
	f.at.end += f.sent
	return nil
}

// Abort takes what was written of the collection off the file, and closes it. See
// reader.Output.
func (f *File) Abort() error {
	if !f.inside {
		return nil
	}
	f.inside, f.buf = false, f.buf[:0]
	switch {
	case f.skip:
		return f.release()
	case f.at.stream && f.sent > 0:
		if f.buf = f.format.Abort(f.buf); len(f.buf) > 0 {
			return f.flush()
		}
		return nil
	case f.at.stream:
		return nil
	}
	if f.at.end == 0 {
		f.header = ""
	}
	return f.at.cutBack()
}

// release closes the file between collections.
func (f *File) release() error {
	if f.at.stream {
		return nil
	}
	f.w = nil
	return f.at.close()
}

// Close ends the use of the file; a collection that is not complete is cut off.
func (f *File) Close() error {
	err := f.Abort()
	if f.at.stream && f.at.file != nil {
		err = errors.Join(err, f.at.file.Close())
		f.at.file = nil
	}
	f.at.leave()
	f.whole.leave()
	return err
}

// named puts the file's name before err, unless the system's error has it.
func named(path string, err error) error {
	if err == nil || strings.Contains(err.Error(), path) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}
