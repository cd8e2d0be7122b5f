package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"netramet/internal/command"
	"netramet/internal/direction"
	"netramet/internal/interruptible"
	"netramet/internal/reading"
	"netramet/sources"
	"netramet/sources/join"
)

// openTrace opens the files of -C as one trace, or its cards, or the interfaces of -i.
// note is told what is odd between them, and what is waited for, by the goroutine that
// opens and then reads.
func (o *options) openTrace(ctx context.Context, stdin io.Reader, note func(string)) (sources.Source, error) {
	switch {
	case o.readsCards():
		return o.openCards(note)
	case o.isLive():
		return o.openLink(note)
	}
	opt := join.Options{Source: o.sourceOptions(stdin, note), Note: note}
	if o.merge {
		opt.Order = join.ByTime
	}
	var err error
	if o.direction, err = direction.Open(o.directionBy); err != nil {
		return nil, fmt.Errorf("--direction: %w", err)
	}
	if o.parts, err = join.Expand(o.traces); err != nil {
		return nil, err
	}
	if o.readsStdin() {
		if err := checkStdin(stdin); err != nil {
			return nil, err
		}
	}
	if o.window != nil {
		o.window.Ends = o.endless()
	}
	if o.follow {
		if len(o.parts) > 1 {
			return nil, fmt.Errorf("--follow: it follows one file, and there are %d", len(o.parts))
		}
		opt.Source.Follow = sources.FollowGrowth
	}
	src, err := reading.OpenAll(ctx, o.parts, opt)
	if err != nil || !o.hasRecords() {
		return src, err
	}
	return o.recordsOf(src, note), nil
}

// sourceOptions is how each file is opened.
func (o *options) sourceOptions(stdin io.Reader, note func(string)) sources.Options {
	return sources.Options{Stdin: stdin, FCS: o.checkSequence(), Waits: func(path string) { note(command.Unwritten(path)) }}
}

// checkSequence is what --fcs says.
func (o *options) checkSequence() sources.FCS {
	switch o.fcs {
	case 0:
		return sources.FCSNone
	case 4:
		return sources.FCSFour
	}
	return sources.FCSAsFormat
}

// noteTo writes what is odd between files to standard error.
func noteTo(w io.Writer) func(string) {
	return func(text string) { fmt.Fprintf(w, "netramet: %s\n", text) }
}

// pipes opens what the run writes to and is no regular file.
func pipes(ctx context.Context, std stdio) interruptible.Pipes {
	return command.Pipes(ctx, "netramet", std.err)
}

// traceName is the base name of the trace's file; where there are several, that of
// the first, and how many more there are. It is known once the trace is open.
func (o *options) traceName() string {
	if o.isLive() {
		return o.linkName()
	}
	name := baseName(o.parts[0].Path)
	if more := len(o.parts) - 1; more > 0 {
		name = fmt.Sprintf("%s+%d", name, more)
	}
	return name
}

// baseName is the base name of a trace's path.
func baseName(path string) string {
	if path == "-" {
		return "stdin"
	}
	return filepath.Base(path)
}

// endless reports whether the trace has no end of its own, so that whoever
// interrupts the run ends it.
func (o *options) endless() bool {
	return o.isLive() || o.follow || slices.ContainsFunc(o.parts, func(p join.Part) bool { return sources.IsAddress(p.Path) })
}

// checkStdin refuses to wait for a trace that nobody will type.
func checkStdin(stdin io.Reader) error {
	if isTerminal(stdin) {
		return errors.New("standard input: is a terminal: let another program write the trace to it, or name a file")
	}
	return nil
}

// readsStdin reports whether standard input is one of the files.
func (o *options) readsStdin() bool {
	return slices.ContainsFunc(o.parts, func(p join.Part) bool { return p.Path == "-" })
}
