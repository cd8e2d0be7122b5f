package sources

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/therootcompany/xz"
)

// maxXzDictionary bounds what a block of xz may have the decoder allocate. It
// is twice what xz -9 writes.
const maxXzDictionary = 128 << 20

// xzStep is how much is asked of the decoder at once. What it undoes in the same
// step as it finds damage is lost; so little is hardly a record. Of less, its
// checksum would be taken octet by octet.
const xzStep = 64

// errPause makes the decoder hand over what it has before it waits for more.
var errPause = errors.New("nothing more to read yet")

// xzReader reads one stream after the other. Zeros between and behind them are
// nothing where there are a multiple of four, as the format has it.
type xzReader struct {
	dec *xz.Reader
	src *pausing
	off int // of the next octet in its step
}

func openXz(r *bufio.Reader) (io.ReadCloser, error) {
	src := &pausing{r: r, wait: true}
	dec, err := xz.NewReader(src, maxXzDictionary)
	src.wait = false
	z := &xzReader{dec: dec, src: src}
	return z, z.explain(err)
}

// Read implements io.Reader.
func (z *xzReader) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		m, err := z.dec.Read(p[n:min(len(p), n+xzStep-z.off)])
		n += m
		z.off = (z.off + m) % xzStep
		switch {
		case err == errPause && n == 0:
			_, z.src.err = z.src.r.Peek(1)
		case err == errPause:
			return n, nil
		case err != nil:
			return n, z.explain(err)
		}
	}
	return len(p), nil
}

// pausing is what the decoder reads. Unless it may wait it fails where there is
// nothing to read at once, which the decoder does not keep in mind.
type pausing struct {
	r    *bufio.Reader
	wait bool
	err  error // what ended r
}

// Read implements io.Reader.
func (s *pausing) Read(p []byte) (int, error) {
	switch {
	case s.err != nil:
		return 0, s.err
	case !s.wait && s.r.Buffered() == 0:
		return 0, errPause
	}
	var n int
	n, s.err = s.r.Read(p)
	return n, s.err
}

// explain says what the decoder's error means.
func (z *xzReader) explain(err error) error {
	switch {
	case errors.Is(err, xz.ErrBuf) && z.src.err == io.EOF:
		return io.ErrUnexpectedEOF
	case errors.Is(err, xz.ErrMemlimit):
		return unsupported(fmt.Sprintf(
			"xz with a dictionary above the limit of %d MiB: not supported by this version", maxXzDictionary>>20))
	case errors.Is(err, xz.ErrOptions), errors.Is(err, xz.ErrUnsupportedCheck):
		return unsupported(err.Error() + ": not supported by this version")
	}
	return err
}

// Close implements io.Closer.
func (*xzReader) Close() error { return nil }
