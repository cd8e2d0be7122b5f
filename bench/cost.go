//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// cost is what a packet of a trace with so many flows costs, in ns of CPU.
type cost struct {
	Flows   int     `json:"flows"`
	Packets int     `json:"packets"`
	Bare    float64 `json:"bare"`
	Ours    float64 `json:"ours"`
	Ratio   float64 `json:"ratio"` // ours by bare, the median of the pairs
	Peak    int64   `json:"peak"`  // ours
}

// costs measures cost against flows and draws it.
func (b *bencher) costs(ctx context.Context) error {
	sizes := []int{10_000, 100_000, 1_000_000, 10_000_000}
	if !b.o.full {
		sizes = []int{1_000, 10_000, 100_000, 300_000}
	}
	for _, flows := range sizes {
		t := &trace{name: "cost", packets: max(2_000_000, 4*flows), flows: flows, seed: b.o.seed}
		if !b.o.full {
			t.packets = max(500_000, 4*flows)
		}
		if err := t.make(b.o.dir, b.p.tracegen); err != nil {
			return err
		}
		r, err := b.compare(ctx, t, b.p.ours(1), b.p.loop())
		if err != nil {
			return err
		}
		c := cost{
			Flows: flows, Packets: t.packets, Ratio: r.CPU, Peak: r.Ours.Peak,
			Bare: float64(r.Others.CPU) / float64(t.packets), Ours: float64(r.Ours.CPU) / float64(t.packets),
		}
		b.report.Cost = append(b.report.Cost, c)
		b.tell(figure{Name: fmt.Sprintf("a packet of %d, %d flows, CPU", t.packets, flows), Value: c.Ours, Unit: "ns"})
		b.tell(figure{Name: "  beside the bare loop", Value: c.Ratio, Unit: "times"})
		if flows == 10_000_000 {
			b.tell(figure{"  peak of memory", float64(c.Peak) / 1e9, "GB", 3})
		}
	}
	path := filepath.Join(b.o.tables, "cost.svg")
	fmt.Fprintf(b.out, "cost against flows: %s\n", path)
	return os.WriteFile(path, drawCost(b.report.Cost), 0o666)
}
