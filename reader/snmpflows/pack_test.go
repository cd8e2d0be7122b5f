package snmpflows

import (
	"encoding/hex"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/mib/ber"
	"netramet/reader"
)

func fieldsOf(attrs ...mib.Attr) []field {
	var f []field
	for i, a := range attrs {
		f = append(f, field{a, i})
	}
	return f
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
		{"distribution", "30 07 30 02 04 00 46 01 07", []mib.Attr{mib.AttrToPacketSize, mib.AttrToPDUs}, "0 7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			values := make([]reader.Value, len(tt.attrs))
			err := unpack(unhex(t, tt.data), fieldsOf(tt.attrs...), 1000, values)
			var got []string
			for i, v := range values {
				got = append(got, show(tt.attrs[i], v))
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

func show(a mib.Attr, v reader.Value) string {
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

func FuzzUnpack(f *testing.F) {
	f.Add(unhex(f, "30120404 82D8010104049C3E02020201064601 3C"), uint64(1000))
	f.Add(unhex(f, "30 0b 46 09 00ffffffffffffffff"), uint64(1))
	f.Add(unhex(f, "30 80 46 01 05 00 00"), uint64(1<<40))
	fields := fieldsOf(mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourceTransType, mib.AttrToOctets, mib.AttrFirstTime, mib.AttrToPacketSize)
	f.Fuzz(func(t *testing.T, data []byte, now uint64) {
		now %= 1 << 48
		before := append([]byte(nil), data...)
		values := make([]reader.Value, len(fields))
		err := unpack(data, fields, now, values)
		if string(before) != string(data) {
			t.Fatal("the package was changed")
		}
		if err != nil {
			return
		}
		for i, fl := range fields {
			v := values[i]
			if v.Len > mib.MaxAddress || v.Len > 0 && fl.attr.Class() != mib.ClassAddress {
				t.Fatalf("%s: %d octets", fl.attr, v.Len)
			}
		}
		// What was understood is understood in its shortest form alike.
		again := make([]reader.Value, len(fields))
		if err := unpack(repack(fields, values), fields, now, again); err != nil {
			t.Fatalf("packed again: %v", err)
		}
		for i := range values {
			if show(fields[i].attr, values[i]) != show(fields[i].attr, again[i]) {
				t.Fatalf("%s: %+v, then %+v", fields[i].attr, values[i], again[i])
			}
		}
		if unpack(data[:len(data)-1], fields, now, values) == nil {
			t.Fatal("a cut package was taken")
		}
	})
}

// repack encodes values; 64-bit numbers keep times as they are.
func repack(fields []field, values []reader.Value) []byte {
	var body []byte
	for i, f := range fields {
		v := values[i]
		switch f.attr.Class() {
		case mib.ClassAddress, mib.ClassMask:
			body = append(append(body, byte(ber.OctetString), v.Len), v.Octets[:v.Len]...)
		case mib.ClassDistribution:
			body = append(body, byte(ber.Sequence), 0)
		default:
			body = append(body, byte(ber.Counter64), 9, 0)
			for s := 56; s >= 0; s -= 8 {
				body = append(body, byte(v.Num>>s))
			}
		}
	}
	return append([]byte{byte(ber.Sequence), 0x81, byte(len(body))}, body...)
}
