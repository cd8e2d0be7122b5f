// Package atomicfile replaces files in one step, so that whoever reads one, and
// whoever comes after a crash, finds the old content or the new one whole.
package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Write makes content all that the file at path holds. It and its name are on
// the disk when Write returns nil; on error the old file stands. A new file is
// readable and writable by its owner alone. A symbolic link is replaced, not
// followed: resolve it first.
func Write(path string, content []byte) (err error) {
	dir, base := filepath.Split(path)
	f, err := os.CreateTemp(filepath.Join(dir, "."), "."+base+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return SyncDir(path)
}

// SyncDir puts the name of the file at path on the disk, after it was made or
// renamed. File systems that cannot sync a directory, and Windows, which cannot
// open one, have done what they can.
func SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
