//go:build linux

package main

import (
	"context"
	"fmt"
)

// row is a question that is no comparison of programs on a trace.
type row struct {
	name    string
	measure func(b *bencher, ctx context.Context) error
}

// rows are in the order of printing.
var rows = []row{
	{"first", (*bencher).firstRecord},
	{"memory", (*bencher).memory},
	{"records", (*bencher).records},
	{"rulesets", (*bencher).ruleSets},
	{"cost", (*bencher).costs},
}

func (b *bencher) rows(ctx context.Context) error {
	head := false
	for _, r := range rows {
		if !b.o.wants(r.name) {
			continue
		}
		if !head {
			fmt.Fprintf(b.out, "\n%-66s %10s %-14s %s\n", "also", "measured", "", "wanted")
			head = true
		}
		if err := r.measure(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return nil
}

// tell prints a figure and keeps it.
func (b *bencher) tell(f figure) {
	f.print(b.out)
	b.report.Figures = append(b.report.Figures, f)
}
