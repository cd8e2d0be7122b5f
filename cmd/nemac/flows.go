package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"netramet/internal/command"
	"netramet/internal/screen"
	"netramet/internal/version"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/reader/query"
	"netramet/reader/table"
	"netramet/reader/top"
	"netramet/ruleset"
)

// askFlows answers --flows: a table on standard output, or flow data for -F.
func askFlows(ctx context.Context, o *options, stdin io.Reader, std stdio) error {
	q := query.Query{
		Files: o.flows.files, Stdin: stdin, RuleSets: o.flows.ruleSets,
		Where: o.flows.condition, By: o.flows.groups, Every: o.flows.step(), Counters: o.flows.counters, Top: int(o.top.N),
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
	out, end, err := o.flowsOutput(&q, std)
	if err != nil {
		return err
	}
	r, err := query.Run(ctx, &q, out)
	if ctx.Err() != nil {
		return errors.Join(errors.New("interrupted"), end(false))
	}
	if shown := (ruleset.Diags)(nil); errors.As(err, &shown) {
		err = command.RuleErrors([]string{err.Error()}) // it shows its place itself
	}
	for _, n := range r.Notes {
		fmt.Fprintf(std.err, "nemac: note: %s\n", n)
	}
	if r.Bad > 0 {
		err = errors.Join(err, fmt.Errorf("%d records could not be read and are left out:\n%s", r.Bad, strings.Join(r.Faults, "\n")))
	}
	return errors.Join(err, end(err == nil || r.Bad > 0))
}

// flowsOutput opens what the answer goes to. Tables may show what is asked in another
// way: the largest rows beside the sum of all, and all times in one table.
func (o *options) flowsOutput(q *query.Query, std stdio) (out reader.Output, end func(whole bool) error, err error) {
	if o.flowFile != "" {
		if err := o.flows.spare("-F", o.flowFile); err != nil {
			return nil, nil, err
		}
		c := &classic{path: o.flowFile, amounts: !q.Counters, stdout: std.out, header: flowfile.Header{Version: version.Version, Options: o.text(), Zone: flowfile.ZoneUTC}}
		return c, c.close, nil
	}
	if o.flows.to.format != nil {
		if err := o.flows.spare("--to", o.flows.to.path); err != nil {
			return nil, nil, err
		}
		lines, err := openLines(o.flows.to, std.out)
		if err != nil {
			return nil, nil, err
		}
		return lines, lines.close, nil
	}
	width := screen.Width(std.out, os.Getenv("COLUMNS"))
	opts := table.Options{Key: o.top.Key, Exact: o.top.Exact, Zone: time.UTC}
	if len(q.By) > 0 || q.Every > 0 {
		opts.Unit = "row"
	}
	none := func(bool) error { return nil }
	if q.Top > 0 && q.Top <= top.Max && q.Every == 0 {
		n := q.Top
		q.Top = 0
		t, err := top.New(top.Options{N: n, Once: true, Options: opts}, func(all top.Tables) error {
			_, err := std.out.Write(all.AppendTo(nil, width, 0))
			return err
		})
		return t, none, err
	}
	q.OneInterval = true
	return table.NewOutput(std.out, opts, width), none, nil
}

// spare refuses to write over what is asked.
func (q *flowsOptions) spare(option, out string) error {
	written, err := os.Stat(out)
	if err != nil {
		return nil // a new one; or opening it says what is wrong
	}
	for _, name := range q.files {
		if asked, err := os.Stat(name); err == nil && os.SameFile(asked, written) {
			return fmt.Errorf("%s %s: it is one of the files that are asked, and would be replaced", option, out)
		}
	}
	return nil
}

// classic is a flow data file that is made when the first interval is known, which
// tells what its header says.
type classic struct {
	path    string
	stdout  io.Writer
	amounts bool
	header  flowfile.Header
	out     reader.Output
	file    *flowfile.AppendFile // nil: standard output
}

func (c *classic) Begin(iv reader.Interval, tasks []reader.Task) error {
	if c.out == nil {
		c.header.Meter, c.header.Octets, c.header.Start = iv.Meter, iv.Octets, iv.MeterStart.Add(10*time.Millisecond)
		if c.path == "-" {
			w := flowfile.NewWriter(c.stdout, c.header)
			if c.amounts {
				w.SetDifferences()
			}
			c.out = w
		} else {
			f, err := flowfile.Create(c.path, c.header, flowfile.SyncNever)
			if err != nil {
				return err
			}
			if c.amounts {
				f.SetDifferences()
			}
			c.out, c.file = f, f
		}
	}
	return c.out.Begin(iv, tasks)
}

func (c *classic) Record(rec *reader.Record) error { return c.out.Record(rec) }
func (c *classic) End() error                      { return c.out.End() }

func (c *classic) Abort() error {
	if c.out == nil {
		return nil
	}
	return c.out.Abort()
}

func (c *classic) close(bool) error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}
