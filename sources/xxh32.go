package sources

import (
	"encoding/binary"
	"math/bits"
)

// xxh32 is the checksum of lz4's frames: XXH32 with seed 0.
type xxh32 struct {
	lanes [4]uint32
	rest  [16]byte // octets that do not fill a stripe yet
	held  int      // how many they are
	total uint64
}

// The constants of XXH32.
const (
	xxhPrime1 uint32 = 2654435761
	xxhPrime2 uint32 = 2246822519
	xxhPrime3 uint32 = 3266489917
	xxhPrime4 uint32 = 668265263
	xxhPrime5 uint32 = 374761393
)

// xxh32Of is the checksum of some octets.
func xxh32Of(p []byte) uint32 {
	var x xxh32
	x.write(p)
	return x.sum()
}

func (x *xxh32) write(p []byte) {
	if x.total == 0 {
		one, two := xxhPrime1, xxhPrime2 // variables, for the sums wrap
		x.lanes = [4]uint32{one + two, two, 0, -one}
	}
	x.total += uint64(len(p))
	if x.held > 0 {
		n := copy(x.rest[x.held:], p)
		x.held += n
		p = p[n:]
		if x.held < len(x.rest) {
			return
		}
		x.stripes(x.rest[:])
		x.held = 0
	}
	whole := len(p) &^ 15
	x.stripes(p[:whole])
	x.held = copy(x.rest[:], p[whole:])
}

// stripes takes in whole stripes of 16 octets.
func (x *xxh32) stripes(p []byte) {
	a, b, c, d := x.lanes[0], x.lanes[1], x.lanes[2], x.lanes[3]
	for ; len(p) >= 16; p = p[16:] {
		a = xxhRound(a, binary.LittleEndian.Uint32(p))
		b = xxhRound(b, binary.LittleEndian.Uint32(p[4:]))
		c = xxhRound(c, binary.LittleEndian.Uint32(p[8:]))
		d = xxhRound(d, binary.LittleEndian.Uint32(p[12:]))
	}
	x.lanes = [4]uint32{a, b, c, d}
}

func xxhRound(lane, word uint32) uint32 {
	return bits.RotateLeft32(lane+word*xxhPrime2, 13) * xxhPrime1
}

func (x *xxh32) sum() uint32 {
	h := xxhPrime5
	if x.total >= 16 {
		h = bits.RotateLeft32(x.lanes[0], 1) + bits.RotateLeft32(x.lanes[1], 7) +
			bits.RotateLeft32(x.lanes[2], 12) + bits.RotateLeft32(x.lanes[3], 18)
	}
	h += uint32(x.total)
	p := x.rest[:x.held]
	for ; len(p) >= 4; p = p[4:] {
		h = bits.RotateLeft32(h+binary.LittleEndian.Uint32(p)*xxhPrime3, 17) * xxhPrime4
	}
	for _, o := range p {
		h = bits.RotateLeft32(h+uint32(o)*xxhPrime5, 11) * xxhPrime1
	}
	h = (h ^ h>>15) * xxhPrime2
	h = (h ^ h>>13) * xxhPrime3
	return h ^ h>>16
}
