package sources

import (
	"bytes"
	"errors"
	"io"
	"testing"

	lz4lib "github.com/pierrec/lz4/v4"

	"netramet/sources/sourcetest/capfile"
)

// TestXXH32 holds the checksum against known ones, in whatever pieces.
func TestXXH32(t *testing.T) {
	for _, row := range []struct {
		in   string
		want uint32
	}{
		{"", 0x02cc5d05}, {"a", 0x550d7456}, {"abc", 0x32d153ff},
		{"Nobody inspects the spammish repetition", 0xe2293b2f},
	} {
		if got := xxh32Of([]byte(row.in)); got != row.want {
			t.Errorf("%q: %08x, want %08x", row.in, got, row.want)
		}
		for cut := range row.in {
			var x xxh32
			x.write([]byte(row.in[:cut]))
			x.write([]byte(row.in[cut:]))
			if got := x.sum(); got != row.want {
				t.Errorf("%q, cut at %d: %08x, want %08x", row.in, cut, got, row.want)
			}
		}
	}
}

// TestLz4Options reads frames with all that their headers can say.
func TestLz4Options(t *testing.T) {
	frames := manyFrames(2000, 100, 90)
	file := pcapOf(frames)
	for name, options := range map[string][]lz4lib.Option{
		"no checksum":    {lz4lib.ChecksumOption(false)},
		"block checksum": {lz4lib.BlockChecksumOption(true)},
		"all checksums":  {lz4lib.BlockChecksumOption(true), lz4lib.ChecksumOption(true), lz4lib.SizeOption(uint64(len(file)))},
		"blocks of 4 MB": {lz4lib.BlockSizeOption(lz4lib.Block4Mb)},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := lz4lib.NewWriter(&out)
			if err := w.Apply(options...); err != nil {
				t.Fatal(err)
			}
			_, err := w.Write(file)
			if err := errors.Join(err, w.Close()); err != nil {
				t.Fatal(err)
			}
			got, _, err := readBytes(t, out.Bytes())
			if err != io.EOF {
				t.Fatal(err)
			}
			checkFrames(t, got, frames)
		})
	}
}

// TestLz4Damage: what a frame's end says is held against it, and what a block
// claims is not allocated.
func TestLz4Damage(t *testing.T) {
	file := pcapOf(manyFrames(20, 100, 90))
	packed, _ := capfile.CompressAll(file, "lz4")
	sum := bytes.Clone(packed)
	sum[len(sum)-1] ^= 1
	head := []byte("\x04\x22\x4d\x18\x60\x40\x82")
	longest := lz4lib.CompressBlockBound(lz4Legacy) // 255 times that is no int of 32 bits
	for _, row := range []struct {
		name, text string
		data       []byte
		frames     int
	}{
		{"checksum of a frame", "lz4: checksum of a frame", sum, 20},
		{"too large a block", "above the 65536 of its frame", join(head, le.AppendUint32(nil, 65537)), 0},
		{"a block that is not there", "unexpected EOF", join(head, le.AppendUint32(nil, 65536)), 0},
		{"garbage behind", "neither the end nor another frame", join(packed, []byte("garbage")), 20},
		{"a legacy block that is not there", "unexpected EOF", join([]byte(lz4LegacyMagic), le.AppendUint32(nil, lz4Legacy)), 0},
		{"the longest legacy block", "lz4", join([]byte(lz4LegacyMagic), le.AppendUint32(nil, uint32(longest)), make([]byte, longest)), 0},
	} {
		got, _, err := readBytes(t, row.data)
		if !errors.Is(err, ErrDamaged) || !contains(err, row.text) || len(got) != row.frames {
			t.Errorf("%s: %d frames, %v, want %d", row.name, len(got), err, row.frames)
		}
	}
}
