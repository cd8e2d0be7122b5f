//go:build !unix

package interruptible

import "os"

// openWriter opens a file for writing. Nothing has to be waited for: named pipes are no
// files here.
func openWriter(name string) (*os.File, error) { return os.OpenFile(name, os.O_WRONLY, 0) }
