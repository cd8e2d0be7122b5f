//go:build linux

package main

import (
	"context"
	"fmt"
)

// costRates are the rates at which processor time is measured; 0 is as fast as the
// sender goes.
var costRates = []int{100_000, 500_000, 0}

// costs measures the processor time of each reader, in turn.
func (l *liveBench) costs(ctx context.Context) error {
	if l.o.runs == 0 {
		return nil
	}
	fmt.Printf("%-14s %14s %10s %14s %8s %8s\n", "reader", "packets a s", "lost", "unaccounted", "CPU ns", "x "+l.readers[0].name)
	for _, rate := range costRates {
		all := make([][]trial, len(l.readers))
		for range l.o.runs {
			for i, r := range l.readers {
				t, err := l.try(ctx, r, rate, 100)
				if err != nil {
					return err
				}
				all[i] = append(all[i], t)
			}
		}
		base := median(all[0], trial.cost)
		for i, r := range l.readers {
			of := func(what func(trial) float64) float64 { return median(all[i], what) }
			fmt.Printf("%-14s %14.0f %10.0f %14.0f %8.1f %8.2f\n", r.name,
				of(func(t trial) float64 { return t.rate }), of(func(t trial) float64 { return float64(t.lost) }),
				of(func(t trial) float64 { return float64(t.sent - t.read - t.lost) }), of(trial.cost), of(trial.cost)/base)
		}
	}
	return nil
}

// limits looks for the highest rate at which each reader loses nothing, in a share of a
// processor.
func (l *liveBench) limits(ctx context.Context) error {
	if l.share == nil {
		return nil
	}
	fmt.Printf("\n%-14s %14s   in %d %% of a processor\n", "reader", "without loss", l.o.share)
	for _, r := range l.readers {
		rate, more, err := l.limit(ctx, r)
		if err != nil {
			return err
		}
		word := ""
		if more {
			word = "and perhaps more: the sender is no faster"
		}
		fmt.Printf("%-14s %14.0f   %s\n", r.name, rate, word)
	}
	return nil
}

// Where the search for a rate begins and ends.
const (
	highest = 2_000_000
	enough  = 0.05 // what is left of the distance, as a part of the rate
	tries   = 2    // at a rate: others may have had the processor in one
)

// limit halves the distance between a rate without loss and one with loss. More says
// that no loss was seen, at whatever rate.
func (l *liveBench) limit(ctx context.Context, r *linkReader) (rate float64, more bool, err error) {
	low, high := 0., float64(highest)
	more = true
	for high-low > enough*high {
		at := (low + high) / 2
		t, err := l.whole(ctx, r, int(at))
		if err != nil {
			return 0, false, err
		}
		if t.lost > 0 {
			high, more = at, false
			continue
		}
		low = max(low, t.rate)
		if t.rate < at*(1-enough) {
			high = at // the sender is no faster
		}
	}
	return low, more, nil
}

// whole tries a rate until all is read, a few times at most.
func (l *liveBench) whole(ctx context.Context, r *linkReader, rate int) (t trial, err error) {
	for range tries {
		if t, err = l.try(ctx, r, rate, l.o.share); err != nil || t.lost == 0 {
			return t, err
		}
	}
	return t, nil
}
