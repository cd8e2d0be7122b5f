package sources

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
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
	open  func(io.Reader) (io.Reader, error) // nil if it cannot be read
}

// compressions returns the table. All decoders go on with the next member,
// frame or stream where one follows, and run in the caller's goroutine, so
// that there is nothing to stop or to wait for.
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

func openGzip(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }

func openBzip2(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }

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

// unwrap undoes the compression of a stored trace. It returns the stream, the
// first octets of it, which it does not take, and the names of the layers
// undone, the outermost last.
func unwrap(st *stored) (r io.Reader, head []byte, layers []string, err error) {
	at := func(name string) place { return place{st.name, name, len(layers) > 1, 0} }
	buf := bufio.NewReaderSize(st, 4096)
	for {
		head, err = buf.Peek(sniffLen)
		switch {
		case st.err != nil:
			return nil, nil, nil, fmt.Errorf("%s: %w", st.name, st.err)
		case err != nil && err != io.EOF && len(layers) == 0:
			return nil, nil, nil, fmt.Errorf("%s: %w", st.name, err)
		case err != nil && err != io.EOF && len(head) < 4:
			return nil, nil, nil, packedError(at(layers[0]), err)
		}
		c := compressionByMagic(head)
		if c == nil {
			return buf, head, layers, nil
		}
		if c.open == nil {
			return nil, nil, nil, unsupported(fmt.Sprintf(
				"%s: compressed with %s: not supported by this version", st.name, c.name))
		}
		if len(layers) == maxLayers {
			return nil, nil, nil, fmt.Errorf("%s: compressed more than %d times", st.name, maxLayers)
		}
		layers = append([]string{c.name}, layers...)
		inner, err := c.open(bufio.NewReaderSize(buf, storedBuffer))
		switch {
		case st.err != nil:
			return nil, nil, nil, fmt.Errorf("%s: %w", st.name, st.err)
		case err == io.EOF:
			return nil, nil, nil, cut(at(c.name), "compressed data")
		case err != nil:
			return nil, nil, nil, packedError(at(c.name), err)
		}
		buf = bufio.NewReaderSize(inner, 4096)
	}
}
