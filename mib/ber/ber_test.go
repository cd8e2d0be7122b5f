package ber

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// values are encodings that must come out the same both ways.
var values = []struct {
	name string
	hex  string
	val  Value
}{
	{"integer 0", "02 01 00", Value{Tag: Integer}},
	{"integer 127", "02 01 7f", Value{Tag: Integer, Int: 127}},
	{"integer 128", "02 02 0080", Value{Tag: Integer, Int: 128}},
	{"integer -1", "02 01 ff", Value{Tag: Integer, Int: -1}},
	{"integer -5", "02 01 fb", Value{Tag: Integer, Int: -5}},
	{"integer -128", "02 01 80", Value{Tag: Integer, Int: -128}},
	{"integer -129", "02 02 ff7f", Value{Tag: Integer, Int: -129}},
	{"integer min", "02 04 80000000", Value{Tag: Integer, Int: math.MinInt32}},
	{"integer max", "02 04 7fffffff", Value{Tag: Integer, Int: math.MaxInt32}},
	{"octets", "04 03 616263", Value{Tag: OctetString, Bytes: []byte("abc")}},
	{"octets empty", "04 00", Value{Tag: OctetString, Bytes: []byte{}}},
	{"opaque", "44 01 9f", Value{Tag: Opaque, Bytes: []byte{0x9f}}},
	{"null", "05 00", Value{Tag: Null}},
	{"oid 0.0", "06 01 00", Value{Tag: ObjectID, OID: []uint32{0, 0}}},
	{"oid", "06 06 2b060102 0128", Value{Tag: ObjectID, OID: []uint32{1, 3, 6, 1, 2, 1, 40}}},
	{"oid 2.999.3", "06 03 883703", Value{Tag: ObjectID, OID: []uint32{2, 999, 3}}},
	{"oid largest", "06 0a 90 80 80 80 4f 8fffffff7f",
		Value{Tag: ObjectID, OID: []uint32{2, math.MaxUint32, math.MaxUint32}}},
	{"address", "40 04 7f000001", Value{Tag: IPAddress, Bytes: []byte{127, 0, 0, 1}}},
	{"counter32 max", "41 05 00ffffffff", Value{Tag: Counter32, Uint: math.MaxUint32}},
	{"gauge32", "42 01 05", Value{Tag: Gauge32, Uint: 5}},
	{"ticks 128", "43 02 0080", Value{Tag: TimeTicks, Uint: 128}},
	{"counter64 0", "46 01 00", Value{Tag: Counter64}},
	{"counter64 max", "46 09 00ffffffffffffffff", Value{Tag: Counter64, Uint: math.MaxUint64}},
	{"noSuchObject", "80 00", Value{Tag: NoSuchObject}},
	{"noSuchInstance", "81 00", Value{Tag: NoSuchInstance}},
	{"endOfMibView", "82 00", Value{Tag: EndOfMibView}},
}

