package sources

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// pack compresses with capfile's names.
func pack(tb testing.TB, data []byte, names ...string) []byte {
	tb.Helper()
	for _, n := range names {
		var err error
		if data, err = capfile.CompressAll(data, n); err != nil {
			tb.Fatal(err)
		}
	}
	return data
}

// skip is a frame of zstd and lz4 that holds n octets and no data.
func skip(n int) []byte {
	return join([]byte("\x5f\x2a\x4d\x18"), le.AppendUint32(nil, uint32(n)), octets(n, 7))
}

func TestCompressed(t *testing.T) {
	frames := manyFrames(800, 100, 90)
	file := pcapOf(frames)
	half := len(file) / 2
	for _, row := range []struct {
		name string
		data []byte
	}{
		{"gzip", pack(t, file, "gzip")},
		{"gzip, members cut anywhere", pack(t, file, "gzip-multi")},
		{"zstd", pack(t, file, "zstd")},
		{"bzip2", pack(t, file, "bzip2")},
		{"zstd, two frames", join(pack(t, file[:half], "zstd"), pack(t, file[half:], "zstd"))},
		{"zstd after a skippable frame", join(skip(3), pack(t, file, "zstd"))},
		{"bzip2, two streams", join(pack(t, file[:half], "bzip2"), pack(t, file[half:], "bzip2"))},
		{"xz", pack(t, file, "xz")},
		{"xz, two streams with padding", join(pack(t, file[:half], "xz"), make([]byte, 8), pack(t, file[half:], "xz"), make([]byte, 4))},
		{"lzop", pack(t, file, "lzop")},
		{"lzop, two members", join(pack(t, file[:half], "lzop"), pack(t, file[half:], "lzop"))},
		{"lz4", pack(t, file, "lz4")},
		{"lz4, blocks that depend on others", pack(t, file, "lz4-linked")},
		{"lz4, legacy", pack(t, file, "lz4-legacy")},
		{"lz4, legacy and then not", join(pack(t, file[:half], "lz4-legacy"), pack(t, file[half:], "lz4"))},
		{"lz4, then legacy, then zeros", join(pack(t, file[:half], "lz4"), pack(t, file[half:], "lz4-legacy"), make([]byte, 5))},
		{"lz4, skippable frames all around", join(skip(3), skip(0), pack(t, file[:half], "lz4"), skip(70_000), pack(t, file[half:], "lz4-linked"), skip(1))},
		{"lz4 behind a long skippable frame", join(skip(2000), pack(t, file, "lz4"))},
		{"zstd behind a long skippable frame", join(skip(2000), pack(t, file, "zstd"))},
		{"snappy", pack(t, file, "snappy")},
		{"snappy, two streams", join(pack(t, file[:half], "snappy"), pack(t, file[half:], "snappy"))},
		{"gzip in zstd", pack(t, file, "gzip", "zstd")},
		{"bzip2 in gzip", pack(t, file, "bzip2", "gzip")},
		{"gzip in gzip", pack(t, file, "gzip", "gzip")},
		{"pcapng in gzip", pack(t, pcapngOf(frames), "gzip")},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := save(t, "trace", row.data)
			got, st, err := readFile(t, path)
			if err != io.EOF {
				t.Fatal(err)
			}
			checkFrames(t, got, frames)
			if n := int64(len(row.data)); st.BytesRead != n || st.BytesAll != n {
				t.Errorf("%d of %d octets read, want %d", st.BytesRead, st.BytesAll, n)
			}
		})
	}
}

// TestCompressedDamage cuts and changes compressed traces. What can be
// unpacked before that is handed over.
func TestCompressedDamage(t *testing.T) {
	frames := manyFrames(4_000, 100, 90)
	file := pcapOf(frames)
	for _, name := range capfile.Compressions()[1:] {
		packed := pack(t, file, name)
		for _, row := range []struct {
			what string
			data []byte
			some bool // frames must come first
			cut  bool
		}{
			{"cut at two thirds", packed[:len(packed)*2/3], name != "bzip2" && name != "lz4-legacy", true},
			{"cut one octet before the end", packed[:len(packed)-1], name != "lz4-legacy", true},
			{"cut inside the header", packed[:11], false, true},
			{"garbage behind", join(packed, []byte("garbage behind the end")), true, false},
		} {
			t.Run(name+"/"+row.what, func(t *testing.T) {
				got, _, err := readBytes(t, row.data)
				if !errors.Is(err, ErrDamaged) || row.cut && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("error %v", err)
				}
				if len(got) > len(frames) || row.some && len(got) == 0 {
					t.Fatalf("%d frames of %d", len(got), len(frames))
				}
				checkFrames(t, got, frames[:len(got)])
				if row.some && !strings.Contains(err.Error(), "of the uncompressed data") {
					t.Errorf("error %q does not say which offset", err)
				}
			})
		}
	}
}

