// Package filelock keeps two processes of one host from working on the same
// thing: locks that are never waited for, and that the system frees when the
// process ends, however it does.
package filelock

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// ErrHeld is the error of a lock that somebody else has, be it another process
// or this one. Callers say who that may be.
var ErrHeld = errors.New("somebody else has the lock")

// Try takes the lock whose lock file is at path. The file is made if it is
// missing, for this user alone, and stays behind: removing it would let two
// processes have two locks. unlock frees the lock.
func Try(path string) (unlock func(), err error) {
	return try(path, os.O_RDWR|os.O_CREATE|noFollow)
}

// TryNamed takes a lock for this user that stands for a text, such as the name
// of a remote meter: its lock file is in the directory for temporary files, and
// its name begins with program. unlock removes it where the system can remove open
// files.
func TryNamed(program, text string) (unlock func(), err error) {
	sum := sha256.Sum256([]byte(text))
	name := fmt.Sprintf("%s-%d-%s.lock", program, os.Getuid(), hex.EncodeToString(sum[:8]))
	path := filepath.Join(os.TempDir(), name)
	if !removesOpenFiles {
		return Try(path)
	}
	return tryRemoved(path)
}

// tries is how often a lock file may be gone by the time that it is locked. Each
// time somebody else has had the lock and freed it meanwhile.
const tries = 100

// tryRemoved is Try for a lock file that is removed by who frees the lock, while it
// is still held. So a lock counts only if its file is still there under its name.
func tryRemoved(path string) (unlock func(), err error) {
	for range tries {
		l, err := lock(path, os.O_RDWR|os.O_CREATE|noFollow)
		if err != nil {
			return nil, err
		}
		if isNamed(l, path) {
			return func() {
				if isNamed(l, path) { // not somebody else's, after ours was removed
					_ = os.Remove(path) // else it stays, which does no harm
				}
				_ = l.Close()
			}, nil
		}
		_ = l.Close()
	}
	return nil, ErrHeld
}

// isNamed reports whether the file that is locked is the one at path.
func isNamed(l *flock.Flock, path string) bool {
	locked, err := l.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(locked, there)
}

func try(path string, flag int) (unlock func(), err error) {
	l, err := lock(path, flag)
	if err != nil {
		return nil, err
	}
	return func() { _ = l.Close() }, nil
}

func lock(path string, flag int) (*flock.Flock, error) {
	l := flock.New(path, flock.SetFlag(flag), flock.SetPermissions(0o600))
	switch ok, err := l.TryLock(); {
	case err != nil:
		_ = l.Close() // nothing was written
		return nil, fmt.Errorf("lock: %w", err)
	case !ok:
		_ = l.Close()
		return nil, ErrHeld
	}
	return l, nil
}
