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

	"netramet/internal/command"
	"netramet/internal/version"

	"github.com/spf13/pflag"
)

func main() {
	os.Exit(run(command.UntilInterrupted(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
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
		return command.StatusUsage
	case o.version:
		_, err = fmt.Fprintf(stdout, "netramet %s\n", version.Version)
	case o.info:
		err = o.profiled(ctx, std, func() error { return tellTraces(ctx, o, std) })
	case o.library.asked:
		err = showLibrary(o, std)
	case o.compile:
		err = compileRules(o, std)
	case o.explain > 0:
		err = explainPacket(ctx, o, std)
	case o.isManaged():
		err = o.profiled(ctx, std, func() error { return runManaged(ctx, o, std) })
	case len(o.rules) == 0:
		err = o.profiled(ctx, std, func() error { return rewrite(ctx, o, std) })
	default:
		err = o.profiled(ctx, std, func() error { return runBatch(ctx, o, std) })
	}
	if err != nil {
		if !errors.As(err, new(loggedError)) {
			command.Report(stderr, "netramet", err)
		}
		return command.StatusFailure
	}
	return command.StatusOK
}

// stdio are the process's standard streams.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}
