package flowfile

import (
	"errors"
	"io"
	"os"
)

// unknownAmounts ends the note at the end of a block which says of how many flows nobody
// knows what was added to them.
const unknownAmounts = "flows were there before; their amounts of this interval are not known, and stand as 0"

// NoteOverlap is a note of a collection whose interval begins before the end of the last
// one that was written.
const NoteOverlap = "the meter was not told of the collection before: amounts are what was added since that"

// checkAmounts refuses to mix counters and amounts.
func checkAmounts(file, asked bool) error {
	switch {
	case asked && !file:
		return errors.New("its counters grow, they are not the amounts of intervals; name another file, or leave --amounts out")
	case file && !asked:
		return errors.New("its counters are the amounts of intervals (--amounts); name another file, or give --amounts")
	}
	return nil
}

// Written opens the whole blocks that the file holds, for whoever goes on from them. It
// is nil where there are none.
func (a *AppendFile) Written() (io.ReadCloser, error) {
	if a.stream || a.end == 0 {
		return nil, nil
	}
	f, err := os.Open(a.path)
	if err != nil {
		return nil, a.name(err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, a.end), f}, nil
}
