//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// manyNetworks is about as many as a rule set can hold: it has 65,535 rules.
const manyNetworks = 65_000

// ruleSets measures what rules cost: a long list of networks beside a short one
// when no verdict is remembered, and ten rule sets beside one. What it takes to
// start and to compile is taken off: the same over a small trace.
func (b *bencher) ruleSets(ctx context.Context) error {
	// Compiling the long list takes as long as metering some million packets.
	long := &trace{name: "rules", packets: 5_000_000, flows: 50_000, seed: b.o.seed}
	few := &trace{name: "rules", packets: 5_000_000, flows: 50_000, seed: b.o.seed}
	if !b.o.full {
		long.packets, long.flows = 2_000_000, 20_000
		few.packets, few.flows = 500_000, 5_000
	}
	for _, t := range []*trace{long, few} {
		if err := t.make(b.o.dir, b.p.tracegen); err != nil {
			return err
		}
	}
	var lists [2]string
	for i, n := range []int{10, manyNetworks} {
		lists[i] = filepath.Join(b.tmp, fmt.Sprintf("networks%d.srl", n))
		if err := os.WriteFile(lists[i], []byte(networks(n)), 0o666); err != nil {
			return err
		}
	}
	ten := make([]string, 10)
	for i := range ten {
		ten[i] = fiveTuple
	}
	for _, q := range []struct {
		t          *trace
		name       string
		less, more []string
		target     float64
	}{
		{long, fmt.Sprintf("%d networks beside 10, no verdict remembered, CPU", manyNetworks), []string{"--no-cache", lists[0]}, []string{"--no-cache", lists[1]}, 1.5},
		{few, "ten rule sets beside one, CPU", []string{fiveTuple}, ten, 3},
	} {
		var ratios []float64
		for range b.o.runs {
			if err := ctx.Err(); err != nil {
				return err
			}
			less, err := b.rulesOver(q.t.file, q.less)
			if err != nil {
				return err
			}
			more, err := b.rulesOver(q.t.file, q.more)
			if err != nil {
				return err
			}
			ratios = append(ratios, ratio(more, less))
		}
		b.tell(figure{q.name, median(ratios, func(r float64) float64 { return r }), "times", q.target})
	}
	return nil
}

// rulesOver is the CPU time of metering a trace with rules, without that of a
// small one.
func (b *bencher) rulesOver(path string, rules []string) (time.Duration, error) {
	var cpu [2]time.Duration
	for i, p := range []string{path, smallTrace} {
		d, err := command{program: b.p.netramet, args: append(append(b.p.args(1), "-C", p, "-F", os.DevNull), rules...)}.run()
		if err != nil {
			return 0, err
		}
		cpu[i] = d.CPU
	}
	return cpu[0] - cpu[1], nil
}

// networks is a rule set with a list of n networks, spread over all of IPv4, so
// that most packets are looked for in vain.
func networks(n int) string {
	var b strings.Builder
	b.WriteString("define nets =")
	for i := range n {
		sep := ","
		if i == 0 {
			sep = ""
		}
		a := uint32(uint64(i) * (1 << 32) / uint64(n))
		fmt.Fprintf(&b, "%s\n  %d.%d.%d.0/24", sep, a>>24, a>>16&255, a>>8&255)
	}
	b.WriteString(`;
if SourcePeerType == 1 && SourcePeerAddress == (nets) save SourcePeerAddress/24;
save SourcePeerType;
count;
`)
	return b.String()
}
