//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockOwner makes this process the only one of its user on this host that
// works under an Owner on a meter. The system frees the lock when the process
// ends, however it does. unlock frees it before.
func lockOwner(owner, target string) (unlock func(), err error) {
	name := filepath.Join(os.TempDir(), fmt.Sprintf("nemac-%d-%s.lock", os.Getuid(), digest(owner+"\x00"+target)))
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close() // nothing was written
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, errLocked(owner, target)
		}
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	// The file stays: removing it would let two processes hold two locks.
	return func() { _ = f.Close() }, nil
}
