package sources

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// What a fuzzer takes of a trace: so many frames, or so many octets captured. The
// frame with which that is reached is the last, whatever more came along with it.
const (
	fuzzFrames = 20_000
	fuzzOctets = 16 << 20
)

// readSome reads as much and checks what holds for any input: frames keep to the
// limit (more may be captured than their wire length, decision 21), and an error
// repeats.
func readSome(t *testing.T, r io.Reader) ([]wire.Frame, wire.SourceStats, error) {
	return readSomeOf(t, "-", r)
}

func readSomeOf(t *testing.T, uri string, r io.Reader) ([]wire.Frame, wire.SourceStats, error) {
	s, err := Open(uri, Options{Stdin: r})
	if err != nil {
		return nil, wire.SourceStats{}, err
	}
	defer s.Close()
	var all []wire.Frame
	frames, octets, captured, enough := uint64(0), uint64(0), 0, false
	b := new(wire.Batch)
	for !enough {
		err = s.Read(b)
		if err == nil && len(b.Frames) == 0 {
			t.Fatal("neither frames nor an error")
		}
		for _, f := range b.Frames {
			if len(f.Data) > MaxCapLen || f.Interface == 0 || f.Flags&^wire.NoFrameLen != 0 {
				t.Fatalf("frame %d: %d octets captured, %+v", frames+1, len(f.Data), f)
			}
			frames, octets = frames+1, octets+uint64(f.WireLen)
			if enough {
				continue
			}
			f.Data = bytes.Clone(f.Data)
			all, captured = append(all, f), captured+len(f.Data)
			enough = len(all) == fuzzFrames || captured >= fuzzOctets
		}
		if err != nil {
			break
		}
	}
	st := s.Stats()
	if st.Frames != frames || st.Octets != octets {
		t.Fatalf("stats %+v, read %d frames, %d octets", st, frames, octets)
	}
	if enough {
		return all, st, nil
	}
	if errors.Is(err, ErrDamaged) != (st.Damaged == 1) {
		t.Fatalf("%v, but stats %+v", err, st)
	}
	if again := s.Read(b); again != err || len(b.Frames) > 0 {
		t.Fatalf("%v, and then %v", err, again)
	}
	return all, st, err
}

// same compares what two readings of one trace gave.
func same(t *testing.T, what string, a, b []wire.Frame, aErr, bErr error) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%s: %d frames (%v), want %d (%v)", what, len(b), bErr, len(a), aErr)
	}
	for i := range a {
		if d := sourcetest.Difference(b[i], a[i]); d != "" {
			t.Fatalf("%s: frame %d %s", what, i+1, d)
		}
	}
	if (aErr == nil) != (bErr == nil) || aErr != nil && aErr.Error() != bErr.Error() {
		t.Fatalf("%s: ended with %v, want %v", what, bErr, aErr)
	}
}

// fuzzFormat holds a parser against itself: it may not matter how much comes
// at once.
func fuzzFormat(t *testing.T, data []byte) {
	all, _, err := readSome(t, bytes.NewReader(data))
	slow, _, slowErr := readSome(t, iotest.HalfReader(iotest.OneByteReader(bytes.NewReader(data))))
	same(t, "octet by octet", all, slow, err, slowErr)
}

// TestFuzzFormat: traces that have more than is read of them.
func TestFuzzFormat(t *testing.T) {
	head, empty := pcapHead(le, pcapMicro, 2, 4, 65535, 1), pcapRec(le, t0, 5, 0, 60, nil, nil)
	fuzzFormat(t, join(head, bytes.Repeat(empty, fuzzFrames+300)))
	large := pcapRec(le, t0, 5, 60_000, 60_000, nil, octets(60_000, 1))
	fuzzFormat(t, join(head, bytes.Repeat(large, fuzzOctets/60_000+300)))
}

func FuzzPcap(f *testing.F) {
	rec := pcapRec(le, t0, 5, 20, 70, nil, octets(20, 1))
	f.Add(join(pcapHead(le, pcapMicro, 2, 4, 65535, 1), rec, rec))
	f.Add(join(pcapHead(be, pcapNano, 2, 4, 65535, 1), pcapRec(be, t0, 5, 20, 70, nil, octets(20, 1))))
	f.Add(join(pcapHead(le, pcapModified, 2, 4, 65535, 1), pcapRec(le, t0, 5, 20, 70, make([]byte, 8), octets(20, 1))))
	f.Add(join(pcapHead(le, pcapModified, 2, 4, 65535, 1), pcapRec(le, t0, 5, 20, 70, make([]byte, 12), octets(20, 1))))
	f.Add(join(pcapHead(le, pcapMicro, 2, 4, 65535, 1), pcapRec(le, t0, 5, 20, 70, make([]byte, 4), octets(20, 1)), rec))
	f.Add(join(pcapHead(le, pcapMicro, 2, 3, 0, 2<<28|1<<26|1), pcapRec(le, t0, 5, 70, 20, nil, octets(20, 1)), rec[:10]))
	f.Fuzz(func(t *testing.T, data []byte) {
		if isPcap(data) {
			fuzzFormat(t, data)
		}
	})
}

func FuzzPcapNG(f *testing.F) {
	data := octets(21, 1)
	f.Add(join(ngSection(le), ngInterfaceBlock(le, 1, 0), ngEnhanced(le, 0, 5, 70, data), ngSimple(le, 21, data), ngOld(le, 0, 5, 70, data)))
	f.Add(join(ngSection(be), ngInterfaceBlock(be, 1, 10, ngOption(be, optIfTsResol, 0x94), ngOption(be, optIfTsOffset, octets(8, 0)...)),
		ngEnhanced(be, 0, 1<<40, 70, data, ngOption(be, optFlags, 0, 0, 0, 0x80))))
	f.Add(join(ngSection(le), ngBlock(le, 0x99, octets(40, 1)), ngSection(be), ngInterfaceBlock(be, 12, 0, ngOption(be, optIfFCSLen, 32)), ngEnhanced(be, 0, 5, 21, data)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if isPcapNG(data) {
			fuzzFormat(t, data)
		}
	})
}

// fuzzMemory is how much a source may allocate for a hostile input of a few
// kilobytes: a zstd window or two, and what is left before the collector runs.
const fuzzMemory = 4 * maxZstdWindow

// FuzzOpen feeds the compression layer, whose decoders are not ours: no panic,
// no hang, bounded memory. Their pools make coverage vary from run to run, so
// run it with -fuzzminimizetime=10x, or it only ever minimizes.
func FuzzOpen(f *testing.F) {
	file := pcapOf(manyFrames(20, 60, 60))
	for _, names := range [][]string{{"none"}, {"gzip"}, {"gzip-multi"}, {"zstd"}, {"bzip2"}, {"gzip", "zstd"}, {"bzip2", "gzip"}, {"gzip", "gzip", "gzip"},
		{"xz"}, {"lzop"}, {"lz4"}, {"lz4-linked"}, {"lz4-legacy"}, {"snappy"}, {"lzop", "xz"}} {
		f.Add(pack(f, file, names...))
	}
	f.Add([]byte("snoop\x00\x00\x00"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x00\x88\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4<<10 {
			return // a bomb is a matter of time, not of memory
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _, err := readSome(t, bytes.NewReader(data))
		runtime.ReadMemStats(&after)
		if err != nil && err.Error() == "" {
			t.Fatal("an error without text")
		}
		if n := after.Sys - before.Sys; after.Sys > before.Sys && n > fuzzMemory {
			t.Fatalf("%d octets more memory", n)
		}
	})
}
