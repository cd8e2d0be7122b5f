// Package command is what the programs do alike: their exit statuses, how they
// read rule files, and how they report errors.
package command

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"netramet/internal/rulefile"
	"netramet/reader/flowfile"
)

// Exit statuses.
const (
	StatusOK      = 0
	StatusFailure = 1
	StatusUsage   = 2
)

// Report prints an error of a program; those that were joined have a line each.
// RuleErrors begin with their files' names, all others with the program's.
func Report(w io.Writer, program string, err error) {
	var rules ruleErrors
	if errors.As(err, &rules) {
		fmt.Fprintln(w, err)
		return
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(w, "%s: %s\n", program, line)
	}
}

// ruleErrors marks an error whose text names its files and places itself.
type ruleErrors struct{ error }

func (e ruleErrors) Unwrap() error { return e.error }

// RuleErrors makes one error of the messages about rule files, which name file
// and place themselves.
func RuleErrors(messages []string) error {
	return ruleErrors{errors.New(strings.Join(messages, "\n"))}
}

// ReadRules reads a rule file for a program, as rulefile.Read does. Warnings go to
// warn. A FORMAT that a flow data file cannot have is an error.
func ReadRules(program, file string, warn io.Writer) (rulefile.File, error) {
	f, err := rulefile.Read(program, file)
	if w := f.Diags.Warnings(); w != "" {
		fmt.Fprintln(warn, w)
	}
	if err == nil {
		if err = flowfile.CheckFormat(f.Rules.OutputFormat()); err != nil {
			err = f.Rules.AtFormat(file, err)
		}
	}
	return f, err
}
