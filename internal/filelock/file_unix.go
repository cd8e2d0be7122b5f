//go:build unix

package filelock

import (
	"os"

	"golang.org/x/sys/unix"
)

// noFollow keeps a lock file in a directory that all may write to from being
// a link to somewhere else.
const noFollow = unix.O_NOFOLLOW

// removesOpenFiles: a file that is open can be removed.
const removesOpenFiles = true

// TryFile takes the lock of an existing regular file itself, so it is the same
// lock by whatever name (symbolic or hard link, relative path) the file is
// given, and it stays with the file when that is renamed. Others may go on
// reading and writing the file.
func TryFile(path string) (unlock func(), err error) { return try(path, os.O_RDWR|unix.O_NONBLOCK) }
