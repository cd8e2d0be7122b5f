//go:build linux

package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// records measures what it takes to write a flow record, end to end: the same
// trace is metered with one collection and with ten. In each of the ten most
// flows have changed, so the second run writes several times as many records;
// all else is the same.
func (b *bencher) records(ctx context.Context) error {
	t := &trace{name: "records", mix: "bench", packets: 2_000_000, flows: 200_000, seed: b.o.seed}
	if !b.o.full {
		t.packets, t.flows = 500_000, 50_000
	}
	if err := t.make(b.o.dir, b.p.tracegen); err != nil {
		return err
	}
	var each []time.Duration
	for range b.o.runs {
		if err := ctx.Err(); err != nil {
			return err
		}
		one, few, err := b.collected(t, "0")
		if err != nil {
			return err
		}
		ten, many, err := b.collected(t, "60")
		if err != nil {
			return err
		}
		if many < 3*few {
			return fmt.Errorf("%d and %d records: nothing to compare", few, many)
		}
		each = append(each, (ten.CPU-one.CPU)/time.Duration(many-few))
	}
	m := median(each, func(d time.Duration) time.Duration { return d })
	b.tell(figure{"a flow record written, CPU", float64(m), "ns", 150})
	return nil
}

// collected meters a trace with an interval and counts the records.
func (b *bencher) collected(t *trace, interval string) (u usage, records uint64, err error) {
	tool := &tool{command: func(t *trace, dir string) command {
		args := append(b.p.args(1), "--inactivity", "3600", "-T", interval)
		return command{program: b.p.netramet, args: append(args, "-C", t.file, "-F", filepath.Join(dir, "flows"), fiveTuple)}
	}}
	d, err := tool.run(t, b.tmp, func(_ *done, dir string) error {
		s, err := flowFileSums(filepath.Join(dir, "flows"))
		records = s.Flows
		return err
	})
	if err != nil {
		return u, 0, err
	}
	return d.usage, records, nil
}
