package sources

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"

	"netramet/sources/wire"
)

func TestPcapNGReadings(t *testing.T) {
	data := octets(61, 0x40)
	sec := func(o order) []byte { return join(ngSection(o), ngInterfaceBlock(o, 1, 0)) }
	stamp := uint64(t0)*1e6 + 5
	ok := frame(t0ns+5000, data, 70, 1, 1)
	with := func(o order, opts ...[]byte) []byte {
		return join(ngSection(o), ngInterfaceBlock(o, 1, 0, opts...))
	}
	offset := be.AppendUint64(nil, uint64(t0))
	noTime := frame(wire.NoTime, data, 70, 1, 1)
	comment := ngOption(le, 1, octets(60_000, 'a')...)
	for _, row := range []struct {
		name    string
		file    []byte
		want    []wire.Frame
		odd     uint64
		skipped uint64
	}{
		{"enhanced", join(sec(le), ngEnhanced(le, 0, stamp, 70, data)), []wire.Frame{ok}, 0, 0},
		{"enhanced, big endian", join(sec(be), ngEnhanced(be, 0, stamp, 70, data)), []wire.Frame{ok}, 0, 0},
		{"obsolete packet block", join(sec(le), ngOld(le, 0, stamp, 70, data)), []wire.Frame{ok}, 0, 0},
		{"simple, no time", join(sec(le), ngSimple(le, 61, data)), []wire.Frame{frame(wire.NoTime, data, 61, 1, 1)}, 0, 0},
		{"simple, snapped", join(ngSection(le), ngInterfaceBlock(le, 1, 20), ngSimple(le, 61, data[:20])),
			[]wire.Frame{frame(wire.NoTime, data[:20], 61, 1, 1)}, 0, 0},
		{"two sections, two orders", join(sec(le), ngEnhanced(le, 0, stamp, 70, data), sec(be), ngEnhanced(be, 0, stamp, 70, data)),
			[]wire.Frame{ok, ok}, 0, 0},
		{"interfaces by first packet", join(ngSection(le), ngInterfaceBlock(le, 1, 0), ngInterfaceBlock(le, 101, 0), ngInterfaceBlock(le, 113, 0),
			ngEnhanced(le, 2, stamp, 70, data), ngEnhanced(le, 0, stamp, 70, data), ngEnhanced(le, 2, stamp, 70, data)),
			[]wire.Frame{frame(t0ns+5000, data, 70, 113, 1), frame(t0ns+5000, data, 70, 1, 2), frame(t0ns+5000, data, 70, 113, 1)}, 0, 0},
		{"another interface in another section", join(sec(le), ngEnhanced(le, 0, stamp, 70, data),
			with(le, ngOption(le, optIfName, 'e', '1')), ngEnhanced(le, 0, stamp, 70, data)),
			[]wire.Frame{ok, frame(t0ns+5000, data, 70, 1, 2)}, 0, 0},
		{"DLT_RAW", join(ngSection(le), ngInterfaceBlock(le, 12, 0), ngEnhanced(le, 0, stamp, 70, data)),
			[]wire.Frame{frame(t0ns+5000, data, 70, 101, 1)}, 0, 0},
		{"unknown and known blocks without packets", join(sec(le), ngBlock(le, 5, octets(8, 1)), ngBlock(le, 0x99, octets(9, 1)),
			ngBlock(le, 0x9a, octets(100_000, 1)), ngEnhanced(le, 0, stamp, 70, data)), []wire.Frame{ok}, 0, 2},
		{"nanoseconds", join(with(le, ngOption(le, optIfTsResol, 9)), ngEnhanced(le, 0, uint64(t0ns)+7, 70, data)),
			[]wire.Frame{frame(t0ns+7, data, 70, 1, 1)}, 0, 0},
		{"offset", join(with(be, ngOption(be, optIfTsOffset, offset...)), ngEnhanced(be, 0, 5, 70, data)), []wire.Frame{ok}, 0, 0},
		{"time out of range", join(sec(le), ngEnhanced(le, 0, 1<<64-1, 70, data)), []wire.Frame{noTime}, 1, 0},
		{"FCS in bits", join(with(le, ngOption(le, optIfFCSLen, 32)), ngEnhanced(le, 0, stamp, 61, data)),
			[]wire.Frame{frame(t0ns+5000, data[:57], 57, 1, 1)}, 0, 0},
		{"FCS in octets", join(with(le, ngOption(le, optIfFCSLen, 4)), ngEnhanced(le, 0, stamp, 70, data)),
			[]wire.Frame{frame(t0ns+5000, data, 66, 1, 1)}, 0, 0},
		{"FCS in the packet's flags", join(with(le, ngOption(le, optIfFCSLen, 32)), ngEnhanced(le, 0, stamp, 61, data, ngOption(le, optFlags, 2<<5, 0, 0, 0))),
			[]wire.Frame{frame(t0ns+5000, data[:59], 59, 1, 1)}, 0, 0},
		{"flags without FCS", join(with(le, ngOption(le, optIfFCSLen, 32)), ngEnhanced(le, 0, stamp, 61, data, ngOption(le, optFlags, 1, 0, 0, 0), ngOption(le, 0))),
			[]wire.Frame{frame(t0ns+5000, data[:57], 57, 1, 1)}, 0, 0},
		{"option longer than its block", join(sec(le), ngEnhanced(le, 0, stamp, 70, data, []byte{1, 0, 200, 0})), []wire.Frame{ok}, 1, 0},
		{"long comments", join(
			ngBlock(le, blockSection, ngSection(le)[8:24], comment, comment),
			ngInterfaceBlock(le, 1, 0, comment, comment), ngEnhanced(le, 0, stamp, 70, data, comment, comment)), []wire.Frame{ok}, 0, 0},
		{"captured more than the wire", join(sec(le), ngEnhanced(le, 0, stamp, 40, data)),
			[]wire.Frame{frame(t0ns+5000, data, 40, 1, 1)}, 1, 0},
		{"the longest on the wire", join(sec(le), ngEnhanced(le, 0, stamp, 1<<32-1, data)),
			[]wire.Frame{frame(t0ns+5000, data, 1<<32-1, 1, 1)}, 0, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, st, err := readBytes(t, row.file)
			if err != io.EOF {
				t.Fatal(err)
			}
			if st.Odd != row.odd || st.Skipped != row.skipped {
				t.Errorf("%d odd, %d skipped, want %d, %d", st.Odd, st.Skipped, row.odd, row.skipped)
			}
			checkFrames(t, got, row.want)
		})
	}
}