func TestCompressedRefused(t *testing.T) {
	file := pcapOf(manyFrames(3, 60, 60))
	for _, row := range []struct {
		name string
		data []byte
		text string
	}{
		{"three layers", pack(t, file, "gzip", "gzip", "gzip"), "compressed more than 2 times"},
		{"no trace inside", pack(t, []byte("some text"), "gzip", "zstd"), "not a trace of a known format (unpacked from gzip in zstd)"},
		{"nothing inside", pack(t, nil, "gzip"), "holds nothing (unpacked from gzip)"},
		{"compress in gzip", pack(t, []byte("\x1f\x9d\x90\x00"), "gzip"), "compressed with compress (.Z)"},
		{"snoop in gzip", pack(t, []byte("snoop\x00\x00\x00"), "gzip"), "the trace ends inside a header"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := readBytes(t, row.data)
			if err == nil || !strings.Contains(err.Error(), row.text) {
				t.Errorf("error %v, want %q in it", err, row.text)
			}
		})
	}
}

// TestZstdWindow checks that a frame cannot make the decoder allocate more
// than is allowed.
func TestZstdWindow(t *testing.T) {
	file := pcapOf(manyFrames(30_000, 100, 90))
	var out bytes.Buffer
	w, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(8<<20))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	// The window descriptor follows magic number and frame header descriptor.
	data := out.Bytes()
	if data[4]&0x20 != 0 {
		t.Skip("the encoder wrote a single segment")
	}
	large := bytes.Clone(data)
	large[5] = 31 << 3 // 2^41 octets
	good, err := frameCount(readBytes(t, data))
	if err != io.EOF {
		t.Fatal(err)
	}
	// Such data is sound. It is no damage, also behind what can be unpacked.
	segment := le.AppendUint64([]byte("\x28\xb5\x2f\xfd\xe0"), maxZstdWindow+1)
	for _, row := range []struct {
		name   string
		data   []byte
		frames int
	}{
		{"first frame", large, 0}, {"second frame", join(data, large), good},
		{"first segment", join(segment, data), 0}, {"second segment", join(data, segment), good},
	} {
		n, err := frameCount(readBytes(t, row.data))
		if !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "window") || n != row.frames {
			t.Errorf("too large a window in the %s: %d frames of %d, %v", row.name, n, row.frames, err)
		}
	}
}

// TestZstdDamage: a block longer than its frame's window is damage, also where
// the decoder has the same error for it as for too large a window.
func TestZstdDamage(t *testing.T) {
	file := pcapOf(manyFrames(20, 100, 90))
	block := func(typ, size int) []byte { return le.AppendUint32(nil, uint32(size<<3|typ<<1|1))[:3] }
	// No single segment, no size, a window of 1 KiB.
	head := []byte("\x28\xb5\x2f\xfd\x00\x00")
	raw := join(head, block(0, 1000), file[:1000])
	for _, row := range []struct {
		name string
		data []byte
	}{
		{"raw", join(head, block(0, 2000), file[:2000])},
		{"repeated octet", join(head, block(1, 2000), []byte{0})},
		{"raw behind a good frame", join(raw, head, block(0, 2000), file[:2000])},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, _, err := readBytes(t, row.data)
			if !errors.Is(err, ErrDamaged) || errors.Is(err, errors.ErrUnsupported) {
				t.Error(err)
			}
		})
	}
}

func frameCount(frames []wire.Frame, _ wire.SourceStats, err error) (int, error) {
	return len(frames), err
}

// TestNoGoroutines checks that a source leaves nothing running once it is closed,
// wherever it stood.
func TestNoGoroutines(t *testing.T) {
	file := pcapOf(manyFrames(30_000, 100, 90))
	for _, name := range capfile.Compressions() {
		packed := pack(t, file, name)
		for reads := range 3 {
			s, err := Open("-", Options{Stdin: bytes.NewReader(packed)})
			if err != nil {
				t.Fatal(err)
			}
			for range reads {
				if err := s.Read(new(wire.Batch)); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			if err := goleak.Find(); err != nil {
				t.Errorf("%s, after %d reads: %v", name, reads, err)
			}
		}
	}
}