func TestValues(t *testing.T) {
	for _, tt := range values {
		t.Run(tt.name, func(t *testing.T) {
			enc := unhex(t, tt.hex)
			var w Writer
			w.Reset(make([]byte, 64))
			w.Value(&tt.val)
			if w.Err() != nil || !bytes.Equal(w.Bytes(), enc) {
				t.Errorf("encoded %x (%v), want %x", w.Bytes(), w.Err(), enc)
			}
			got := Value{OID: make([]uint32, 0, MaxOID)}
			r := NewReader(enc)
			if err := r.Value(&got); err != nil || r.Done() != nil {
				t.Fatalf("decode: %v, %d octets left", err, r.Len())
			}
			if len(got.OID) == 0 {
				got.OID = nil
			}
			if d := cmp.Diff(tt.val, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestValueFaults(t *testing.T) {
	for _, tt := range []struct {
		name, hex string
		want      error
	}{
		{"nothing", "", ErrTruncated},
		{"tag only", "02", ErrTruncated},
		{"content missing", "02 04 010203", ErrTruncated},
		{"indefinite length", "04 80 61 00 00", ErrLength},
		{"reserved length", "04 ff 00 00 00 00 01 61", ErrLength},
		{"five length octets, huge", "04 85 01 00 00 00 01 61", ErrLength},
		{"length octets missing", "04 fe 00 00 01 61", ErrTruncated},
		{"length cut off", "04 82 00", ErrTruncated},
		{"huge length", "04 84 ffffffff 61", ErrLength},
		{"long tag", "1f 01 00", ErrTag},
		{"unknown tag", "13 01 61", ErrTag},
		{"integer empty", "02 00", ErrInteger},
		{"integer of five octets", "02 05 00fffffffb", ErrInteger},
		{"gauge of five octets", "42 05 0102030405", ErrInteger},
		{"counter negative", "41 04 ffffffff", ErrInteger},
		{"counter of ten octets", "41 0a 00000000000000000001", ErrInteger},
		{"ticks empty", "43 00", ErrInteger},
		{"counter64 negative", "46 08 8000000000000000", ErrInteger},
		{"counter64 of nine octets", "46 09 010000000000000000", ErrInteger},
		{"null with content", "05 01 00", ErrLength},
		{"address of three octets", "40 03 010203", ErrLength},
		{"oid empty", "06 00", ErrOID},
		{"oid unfinished", "06 02 2b86", ErrOID},
		{"oid padded", "06 03 2b8001", ErrOID},
		{"oid of 33 bits", "06 06 2b 90 80 80 80 00", ErrOID},
		{"oid of 70 bits", "06 0c 2b ff ff ff ff ff ff ff ff ff ff 00", ErrOID},
		{"oid of 129", "06 81 80" + strings.Repeat("01", 128), ErrOID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := Value{OID: make([]uint32, 0, MaxOID)}
			r := NewReader(unhex(t, tt.hex))
			if err := r.Value(&v); !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if cap(v.OID) < MaxOID {
				t.Error("the caller's OID storage is lost")
			}
		})
	}
}

func TestReader(t *testing.T) {
	// A length in long form with leading zeros is legal BER.
	r := NewReader(unhex(t, "30 84 00000007 02 82 0001 05 05 00"))
	in, err := r.Enter(Sequence)
	if err != nil {
		t.Fatal(err)
	}
	if in.Offset() != 6 || in.Peek() != Integer {
		t.Errorf("offset %d, next %v", in.Offset(), in.Peek())
	}
	if _, err := in.Octets(OctetString); err != ErrTag || in.Offset() != 6 {
		t.Errorf("wrong tag: %v, offset %d", err, in.Offset())
	}
	if v, err := in.Int32(); v != 5 || err != nil {
		t.Errorf("Int32: %d, %v", v, err)
	}
	if in.Done() != ErrTrailing || !bytes.Equal(in.Rest(), []byte{5, 0}) {
		t.Error("rest of the sequence is wrong")
	}
	if r.Done() != nil || r.Peek() != 0 {
		t.Error("the outer reader did not step over the sequence")
	}

	exact := make([]uint32, 0, 3)
	for _, tt := range []struct {
		hex string
		ok  bool
	}{{"06 02 2b06", true}, {"06 03 2b0601", false}} {
		r := NewReader(unhex(t, tt.hex))
		if _, err := r.OID(exact); (err == nil) != tt.ok {
			t.Errorf("%s into three sub-identifiers: %v", tt.hex, err)
		}
	}
	r = NewReader(unhex(t, "06 02 2b06"))
	if _, err := r.OID(exact[:0:2]); err != ErrOID {
		t.Errorf("three sub-identifiers into two: %v", err)
	}
}

func TestWriterFills(t *testing.T) {
	v := Value{Tag: OctetString, Bytes: bytes.Repeat([]byte("x"), 300)}
	name := []uint32{1, 3, 6, 1, 4, 1, 70000, 1 << 30}
	var w Writer
	w.Reset(make([]byte, 1000))
	w.VarBind(name, &v)
	need := w.Len()
	want := slices.Clone(w.Bytes())
	for _, tt := range []struct {
		size int
		err  error
	}{{need, nil}, {need - 1, ErrFull}, {0, ErrFull}, {need / 2, ErrFull}} {
		w.Reset(make([]byte, tt.size))
		w.VarBind(name, &v)
		if w.Err() != tt.err {
			t.Errorf("%d octets of room: %v, want %v", tt.size, w.Err(), tt.err)
		}
		if tt.err == nil && !bytes.Equal(w.Bytes(), want) {
			t.Errorf("%d octets of room: other encoding", tt.size)
		}
	}
}

func TestWriterHeaders(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 255, 256, 65535, 65536, 1 << 24} {
		buf := make([]byte, n+6)
		var w Writer
		w.Reset(buf)
		w.Zeros(n)
		w.Header(OctetString, n)
		if w.Err() != nil || w.Len() != Size(n) {
			t.Fatalf("n %d: %d octets, %v; Size says %d", n, w.Len(), w.Err(), Size(n))
		}
		r := NewReader(w.Bytes())
		if c, err := r.Octets(OctetString); err != nil || len(c) != n {
			t.Errorf("n %d: read back %d, %v", n, len(c), err)
		}
	}
}

func TestWriterFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		val  Value
		want error
	}{
		{"no tag", Value{}, ErrValue},
		{"integer too large", Value{Tag: Integer, Int: 1 << 31}, ErrValue},
		{"gauge too large", Value{Tag: Gauge32, Uint: 1 << 32}, ErrValue},
		{"IPv6 as IpAddress", Value{Tag: IPAddress, Bytes: make([]byte, 16)}, ErrValue},
		{"oid 3.1", Value{Tag: ObjectID, OID: []uint32{3, 1}}, ErrOID},
		{"oid 1.40", Value{Tag: ObjectID, OID: []uint32{1, 40}}, ErrOID},
		{"oid of 129", Value{Tag: ObjectID, OID: make([]uint32, 129)}, ErrOID},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var w Writer
			w.Reset(make([]byte, 1000))
			w.Value(&tt.val)
			w.Empty(Null)
			if w.Err() != tt.want {
				t.Errorf("error %v, want %v", w.Err(), tt.want)
			}
		})
	}
}

