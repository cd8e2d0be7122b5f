package sources

import (
	"bytes"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"netramet/sources/sourcetest/capfile"
)

// fuzzPacked feeds one compression: no panic, no hang, the same frames and error
// however the octets come, and no more memory than bound for a few kilobytes.
func fuzzPacked(f *testing.F, magic func([]byte) bool, bound uint64, names ...string) {
	file := pcapOf(manyFrames(20, 60, 60))
	for _, name := range names {
		packed, err := capfile.CompressAll(file, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(packed)
		f.Add(join(packed, make([]byte, 4), packed[:len(packed)/2]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 || !magic(data) {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		all, _, err := readSome(t, bytes.NewReader(data))
		runtime.ReadMemStats(&after)
		if after.Sys > before.Sys+bound {
			t.Fatalf("%d octets more memory", after.Sys-before.Sys)
		}
		slow, _, slowErr := readSome(t, iotest.OneByteReader(bytes.NewReader(data)))
		if names[0] == "xz" && early(err) && early(slowErr) {
			return // what it makes of damaged octets depends on how they come
		}
		same(t, "octet by octet", all, slow, err, slowErr)
	})
}

// early is an end that is not clean.
func early(err error) bool { return err != nil && err != io.EOF }

// fuzzSpare is what a source needs beside its decoder's buffers, and what is left
// before the collector runs.
const fuzzSpare = 64 << 20

func FuzzLzop(f *testing.F) {
	fuzzPacked(f, hasPrefix(lzopMagic), 2*(maxWorkers+2)*maxLzopBlock+fuzzSpare, "lzop")
}

func FuzzLz4(f *testing.F) { fuzzPacked(f, isLz4, fuzzSpare, "lz4", "lz4-linked", "lz4-legacy") }

func FuzzXz(f *testing.F) {
	fuzzPacked(f, hasPrefix("\xfd7zXZ\x00"), 2*maxXzDictionary+fuzzSpare, "xz")
}

func FuzzSnappy(f *testing.F) { fuzzPacked(f, isSnappy, 2*maxSnappyBlock+fuzzSpare, "snappy") }
