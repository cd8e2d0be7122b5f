package sources

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"netramet/sources/sourcetest/capfile"
)

// TestLzopMembers reads members with every combination of checksums and fields.
func TestLzopMembers(t *testing.T) {
	frames := manyFrames(600, 100, 90)
	file := pcapOf(frames)
	half := len(file) / 2
	all := []uint32{
		capfile.LzopPlainAdler, capfile.LzopPackedAdler, capfile.LzopPlainCRC, capfile.LzopPackedCRC,
		capfile.LzopExtraField, capfile.LzopFilter, capfile.LzopHeaderCRC,
	}
	for set := range 1 << len(all) {
		flags := uint32(capfile.LzopMultipart)
		for i, f := range all {
			if set>>i&1 != 0 {
				flags |= f
			}
		}
		t.Run(fmt.Sprintf("%04x", flags), func(t *testing.T) {
			// The second member begins with a block that does not get smaller.
			got, _, err := readBytes(t, join(capfile.LzopMember(file[:half], flags), capfile.LzopMember(file[half:], flags^0x333), make([]byte, 7)))
			if err != io.EOF {
				t.Fatal(err)
			}
			checkFrames(t, got, frames)
		})
	}
}

// TestLzopStored: a block whose compressed size equals its plain size is stored,
// and has no checksum of compressed data.
func TestLzopStored(t *testing.T) {
	frames := manyFrames(3, 80, 77)
	file := pcapOf(frames)
	member := capfile.LzopMember(file, 0x303)
	head := member[:9+8+4+12+6+4]
	sums := capfile.LzopMember(file, 0x101)[len(head)+8:][:8]
	size := be.AppendUint32(nil, uint32(len(file)))
	got, _, err := readBytes(t, join(head, size, size, sums, file, make([]byte, 4)))
	if err != io.EOF {
		t.Fatal(err)
	}
	checkFrames(t, got, frames)
}

// TestLzopChecksums: each of the checksums is looked at, and nothing of the
// block is handed over.
func TestLzopChecksums(t *testing.T) {
	file := pcapOf(manyFrames(600, 100, 90))
	const flags = 0x303
	member := capfile.LzopMember(file, flags)
	headLen := 9 + 8 + 4 + 12 + 6 + 4
	for at, what := range []string{"adler32 of a block's plain", "crc32 of a block's plain", "adler32 of a block's compressed", "crc32 of a block's compressed"} {
		data := join(member)
		data[headLen+8+4*at] ^= 1
		got, _, err := readBytes(t, data)
		if !errors.Is(err, ErrDamaged) || !contains(err, what) || len(got) != 0 {
			t.Errorf("%s: %d frames, %v", what, len(got), err)
		}
	}
	member[headLen-1] ^= 1
	if _, _, err := readBytes(t, member); !errors.Is(err, ErrDamaged) || !contains(err, "checksum of the header") {
		t.Errorf("header: %v", err)
	}
}

// TestLzopLimits: what a block or field claims is not allocated.
func TestLzopLimits(t *testing.T) {
	head := capfile.LzopMember(nil, 0)
	head = head[:len(head)-4]
	for _, row := range []struct {
		name        string
		size, taken uint32
		text        string
		unsupported bool
	}{
		{"a large block", maxLzopBlock + 1, 5, "above the limit of 16 MiB", true},
		{"a block that grew", 5, 6, "a block of 5 octets takes 6", false},
		{"a block of nothing", 5, 0, "a block of 5 octets takes 0", false},
		{"a split file", 1<<32 - 1, 5, "a part of a split file", true},
		{"a block that is not there", maxLzopBlock, maxLzopBlock, "unexpected EOF", false},
	} {
		data := be.AppendUint32(be.AppendUint32(join(head), row.size), row.taken)
		_, _, err := readBytes(t, data)
		if !contains(err, row.text) || errors.Is(err, errors.ErrUnsupported) != row.unsupported {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}
