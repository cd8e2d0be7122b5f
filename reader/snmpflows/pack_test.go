package snmpflows

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/reader"
)

// planOf is a plan of one package with these attributes and no more.
func planOf(attrs ...mib.Attr) *plan {
	p := &plan{limits: &limits{}, attrs: len(attrs)}
	for i, a := range attrs {
		p.fields = append(p.fields, field{a, i})
	}
	p.parts = []part{newPart(p.fields)}
	return p
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestUnpack(t *testing.T) {
	example := []mib.Attr{mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourceTransType, mib.AttrToOctets}
	pdus := []mib.Attr{mib.AttrToPDUs}
	distribution := []mib.Attr{mib.AttrToPacketSize, mib.AttrToPDUs}
	// Three buckets up to 25 and up to 1500 octets.
	const spec = "30 1d 04 06 0100001905dc 04 06 033c00000000 "
	for _, tt := range []struct {
		name  string
		data  string
		attrs []mib.Attr
		want  string // values, or the error
	}{
		{"the digest's example", "30 12 04 04 82D80101 04 04 9C3E0202 02 01 06 46 01 3C", example, "82d80101 9c3e0202 6 60"},
		{"other tags for the same", "30 12 44 04 82D80101 40 04 9C3E0202 42 01 06 41 01 3C", example, "82d80101 9c3e0202 6 60"},
		{"nothing saved", "30 0a 04 00 04 00 02 01 00 46 01 00", example, "- - 0 0"},
		{"long form of a length", "30 81 03 46 01 05", pdus, "5"},
		{"largest counter", "30 0b 46 09 00ffffffffffffffff", pdus, "18446744073709551615"},
		{"a nonsense tag", "30 03 05 01 05", pdus, "ToPDUs: tag 0x5 is no number"},
		{"a string for a number", "30 03 04 01 05", pdus, "ToPDUs: tag 0x4 is no number"},
		{"a number for a string", "30 03 02 01 05", example[:1], "SourcePeerAddress: tag 0x2 is no string of octets"},
		{"negative", "30 03 02 01 ff", pdus, "ToPDUs: a negative number"},
		{"65 bits", "30 0b 46 09 01ffffffffffffffff", pdus, "ToPDUs: a number of more than 64 bits"},
		{"no octets", "30 02 46 00", pdus, "ToPDUs: a number without octets"},
		{"too few values", "30 03 46 01 05", []mib.Attr{mib.AttrToPDUs, mib.AttrFromPDUs}, "FromPDUs: ber: value ends beyond its container"},
		{"too many values", "30 06 46 01 05 46 01 05", pdus, errPackLong.Error()},
		{"more behind it", "30 03 46 01 05 00", pdus, errPackLong.Error()},
		{"cut", "30 05 46 01 05", pdus, ber.ErrTruncated.Error()},
		{"empty", "", pdus, ber.ErrTruncated.Error()},
		{"no sequence", "46 01 05", pdus, "it begins with tag 0x46, not with that of a SEQUENCE"},
		{"indefinite length", "30 80 46 01 05 00 00", pdus, "ber: bad length"},
		{"huge length", "30 84 ffffffff 46", pdus, "ber: bad length"},
		{"long address", "30 17 04 15 000102030405060708090a0b0c0d0e0f1011121314", example[:1], "SourcePeerAddress: 21 octets are more than 20"},
		{"time before now", "30 04 43 02 0100", []mib.Attr{mib.AttrLastActiveTime}, "256"},
		{"name", "30 04 43 02 0100", []mib.Attr{mib.AttrFirstTime}, "256"},
		{"times of 64 bits", "30 0e 46 05 0300000100 46 05 0300000200", []mib.Attr{mib.AttrFirstTime, mib.AttrLastActiveTime}, "12884902144 12884902400"},
		{"no distribution", "30 05 30 00 46 01 07", distribution, "() 7"},
		{"distribution", "30 22" + spec + "30 0b 02 01 05 02 01 00 02 03 010203 46 01 07", distribution, "0100001905dc 033c00000000 (5 0 66051) 7"},
		{"distribution in a string", "30 24 04 1f" + spec + "30 0b 02 01 05 02 01 00 02 03 010203 46 01 07", distribution, "0100001905dc 033c00000000 (5 0 66051) 7"},
		{"counters of other types", "30 20" + "30 1b 04 06 0100001905dc 04 06 033c00000000 30 09 46 01 05 41 01 00 42 01 02 46 01 07", distribution, "0100001905dc 033c00000000 (5 0 2) 7"},
		{"counter of 64 bits", "30 1f 30 1a 04 06 0100001905dc 04 06 033c00000000 30 08 02 06 00ffffffffff 46 01 07", distribution, "0100001905dc 033c00000000 (1099511627775) 7"},
		{"distribution without its rule", "30 0a 30 05 30 03 02 01 05 46 01 07", distribution, "ToPacketSize: tag 0x30 with 3 octets is no part of a specification"},
		{"distribution with a negative counter", "30 1a 30 15 04 06 0100001905dc 04 06 033c00000000 30 03 02 01 ff 46 01 07", distribution, "ToPacketSize: a negative number"},
		{"distribution cut short", "30 15 30 10 04 06 0100001905dc 04 06 033c00000000 46 01 07", distribution, "ToPacketSize: ber: value ends beyond its container"},
		{"more behind the counters", "30 1d 30 18 04 06 0100001905dc 04 06 033c00000000 30 03 02 01 05 02 01 05 46 01 07", distribution, "ToPacketSize: it holds more than was asked for"},
		{"a number for a distribution", "30 06 02 01 05 46 01 07", distribution, "ToPacketSize: tag 0x2 is no distribution"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var rec reader.Record
			rec.Clear(len(tt.attrs))
			err := planOf(tt.attrs...).unpack(0, unhex(t, tt.data), 1000, &rec)
			var got []string
			for i, a := range tt.attrs {
				got = append(got, show(a, &rec, i))
			}
			text := strings.Join(got, " ")
			if err != nil {
				text = err.Error()
			}
			if text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
		})
	}
}

