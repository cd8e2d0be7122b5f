package sources

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	// maxZstdWindow bounds what a zstd frame may make the decoder allocate.
	// It is what the zstd program accepts without being asked for more.
	maxZstdWindow = 128 << 20

	zstdMagic = "\x28\xb5\x2f\xfd"
	// zstdHeaderLen is the longest frame header, magic number included.
	zstdHeaderLen = 18
)

// isZstd also takes the skippable frame that parallel writers begin with.
func isZstd(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	return bytes.HasPrefix(head, []byte(zstdMagic)) ||
		head[0]&0xf0 == 0x50 && bytes.HasPrefix(head[1:], []byte("\x2a\x4d\x18"))
}

// zstdReader tells frames whose window is too large, which are sound, from
// damaged ones: the decoder has the same error for a block that is longer than
// its window.
type zstdReader struct {
	dec  *zstd.Decoder
	last *lastRead
	err  error // what ended the stream
}

func openZstd(r *bufio.Reader) (io.ReadCloser, error) {
	last := &lastRead{r: r}
	dec, err := zstd.NewReader(last, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(maxZstdWindow), zstd.WithDecoderMaxWindow(maxZstdWindow))
	return &zstdReader{dec: dec, last: last}, err
}

// Close implements io.Closer.
func (z *zstdReader) Close() error {
	z.dec.Close()
	return nil
}

// Read implements io.Reader. Where a frame's checksum is wrong or missing, the
// decoder has the frame's last block only behind the error.
func (z *zstdReader) Read(p []byte) (int, error) {
	n, err := z.dec.Read(p)
	if z.err == nil {
		z.err = z.explain(err)
	}
	if n > 0 {
		return n, nil
	}
	if err != nil {
		if n, _ = z.dec.Read(p); n > 0 {
			return n, nil
		}
	}
	return 0, z.err
}

// explain says what the decoder's error means.
func (z *zstdReader) explain(err error) error {
	tooLarge := errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded)
	if tooLarge && wideWindow(z.last.octets) {
		err = unsupported(fmt.Sprintf(
			"zstd with a window above the limit of %d MiB: not supported by this version", maxZstdWindow>>20))
	}
	return err
}

// wideWindow reports whether data ends with the header of a frame that has too
// large a window. The decoder reads no further than it needs, so that is where
// it stops at one.
func wideWindow(data []byte) bool {
	start := bytes.LastIndex(data, []byte(zstdMagic))
	if start < 0 {
		return false
	}
	var h zstd.Header
	if err := h.Decode(data[start:]); err != nil {
		return false
	}
	if h.SingleSegment {
		return h.FrameContentSize > maxZstdWindow
	}
	return h.WindowSize > maxZstdWindow
}

// lastRead keeps the last octets read, as many as a frame header has.
type lastRead struct {
	r      io.Reader
	octets []byte
}

// Read implements io.Reader.
func (l *lastRead) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	all := append(l.octets, p[max(0, n-zstdHeaderLen):n]...)
	l.octets = append(all[:0], all[max(0, len(all)-zstdHeaderLen):]...)
	return n, err
}