// TestPcapNGLargeBlock passes over a block that is too large to be kept and whose
// second length is wrong: it may not matter how much of it was read at once.
func TestPcapNGLargeBlock(t *testing.T) {
	large := ngBlock(le, 0x99, octets(minRead, 1))
	le.PutUint32(large[len(large)-4:], 12)
	good := ngEnhanced(le, 0, 5, 70, octets(60, 0x40))
	// What comes first is more than the reader has looked at to recognise the format,
	// so that a whole block then comes in one piece.
	first := bytes.Repeat(good, 50)
	file := join(ngSection(le), ngInterfaceBlock(le, 1, 0), first, large, good, large[:minRead])
	for name, r := range map[string]io.Reader{
		"at once": bytes.NewReader(file), "octet by octet": iotest.OneByteReader(bytes.NewReader(file)),
	} {
		got, st, err := readStream(t, r)
		if len(got) != 51 || st.Skipped != 2 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %d frames, %+v, %v", name, len(got), st, err)
		}
	}
}

func TestPcapNGDamage(t *testing.T) {
	data := octets(60, 0x40)
	head := join(ngSection(le), ngInterfaceBlock(le, 1, 0))
	good := ngEnhanced(le, 0, 5, 70, data)
	change := func(b []byte, at int, v uint32) []byte {
		b = bytes.Clone(b)
		le.PutUint32(b[at:], v)
		return b
	}
	for _, row := range []struct {
		name string
		bad  []byte
		text string
	}{
		{"interface not described", ngEnhanced(le, 1, 5, 70, data), "packet of interface 1, of which the section has described 1"},
		{"simple block without interface", join(ngSection(le), ngSimple(le, 60, data)), "packet of interface 0"},
		{"lengths differ", change(good, len(good)-4, 96), "two lengths differ"},
		{"length below 12", change(good, 4, 8), "block length 8 is impossible"},
		{"length no multiple of 4", change(good, 4, uint32(len(good)-1)), "is impossible"},
		{"packet block too long", change(good, 4, maxKeptBlock+4), "above the limit"},
		{"any block too long", change(ngBlock(le, 0x99), 4, MaxBlockLen+4), "above the limit"},
		{"captured more than the block", change(good, 20, 64), "captured length 64"},
		{"captured far more", change(good, 20, math.MaxUint32), "captured length 4294967295"},
		{"packet block too short", ngBlock(le, blockEnhanced, octets(16, 1)), "too short"},
		{"simple block too short", ngBlock(le, blockSimple), "too short"},
		{"interface block too short", ngBlock(le, blockInterface), "too short"},
		{"section without byte order", change(ngSection(le), 8, 0), "byte-order magic"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, st, err := readBytes(t, join(head, good, row.bad, good))
			if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), row.text) {
				t.Errorf("error %v, want %q in it", err, row.text)
			}
			if len(got) != 1 || st.Damaged != 1 {
				t.Errorf("%d frames, stats %+v, want 1 frame, 1 damaged", len(got), st)
			}
		})
	}
	newer := bytes.Clone(ngSection(le))
	newer[12] = 2
	if _, _, err := readBytes(t, newer); !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, ErrDamaged) {
		t.Errorf("version 2.0: %v", err)
	}
}

