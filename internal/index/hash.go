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
	h, _ := s.Both5(a, b, c, d, e)
	return h
}

// Both5 is Words5, and a second hash that says nothing of the first.
func (s *Secret) Both5(a, b, c, d, e uint64) (hash, other uint32) {
	h := mix(mix(a^s[0], b^s[1])^mix(c^s[2], d^s[3])^s[1], e^s[2])
	return uint32(h >> 32), uint32(h)
}

// Bytes hashes a key of any length. Its last 16 octets are read together, though some may
// be read twice, which costs less than copying what is left behind whole words.
func (s *Secret) Bytes(key []byte) uint32 {
	h, last := s[0]^uint64(len(key)), key
	if len(key) > 16 {
		last = key[len(key)-16:]
		for ; len(key) > 16; key = key[16:] {
			h = mix(h^binary.LittleEndian.Uint64(key), s[1]^binary.LittleEndian.Uint64(key[8:]))
		}
	}
	a, b := ends(last)
	return uint32(mix(mix(h^a, s[2]^b)^s[3], s[1]) >> 32)
}

// ends are two words that hold all octets, at most 16, of a key.
func ends(key []byte) (a, b uint64) {
	switch n := len(key); {
	case n >= 8:
		return binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[n-8:])
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(key)), uint64(binary.LittleEndian.Uint32(key[n-4:]))
	case n > 0:
		return uint64(key[0]) | uint64(key[n/2])<<8 | uint64(key[n-1])<<16, 0
	}
	return 0, 0
}
