//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
)

// memory measures what a flow and its stream take when nothing has timed out:
// the trace is shorter than a stream's life. It comes through a pipe, for the
// pages of a mapped file would count.
func (b *bencher) memory(ctx context.Context) error {
	t := &trace{name: "memory", mix: "bench", packets: 2_000_000, flows: 2_000_000, seconds: 4, seed: b.o.seed}
	if !b.o.full {
		t.packets, t.flows = 500_000, 500_000
	}
	if err := t.make(b.o.dir, b.p.tracegen); err != nil {
		return err
	}
	empty, err := b.peak(ctx, smallTrace)
	if err != nil {
		return err
	}
	full, err := b.peak(ctx, t.file)
	if err != nil {
		return err
	}
	b.tell(figure{"peak of memory for a small trace", float64(empty) / 1e6, "MB", 30})
	b.tell(figure{fmt.Sprintf("a flow and its stream, of %d", t.flows), float64(full-empty) / float64(t.flows), "octets", 240})
	return nil
}

// peak is the median of the most memory that metering a trace took.
func (b *bencher) peak(ctx context.Context, path string) (int64, error) {
	var runs []usage
	for range min(b.o.runs, 3) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		d, err := b.throughPipe(path)
		if err != nil {
			return 0, err
		}
		runs = append(runs, d.usage)
	}
	return middle(runs).Peak, nil
}

func (b *bencher) throughPipe(path string) (*done, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return command{
		program: b.p.netramet, args: append(b.p.args(1), "-C", "-", "-F", os.DevNull, fiveTuple),
		stdin: pipeOf{f},
	}.run()
}

// pipeOf hides that a reader is a file: exec then makes a pipe.
type pipeOf struct{ file *os.File }

func (p pipeOf) Read(b []byte) (int, error) { return p.file.Read(b) }
