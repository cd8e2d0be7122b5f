package sources

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/s2"
)

// maxSnappyBlock bounds what a chunk of a snappy stream may have the decoder
// allocate. Snappy's own have 64 KiB; those of S2, which extends it, up to this.
const maxSnappyBlock = 4 << 20

// isSnappy recognises the chunk that snappy's framing format, or that of S2,
// begins with.
func isSnappy(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\x06\x00\x00sNaPpY")) || bytes.HasPrefix(head, []byte("\xff\x06\x00\x00S2sTwO"))
}

// snappyReader tells a stream that was cut from one that is damaged.
type snappyReader struct {
	*s2.Reader
	src *ended
}

func openSnappy(r *bufio.Reader) (io.ReadCloser, error) {
	src := &ended{r: r}
	return snappyReader{s2.NewReader(src, s2.ReaderMaxBlockSize(maxSnappyBlock), s2.ReaderAllocBlock(64<<10)), src}, nil
}

// Read implements io.Reader.
func (s snappyReader) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if errors.Is(err, s2.ErrCorrupt) && s.src.end {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements io.Closer.
func (snappyReader) Close() error { return nil }

// ended notes that a reader came to its end.
type ended struct {
	r   io.Reader
	end bool
}

// Read implements io.Reader.
func (e *ended) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.end = e.end || err == io.EOF
	return n, err
}
