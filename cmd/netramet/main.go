// Netramet is the RTFM traffic flow meter (RFC 2720-2724).
//
// With rule files as operands it meters a trace and writes a flow data file,
// all in one command. Without, it is the managed meter: managers download rule
// sets and readers collect flow data over SNMP. See docs/netramet.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"netramet/internal/version"

	"github.com/spf13/pflag"
)

// Exit statuses.
const (
	statusOK      = 0
	statusFailure = 1
	statusUsage   = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	std := stdio{stdin, stdout, stderr}
	o, err := parseOptions(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		err = printHelp(stdout)
	case err != nil:
		fmt.Fprintf(stderr, "netramet: %v\nTry 'netramet -h'.\n", err)
		return statusUsage
	case o.version:
		_, err = fmt.Fprintf(stdout, "netramet %s\n", version.Version)
	case o.compile:
		err = compileRules(o, std)
	case o.explain > 0:
		err = explainPacket(ctx, o, std)
	case o.isManaged():
		err = profiled(o.profile, func() error { return runManaged(ctx, o, std) })
	default:
		err = profiled(o.profile, func() error { return runBatch(ctx, o, std) })
	}
	if err != nil {
		if !errors.As(err, new(loggedError)) {
			report(stderr, err)
		}
		return statusFailure
	}
	return statusOK
}

// stdio are the process's standard streams.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// report prints an error; those that were joined have a line each. Messages
// about rule files name their file themselves.
func report(w io.Writer, err error) {
	var rules ruleErrors
	if errors.As(err, &rules) {
		fmt.Fprintln(w, err)
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(w, "netramet: %s\n", line)
	}
}
