//go:build !unix

package main

import (
	"context"
	"os"
)

// notifySignals does nothing: this system has no such signals.
func notifySignals(_, _ chan<- os.Signal) {}

// untilHangUp is ctx: there is no such signal either.
func untilHangUp(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
