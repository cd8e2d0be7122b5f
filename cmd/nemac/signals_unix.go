//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyHangUp lets the signal come that asks nemac to open its log anew. stop ends it.
func notifyHangUp() (hangUps <-chan os.Signal, stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	return c, func() { signal.Stop(c) }
}