func TestAllocs(t *testing.T) {
	buf := make([]byte, 2000)
	names := make([]uint32, 0, MaxOID)
	v := Value{OID: make([]uint32, 0, MaxOID)}
	name := []uint32{1, 3, 6, 1, 2, 1, 40, 2, 3, 1, 5, 3, 11, 18, 29, 7, 12345, 3447}
	out := Value{Tag: OctetString, Bytes: make([]byte, 200)}
	if n := testing.AllocsPerRun(100, func() {
		var w Writer
		w.Reset(buf)
		w.VarBind(name, &out)
		r := NewReader(w.Bytes())
		if got, err := r.VarBind(names, &v); err != nil || len(got) != len(name) {
			t.Fatal(err)
		}
		bad := NewReader(buf[:3])
		_ = bad.Value(&v)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzVarBind: whatever decodes encodes, decodes to the same and encodes to
// the same octets again; nothing panics or reads beyond the input.
func FuzzVarBind(f *testing.F) {
	for _, tt := range values {
		enc := unhex(f, tt.hex)
		var w Writer
		w.Reset(make([]byte, 100))
		w.Raw(enc)
		w.OID([]uint32{1, 3, 6, 1})
		w.Wrap(Sequence, 0)
		f.Add(slices.Clone(w.Bytes()))
	}
	f.Add([]byte("\x30\x84\x00\x00\x00\x05\x06\x01\x00\x05\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		v1 := Value{OID: make([]uint32, 0, MaxOID)}
		r := NewReader(in)
		n1, err := r.VarBind(make([]uint32, 0, MaxOID), &v1)
		if err != nil {
			return
		}
		var w Writer
		w.Reset(make([]byte, len(in)))
		w.VarBind(n1, &v1)
		if w.Err() != nil {
			t.Fatalf("%v %+v decodes but does not encode: %v", n1, v1, w.Err())
		}
		if w.Len() > len(in)-r.Len() {
			t.Fatalf("%x grew to %x", in, w.Bytes())
		}
		v2 := Value{OID: make([]uint32, 0, MaxOID)}
		r = NewReader(w.Bytes())
		n2, err := r.VarBind(make([]uint32, 0, MaxOID), &v2)
		if err != nil || r.Done() != nil {
			t.Fatalf("%x does not decode: %v", w.Bytes(), err)
		}
		if !slices.Equal(n1, n2) || !cmp.Equal(v1, v2) {
			t.Fatalf("%v %+v became %v %+v", n1, v1, n2, v2)
		}
	})
}

func BenchmarkEncode50(b *testing.B) {
	buf := make([]byte, 20000)
	name := []uint32{1, 3, 6, 1, 2, 1, 40, 2, 3, 1, 5, 3, 11, 18, 29, 7, 12345, 3447}
	v := Value{Tag: OctetString, Bytes: make([]byte, 200)}
	b.ReportAllocs()
	for b.Loop() {
		var w Writer
		w.Reset(buf)
		for range 50 {
			w.VarBind(name, &v)
		}
	}
}

func BenchmarkDecode50(b *testing.B) {
	var w Writer
	w.Reset(make([]byte, 20000))
	v := Value{Tag: OctetString, Bytes: make([]byte, 200)}
	for range 50 {
		w.VarBind([]uint32{1, 3, 6, 1, 2, 1, 40, 2, 3, 1, 5, 3, 11, 18, 29, 7, 12345, 3447}, &v)
	}
	name := make([]uint32, 0, MaxOID)
	v.OID = make([]uint32, 0, MaxOID)
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(w.Bytes())
		for r.Len() > 0 {
			if _, err := r.VarBind(name, &v); err != nil {
				b.Fatal(err)
			}
		}
	}
}
