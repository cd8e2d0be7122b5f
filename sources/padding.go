package sources

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
)

// Tapes and preallocated files put zeros behind a compressed stream, and between
// two that were put together. They are nothing; other octets there are damage.

// skipZeros passes zeros up to the next octet that is none; io.EOF says that
// there is none.
func skipZeros(r *bufio.Reader) error {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return r.UnreadByte()
		}
	}
}

// gzipReader reads one member after the other.
type gzipReader struct {
	r   *bufio.Reader
	dec *gzip.Reader
}

func openGzip(r *bufio.Reader) (io.ReadCloser, error) {
	dec, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	dec.Multistream(false)
	return &gzipReader{r, dec}, nil
}

// Read implements io.Reader.
func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.dec.Read(p)
		if err != io.EOF || n > 0 {
			if err == io.EOF {
				err = nil // met again
			}
			return n, err
		}
		if err := skipZeros(g.r); err != nil {
			return 0, err
		}
		switch err := g.dec.Reset(g.r); err {
		case nil:
			g.dec.Multistream(false)
		case io.EOF:
			return 0, io.ErrUnexpectedEOF
		default:
			return 0, err
		}
	}
}

// Close implements io.Closer.
func (g *gzipReader) Close() error { return g.dec.Close() }
