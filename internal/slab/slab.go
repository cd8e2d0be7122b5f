// Package slab stores fixed-size records in chunks that never move, so that a
// slot number and a pointer stay good while the slab grows.
//
// Record types hold no pointers: the garbage collector then never looks into
// the chunks. Packages streams, meter and index keep their tables in it, on
// huge pages where the system gives them: most of what a look-up in a large
// table waits for are the page tables' own cache misses.
package slab

import "math/bits"

// Chunk 0 has firstLen records and each further one twice as many as the one before
// it, so that a small table is small and a large one lies in few chunks.
const (
	firstBits = 9
	firstLen  = 1 << firstBits

	// maxChunks is as many as there are places in 32 bits.
	maxChunks = 32
)

// place finds slot i, which is at most 1<<31: its chunk and the place in it. There is no
// branch in it, and no bit more than a bounds check leaves: every packet passes here some
// ten times.
func place(i uint32) (chunk, at uint32) {
	i += firstLen
	top := uint32(bits.Len32(i)) - 1
	return (top - firstBits) % maxChunks, i ^ 1<<(top%32)
}

// chunkLen is the number of records in a chunk.
func chunkLen(chunk int) int { return firstLen << chunk }

// Slab is a growing array of T. The zero value is empty and ready. It is large itself:
// one has few of them, and does not copy them.
type Slab[T any] struct {
	chunks [maxChunks][]T
	made   int // chunks
	n      uint32
}

// Len is the number of slots made so far, in use or not.
func (s *Slab[T]) Len() uint32 { return s.n }

// Grow makes one more slot, zeroed, and returns its number.
func (s *Slab[T]) Grow() uint32 {
	i := s.n
	s.Extend(i + 1)
	return i
}

// Extend makes slots, zeroed, up to a length of n; none if there are as many.
func (s *Slab[T]) Extend(n uint32) {
	if n <= s.n {
		return
	}
	for last, _ := place(n - 1); s.made <= int(last); s.made++ {
		s.chunks[s.made] = Make[T](chunkLen(s.made))
	}
	s.n = n
}

// At returns slot i, which must be below Len.
func (s *Slab[T]) At(i uint32) *T {
	c, at := place(i)
	return &s.chunks[c][at]
}

// Span returns the slots from from up to end, none of which lies in another block of
// SpanLen slots.
func (s *Slab[T]) Span(from, end uint32) []T {
	c, at := place(from)
	return s.chunks[c][at:][:end-from]
}

// SpanLen is how many slots lie side by side from each multiple of it on.
const SpanLen = firstLen

// Bytes is a growing array of records of Size octets each.
type Bytes = Rows[byte]

// Rows is a growing array of records of Size values each, for sizes that are known only
// at run time. Set Size before the first Grow.
type Rows[T any] struct {
	Size   int
	chunks [][]T
	n      uint32
}

// Len is the number of slots made so far, in use or not.
func (s *Rows[T]) Len() uint32 { return s.n }

// Grow makes one more slot, zeroed, and returns its number.
func (s *Rows[T]) Grow() uint32 {
	i := s.n
	s.Extend(i + 1)
	return i
}

// Extend makes slots, zeroed, up to a length of n; none if there are as many.
func (s *Rows[T]) Extend(n uint32) {
	if n <= s.n {
		return
	}
	for last, _ := place(n - 1); len(s.chunks) <= int(last); {
		s.chunks = append(s.chunks, Make[T](s.Size*chunkLen(len(s.chunks))))
	}
	s.n = n
}

// At returns slot i, which must be below Len.
func (s *Rows[T]) At(i uint32) []T {
	c, at := place(i)
	off := int(at) * s.Size
	return s.chunks[c][off : off+s.Size : off+s.Size]
}
