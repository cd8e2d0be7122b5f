package capfile

import (
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// memberSize is the plain size of one member of gzip-multi, in octets; small,
// and no multiple of anything, so that records lie across members.
const memberSize = 7919

// Compressions lists the names Compress knows.
func Compressions() []string {
	return []string{"none", "gzip", "gzip-multi", "zstd", "bzip2", "xz", "lzop", "lz4", "lz4-linked", "lz4-legacy", "snappy"}
}

// Compress returns a writer that compresses to w. Closing it ends the
// compressed data and leaves w open.
func Compress(w io.Writer, name string) (io.WriteCloser, error) {
	switch name {
	case "none":
		return nopCloser{w}, nil
	case "gzip":
		return gzip.NewWriter(w), nil
	case "gzip-multi":
		return &members{w: w, gz: gzip.NewWriter(w)}, nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	case "bzip2":
		return newBzip2(w), nil
	case "xz":
		return xz.WriterConfig{DictCap: xzDictionary}.NewWriter(w)
	case "lzop":
		return &lzopWriter{w: w, flags: LzopPlainAdler}, nil
	case "lz4":
		return newLz4(w, lz4.ChecksumOption(true))
	case "lz4-legacy":
		return newLz4(w, lz4.LegacyOption(true))
	case "lz4-linked":
		return &lz4Linked{w: w}, nil
	case "snappy":
		return s2.NewWriter(w, s2.WriterSnappyCompat(), s2.WriterConcurrency(1)), nil
	}
	return nil, fmt.Errorf("capfile: no compression %q; there are %s", name, strings.Join(Compressions(), ", "))
}

// xzDictionary is small, for it is allocated at every start.
const xzDictionary = 1 << 16

func newLz4(w io.Writer, kind lz4.Option) (io.WriteCloser, error) {
	z := lz4.NewWriter(w)
	return z, z.Apply(kind, lz4.BlockSizeOption(lz4.Block64Kb), lz4.ConcurrencyOption(1))
}

// CompressAll compresses data in one go.
func CompressAll(data []byte, name string) ([]byte, error) {
	var out buffer
	w, err := Compress(&out, name)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out, nil
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// members writes gzip members of memberSize plain octets each.
type members struct {
	w    io.Writer
	gz   *gzip.Writer
	held int // plain octets in the present member
}

func (m *members) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		if m.held == memberSize {
			if err := m.gz.Close(); err != nil {
				return done, err
			}
			m.gz.Reset(m.w)
			m.held = 0
		}
		n, err := m.gz.Write(p[done:min(len(p), done+memberSize-m.held)])
		done += n
		m.held += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func (m *members) Close() error { return m.gz.Close() }
