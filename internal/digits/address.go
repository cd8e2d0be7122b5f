package digits

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// AppendQuad appends the four octets of an IPv4 address.
func AppendQuad(b []byte, o []byte) []byte {
	b = slices.Grow(b, Room)
	return b[:PutQuad(b[:cap(b)], len(b), o)]
}

// dotted are the digits of an octet and a dot, the first in the lowest octet, and in the
// highest octet how many characters that is.
var dotted = func() (t [256]uint64) {
	for n := range t {
		size := groups[n] >> 24
		t[n] = uint64(groups[n]&0xffffff|'.'<<(8*size)) | uint64(size+1)<<56
	}
	return t
}()

// PutQuad writes the four octets of an IPv4 address to b from at on, and returns where
// it ends.
func PutQuad(b []byte, at int, o []byte) int {
	four := binary.LittleEndian.Uint32(o)
	at = put2(b, at, dotted[byte(four)], dotted[byte(four>>8)])
	return put2(b, at, dotted[byte(four>>16)], dotted[four>>24]) - 1 // without the last dot
}

// put2 writes two of dotted. What the second one has in its highest octet goes.
func put2(b []byte, at int, n, m uint64) int {
	size := n >> 56
	binary.LittleEndian.PutUint64(b[at:at+8], uint64(uint32(n))|m<<(8*size&63))
	return at + int(size+m>>56)
}

// AppendIPv6 appends an IPv6 address as RFC 5952 has it.
func AppendIPv6(b []byte, o *[16]byte) []byte {
	b = slices.Grow(b, Room)
	return b[:PutIPv6(b[:cap(b)], len(b), o)]
}

// hexOctets are the two hexadecimal digits of an octet.
var hexOctets = func() (t [256]uint16) {
	const hex = "0123456789abcdef"
	for n := range t {
		t[n] = uint16(hex[n>>4]) | uint16(hex[n&15])<<8
	}
	return t
}()

// zeroRun is the first of the longest runs of zeros among eight groups, from first up to
// end; of less than two groups there is none, and first is 8.
type zeroRun struct{ first, end uint8 }

// zeroRuns has it for each set of groups that are zero, a bit for each.
var zeroRuns = func() (t [256]zeroRun) {
	for set := range t {
		t[set] = zeroRun{8, 8}
		longest := 1
		for first := 0; first < 8; first++ {
			n := bits.TrailingZeros8(^uint8(set >> first))
			if n = min(n, 8-first); n > longest {
				longest, t[set] = n, zeroRun{uint8(first), uint8(first + n)}
			}
		}
	}
	return t
}()

// PutIPv6 writes an IPv6 address, as RFC 5952 has it, to b from at on, and returns where
// it ends. As put it is not inlined.
//
//go:noinline
func PutIPv6(b []byte, at int, o *[16]byte) int {
	if [12]byte(o[:12]) == [12]byte{10: 0xff, 11: 0xff} { // an IPv4 address inside
		return PutQuad(b, at+copy(b[at:], "::ffff:"), o[12:])
	}
	zeros := uint8(0)
	for i := range 8 {
		if o[2*i]|o[2*i+1] == 0 {
			zeros |= 1 << i
		}
	}
	run := zeroRuns[zeros]
	at = putHex(b, at, o[:2*run.first])
	if run.first == 8 {
		return at - 1 // without the last colon
	}
	if run.first == 0 {
		b[at] = ':'
		at++
	}
	b[at] = ':'
	at = putHex(b, at+1, o[2*run.end:])
	if run.end < 8 {
		at--
	}
	return at
}

// putHex writes groups of two octets without leading zeros, and a colon behind each.
func putHex(b []byte, at int, o []byte) int {
	for ; len(o) >= 2; o = o[2:] {
		four := uint64(hexOctets[o[0]]) | uint64(hexOctets[o[1]])<<16
		leading := bits.LeadingZeros16(uint16(o[0])<<8|uint16(o[1])|1) / 4
		binary.LittleEndian.PutUint64(b[at:at+8], (four|':'<<32)>>(8*leading))
		at += 5 - leading
	}
	return at
}
