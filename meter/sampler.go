package meter

import (
	"math/bits"
	"math/rand/v2"
)

// Sampler draws which packets are metered. From the same seed it draws the same
// for the same packets.
type Sampler struct{ random rand.PCG }

// NewSampler makes a Sampler as a meter with that Config.Seed has it.
func NewSampler(seed uint64) (s Sampler) {
	s.random.Seed(seed, 0x9e3779b97f4a7c15)
	return s
}

// Draw reports whether the next packet is taken, one in rate; 0: none is. Every
// packet has the same chance, whatever its neighbours, as RFC 2720's
// flowInterfaceSampleRate asks.
func (s *Sampler) Draw(rate uint32) bool {
	if rate == 1 {
		return true
	}
	// The first of rate equal parts of all 64-bit numbers; 0 parts are none.
	part, _ := bits.Mul64(s.random.Uint64(), uint64(rate))
	return part == 0 && rate != 0
}
