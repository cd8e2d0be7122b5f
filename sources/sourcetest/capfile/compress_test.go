package capfile

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/binary"
	"io"
	"testing"

	"github.com/anchore/go-lzo"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/therootcompany/xz"
	"pgregory.net/rapid"
)

// expand undoes a compression, with the standard library where it can.
func expand(t interface{ Fatal(...any) }, data []byte, name string) []byte {
	var r io.Reader = bytes.NewReader(data)
	var err error
	switch name {
	case "gzip", "gzip-multi":
		r, err = gzip.NewReader(r)
	case "zstd":
		var d *zstd.Decoder
		if d, err = zstd.NewReader(r); err == nil {
			defer d.Close()
			r = d
		}
	case "bzip2":
		r = bzip2.NewReader(r)
	case "xz":
		r, err = xz.NewReader(r, 0)
	case "lzop":
		return expandLzop(t, data)
	case "lz4", "lz4-linked", "lz4-legacy":
		r = lz4.NewReader(r)
	case "snappy":
		r = s2.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// expandLzop undoes a member with one checksum of each block's plain octets.
func expandLzop(t interface{ Fatal(...any) }, data []byte) (out []byte) {
	const headLen = 9 + 8 + 4 + 12 + 6 + 4
	for data = data[headLen:]; ; {
		size := int(binary.BigEndian.Uint32(data))
		if size == 0 {
			break
		}
		n := int(binary.BigEndian.Uint32(data[4:]))
		packed := data[12 : 12+n]
		data = data[12+n:]
		if n == size {
			out = append(out, packed...)
			continue
		}
		plain := make([]byte, size)
		if got, err := lzo.Decompress(packed, plain); err != nil || got != size {
			t.Fatal(got, err)
		}
		out = append(out, plain...)
	}
	return out
}

// noise is n octets without pattern, the same ones every time.
func noise(n int) []byte {
	out := make([]byte, n)
	x := uint32(1)
	for i := range out {
		x = x*1664525 + 1013904223
		out[i] = byte(x >> 24)
	}
	return out
}

func TestCompress(t *testing.T) {
	for _, in := range []struct {
		name string
		data []byte
	}{
		{"nothing", nil},
		{"one octet", []byte("x")},
		{"text", []byte("the quick brown fox jumps over the lazy dog")},
		{"one run", bytes.Repeat([]byte{'a'}, 70_000)},
		{"runs around the limits", []byte("aaabbbbccccc" + string(bytes.Repeat([]byte{0}, 255)) + string(bytes.Repeat([]byte{1}, 256)) + string(bytes.Repeat([]byte{2}, 259)))},
		{"two-octet period", bytes.Repeat([]byte("ab"), 30_000)},
		{"all octets", func() (all []byte) {
			for i := range 256 {
				all = append(all, byte(i))
			}
			return all
		}()},
		{"several blocks of noise", noise(230_000)},
		{"skewed counts", skewed()},
	} {
		for _, name := range Compressions() {
			t.Run(in.name+" "+name, func(t *testing.T) {
				z, err := CompressAll(in.data, name)
				if err != nil {
					t.Fatal(err)
				}
				if got := expand(t, z, name); !bytes.Equal(got, in.data) {
					t.Errorf("%d octets come back as %d others", len(in.data), len(got))
				}
			})
		}
	}
}

// skewed has counts like Fibonacci numbers: the deepest Huffman tree there is.
func skewed() (out []byte) {
	a, b := 1, 1
	for c := byte(0); c < 22; c++ {
		// In turns with one octet, so that runs do not swallow the counts.
		for range a {
			out = append(out, c, 200+byte(len(out)%7))
		}
		a, b = b, a+b
	}
	return out
}

// TestBzip2Property writes arbitrary data in arbitrary pieces.
func TestBzip2Property(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pieces := rapid.SliceOfN(rapid.SliceOf(rapid.Uint8Range(0, rapid.SampledFrom([]uint8{1, 3, 255}).Draw(t, "octets"))), 0, 5).Draw(t, "pieces")
		var out buffer
		w := newBzip2(&out)
		for _, p := range pieces {
			if _, err := w.Write(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if got, want := expand(t, out, "bzip2"), bytes.Join(pieces, nil); !bytes.Equal(got, want) {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}

func TestHuffmanLengthsAreLimited(t *testing.T) {
	counts := []int{1, 1}
	for len(counts) < 40 {
		counts = append(counts, counts[len(counts)-1]+counts[len(counts)-2])
	}
	lengths := huffmanLengths(counts)
	sum := 0 // Kraft's inequality, in units of the longest code
	for _, l := range lengths {
		if l < 1 || l > maxCode {
			t.Errorf("length %d", l)
		}
		sum += 1 << (maxCode - l)
	}
	if sum != 1<<maxCode {
		t.Errorf("code is not complete: %d of %d", sum, 1<<maxCode)
	}
}

// TestGzipMembers counts the members.
func TestGzipMembers(t *testing.T) {
	z, err := CompressAll(noise(3*memberSize), "gzip-multi")
	if err != nil {
		t.Fatal(err)
	}
	rest := bytes.NewReader(z)
	r, err := gzip.NewReader(rest)
	if err != nil {
		t.Fatal(err)
	}
	members := 0
	for {
		r.Multistream(false)
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Fatal(err)
		}
		members++
		if err := r.Reset(rest); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if members != 3 {
		t.Errorf("%d members, want 3", members)
	}
}

// TestBzip2WriteError: a broken writer is reported at the end at the latest.
func TestBzip2WriteError(t *testing.T) {
	w := newBzip2(broken{})
	_, _ = w.Write(noise(1000)) // may or may not see it yet
	if err := w.Close(); err == nil {
		t.Error("no error")
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
