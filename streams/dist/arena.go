package dist

// Arena holds the counters of many distributions. Pieces do not move, hold no
// pointers, and are used again by others of the same size. The zero value is empty
// and ready.
type Arena struct {
	chunks [][]uint64
	used   uint32 // blocks of the last chunk
	free   [maxBlocks + 1]Ref
	inUse  int // blocks
}

// Ref names a piece of an Arena. 0 names none.
type Ref uint32

// A piece is some blocks of 8 counters, one cache line each, side by side in a chunk
// of 64 KiB.
const (
	blockLen   = 8
	chunkShift = 10
	chunkLen   = 1 << chunkShift // blocks

	// MaxCounters is the most counters of a distribution: those of 255 buckets
	// and the one for overflow.
	MaxCounters = 256
	maxBlocks   = MaxCounters / blockLen
)

func blocksOf(counters int) uint32 { return uint32(counters+blockLen-1) / blockLen }

// New returns a piece of so many counters, at most MaxCounters, all zero.
func (a *Arena) New(counters int) Ref {
	n := blocksOf(counters)
	r := a.free[n]
	if r == 0 {
		r = a.grow(n)
	} else {
		c := a.At(r, counters)
		a.free[n] = Ref(c[0])
		clear(c)
	}
	a.inUse += int(n)
	return r
}

// grow makes a piece of n blocks.
func (a *Arena) grow(n uint32) Ref {
	if len(a.chunks) == 0 || a.used+n > chunkLen {
		if left := chunkLen - a.used; len(a.chunks) > 0 && left > 0 {
			a.give(a.last(), left)
		}
		a.chunks = append(a.chunks, make([]uint64, chunkLen*blockLen))
		a.used = 0
	}
	r := a.last()
	a.used += n
	return r
}

// last names what follows the blocks of the last chunk that are used.
func (a *Arena) last() Ref {
	return Ref(uint32(len(a.chunks)-1)<<chunkShift+a.used) + 1
}

// give makes n blocks free.
func (a *Arena) give(r Ref, n uint32) {
	a.At(r, int(n)*blockLen)[0] = uint64(a.free[n])
	a.free[n] = r
}

// At returns the counters of a piece that was made with so many.
func (a *Arena) At(r Ref, counters int) []uint64 {
	r--
	at := int(r&(chunkLen-1)) * blockLen
	return a.chunks[r>>chunkShift][at : at+counters : at+counters]
}

// Free gives a piece back that was made with so many counters.
func (a *Arena) Free(r Ref, counters int) {
	n := blocksOf(counters)
	a.give(r, n)
	a.inUse -= int(n)
}

// Bytes is what the arena holds, in octets, in use or not.
func (a *Arena) Bytes() int { return len(a.chunks) * chunkLen * blockLen * 8 }

// InUse is what the pieces take that are not given back, in octets.
func (a *Arena) InUse() int { return a.inUse * blockLen * 8 }
