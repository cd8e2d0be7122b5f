//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// notifySignals lets the signals come that ask a managed meter to reread its
// files, and to tell how it is.
func notifySignals(reload, status chan<- os.Signal) {
	signal.Notify(reload, syscall.SIGHUP)
	signal.Notify(status, syscall.SIGUSR1)
}
