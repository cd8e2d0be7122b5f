//go:build dag && !cgo

package privileges

import (
	"errors"
	"os"
	"syscall"

	"kernel.org/pub/linux/libs/security/libcap/cap"
)

// Supported says whether Drop works on this system, in this build, for a process that
// captures from interfaces, or for one that does not. Where libraries are loaded
// without cgo, neither Go nor the C library changes the capabilities of all threads, so
// none can be kept. Who they run as, the C library changes.
func Supported(captures bool) error {
	if !captures {
		return nil
	}
	return errors.New("a build with the tag dag needs cgo to keep the right to capture from interfaces: " +
		"build it with a C compiler (CGO_ENABLED=1 go build -tags dag ./cmd/netramet), or without the tag, " +
		"or start the program as that user (setcap cap_net_raw+ep)")
}

func (u *User) drop() error {
	if os.Geteuid() != u.UID || os.Getuid() != u.UID {
		if os.Geteuid() != 0 {
			return errors.New("only root may become another user: start it as root, or as that user")
		}
		if err := syscall.Setgroups(u.groups); err != nil {
			return err
		}
		if err := syscall.Setgid(u.groups[0]); err != nil {
			return err
		}
		if err := syscall.Setuid(u.UID); err != nil { // which leaves no capability
			return err
		}
	}
	if has, err := cap.GetProc().Cf(cap.NewSet()); err != nil || has != 0 {
		return errors.Join(err, errors.New("there are capabilities left, which this build cannot drop: start it without"))
	}
	return u.check()
}
