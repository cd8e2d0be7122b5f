package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

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

// fileBase makes a file name's beginning of a meter's name.
func fileBase(meter string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == filepath.Separator || r < ' ' {
			return '_'
		}
		return r
	}, meter)
}

// digest is a short name for a text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
