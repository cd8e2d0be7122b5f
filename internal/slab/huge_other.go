//go:build !linux

package slab

// adviseHuge does nothing: elsewhere the system decides by itself.
func adviseHuge([]byte) {}
