//go:build dag && !cgo

package privileges

import "errors"

// Supported says whether Drop works on this system, in this build. Where libraries are
// loaded without cgo, Go cannot change all threads of the process at once.
func Supported() error {
	return errors.New("a build with the tag dag needs cgo for it: CGO_ENABLED=1 go build -tags dag ./cmd/netramet, with a C compiler")
}
