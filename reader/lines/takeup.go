package lines

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Of files whose names tell of the time the newest are looked at for what they hold: so
// many octets together, for that takes some seconds, but one at least, and so many files.
// Flows that were idle for longer are not known.
const (
	maxTakeUp      = 256 << 20
	maxTakeUpFiles = 10_000
)

// takeUpAll reads the newest of the files that the name can stand for.
func (f *File) takeUpAll() error {
	if f.opts.Replace {
		return nil
	}
	paths, err := f.name.Existing()
	if err != nil {
		return named(f.name.String(), err)
	}
	type found struct {
		path string
		fs.FileInfo
	}
	var files []found
	for _, path := range paths {
		if fi, err := os.Stat(path); err == nil && fi.Mode().IsRegular() {
			files = append(files, found{path, fi})
		}
	}
	slices.SortFunc(files, func(a, b found) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.path, b.path))
	})
	first, octets := len(files), int64(0)
	for first > 0 && len(files)-first < maxTakeUpFiles {
		if octets += files[first-1].Size(); octets > maxTakeUp && first < len(files) {
			break
		}
		first--
	}
	for _, file := range files[first:] {
		f.takeUp(file.path)
	}
	return nil
}

// takeUp reads a file that is left as it is. One that is something else is seen to be
// that if it is to be written to.
func (f *File) takeUp(path string) {
	in, err := os.Open(path)
	if err != nil {
		return
	}
	defer in.Close()
	_, _, _ = f.format.Scan(in, func(c *Collection) error {
		f.remember(c.ID)
		if c.Until = c.End; filepath.Clean(f.name.At(c.End)) == filepath.Clean(path) {
			c.Until = f.name.next(c.End)
		}
		if f.opts.TakeUp != nil {
			f.opts.TakeUp(c)
		}
		return nil
	})
}
