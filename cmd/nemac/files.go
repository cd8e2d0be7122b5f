package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"netramet/internal/filelock"
	"netramet/reader"
	"netramet/reader/flowfile"
)

// maxNumber bounds the numbers at the end of default file names.
const maxNumber = 999_999

// newest returns the largest number of the files base.NNN in dir, 0 if there
// is none.
func newest(dir, base string) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	largest := 0
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), base+".")
		n, err := strconv.Atoi(digits)
		if ok && err == nil && len(digits) >= 3 && n > largest && n <= maxNumber {
			largest = n
		}
	}
	return largest, nil
}

// numbered is the name of file number n.
func numbered(dir, base string, n int) string {
	return filepath.Join(dir, fmt.Sprintf("%s.%03d", base, n))
}

// reserve creates the file base.NNN in dir with the number after the largest
// there is, and returns its name. Two processes never get the same one.
func reserve(dir, base string) (string, error) {
	n, err := newest(dir, base)
	if err != nil {
		return "", err
	}
	for n++; n <= maxNumber; n++ {
		name := numbered(dir, base, n)
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if err == nil {
			return name, f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", err
		}
	}
	return "", fmt.Errorf("no number left for %s", filepath.Join(dir, base))
}

// maxLooks bounds how many files are looked into for an earlier nemac's.
const maxLooks = 1000

// lastOf returns the newest file base.NNN in dir whose header has the meter
// and options of h; "" if there is none. Others of that name are those of
// nemacs that do other work on the same meter.
func lastOf(dir, base string, h flowfile.Header) string {
	n, err := newest(dir, base)
	if err != nil {
		return ""
	}
	for oldest := max(n-maxLooks, 0); n > oldest; n-- {
		name := numbered(dir, base, n)
		got, err := headerOf(name)
		if err == nil && got.Meter == h.Meter && got.Options == strings.Join(strings.Fields(h.Options), " ") {
			return name
		}
	}
	return ""
}

// headerOf reads the first line of a flow data file.
func headerOf(name string) (flowfile.Header, error) {
	f, err := os.Open(name)
	if err != nil {
		return flowfile.Header{}, err
	}
	defer f.Close()
	r, err := flowfile.NewReader(f)
	if err != nil {
		return flowfile.Header{}, err
	}
	return r.Header(), nil
}

// flowFile is a flow data file that no other nemac writes to.
type flowFile struct {
	*flowfile.AppendFile
	name string
	log  *slog.Logger // valid in a collection
}

// Begin tells of a collection that the file holds already. After a nemac that
// was killed there is one; more come from a trace that is read again.
func (f *flowFile) Begin(iv reader.Interval, tasks []reader.Task) error {
	before := f.Skipped()
	err := f.AppendFile.Begin(iv, tasks)
	if f.Skipped() > before {
		f.log.Warn("the flow file holds this collection already; it is not written again", "interval", iv.Number)
	}
	return err
}

// lockOwner makes sure that nobody else works under an Owner on a meter.
func lockOwner(owner, target string) (unlock func(), err error) {
	unlock, err = filelock.TryNamed("nemac", owner+"\x00"+target)
	if errors.Is(err, filelock.ErrHeld) {
		err = fmt.Errorf("another nemac works on meter %s with the owner %q; give this one another --owner", target, owner)
	}
	return unlock, err
}
