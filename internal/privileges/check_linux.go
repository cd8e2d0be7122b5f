package privileges

import (
	"errors"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// check makes sure that it has worked.
func (u *User) check() error {
	groups, err := syscall.Getgroups()
	if err != nil {
		return err
	}
	other := slices.ContainsFunc(groups, func(g int) bool { return !slices.Contains(u.groups, g) })
	if os.Getuid() != u.UID || os.Geteuid() != u.UID || other {
		return errors.New("the system did not do it, though it says so")
	}
	return nil
}

// MayCreateIn reports whether the process may make files in a directory.
func MayCreateIn(dir string) bool { return unix.Access(dir, unix.W_OK|unix.X_OK) == nil }
