//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lock makes its caller the only one of this user on this host that has it. The
// system frees it when the process ends, however it does. unlock frees it
// before. If somebody else has it, the error is errHeld.
func lock(what string) (unlock func(), err error) {
	name := filepath.Join(os.TempDir(), fmt.Sprintf("nemac-%d-%s.lock", os.Getuid(), digest(what)))
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errHeld
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	// The file stays: removing it would let two processes hold two locks.
	return func() { _ = f.Close() }, nil
}
