package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"netramet/internal/screen"
	"netramet/reader"
	"netramet/reader/outputs"
)

// checkTo checks what goes with --to.
func (o *options) checkTo(f *pflag.FlagSet) error {
	if err := o.to.Check(f, o.flowFile); err != nil || !o.to.Given() {
		return err
	}
	stdout := o.to.Stdout()
	switch {
	case stdout != "" && o.top.N > 0:
		return fmt.Errorf("--top and %s both go to standard output: give the flow data a file", stdout)
	case o.user != "" && slices.ContainsFunc(o.to.Specs, func(s outputs.Spec) bool { return s.Path != "-" }):
		return errors.New("--user: that user could not open the files of --to for each collection; write to standard output, as --to csv:-, or give -F")
	}
	return nil
}

// flowsToStdout reports whether flow data goes to standard output.
func (o *options) flowsToStdout() bool {
	if o.to.Given() {
		return o.to.Stdout() != "" || o.flowFile == "-"
	}
	return o.flowFile == "" || o.flowFile == "-"
}

// openOutputs opens all that flow data goes to: what a batch run has is replaced, to
// what a live one has is appended.
func (o *options) openOutputs(ctx context.Context, std stdio) (output, error) {
	if o.to.Plain() {
		return openOutput(ctx, o, std, o.flowFile)
	}
	specs := o.to.All(o.nameOfMeter(), o.flowFile)
	if err := o.checkSpecs(specs, std); err != nil {
		return nil, err
	}
	return outputs.Open(specs, outputs.Options{
		Names: o.to.Names, Amounts: o.to.Amounts, Sync: o.sync, Replace: !o.isLive(), Stdout: std.out,
		Width: screen.Width(std.out, os.Getenv("COLUMNS")), Tell: noteTo(std.err), Pipe: pipes(ctx, std).Open,
		Flows: func(path string) (reader.Output, error) { return openOutput(ctx, o, std, path) },
	})
}

// checkSpecs refuses files that the run reads, or writes already.
func (o *options) checkSpecs(specs []outputs.Spec, std stdio) error {
	for i, s := range specs {
		if s.Path == "-" || s.Path == "" { // standard output
			continue
		}
		if err := o.checkOverwrite("--to", s.Path, std.in); err != nil {
			return err
		}
		for _, other := range specs[:i] {
			if other.Path != "" && other.Path != "-" && s.Writes(other.Path) {
				return fmt.Errorf("--to %s: this run writes to %s already; name another file", s, other.Path)
			}
		}
	}
	return nil
}

var _ output = (*outputs.Output)(nil)
