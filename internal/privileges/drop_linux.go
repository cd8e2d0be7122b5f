package privileges

import (
	"errors"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

func (u *User) drop() error {
	has, err := cap.GetProc().GetFlag(cap.Permitted, cap.NET_RAW)
	if err != nil {
		return err
	}
	if os.Geteuid() != u.UID || os.Getuid() != u.UID {
		if os.Geteuid() != 0 {
			return errors.New("only root may become another user: start it as root, or as that user")
		}
		if err := cap.SetGroups(u.groups[0], u.groups[1:]...); err != nil {
			return err
		}
		if err := cap.SetUID(u.UID); err != nil { // keeps what is permitted
			return err
		}
	}
	kept := cap.NewSet()
	if has {
		err = errors.Join(kept.SetFlag(cap.Permitted, true, cap.NET_RAW), kept.SetFlag(cap.Effective, true, cap.NET_RAW))
	}
	if err = errors.Join(err, kept.SetProc()); err != nil {
		return err
	}
	if _, err := cap.Prctlw(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); err != nil {
		return err
	}
	return u.check()
}

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
