package sources

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	// maxLayers is how many compressions may lie in each other.
	maxLayers = 2
	// storedBuffer is how much is read of a compressed file at once.
	storedBuffer = 64 << 10
)

// packedError is an error of a decoder: damage, unless it says that the data is
// sound and only asks for more than is allowed.
func packedError(at place, err error) error {
	if r := unsupported(""); errors.As(err, &r) {
		return fmt.Errorf("%v: %w", at, r)
	}
	return damage(at, fmt.Errorf("compressed data: %w", err))
}

// compression is one row of the table of compressions.
type compression struct {
	name  string
	magic func(head []byte) bool
	open  func(*bufio.Reader) (io.ReadCloser, error) // nil if it cannot be read
}

// compressions returns the table. All decoders go on with the next member,
// frame or stream where one follows. What a decoder holds, goroutines among it,
// is given back by its Close, which is never called during a Read.
func compressions() []compression {
	return []compression{
		{"gzip", hasPrefix("\x1f\x8b"), openGzip},
		{"zstd", isZstd, openZstd},
		{"bzip2", isBzip2, openBzip2},
		{"xz", hasPrefix("\xfd7zXZ\x00"), nil},
		{"lz4", hasPrefix("\x04\x22\x4d\x18"), nil},
		{"lzop", hasPrefix("\x89LZO\x00\x0d\x0a\x1a\x0a"), nil},
		{"compress (.Z)", hasPrefix("\x1f\x9d"), nil},
		{"zip", hasPrefix("PK\x03\x04"), nil},
	}
}

func isBzip2(head []byte) bool {
	return len(head) >= 4 && bytes.HasPrefix(head, []byte("BZh")) && '1' <= head[3] && head[3] <= '9'
}

func compressionByMagic(head []byte) *compression {
	for _, c := range compressions() {
		if c.magic(head) {
			return &c
		}
	}
	return nil
}

// unwrapped is a stored trace without its compressions.
type unwrapped struct {
	r        *bufio.Reader
	head     []byte      // the first octets of r, which are still to be read
	layers   []string    // names of the compressions undone, the outermost last
	decoders []io.Closer // the innermost first
}

// guessed is as much of the stream as a guess looks at.
func (u *unwrapped) guessed() []byte {
	head, _ := u.r.Peek(guessLen) // an error shows again when it is read
	return head
}

// close gives back what the decoders hold, from the inside out, for each reads
// from the next.
func (u *unwrapped) close() {
	for _, d := range u.decoders {
		_ = d.Close() // no decoder has anything left to fail on
	}
	u.decoders = nil
}

// unwrap undoes the compression of a stored trace.
func unwrap(st *stored) (u unwrapped, err error) {
	buf := bufio.NewReaderSize(st, 4096)
	for {
		u.r = buf
		u.head, err = buf.Peek(sniffLen)
		switch {
		case st.err != nil:
			err = fmt.Errorf("%s: %w", st.name, st.err)
		case err != nil && err != io.EOF && len(u.layers) == 0:
			err = fmt.Errorf("%s: %w", st.name, err)
		case err != nil && err != io.EOF && len(u.head) < 4:
			err = packedError(st.place(u.layers), err)
		default:
			c := compressionByMagic(u.head)
			if c == nil {
				return u, nil
			}
			buf, err = u.undo(st, c)
		}
		if err != nil {
			u.close()
			return u, err
		}
	}
}

// undo opens one more decoder.
func (u *unwrapped) undo(st *stored, c *compression) (*bufio.Reader, error) {
	if c.open == nil {
		return nil, unsupported(fmt.Sprintf(
			"%s: compressed with %s: not supported by this version", st.name, c.name))
	}
	if len(u.layers) == maxLayers {
		return nil, fmt.Errorf("%s: compressed more than %d times", st.name, maxLayers)
	}
	u.layers = append([]string{c.name}, u.layers...)
	inner, err := c.open(bufio.NewReaderSize(u.r, storedBuffer))
	switch {
	case st.err != nil:
		return nil, fmt.Errorf("%s: %w", st.name, st.err)
	case err == io.EOF:
		return nil, cut(st.place(u.layers), "compressed data")
	case err != nil:
		return nil, packedError(st.place(u.layers), err)
	}
	u.decoders = append([]io.Closer{inner}, u.decoders...)
	return bufio.NewReaderSize(inner, 4096), nil
}

// place is the start of what the innermost of some layers reads.
func (s *stored) place(layers []string) place {
	return place{s.name, layers[0], len(layers) > 1, 0}
}
