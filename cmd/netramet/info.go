package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"netramet/internal/command"
	"netramet/internal/reading"
	"netramet/internal/traceinfo"
	"netramet/sources"
	"netramet/sources/join"

	"github.com/spf13/pflag"
)

// forInfo names the options that go with --info.
var forInfo = []string{"info", "json", "silent", "fcs", "profile"}

// checkInfo checks what goes with --info.
func (o *options) checkInfo(f *pflag.FlagSet) error {
	name := others(f, forInfo)
	switch {
	case !o.info:
		return errors.New("--json is a form of --info: netramet --info --json TRACE")
	case name == "-C" || name == "-S":
		return errors.New("--info takes traces as operands: netramet --info TRACE")
	case name != "":
		return fmt.Errorf("%s does not go with --info, which looks at whole traces", name)
	case len(o.rules) == 0:
		return errors.New("no trace: netramet --info TRACE")
	}
	if err := o.checkTargets(); err != nil {
		return err
	}
	return o.checkFCS(f)
}

// toTell is a trace to report on, or what is wrong with the operand.
type toTell struct {
	uri string
	err error
}

// tracesToTell are the traces that operands name: each by itself, or a pattern as -C
// takes it.
func tracesToTell(operands []string) (list []toTell) {
	for _, uri := range operands {
		parts, err := join.Expand([]string{uri})
		if err != nil {
			list = append(list, toTell{uri, err})
		}
		for _, p := range parts {
			list = append(list, toTell{uri: p.URI})
		}
	}
	return list
}

// tellTraces reports on each trace, whatever is wrong with others.
func tellTraces(ctx context.Context, o *options, std stdio) error {
	ctx, stop := untilHangUp(ctx)
	defer stop()
	failed, list := 0, tracesToTell(o.rules)
	for i, t := range list {
		r, err := o.tellTrace(ctx, t, std)
		if err != nil {
			failed++
			command.Report(std.err, "netramet", err)
		}
		if !o.json && r.Format == "" {
			continue // it is no trace, and the error has said so
		}
		if err := o.printInfo(std.out, r, i > 0); err != nil {
			return err
		}
		if errors.Is(err, reading.ErrInterrupted) {
			break
		}
	}
	if failed > 0 {
		return loggedError{fmt.Errorf("%d of %d traces could not be read to their ends", failed, len(list))}
	}
	return nil
}

func (o *options) printInfo(w io.Writer, r *traceinfo.Report, apart bool) error {
	if o.json {
		text, err := r.AppendJSON(nil)
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	}
	if apart {
		fmt.Fprintln(w)
	}
	return r.WriteText(w)
}

// tellTrace reads a trace to its end. The error is what was wrong with it, which the
// report tells too.
func (o *options) tellTrace(ctx context.Context, t toTell, std stdio) (*traceinfo.Report, error) {
	if t.err != nil {
		return traceinfo.Unopened(t.uri, t.err), t.err
	}
	if _, path := sources.SplitURI(t.uri); path == "-" {
		if err := checkStdin(std.in); err != nil {
			return traceinfo.Unopened(t.uri, err), err
		}
	}
	src, err := reading.Open(ctx, t.uri, o.sourceOptions(std.in, noteTo(std.err)))
	if err != nil {
		return traceinfo.Unopened(t.uri, err), err
	}
	defer src.Close()
	c, show := traceinfo.New(), newProgress(o, std.err)
	loop := reading.Loop{Source: src, Stages: []reading.Stage{c.Run}, Fed: func() {
		if show.isDue() {
			show.show(src.Stats(), src.Stats().Frames, "  "+t.uri)
		}
	}}
	_, err = loop.Run(ctx)
	show.clear()
	return c.Report(t.uri, src, err), err
}
