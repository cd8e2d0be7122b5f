//go:build !unix

package screen

import "os"

// notifyResized never tells: there is no such signal.
func notifyResized() (resized <-chan os.Signal, ignore func()) { return nil, func() {} }
