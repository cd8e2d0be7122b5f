// Nemac is the RTFM manager and meter reader: it downloads rule sets to
// traffic meters, starts them, and collects flow data. See docs/nemac.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"netramet/internal/command"
	"netramet/internal/version"

	"github.com/spf13/pflag"
)

func main() {
	os.Exit(run(command.UntilInterrupted(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if asksLibrary(args, os.Getenv) {
		return ended(stderr, showLibrary(args[1:], stdout))
	}
	o, err := parseOptions(args, os.Getenv)
	var records []*options
	if err == nil && o.config != "" {
		records, err = readConfig(o, stdin, os.Getenv)
	}
	if o != nil {
		for _, w := range slices.Compact(slices.Clone(*o.warnings)) {
			fmt.Fprintf(stderr, "nemac: warning: %s\n", w)
		}
	}
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return ended(stderr, printHelp(stdout))
	case err != nil:
		fmt.Fprintf(stderr, "nemac: %v\n", err)
		var bad *configError
		if errors.As(err, &bad) {
			return command.StatusFailure
		}
		fmt.Fprintln(stderr, "Try 'nemac -h'.")
		return command.StatusUsage
	case o.version:
		_, err = fmt.Fprintf(stdout, "nemac %s\n", version.Version)
		return ended(stderr, err)
	}
	std := stdio{stdout, stderr}
	switch {
	case len(o.flows.files) > 0:
		err = askFlows(ctx, o, stdin, std)
	case o.compile || o.check:
		err = showRules(o, std)
	case o.list:
		err = listMeter(ctx, o, std)
	case len(o.stop)+len(o.destroy) > 0:
		err = endRuleSets(ctx, o, std)
	case records != nil:
		err = runMeters(ctx, o, records, std)
	default:
		err = runMeters(ctx, o, []*options{o}, std)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	return ended(stderr, err)
}

// ended is the status of what ended with err, which it reports.
func ended(stderr io.Writer, err error) int {
	if err != nil {
		command.Report(stderr, "nemac", err)
		return command.StatusFailure
	}
	return command.StatusOK
}

// stdio are the process's standard streams.
type stdio struct{ out, err io.Writer }
