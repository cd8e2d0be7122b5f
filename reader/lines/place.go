package lines

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"netramet/internal/filelock"
)

// place is where a File writes now: a regular file that is opened for each
// collection, or a stream.
type place struct {
	path   string
	part   string // what a new file is called until it has a whole collection; else ""
	file   handle // open inside a collection; always if it is a stream's
	stream bool
	info   fs.FileInfo // of the file as we left it; nil: it must be looked at
	end    int64       // of its whole collections, in octets

	unlock func()      // frees the lock of the file locked; nil if there is none
	locked fs.FileInfo // valid iff unlock is not nil
	old    func()      // frees the lock of the file that is to be replaced; or nil
}

// now is the name that the file has at present.
func (p *place) now() string {
	if p.part != "" {
		return p.part
	}
	return p.path
}

// PartOf is what a new file is called until it has a whole collection.
func PartOf(path string) string {
	dir, base := filepath.Split(path)
	return filepath.Join(dir, "."+base+".part")
}

// maxMoves is how often a file may be renamed while we try to open and lock it.
const maxMoves = 10

// open opens the file at its end; known is whether that is where we left it. anew
// says that another takes its place.
func (p *place) open(open func(string, int) (handle, error), anew bool) (known bool, err error) {
	for try := 0; ; try++ {
		again, err := p.try(open, anew)
		if err == nil && again && try < maxMoves {
			continue
		}
		if err == nil && again {
			err = errors.New("its name stands for another file each time")
		}
		if err != nil || p.stream {
			return false, err
		}
		break
	}
	fi, err := p.file.Stat()
	if err == nil {
		known = p.info != nil && os.SameFile(p.info, fi) && fi.Size() == p.end
		if p.part != "" && !known {
			p.end = 0
			err = p.file.Truncate(0) // what a killed program left
		}
	}
	if err == nil {
		p.info, err = p.file.Stat()
	}
	if err == nil && known {
		_, err = p.file.Seek(p.end, io.SeekStart)
	}
	if err != nil {
		_ = p.close() // nothing was written
	}
	return known, err
}

// try opens and locks the file that has the name; again is whether it lost it.
func (p *place) try(open func(string, int) (handle, error), anew bool) (again bool, err error) {
	fi, err := os.Stat(p.path)
	isNew, flag := errors.Is(err, fs.ErrNotExist), os.O_RDWR
	if _, link := os.Lstat(p.path); isNew && link == nil {
		isNew, flag, err = false, flag|os.O_CREATE, nil // a link to a file that is to be made
		anew = false
	}
	if fi != nil && p.part == "" && p.unlock != nil && os.SameFile(p.locked, fi) {
		anew = false // we made it so
	}
	switch {
	case err != nil && !isNew:
		return false, err
	case fi == nil:
	case err == nil && fi.IsDir():
		return false, errors.New("it is a directory: name a file in it")
	case err == nil && !fi.Mode().IsRegular():
		p.stream = true
		p.file, err = open(p.path, os.O_WRONLY)
		return false, err
	case err == nil && anew && p.old == nil:
		if p.old, err = Lock(p.path); err != nil {
			return false, err
		}
	}
	if isNew || anew {
		return p.begin(open)
	}
	p.drop() // somebody made the file while we had none
	p.file, err = open(p.path, flag)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist), ignoreMissing(err)
	}
	return p.lock()
}

// begin opens the file that is to have the name.
func (p *place) begin(open func(string, int) (handle, error)) (again bool, err error) {
	path := p.path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // the link stays
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return false, err
	}
	p.part = PartOf(path)
	if p.file, err = open(p.part, os.O_RDWR|os.O_CREATE); err != nil {
		return false, err
	}
	return p.lock()
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// lock takes the lock of the open file, unless it is ours; again is whether another
// has its name now.
func (p *place) lock() (again bool, err error) {
	fi, err := p.file.Stat()
	if err == nil && p.unlock != nil && os.SameFile(p.locked, fi) {
		return false, nil
	}
	var unlock func()
	if err == nil {
		unlock, err = Lock(p.now())
	}
	if err != nil {
		_ = p.close() // nothing was written
		return errors.Is(err, fs.ErrNotExist), ignoreMissing(err)
	}
	if now, err := os.Stat(p.now()); err != nil || !os.SameFile(now, fi) {
		unlock()
		_ = p.close() // nothing was written
		return true, nil
	}
	p.free()
	p.unlock, p.locked = unlock, fi
	return false, nil
}

// Lock takes the lock of an existing regular file that is written to. Where the file system has no locks, it does
// without.
func Lock(path string) (unlock func(), err error) {
	unlock, err = filelock.TryFile(path)
	switch {
	case errors.Is(err, filelock.ErrHeld):
		return nil, fmt.Errorf("another program, or another output of this one, writes to %s: name another file (%w)", path, err)
	case errors.Is(err, errors.ErrUnsupported):
		return func() {}, nil
	}
	return unlock, err
}

// rename gives a new file its name. It must be closed. If that fails, nothing is left
// of it.
func (p *place) rename(replace bool) error {
	path := p.path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	_, err := os.Lstat(path)
	switch {
	case err == nil && !replace:
		err = errors.New("somebody made a file of that name meanwhile: it is left as it is")
	default:
		err = os.Rename(p.part, path)
	}
	if err != nil {
		p.drop()
		return err
	}
	p.part = ""
	if p.old != nil {
		p.old()
		p.old = nil
	}
	return nil
}

// cutBack ends the file behind its last whole collection, and closes it.
func (p *place) cutBack() error {
	var err error
	switch {
	case p.file != nil:
		err = p.file.Truncate(p.end)
	case p.info != nil:
		err = os.Truncate(p.now(), p.end)
	}
	if err != nil {
		p.info = nil
		err = named(p.path, fmt.Errorf("cutting off the incomplete collection: %w", err))
	}
	return errors.Join(err, p.close())
}

// close closes the file, if it is open.
func (p *place) close() error {
	if p.file == nil {
		return nil
	}
	err := p.file.Close()
	p.file = nil
	if err != nil {
		p.info = nil
	}
	return named(p.path, err)
}

// drop gives up a new file that has nothing.
func (p *place) drop() {
	if p.part == "" {
		return
	}
	if p.unlock != nil { // else it may be another's
		_ = os.Remove(p.part) // it is only in the way
		p.free()
	}
	p.part, p.info, p.end = "", nil, 0
}

// free lets others at the file.
func (p *place) free() {
	if p.unlock != nil {
		p.unlock()
		p.unlock = nil
	}
}

// leave ends the use of the file, which is closed.
func (p *place) leave() {
	p.drop()
	p.free()
	if p.old != nil {
		p.old()
		p.old = nil
	}
}
