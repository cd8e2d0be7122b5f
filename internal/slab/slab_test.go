package slab

import "testing"

// TestPlaces walks the slots in order: each lies right behind the last one, or
// at the beginning of the next chunk.
func TestPlaces(t *testing.T) {
	chunk, at := uint32(0), uint32(0)
	for i := range uint32(firstLen * 33) {
		if at == uint32(chunkLen(int(chunk))) {
			chunk, at = chunk+1, 0
		}
		if c, a := place(i); c != chunk || a != at {
			t.Fatalf("slot %d is at %d/%d, want %d/%d", i, c, a, chunk, at)
		}
		at++
	}
	// In 32 bits the length of its chunk would be no int.
	if c, a := place(1 << 31); c >= maxChunks || uint64(a) >= firstLen<<c {
		t.Errorf("the last slot of all is at %d/%d", c, a)
	}
}

// TestSpan: the slots of a span are those that At gives.
func TestSpan(t *testing.T) {
	var s Slab[uint64]
	s.Extend(5*SpanLen + 3)
	for from := uint32(0); from < s.Len(); from += SpanLen / 2 {
		end := min(from+SpanLen/2, s.Len())
		span := s.Span(from, end)
		if len(span) != int(end-from) || &span[0] != s.At(from) || &span[len(span)-1] != s.At(end-1) {
			t.Errorf("span from %d to %d: %d slots, or others", from, end, len(span))
		}
	}
	if n := len(s.Span(7, 7)); n != 0 {
		t.Errorf("an empty span has %d slots", n)
	}
}

// TestExtend makes many slots at once, in whole chunks and parts of them.
func TestExtend(t *testing.T) {
	var s Slab[uint64]
	for _, n := range []uint32{0, 1, firstLen - 1, firstLen, firstLen, 7, firstLen + 1, 9 * firstLen} {
		before := s.Len()
		s.Extend(n)
		if s.Len() != max(n, before) {
			t.Fatalf("%d slots after Extend(%d), %d before", s.Len(), n, before)
		}
		for i := before; i < s.Len(); i++ {
			if *s.At(i) != 0 {
				t.Fatalf("slot %d is not zero", i)
			}
			*s.At(i) = uint64(i) + 1
		}
	}
	if i := s.Grow(); i != 9*firstLen || *s.At(i) != 0 || *s.At(i - 1) != 9*firstLen {
		t.Errorf("slot %d after Grow", i)
	}
}

func TestSlotsStay(t *testing.T) {
	var s Slab[[2]uint64]
	b := Bytes{Size: 24}
	first := s.At(s.Grow())
	firstBytes := b.At(b.Grow())
	const n = 5 * worthIt / 16
	for i := uint32(1); i < n; i++ {
		s.At(s.Grow())[0] = uint64(i)
		b.At(b.Grow())[23] = byte(i)
	}
	first[0], firstBytes[0] = 7, 8
	if s.At(0)[0] != 7 || b.At(0)[0] != 8 {
		t.Error("slot 0 has moved")
	}
	for i := uint32(1); i < n; i++ {
		if s.At(i)[0] != uint64(i) || b.At(i)[23] != byte(i) {
			t.Fatalf("slot %d holds %d and %d", i, s.At(i)[0], b.At(i)[23])
		}
	}
	if s.Len() != n || b.Len() != n || len(b.At(1)) != 24 {
		t.Errorf("lengths %d, %d, %d", s.Len(), b.Len(), len(b.At(1)))
	}
}
