//go:build !dag || cgo

package privileges

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Supported says whether Drop works on this system, in this build, for a process that
// captures from interfaces, or for one that does not.
func Supported(bool) error { return nil }

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
