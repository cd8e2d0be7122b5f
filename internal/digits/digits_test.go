package digits

import (
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
			}
		}
	}
}

// TestEightDigits: all numbers of four digits in either half of eight.
func TestEightDigits(t *testing.T) {
	for n := range uint64(10_000) {
		for _, n := range []uint64{n, n * 10_000, n*10_000 + 9_999 - n} {
			want := fmt.Sprintf("%08d", n)
			if got := append8(nil, n); string(got) != want {
				t.Fatalf("%s is printed as %q", want, got)
			}
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
			}
		}
	}
}
