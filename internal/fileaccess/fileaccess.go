// Package fileaccess says who may use a file, as far as the system tells: what
// holds secrets, or must not be changed behind one's back, is looked at before
// it is trusted.
package fileaccess

import (
	"fmt"
	"io/fs"
)

// OpenToAll returns a warning if every user of the host may read or change a
// regular file, which holds secrets; nil if not, or where modes mean nothing.
func OpenToAll(path string, fi fs.FileInfo) error {
	if !modesCount || !fi.Mode().IsRegular() || fi.Mode().Perm()&0o006 == 0 {
		return nil
	}
	can := "read"
	if fi.Mode().Perm()&0o002 != 0 {
		can = "change"
	}
	return fmt.Errorf("%s holds secrets, and every user of this host can %s it: chmod 600 %s", path, can, path)
}

// ChangedByAll returns a warning if every user of the host may change a regular file, which
// holds no secrets but says what is done; nil if not, or where modes mean nothing.
func ChangedByAll(path string, fi fs.FileInfo) error {
	if !modesCount || !fi.Mode().IsRegular() || fi.Mode().Perm()&0o002 == 0 {
		return nil
	}
	return fmt.Errorf("every user of this host can change %s: chmod o-w %s", path, path)
}
