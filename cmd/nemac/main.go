// Nemac is the RTFM manager and meter reader: it downloads rule sets to
// traffic meters, starts them, and collects flow data. See docs/nemac.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
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
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
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
		printHelp(stdout)
		return statusOK
	case err != nil:
		fmt.Fprintf(stderr, "nemac: %v\n", err)
		var bad *configError
		if errors.As(err, &bad) {
			return statusFailure
		}
		fmt.Fprintln(stderr, "Try 'nemac -h'.")
		return statusUsage
	case o.version:
		fmt.Fprintf(stdout, "nemac %s\n", version.Version)
		return statusOK
	}
	std := stdio{stdout, stderr}
	switch {
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
	if err != nil {
		report(stderr, err)
		return statusFailure
	}
	return statusOK
}

// stdio are the process's standard streams.
type stdio struct{ out, err io.Writer }

// report prints an error; a joined one has several lines. Messages about rule
// files name their file themselves.
func report(w io.Writer, err error) {
	var rules ruleErrors
	if errors.As(err, &rules) {
		fmt.Fprintln(w, err)
		return
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(w, "nemac: %s\n", strings.TrimSuffix(line, "\n"))
	}
}
