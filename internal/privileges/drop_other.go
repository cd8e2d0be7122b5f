//go:build !linux

package privileges

import (
	"fmt"
	"runtime"
)

// Supported says whether Drop works on this system.
func Supported(bool) error {
	return fmt.Errorf("going on as another user is not supported on %s: start the program as that user", runtime.GOOS)
}

// MayCreateIn reports whether the process may make files in a directory.
func MayCreateIn(string) bool { return true }

func (u *User) drop() error { return Supported(false) }
