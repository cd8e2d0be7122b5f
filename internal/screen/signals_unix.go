//go:build unix

package screen

import (
	"os"
	"os/signal"
	"syscall"
)

// notify tells when the terminal's size has changed, and when this process goes on
// after it was stopped, until ignore.
func notify() (resized, continued <-chan os.Signal, ignore func()) {
	r, c := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(r, syscall.SIGWINCH)
	signal.Notify(c, syscall.SIGCONT)
	return r, c, func() { signal.Stop(r); signal.Stop(c) }
}