func show(a mib.Attr, rec *reader.Record, i int) string {
	v := &rec.Values[i]
	if a.IsDistribution() {
		counters := "(" + strings.Trim(fmt.Sprint(rec.Numbers(i)), "[]") + ")"
		if v.Len == 0 {
			return counters
		}
		return hex.EncodeToString(v.Octets[:v.Len/2]) + " " + hex.EncodeToString(v.Octets[v.Len/2:v.Len]) + " " + counters
	}
	if c := a.Class(); c == mib.ClassAddress || c == mib.ClassMask {
		if v.Len == 0 {
			return "-"
		}
		return hex.EncodeToString(v.Octets[:v.Len])
	}
	return itoa(v.Num)
}

func TestNearest(t *testing.T) {
	const wrap = 1 << 32
	for _, tt := range []struct {
		name string
		low  uint32
		now  uint64
		want uint64
	}{
		{"early", 1, 100, 1},
		{"now", 100, 100, 100},
		{"changed while read", 103, 100, 103},
		{"after the wrap", 5, wrap + 10, wrap + 5},
		{"before the wrap", wrap - 5, wrap + 10, wrap - 5},
		{"third round", 7, 2*wrap + 10, 2*wrap + 7},
		{"no such time yet", wrap - 1, 100, wrap - 1},
	} {
		if got := nearest(tt.low, tt.now); got != tt.want {
			t.Errorf("%s: nearest(%d, %d) = %d, want %d", tt.name, tt.low, tt.now, got, tt.want)
		}
	}
}

// TestUnpackMemory: reading packages takes no new memory, distributions or not.
func TestUnpackMemory(t *testing.T) {
	p := planOf(mib.AttrToPDUs, mib.AttrToPacketSize)
	data := unhex(t, "30 22 46 01 07 30 1d 04 06 0100001905dc 04 06 033c00000000 30 0b 02 01 05 02 01 00 02 03 010203")
	var rec reader.Record
	read := func() {
		rec.Clear(2)
		if err := p.unpack(0, data, 1000, &rec); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if n := testing.AllocsPerRun(100, read); n != 0 {
		t.Errorf("%v allocations a package", n)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(unhex(f, "30120404 82D8010104049C3E02020201064601 3C"), uint64(1000))
	f.Add(unhex(f, "30 0b 46 09 00ffffffffffffffff"), uint64(1))
	f.Add(unhex(f, "30 80 46 01 05 00 00"), uint64(1<<40))
	f.Add(unhex(f, "30 30 04 00 04 00 02 01 00 46 01 00 43 01 01 30 1d 04 06 0100001905dc 04 06 033c00000000 30 0b 02 01 05 02 01 00 02 03 010203"), uint64(1))
	attrs := []mib.Attr{mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourceTransType, mib.AttrToOctets, mib.AttrFirstTime, mib.AttrToPacketSize}
	f.Fuzz(func(t *testing.T, data []byte, now uint64) {
		now %= 1 << 48
		before := append([]byte(nil), data...)
		var rec, again reader.Record
		rec.Clear(len(attrs))
		err := planOf(attrs...).unpack(0, data, now, &rec)
		if string(before) != string(data) {
			t.Fatal("the package was changed")
		}
		if err != nil {
			return
		}
		for i, a := range attrs {
			v := &rec.Values[i]
			if v.Len > mib.MaxAddress || v.Len > 0 && a.Class() != mib.ClassAddress && !a.IsDistribution() || len(rec.Numbers(i)) > len(data) {
				t.Fatalf("%s: %d octets", a, v.Len)
			}
		}
		// What was understood is understood in its shortest form alike.
		again.Clear(len(attrs))
		if err := planOf(attrs...).unpack(0, repack(attrs, &rec), now, &again); err != nil {
			t.Fatalf("packed again: %v", err)
		}
		for i, a := range attrs {
			if g, w := show(a, &again, i), show(a, &rec, i); g != w {
				t.Fatalf("%s: %s, then %s", a, w, g)
			}
		}
		again.Clear(len(attrs))
		if planOf(attrs...).unpack(0, data[:len(data)-1], now, &again) == nil {
			t.Fatal("a cut package was taken")
		}
	})
}

// repack encodes values; 64-bit numbers keep times as they are.
func repack(attrs []mib.Attr, rec *reader.Record) []byte {
	w := new(ber.Writer)
	w.Reset(make([]byte, 1<<16+16*len(rec.Numbers(len(attrs)-1))))
	for i, a := range slices.Backward(attrs) {
		v, end := &rec.Values[i], w.Len()
		switch a.Class() {
		case mib.ClassAddress, mib.ClassMask:
			w.Octets(ber.OctetString, v.Octets[:v.Len])
		case mib.ClassDistribution:
			for _, n := range slices.Backward(rec.Numbers(i)) {
				w.Uint(ber.Counter64, n)
			}
			if v.Len > 0 {
				w.Wrap(ber.Sequence, end)
				w.Octets(ber.OctetString, v.Octets[specSize:v.Len])
				w.Octets(ber.OctetString, v.Octets[:specSize])
			}
			w.Wrap(ber.Sequence, end)
		default:
			w.Uint(ber.Counter64, v.Num)
		}
	}
	w.Wrap(ber.Sequence, 0)
	return w.Bytes()
}
