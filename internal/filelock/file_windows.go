package filelock

import (
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// noFollow has no counterpart here.
const noFollow = 0

// removesOpenFiles: a file that is open can be removed.
const removesOpenFiles = false

// TryFile takes the lock of an existing regular file itself, so it is the same
// lock by whatever name (link, relative path) the file is given, and it stays
// with the file when that is renamed. Others may go on reading and writing the
// file. A lock on the file's own octets would keep its readers out here, so a
// lock file that is named for the volume and the file's number on it stands
// for the file.
func TryFile(path string) (unlock func(), err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	defer f.Close()
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return TryNamed("netramet-file", fmt.Sprint(info.VolumeSerialNumber, info.FileIndexHigh, info.FileIndexLow))
}
