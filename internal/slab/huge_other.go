//go:build !linux

package slab

// adviseHuge does nothing: elsewhere the system decides by itself.
func adviseHuge([]byte) {}

// discard does nothing: the garbage collector comes by in its time.
func discard([]byte) {}
