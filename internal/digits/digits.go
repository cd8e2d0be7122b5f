// Package digits appends numbers and IPv4 addresses to text, fast. What writes flow
// data calls it: most of that is decimal numbers.
package digits

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// How long each number is nobody can guess: so all digits are made at once, without a
// branch for each.

// AppendUint appends n in decimal.
func AppendUint(b []byte, n uint64) []byte {
	const group = 1e8
	if n < 10 { // types and packets are, mostly
		return append(b, byte('0'+n))
	}
	if n < group {
		return appendUpTo8(b, n)
	}
	if n < group*group {
		return append8(appendUpTo8(b, n/group), n%group)
	}
	b = appendUpTo8(b, n/(group*group))
	n %= group * group
	return append8(append8(b, n/group), n%group)
}

// appendUpTo8 appends n, which has at most eight digits.
func appendUpTo8(b []byte, n uint64) []byte {
	d := eightDigits(n)
	zeros := bits.TrailingZeros64(d|1<<56) &^ 7 // in bits; the last digit is always printed
	size := len(b) + 8 - zeros/8
	return binary.LittleEndian.AppendUint64(b, (d|zeroDigits)>>zeros)[:size]
}

// append8 appends n in eight digits.
func append8(b []byte, n uint64) []byte {
	return binary.LittleEndian.AppendUint64(b, eightDigits(n)|zeroDigits)
}

const zeroDigits = 0x3030303030303030 // '0' in each octet

// eightDigits returns the digits of n, which has at most eight, one in each octet,
// the first in the lowest. It divides first one number by 10,000, then two
// numbers by 100 and four by 10, which are parts of one word.
func eightDigits(n uint64) uint64 {
	const (
		by100 = 10486 // 2^20/100, rounded up: exact below 10,000
		by10  = 103   // 2^10/10, rounded up: exact below 100
	)
	high := n / 10_000
	d := high | (n-high*10_000)<<32
	high = d * by100 >> 20 & 0x0000007f_0000007f
	d = high | (d-high*100)<<16
	high = d * by10 >> 10 & 0x000f_000f_000f_000f
	return high | (d-high*10)<<8
}

// quads[n] are the digits of an octet and a dot, from the lowest octet up;
// quadSize is how many there are.
var quads, quadSize = func() (text [256]uint32, size [256]uint8) {
	for n := range text {
		t := append(AppendUint(nil, uint64(n)), '.')
		size[n] = uint8(len(t))
		text[n] = binary.LittleEndian.Uint32(append(t, 0, 0, 0))
	}
	return text, size
}()

// AppendQuad appends the four octets of an IPv4 address.
func AppendQuad(b []byte, o []byte) []byte {
	b = slices.Grow(b, 4*len("255."))
	for _, c := range o[:4] {
		size := len(b) + int(quadSize[c])
		b = binary.LittleEndian.AppendUint32(b, quads[c])[:size]
	}
	return b[:len(b)-1] // without the last dot
}
