package tracefile

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// compressor returns what compresses to w. Closing it ends the compressed data
// and leaves w open.
func compressor(w io.Writer, name string) (io.WriteCloser, error) {
	switch name {
	case "":
		return plain{w}, nil
	case "gzip":
		return gzip.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w)
	case "xz":
		return xz.NewWriter(w)
	case "lz4":
		z := lz4.NewWriter(w)
		return z, z.Apply(lz4.ChecksumOption(true))
	case "snappy":
		return s2.NewWriter(w, s2.WriterSnappyCompat()), nil
	}
	return nil, fmt.Errorf("no compression %q", name)
}

// plain is no compression.
type plain struct{ io.Writer }

// Close implements io.Closer.
func (plain) Close() error { return nil }