func TestPcapNGCut(t *testing.T) {
	data := octets(21, 0x40)
	file := join(ngSection(le), ngInterfaceBlock(le, 1, 0))
	first := len(file)
	var want []wire.Frame
	ends := []int{first}
	for i := range 3 {
		file = append(file, ngEnhanced(le, 0, uint64(i), 70, data)...)
		ends = append(ends, len(file))
		want = append(want, frame(int64(i)*1000, data, 70, 1, 1))
	}
	// A cut between section and interface leaves a whole trace without packets.
	section := len(ngSection(le))
	for n := range section {
		if _, _, err := readBytes(t, file[:n]); n >= 4 && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d octets: %v, want a cut", n, err)
		}
	}
	if _, _, err := readBytes(t, file[:section]); err != io.EOF {
		t.Fatalf("section header alone: %v", err)
	}
	for n := section + 1; n < first; n++ {
		if _, _, err := readBytes(t, file[:n]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d octets: %v, want a cut", n, err)
		}
	}
	for n := first; n < len(file); n++ {
		got, _, err := readBytes(t, file[:n])
		whole, clean := 0, false
		for i, e := range ends {
			if n >= e {
				whole, clean = i, n == e
			}
		}
		if clean != (err == io.EOF) || !clean && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d octets: %v", n, err)
		}
		checkFrames(t, got, want[:whole])
	}
	// Inside a block too long to be kept: the error says where it begins.
	long := join(file, ngBlock(le, 0x99, octets(3*chunkSize, 1)))
	got, _, err := readBytes(t, long[:len(long)-8])
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(got) != 3 {
		t.Errorf("cut inside a skipped block: %d frames, %v", len(got), err)
	}
	if at := fmt.Sprintf("pcapng: offset %d: ", len(file)); !strings.Contains(err.Error(), at) {
		t.Errorf("cut inside a skipped block: %v, want %q in it", err, at)
	}
}

func TestPcapNGInterfaceLimits(t *testing.T) {
	var file []byte
	file = append(file, ngSection(le)...)
	for range 300 {
		file = append(file, ngInterfaceBlock(le, 1, 0)...)
	}
	for i := range 256 {
		file = append(file, ngEnhanced(le, uint32(44+i), 5, 60, octets(60, 1))...)
	}
	got, st, err := readBytes(t, file)
	if !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "more than 255 interfaces") {
		t.Errorf("256 interfaces with packets: %v", err)
	}
	if len(got) != 255 || got[254].Interface != 255 || st.Damaged != 0 {
		t.Errorf("%d frames, stats %+v, want 255 and no damage", len(got), st)
	}
	file = ngSection(le)
	for range MaxSectionInterfaces + 1 {
		file = append(file, ngInterfaceBlock(le, 1, 0)...)
	}
	if _, _, err := readBytes(t, file); !errors.Is(err, ErrDamaged) {
		t.Errorf("%d interfaces in a section: %v", MaxSectionInterfaces+1, err)
	}
}

// TestTimeUnits compares with exact fractions.
func TestTimeUnits(t *testing.T) {
	counts := []uint64{0, 1, 999, 1_000_000_007, 1<<32 - 1, 1 << 53, 1<<63 - 1, 1 << 63, 1<<64 - 1, 12_345_678_901_234_567_890}
	offsets := []int64{0, 1, -1, 1_000_000_000, -9_223_372_036, math.MaxInt64, math.MinInt64}
	for resol := range 256 {
		unit := newTsUnit(uint8(resol))
		base, exp := big.NewInt(10), big.NewInt(int64(resol&0x7f))
		if resol&0x80 != 0 {
			base = big.NewInt(2)
		}
		den := new(big.Int).Exp(base, exp, nil)
		for _, count := range counts {
			ns := new(big.Int).Mul(new(big.Int).SetUint64(count), big.NewInt(1e9))
			ns.Quo(ns, den)
			for _, off := range offsets {
				want := new(big.Int).Mul(big.NewInt(off), big.NewInt(1e9))
				want.Add(want, ns)
				in := ngInterface{unit: unit, offset: off}
				got := in.time(count)
				// The last second before the limit may be refused.
				near := new(big.Int).Sub(big.NewInt(math.MaxInt64), new(big.Int).Abs(want))
				switch {
				case got == wire.NoTime && near.Cmp(big.NewInt(2e9)) > 0:
					t.Fatalf("resolution %#x, count %d, offset %d: no time, want %v", resol, count, off, want)
				case got != wire.NoTime && want.Cmp(big.NewInt(got)) != 0:
					t.Fatalf("resolution %#x, count %d, offset %d: %d, want %v", resol, count, off, got, want)
				}
			}
		}
	}
}
