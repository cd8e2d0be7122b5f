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

// xzStep is how much is asked of the decoder at once. What it has undone before
// damage is lost if it was not asked for yet; so little is no record.
const xzStep = 8

// xzReader reads one stream after the other. Zeros between and behind them are
// nothing where there are a multiple of four, as the format has it.
type xzReader struct {
	dec *xz.Reader
	src *ended
	buf *bufio.Reader // below src
}

func openXz(r *bufio.Reader) (io.ReadCloser, error) {
	src := &ended{r: r}
	dec, err := xz.NewReader(src, maxXzDictionary)
	z := &xzReader{dec, src, r}
	return z, z.explain(err)
}

// Read implements io.Reader.
func (z *xzReader) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		// The decoder waits until it has all that it is asked for.
		step, wait := xzStep, z.buf.Buffered() == 0
		if wait {
			step = 1
		}
		m, err := z.dec.Read(p[n:min(len(p), n+step)])
		if n += m; err != nil || wait {
			return n, z.explain(err)
		}
	}
	return len(p), nil
}

// explain says what the decoder's error means.
func (z *xzReader) explain(err error) error {
	switch {
	case errors.Is(err, xz.ErrBuf) && z.src.end:
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
