//go:build unix

package main

import (
	"context"
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

// untilHangUp is ctx until the terminal goes away, unless that is ignored, as
// under nohup. The function returned gives the signal back.
func untilHangUp(ctx context.Context) (context.Context, context.CancelFunc) {
	if signal.Ignored(syscall.SIGHUP) {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}
