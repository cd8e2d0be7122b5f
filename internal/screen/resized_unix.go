//go:build unix

package screen

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyResized tells when the terminal's size changes, until ignore.
func notifyResized() (resized <-chan os.Signal, ignore func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGWINCH)
	return c, func() { signal.Stop(c) }
}
