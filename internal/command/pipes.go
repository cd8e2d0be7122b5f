package command

import (
	"context"
	"fmt"
	"io"

	"netramet/internal/interruptible"
)

// Pipes returns what opens files that are written to and are no regular ones: it waits
// for the reader of a named pipe, until ctx is done, and tells the user that it does.
func Pipes(ctx context.Context, program string, stderr io.Writer) interruptible.Pipes {
	return interruptible.Pipes{Ctx: ctx, Waits: func(name string) {
		fmt.Fprintf(stderr, "%s: waiting for somebody to read the pipe %s\n", program, name)
	}}
}

// Unwritten is what users are told of a named pipe that is read and has no writer yet.
func Unwritten(name string) string {
	return "waiting for somebody to write to the pipe " + name
}
