// Package slab stores fixed-size records in chunks that never move, so that a
// slot number and a pointer stay good while the slab grows.
//
// Record types hold no pointers: the garbage collector then never looks into
// the chunks. Package streams and package meter keep their tables in slabs.
package slab

// chunkBits: 2^14 records of 64 octets make a chunk of 1 MiB.
const (
	chunkBits = 14
	chunkLen  = 1 << chunkBits
	chunkMask = chunkLen - 1
)

// Slab is a growing array of T. The zero value is empty and ready.
type Slab[T any] struct {
	chunks [][]T
	n      uint32
}

// Len is the number of slots made so far, in use or not.
func (s *Slab[T]) Len() uint32 { return s.n }

// Grow makes one more slot, zeroed, and returns its number.
func (s *Slab[T]) Grow() uint32 {
	i := s.n
	if int(i>>chunkBits) == len(s.chunks) {
		s.chunks = append(s.chunks, make([]T, chunkLen))
	}
	s.n++
	return i
}

// At returns slot i, which must be below Len.
func (s *Slab[T]) At(i uint32) *T { return &s.chunks[i>>chunkBits][i&chunkMask] }

// Chunks is the number of chunks held, each of ChunkLen records.
func (s *Slab[T]) Chunks() int { return len(s.chunks) }

// ChunkLen is the number of records in a chunk.
func (s *Slab[T]) ChunkLen() int { return chunkLen }
