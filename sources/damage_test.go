package sources

import (
	"errors"
	"io"
	"slices"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// damageFrames are few, so that a trace of them can be cut everywhere.
func damageFrames() []wire.Frame { return manyFrames(12, 70, 60) }

// TestCutEverywhere cuts a trace of each compression at each octet. The frames
// that come are those of the whole trace, the more the later it was cut, and all
// of them when only the very end is missing.
func TestCutEverywhere(t *testing.T) {
	frames := damageFrames()
	file := pcapOf(frames)
	// Where a stream has no mark of its end, only the trace inside tells.
	endless := []string{"gzip-multi", "lz4-legacy", "snappy"}
	for _, names := range [][]string{
		{"gzip"}, {"gzip-multi"}, {"zstd"}, {"bzip2"}, {"xz"}, {"lzop"}, {"lz4"}, {"lz4-linked"}, {"lz4-legacy"}, {"snappy"},
		{"xz", "lzop"}, {"lz4", "gzip"}, {"snappy", "bzip2"},
	} {
		packed, before := pack(t, file, names...), 0
		for n := 12; n < len(packed); n++ {
			got, st, err := readBytes(t, packed[:n])
			switch {
			case err == io.EOF && slices.Contains(endless, names[0]):
			case !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, ErrDamaged):
				t.Fatalf("%v, cut at %d of %d: %v", names, n, len(packed), err)
			}
			if len(got) < before || len(got) > len(frames) || st.Frames != uint64(len(got)) {
				t.Fatalf("%v, cut at %d of %d: %d frames, %d before", names, n, len(packed), len(got), before)
			}
			before = len(got)
			checkFrames(t, got, frames[:len(got)])
		}
		if last := names[0] == "lz4-legacy" || names[0] == "snappy"; before < len(frames) && !last {
			t.Errorf("%v, without the last octet: %d frames of %d", names, before, len(frames))
		}
	}
}

// TestFlipEverywhere changes one bit of each octet of a trace of each
// compression. All that comes before the change is handed over as it was; the
// change is found, unless it is in what does not matter.
func TestFlipEverywhere(t *testing.T) {
	frames := damageFrames()
	file := pcapOf(frames)
	step := 1
	if testing.Short() {
		step = 3
	}
	for _, name := range capfile.Compressions()[1:] {
		packed := pack(t, file, name)
		for n := 12; n < len(packed); n += step {
			flipped := slices.Clone(packed)
			flipped[n] ^= 1 << (n % 8)
			got, _, err := readBytes(t, flipped)
			want, _, _ := readBytes(t, packed[:n])
			if len(got) < len(want)-lost[name] {
				t.Fatalf("%s, octet %d of %d: %d frames, want %d before (%v)", name, n, len(packed), len(got), len(want), err)
			}
			sound := min(len(want), len(got))
			checkFrames(t, got[:sound], want[:sound])
			if err == io.EOF && unchecked[name] {
				continue
			}
			if err == io.EOF && !equalFrames(got, frames) || err == nil {
				t.Fatalf("%s, octet %d of %d: a change that was not found: %d frames, %v", name, n, len(packed), len(got), err)
			}
			if checkedFirst[name] {
				checkFrames(t, got, frames[:len(got)])
			}
		}
	}
}

// lost is how many frames before the change may be missing: xz loses the last
// octets before damage, and so what they end.
var lost = map[string]int{"xz": 1}

// unchecked have no checksums here.
var unchecked = map[string]bool{"lz4-linked": true, "lz4-legacy": true}

// checkedFirst look at the checksum of a block before they hand it over.
var checkedFirst = map[string]bool{"lzop": true, "snappy": true}

func equalFrames(a, b []wire.Frame) bool {
	return slices.EqualFunc(a, b, func(a, b wire.Frame) bool { return sourcetest.Difference(a, b) == "" })
}
