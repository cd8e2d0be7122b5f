package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"netramet/internal/command"
	"netramet/internal/screen"
	"netramet/internal/version"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/reader/outputs"
	"netramet/reader/query"
	"netramet/reader/table"
	"netramet/reader/top"
)

// openAnswer opens what the answer goes to: a table on standard output, unless -F or
// --to say something else. Where there are only tables, they may show what is asked in
// another way: the largest rows beside the sum of all, and all times in one table.
func (o *options) openAnswer(ctx context.Context, q *query.Query, std stdio) (*outputs.Output, error) {
	specs := o.to.All("", o.flowFile)
	if len(specs) == 0 {
		specs = []outputs.Spec{{Kind: outputs.Table, Path: "-"}}
	}
	for _, s := range specs {
		if err := o.flows.spare(s); err != nil {
			return nil, err
		}
	}
	opts := table.Options{Key: o.top.Key, Exact: o.top.Exact, Zone: time.UTC}
	if len(q.By) > 0 || q.Every > 0 {
		opts.Unit = "row"
	}
	tables := !slices.ContainsFunc(specs, func(s outputs.Spec) bool { return s.Kind != outputs.Table })
	first := 0 // rows of tables that tell of the others
	if tables && q.Top > 0 && q.Top <= top.Max && q.Every == 0 {
		first, q.Top = q.Top, 0
	} else if tables {
		q.OneInterval = true
	}
	return outputs.Open(specs, outputs.Options{
		Answer: true, Names: o.to.Names, Stdout: std.out, Width: screen.Width(std.out, os.Getenv("COLUMNS")),
		Tell: func(text string) { fmt.Fprintf(std.err, "nemac: note: %s\n", text) },
		Pipe: command.Pipes(ctx, "nemac", std.err).Open,
		Table: func(w io.Writer, width int) (reader.Output, error) {
			if first == 0 {
				return table.NewOutput(w, opts, width), nil
			}
			var between []byte // two collections
			return top.New(top.Options{N: first, Once: true, Options: opts}, func(all top.Tables) error {
				_, err := w.Write(all.AppendTo(between, width, 0))
				between = []byte("\n")
				return err
			})
		},
		FlowsTo: func(w io.Writer) reader.Output {
			return &classic{w: w, header: flowfile.Header{Version: version.Version, Options: o.text(), Zone: flowfile.ZoneUTC, Amounts: !q.Counters}}
		},
	})
}

// spare refuses to write over what is asked.
func (q *flowsOptions) spare(s outputs.Spec) error {
	for _, name := range q.files {
		if s.Writes(name) {
			return fmt.Errorf("%s is one of the files that are asked: the answer (%s) needs another", name, s)
		}
	}
	return nil
}

// classic is flow data whose header is written when the first interval is known, which
// tells what it says.
type classic struct {
	w      io.Writer
	header flowfile.Header
	reader.Output
}

func (c *classic) Begin(iv reader.Interval, tasks []reader.Task) error {
	if c.Output == nil {
		c.header.Meter, c.header.Octets = iv.Meter, iv.Octets
		if !iv.MeterStart.IsZero() {
			c.header.Start = iv.MeterStart.Add(10 * time.Millisecond)
		}
		c.Output = flowfile.NewWriter(c.w, c.header)
	}
	return c.Output.Begin(iv, tasks)
}

func (c *classic) Abort() error {
	if c.Output == nil {
		return nil
	}
	return c.Output.Abort()
}
