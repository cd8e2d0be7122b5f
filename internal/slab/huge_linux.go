package slab

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const hugePage = 2 << 20

// adviseHuge asks for huge pages under the whole ones within b. The memory
// stays the garbage collector's; a refusal changes nothing but the speed.
func adviseHuge(b []byte) {
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (hugePage - 1)
	if whole := (len(b) - skip) &^ (hugePage - 1); whole > 0 {
		_ = unix.Madvise(b[skip:skip+whole], unix.MADV_HUGEPAGE)
	}
}

// discard gives the whole pages within b back. They read as zeros from then on, which
// is as good as anything to the garbage collector, whose memory they stay.
func discard(b []byte) {
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (page - 1)
	if whole := (len(b) - skip) &^ (page - 1); whole > 0 {
		_ = unix.Madvise(b[skip:skip+whole], unix.MADV_DONTNEED)
	}
}
