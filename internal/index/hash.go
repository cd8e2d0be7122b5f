package index

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// Secret keys a hash. Two tables use two secrets, so that knowing the chains
// of one says nothing of the other.
type Secret [4]uint64

// NewSecret draws a secret from the system's randomness.
func NewSecret() Secret {
	var b [32]byte
	rand.Read(b[:]) // never fails; see crypto/rand
	var s Secret
	for i := range s {
		// An even factor would lose bits in the product.
		s[i] = binary.LittleEndian.Uint64(b[8*i:]) | 1
	}
	return s
}

// mix multiplies two words to 128 bits and folds the halves together.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// Words5 hashes five words, a stream's key.
func (s *Secret) Words5(a, b, c, d, e uint64) uint32 {
	h := mix(a^s[0], b^s[1]) ^ mix(c^s[2], d^s[3])
	return uint32(mix(h^s[1], e^s[2]) >> 32)
}

// Words2 hashes two words.
func (s *Secret) Words2(a, b uint64) uint32 { return uint32(mix(a^s[0], b^s[3]) >> 32) }

// Bytes hashes a key of any length.
func (s *Secret) Bytes(key []byte) uint32 {
	h := s[0] ^ uint64(len(key))
	for len(key) >= 16 {
		h = mix(h^binary.LittleEndian.Uint64(key), s[1]^binary.LittleEndian.Uint64(key[8:]))
		key = key[16:]
	}
	if len(key) > 0 {
		var tail [16]byte
		copy(tail[:], key)
		h = mix(h^binary.LittleEndian.Uint64(tail[:]), s[2]^binary.LittleEndian.Uint64(tail[8:]))
	}
	return uint32(mix(h^s[3], s[1]) >> 32)
}
