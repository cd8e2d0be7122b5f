//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// meterMain is the benchmark of metering.
func meterMain(ctx context.Context, args []string) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	for _, dir := range []string{o.dir, o.tables} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return err
		}
	}
	tmp, err := os.MkdirTemp(o.dir, "tmp-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	b := &bencher{o: o, tmp: tmp, out: os.Stdout}
	if b.p, err = build(tmp, o.netramet); err != nil {
		return err
	}
	if b.report.Machine, err = thisMachine(b.p); err != nil {
		return err
	}
	fmt.Fprintln(b.out, &b.report.Machine)
	if err := b.traces(ctx); err != nil {
		return err
	}
	if err := b.rows(ctx); err != nil {
		return err
	}
	return b.report.write(filepath.Join(o.tables, "bench.json"))
}

// traces compares on each trace.
func (b *bencher) traces(ctx context.Context) error {
	for _, t := range b.o.traces() {
		if !t.given && !b.o.wants(t.name) {
			continue
		}
		if err := t.make(b.o.dir, b.p.tracegen); err != nil {
			return err
		}
		if err := b.sameBytes(t); err != nil {
			return err
		}
		printTrace(b.out, t)
		var ours []usage
		for _, other := range b.others(t) {
			r, err := b.compare(ctx, t, b.p.ours(1), other)
			if err != nil && (len(other.needs) > 0 || t.given) && ctx.Err() == nil {
				fmt.Fprintf(b.out, "%-18s %v\n", "  "+other.name, err)
				continue // a peer that does not do it, or no such trace, is no reason to stop
			}
			if err != nil {
				return err
			}
			b.report.Pairings = append(b.report.Pairings, r)
			r.print(b.out, t)
			ours = append(ours, r.Ours)
		}
		n := needOf(t, middle(ours).CPU)
		b.report.Needs = append(b.report.Needs, n)
		n.print(b.out)
	}
	return nil
}

// others are what our meter on one lane is compared with on a trace.
func (b *bencher) others(t *trace) []*tool {
	list := []*tool{b.p.loop()}
	for n := 2; n <= b.o.lanes; n++ {
		list = append(list, b.p.ours(n))
	}
	for _, p := range peers() {
		// A run of pmacctd sleeps longer than all else here takes.
		short := !b.o.full && p.name == "pmacctd"
		if p.there() && !short && (p.only == nil || p.only(t)) {
			list = append(list, p)
		}
	}
	return list
}
