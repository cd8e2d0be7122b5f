package outputs

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"netramet/internal/interruptible"
	"netramet/reader"
	"netramet/reader/lines"
)

// answer is an output of Options.Answer, which is there whole or not at all.
type answer struct {
	reader.Output
	finish func() error // gives files their names; nil: they have them
	effort bool         // that they could not be written is told, and no error
	name   string
	spoilt bool // something is missing
}

var errSpoilt = errors.New("something of it could not be written, so nothing more is")

// note notes whether all went well.
func (a *answer) note(err error) error {
	a.spoilt = a.spoilt || err != nil
	return err
}

// Begin starts a collection. See reader.Output.
func (a *answer) Begin(iv reader.Interval, tasks []reader.Task) error {
	if a.spoilt {
		return errSpoilt
	}
	return a.note(a.Output.Begin(iv, tasks))
}

// Record adds a flow. See reader.Output.
func (a *answer) Record(rec *reader.Record) error { return a.note(a.Output.Record(rec)) }

// End completes the collection. See reader.Output.
func (a *answer) End() error { return a.note(a.Output.End()) }

// Abort gives the collection up. See reader.Output.
func (a *answer) Abort() error {
	a.spoilt = true
	return a.Output.Abort()
}

// Finish gives the files of an answer their names: all of it went to them. What had
// these names is replaced. Close follows; without Finish it removes what was written.
func (all *Output) Finish() error {
	var errs []error
	for _, a := range all.answers {
		if a.spoilt || a.finish == nil {
			continue // who spoilt it knows why
		}
		err := a.finish()
		if err != nil && a.effort {
			all.tell(fmt.Sprintf("%s: %v", a.name, err))
			continue
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// newFile is a file that has another name until it is whole, and what had its name
// before stays until then.
type newFile struct {
	*os.File
	path   string
	part   string // "" if it has its name
	unlock []func()
}

// openNew opens the file that is to have a name. What is no regular file is written to
// as it stands, opened by pipe.
func openNew(path string, pipe interruptible.Opener) (n *newFile, err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // the link stays
	}
	n = &newFile{path: path}
	switch fi, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case fi.IsDir():
		return nil, errors.New("it is a directory: name a file in it")
	case !fi.Mode().IsRegular():
		n.File, err = pipe.Open(path)
		return n, err
	default:
		if err := n.lock(path); err != nil {
			return nil, err
		}
	}
	part := lines.PartOf(path)
	if n.File, err = os.OpenFile(part, os.O_WRONLY|os.O_CREATE, 0o666); err == nil {
		if err = n.lock(part); err == nil {
			n.part = part
			err = n.Truncate(0) // what a killed program left
		}
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *newFile) lock(path string) error {
	unlock, err := lines.Lock(path)
	if err == nil {
		n.unlock = append(n.unlock, unlock)
	}
	return err
}

// finish gives the file its name.
func (n *newFile) finish() error {
	if n.part == "" {
		return nil
	}
	if err := n.closeFile(); err != nil {
		return err
	}
	if err := os.Rename(n.part, n.path); err != nil {
		return err
	}
	n.part = ""
	return nil
}

func (n *newFile) closeFile() (err error) {
	if n.File != nil {
		err, n.File = n.File.Close(), nil
	}
	return err
}

// Close removes the file if it was not finished.
func (n *newFile) Close() error {
	err := n.closeFile()
	if n.part != "" {
		_ = os.Remove(n.part) // it is only in the way
	}
	for _, unlock := range n.unlock {
		unlock()
	}
	n.part, n.unlock = "", nil
	return err
}
