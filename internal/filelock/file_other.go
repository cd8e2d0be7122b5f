//go:build !unix && !windows

package filelock

import "os"

const noFollow = 0

// removesOpenFiles: a file that is open can be removed.
const removesOpenFiles = false

// TryFile takes the lock of an existing regular file.
func TryFile(path string) (unlock func(), err error) { return try(path, os.O_RDWR) }
