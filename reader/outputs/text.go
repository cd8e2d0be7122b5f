package outputs

import (
	"errors"
	"os"

	"netramet/internal/interruptible"
	"netramet/reader/lines"
)

// lockedFile is a file of text that nobody else of us writes to.
type lockedFile struct {
	*os.File
	unlock func()
}

// openLocked opens a file that is appended to, or whose content is thrown away; pipe opens
// what is no regular one.
func openLocked(path string, replace bool, pipe interruptible.Opener) (*lockedFile, error) {
	if interruptible.IsStream(path) {
		file, err := pipe.Open(path)
		return &lockedFile{file, func() {}}, err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	f := &lockedFile{file, func() {}}
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() {
		return f, err
	}
	unlock, err := lines.Lock(path)
	if err == nil {
		f.unlock = unlock
		if replace {
			err = f.Truncate(0)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Close closes the file and lets others at it.
func (f *lockedFile) Close() error {
	defer f.unlock()
	return f.File.Close()
}
