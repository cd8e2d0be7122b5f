//go:build unix

package fileaccess

import (
	"io/fs"
	"os"
	"syscall"
)

const modesCount = true

// Own reports whether a file belongs to the user who runs the program.
func Own(fi fs.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	return !ok || int(st.Uid) == os.Geteuid()
}

// Names is how many names (hard links) a file has.
func Names(fi fs.FileInfo) uint64 {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Nlink)
	}
	return 1
}
