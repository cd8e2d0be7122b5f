package command

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// together is within what time two signals are taken for one.
const together = 500 * time.Millisecond

// UntilInterrupted returns a context that is done at the first SIGINT or SIGTERM, for
// a program that then ends in order. A second signal ends the process at once, but
// for one that comes with the first: timeout(1) sends its signal twice.
func UntilInterrupted() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.AfterFunc(together, stop) })
	return ctx
}
