package sources

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
)

const (
	// maxLayers is how many compressions may lie in each other.
	maxLayers = 2
	// storedBuffer is how much is read of a compressed file at once.
	storedBuffer = 64 << 10
)

// packedError is an error of a decoder: damage, unless it is the system's or
// says that the data is sound and only asks for more than is allowed.
func packedError(at place, err error) error {
	var failed *readError
	if errors.As(err, &failed) {
		return fmt.Errorf("%v: %w", at, failed.error)
	}
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
// frame or stream where one follows, and read to the end of what is below them.
// What a decoder holds, goroutines among it, is given back by its Close, which is
// never called during a Read.
func compressions() []compression {
	return []compression{
		{"gzip", hasPrefix("\x1f\x8b"), openGzip},
		{"lz4", isLz4, openLz4}, // before zstd, whose skippable frames it has
		{"zstd", isZstd, openZstd},
		{"bzip2", isBzip2, openBzip2},
		{"xz", hasPrefix("\xfd7zXZ\x00"), openXz},
		{"lzop", hasPrefix(lzopMagic), openLzop},
		{"snappy", isSnappy, openSnappy},
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
		if isSkippable(u.head) {
			u.head, err = buf.Peek(guessLen) // what follows it tells what it is
		}
		var failed *readError
		switch {
		case errors.As(err, &failed):
			err = fmt.Errorf("%s: %w", st.name, failed.error)
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
	packed := &below{r: u.r}
	dec, err := c.open(bufio.NewReaderSize(packed, storedBuffer))
	var failed *readError
	switch err = packed.cause(err); {
	case errors.As(err, &failed):
		return nil, fmt.Errorf("%s: %w", st.name, failed.error)
	case err == io.EOF:
		return nil, cut(st.place(u.layers), "compressed data")
	case err != nil:
		return nil, packedError(st.place(u.layers), err)
	}
	if _, ok := dec.(*blocks); !ok { // which reads on while others are undone, and keeps errors
		dec = &layer{dec, packed}
	}
	inner := readAhead(dec)
	u.decoders = append([]io.Closer{inner}, u.decoders...)
	return bufio.NewReaderSize(inner, 4096), nil
}

// layer is a decoder whose errors are those of what it reads, where that failed.
type layer struct {
	io.ReadCloser
	packed *below
}

// Read implements io.Reader.
func (l *layer) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	return n, l.packed.cause(err)
}

// below is what a decoder reads. It keeps the error that ended it, of which
// decoders tell nothing or too little.
type below struct {
	r   io.Reader
	mu  sync.Mutex
	err error // under mu, for some decoders read on a goroutine of their own
}

// Read implements io.Reader.
func (b *below) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && err != io.EOF {
		b.mu.Lock()
		b.err = err
		b.mu.Unlock()
	}
	return n, err
}

// cause is the error behind one of the decoder.
func (b *below) cause(err error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil && err != io.EOF && b.err != nil {
		return b.err
	}
	return err
}

// place is the start of what the innermost of some layers reads.
func (s *stored) place(layers []string) place {
	return place{s.name, layers[0], len(layers) > 1, 0}
}
