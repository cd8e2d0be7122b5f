package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"netramet/internal/command"
	"netramet/reader/query"
	"netramet/ruleset"
)

// askFlows answers --flows.
func askFlows(ctx context.Context, o *options, stdin io.Reader, std stdio) error {
	q := query.Query{
		Files: o.flows.files, Stdin: stdin, RuleSets: o.flows.ruleSets,
		Where: o.flows.condition, By: o.flows.groups, Every: o.flows.step(), Counters: o.flows.counters, Top: int(o.top.N),
		Waits: func(name string) { fmt.Fprintf(std.err, "nemac: %s\n", command.Unwritten(name)) },
	}
	names, err := nameCache{}.read(o.prefixes)
	if err != nil {
		return err
	}
	q.Names = names
	if o.flows.ordered {
		q.Sort = &o.top.Key
	}
	if o.flows.warnings != "" {
		fmt.Fprintln(std.err, o.flows.warnings)
	}
	out, err := o.openAnswer(ctx, &q, std)
	if err != nil {
		return err
	}
	r, err := query.Run(ctx, &q, out)
	if ctx.Err() != nil {
		return errors.Join(errors.New("interrupted"), out.Close())
	}
	if shown := (ruleset.Diags)(nil); errors.As(err, &shown) {
		err = command.RuleErrors([]string{err.Error()}) // it shows its place itself
	}
	for _, n := range r.Notes {
		fmt.Fprintf(std.err, "nemac: note: %s\n", n)
	}
	if err == nil {
		err = out.Finish()
	}
	if r.Bad > 0 {
		err = errors.Join(err, fmt.Errorf("%d records could not be read and are left out:\n%s", r.Bad, strings.Join(r.Faults, "\n")))
	}
	return errors.Join(err, out.Close())
}
