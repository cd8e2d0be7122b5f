//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"time"
)

const smallTrace = "testdata/office.pcap"

// firstRecord measures how long it takes from the start of the process until the
// first flow record of a small trace is there.
func (b *bencher) firstRecord(ctx context.Context) error {
	var times []time.Duration
	for range 7 * b.o.runs {
		d, err := b.p.firstRecord(ctx)
		if err != nil {
			return err
		}
		times = append(times, d)
	}
	m := median(times, func(d time.Duration) time.Duration { return d })
	b.tell(figure{"first flow record of a small trace after", m.Seconds() * 1e3, "ms", 20})
	return nil
}

func (p programs) firstRecord(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.netramet, "-s", "-C", smallTrace, fiveTuple)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	var took time.Duration
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if took == 0 && len(lines.Bytes()) > 0 && lines.Bytes()[0] != '#' {
			took = time.Since(begin)
		}
	}
	if err := cmd.Wait(); err != nil {
		return 0, err
	}
	if took == 0 {
		return 0, fmt.Errorf("no record of %s", smallTrace)
	}
	return took, lines.Err()
}
