//go:build !unix

package screen

import "os"

// notify never tells: there are no such signals.
func notify() (resized, continued <-chan os.Signal, ignore func()) { return nil, nil, func() {} }
