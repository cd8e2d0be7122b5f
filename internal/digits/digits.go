// Package digits writes numbers and IP addresses as text, fast. What writes flow data
// calls it: most of that is decimal numbers.
//
// The Append functions take a slice as append does. The Put functions write where there
// is room: who writes many values behind one another makes room for all of them at once.
package digits

import (
	"encoding/binary"
	"slices"
)

// Room is how many octets behind at the Put functions may touch. Those behind where they
// end have no meaning.
const Room = 48

// groups[n] are the digits of n, the first in the lowest octet, and in the highest octet
// how many there are. full[n] are three digits.
var groups, full = func() (g, f [1000]uint32) {
	for n := range g {
		f[n] = uint32('0'+n/100) | uint32('0'+n/10%10)<<8 | uint32('0'+n%10)<<16
		size := 3
		switch {
		case n < 10:
			size = 1
		case n < 100:
			size = 2
		}
		g[n] = f[n]>>(8*(3-size)) | uint32(size)<<24
	}
	return g, f
}()

// AppendUint appends n in decimal.
func AppendUint(b []byte, n uint64) []byte {
	if n < 10 { // types and packets are, mostly
		return append(b, byte('0'+n))
	}
	b = slices.Grow(b, Room)
	return b[:put(b[:cap(b)], len(b), n)]
}

// PutUint writes n in decimal to b from at on, and returns where it ends.
func PutUint(b []byte, at int, n uint64) int {
	if n < 10 {
		b[at] = byte('0' + n)
		return at + 1
	}
	return put(b, at, n)
}

// PutOctet writes an octet in decimal to b from at on, and returns where it ends.
func PutOctet(b []byte, at int, n byte) int { return putGroup(b, at, uint64(n)) }

// Short is more than what ShortText has a text of.
const Short = 1e6

// ShortText is the text of n, which is less than Short, its first digit in the lowest
// octet, and how many digits it has.
func ShortText(n uint64) (text uint64, size int) {
	if n < 1e3 {
		g := groups[n]
		return uint64(g & 0xffffff), int(g >> 24)
	}
	g := groups[n/1e3]
	size = int(g >> 24)
	return uint64(g&0xffffff) | uint64(full[n%1e3])<<(8*size&63), size + 3
}

// put writes n, whatever it is. Inlined by a profile it would make PutUint, and then all
// who write values in a loop, larger than what the compiler has registers for.
//
//go:noinline
func put(b []byte, at int, n uint64) int {
	switch {
	case n < 1e3:
		return putGroup(b, at, n)
	case n < 1e6:
		return put3(b, putGroup(b, at, n/1e3), n%1e3)
	case n < 1e9:
		return put6(b, putGroup(b, at, n/1e6), n%1e6)
	}
	n, low := n/1e9, n%1e9
	return put6(b, put3(b, put(b, at, n), low/1e6), low%1e6)
}

// putGroup writes n, which is less than 1000.
func putGroup(b []byte, at int, n uint64) int {
	g := groups[n]
	binary.LittleEndian.PutUint32(b[at:at+4], g)
	return at + int(g>>24)
}

// put3 writes n in three digits.
func put3(b []byte, at int, n uint64) int {
	binary.LittleEndian.PutUint32(b[at:at+4], full[n])
	return at + 3
}

// put6 writes n in six digits.
func put6(b []byte, at int, n uint64) int {
	binary.LittleEndian.PutUint64(b[at:at+8], uint64(full[n/1e3])|uint64(full[n%1e3])<<24)
	return at + 6
}
