package flowfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"netramet/internal/filelock"
)

// errLocked says that somebody else writes to a file. Two that append to one
// would cut off each other's collections.
type errLocked struct{ path string }

func (e errLocked) Error() string {
	return "another program, or this one for another meter, appends to the flow file " + e.path + "; give one of the two another -F"
}

func (errLocked) Unwrap() error { return filelock.ErrHeld }

// maxMoves is how often a file may be renamed while we try to open and lock it.
const maxMoves = 10

// openLocked opens the file under our name, made if it is missing, and takes
// its lock: that of the file, so that no other name for it helps to get around
// it. The lock of the file of before is freed once there is this one; of two
// that see a name become free, one gets the new file.
func (a *AppendFile) openLocked() (f file, fi fs.FileInfo, err error) {
	for try := 0; ; try++ {
		if f, err = a.openAny(); err != nil {
			return nil, nil, err
		}
		if fi, err = f.Stat(); err != nil || !fi.Mode().IsRegular() ||
			a.unlock != nil && os.SameFile(a.locked, fi) {
			break
		}
		var same bool
		if same, err = a.lock(fi); same || err != nil {
			break
		}
		if try == maxMoves {
			err = errors.New("its name stands for another file each time")
			break
		}
		_ = f.Close() // it has been renamed; nothing was written
	}
	if err == nil {
		return f, fi, nil
	}
	_ = f.Close() // nothing was written
	if errors.As(err, new(errLocked)) {
		return nil, nil, err
	}
	return nil, nil, fmt.Errorf("flow file %s: %w", a.path, err)
}

// lock takes the lock of the file that our name stands for now; same is false
// if that is not fi's. Where the file system has no locks, it does without.
func (a *AppendFile) lock(fi fs.FileInfo) (same bool, err error) {
	unlock, err := filelock.TryFile(a.path)
	switch {
	case errors.Is(err, filelock.ErrHeld):
		return false, errLocked{a.path}
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.Is(err, errors.ErrUnsupported):
		unlock = func() {}
	case err != nil:
		return false, err
	}
	now, err := os.Stat(a.path)
	if err != nil || !os.SameFile(now, fi) {
		unlock()
		return false, nil
	}
	a.free()
	a.unlock, a.locked = unlock, fi
	return true, nil
}

// free lets others at the file.
func (a *AppendFile) free() {
	if a.unlock != nil {
		a.unlock()
		a.unlock = nil
	}
}
