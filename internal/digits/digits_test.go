package digits

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"testing"
)

// TestAppendUint holds the printing of numbers against strconv's around each
// power of ten and of two, behind what a buffer holds, with room and without.
func TestAppendUint(t *testing.T) {
	around := []uint64{0, math.MaxUint64}
	for n := uint64(1); ; n *= 10 {
		around = append(around, n)
		if n > math.MaxUint64/10 {
			break
		}
	}
	for i := range 64 {
		around = append(around, 1<<i)
	}
	for _, n := range around {
		for d := range uint64(201) {
			n := n + d - 100 // may wrap, to the longest ones
			want := "x" + strconv.FormatUint(n, 10)
			for _, b := range [][]byte{{'x'}, append(make([]byte, 0, 64), 'x')} {
				if got := AppendUint(b, n); string(got) != want {
					t.Fatalf("%d is printed as %q", n, got)
				}
				b = append(b, make([]byte, Room)...)
				if got := b[:PutUint(b, 1, n)]; string(got) != want {
					t.Fatalf("%d is put as %q", n, got)
				}
			}
		}
	}
}

// TestPutOctet: all octets.
func TestPutOctet(t *testing.T) {
	b := make([]byte, Room)
	for n := range 256 {
		if got := b[:PutOctet(b, 0, byte(n))]; string(got) != strconv.Itoa(n) {
			t.Errorf("%d is printed as %q", n, got)
		}
	}
}

// TestGroups: all numbers of six digits.
func TestGroups(t *testing.T) {
	b := make([]byte, Room)
	for n := range uint64(Short) {
		if got := b[:put(b, 0, n)]; string(got) != strconv.FormatUint(n, 10) {
			t.Fatalf("%d is printed as %q", n, got)
		}
		text, size := ShortText(n)
		binary.LittleEndian.PutUint64(b, text)
		if got := b[:size]; string(got) != strconv.FormatUint(n, 10) {
			t.Fatalf("%d has the text %q", n, got)
		}
		if got := b[:put6(b, 0, n)]; string(got) != fmt.Sprintf("%06d", n) {
			t.Fatalf("%d is printed as %q", n, got)
		}
	}
}

// TestAppendQuad: each value of an octet at each place, with room and without.
func TestAppendQuad(t *testing.T) {
	for place := range 4 {
		for n := range 256 {
			a := [4]byte{1, 22, 133, 255}
			a[place] = byte(n)
			want := "x" + netip.AddrFrom4(a).String()
			for _, b := range [][]byte{{'x'}, append(make([]byte, 0, 64), 'x')} {
				if got := AppendQuad(b, a[:]); string(got) != want {
					t.Fatalf("%d is printed as %q", a, got)
				}
				b = append(b, make([]byte, Room)...)
				if got := b[:PutQuad(b, 1, a[:])]; string(got) != want {
					t.Fatalf("%d is put as %q", a, got)
				}
			}
		}
	}
}

// TestAppendIPv6 holds addresses with any of their groups zero, short or long against
// those of the library, with room and without.
func TestAppendIPv6(t *testing.T) {
	for set := range 1 << 16 {
		var a [16]byte
		for i := range 8 {
			switch set >> (2 * i) & 3 {
			case 1:
				a[2*i+1] = byte(1 << i)
			case 2:
				a[2*i], a[2*i+1] = byte(1<<i), byte(i)
			case 3:
				a[2*i], a[2*i+1] = 0xff, 0xff
			}
		}
		want := "x" + netip.AddrFrom16(a).String()
		for _, b := range [][]byte{{'x'}, append(make([]byte, 0, 64), 'x')} {
			if got := AppendIPv6(b, &a); string(got) != want {
				t.Fatalf("%x is printed as %q, want %q", a, got, want)
			}
		}
	}
}
