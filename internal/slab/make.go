package slab

import "unsafe"

// worthIt is the size in octets from which huge pages are asked for: below it,
// a table fits the second-level TLB as it is.
const worthIt = 4 << 20

// Make is make([]T, n), on huge pages if it is large and the system has them.
// T must hold no pointers.
func Make[T any](n int) []T {
	s := make([]T, n)
	if size := n * int(unsafe.Sizeof(s[0])); size >= worthIt {
		adviseHuge(unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), size))
	}
	return s
}

// Discard gives the memory of a large slice, which Make made and nobody reads any more,
// back to the system, where it can: a table that has been outgrown would else take its
// place until the next garbage collection, which is far in a large program. What the
// slice holds is lost.
func Discard[T any](s []T) {
	if len(s) == 0 {
		return
	}
	if size := len(s) * int(unsafe.Sizeof(s[0])); size >= worthIt {
		discard(unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), size))
	}
}
