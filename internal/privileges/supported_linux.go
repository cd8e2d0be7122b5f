//go:build !dag || cgo

package privileges

// Supported says whether Drop works on this system, in this build.
func Supported() error { return nil }
