package sources

import (
	"bufio"
	"compress/bzip2"
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

func openBzip2(r *bufio.Reader) (io.ReadCloser, error) {
	return io.NopCloser(bzip2.NewReader(&bzip2Streams{r: r})), nil
}

// bzip2Streams hands a decoder its octets one by one without the zeros between
// streams, which it takes for damage. A stream ends with a magic number of 48
// bits and a checksum of 32, and does not begin at an octet.
type bzip2Streams struct {
	r          *bufio.Reader
	high, last uint64 // the last 16 octets
}

// ReadByte implements io.ByteReader.
func (s *bzip2Streams) ReadByte() (byte, error) {
	b, err := s.r.ReadByte()
	if err == nil && b == 0 && s.atEnd() {
		if err = skipZeros(s.r); err == nil {
			b, err = s.r.ReadByte()
		}
	}
	if err != nil {
		return 0, err
	}
	s.high, s.last = s.high<<8|s.last>>56, s.last<<8|uint64(b)
	return b, nil
}

// atEnd reports whether a stream's end lies in the last octet, up to 7 bits of
// which pad it.
func (s *bzip2Streams) atEnd() bool {
	const magic, magicBits, sumBits = 0x177245385090, 48, 32
	for pad := range 8 {
		shift := sumBits + pad
		if (s.last>>shift|s.high<<(64-shift))&(1<<magicBits-1) == magic {
			return true
		}
	}
	return false
}

// Read implements io.Reader; the decoder does not call it.
func (s *bzip2Streams) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	b, err := s.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}
