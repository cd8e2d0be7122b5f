//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// pairing is how our meter on one lane and another program did, in turn. The
// ratios are medians of those of neighbouring runs: ours by the other's.
type pairing struct {
	Trace  string   `json:"trace"`
	Other  string   `json:"other"`
	Pairs  int      `json:"pairs"`
	Ours   usage    `json:"ours"` // medians
	Others usage    `json:"others"`
	CPU    float64  `json:"cpuRatio"`
	Wall   float64  `json:"wallRatio"`
	Spread []spread `json:"spread"`
	Agrees string   `json:"agrees"`
}

// spread is one pair's ratios.
type spread struct {
	CPU  float64 `json:"cpu"`
	Wall float64 `json:"wall"`
}

// bencher is what the parts of the benchmark share.
type bencher struct {
	o   *options
	p   programs
	tmp string
	out io.Writer
	report
}

// compare runs our meter and another in turn on a trace.
func (b *bencher) compare(ctx context.Context, t *trace, ours, other *tool) (*pairing, error) {
	r := &pairing{Trace: t.name, Other: other.name, Pairs: b.o.runs}
	var us, them []usage
	for i := range b.o.runs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		a, err := ours.run(t, b.tmp, nil)
		if err != nil {
			return nil, err
		}
		look := func(d *done, dir string) error {
			says, err := other.sums(d, dir)
			r.Agrees = agreement(t.sums, says)
			return err
		}
		if i > 0 {
			look = nil // it says the same
		}
		c, err := other.run(t, b.tmp, look)
		if err != nil {
			return nil, err
		}
		us, them = append(us, a.usage), append(them, c.usage)
		r.Spread = append(r.Spread, spread{ratio(a.CPU, c.CPU), ratio(a.Wall, c.Wall)})
	}
	r.Ours, r.Others = middle(us), middle(them)
	r.CPU = median(r.Spread, func(s spread) float64 { return s.CPU })
	r.Wall = median(r.Spread, func(s spread) float64 { return s.Wall })
	return r, nil
}

// middle has the medians of what runs took.
func middle(runs []usage) usage {
	return usage{
		CPU:  median(runs, func(u usage) time.Duration { return u.CPU }),
		Wall: median(runs, func(u usage) time.Duration { return u.Wall }),
		Peak: median(runs, func(u usage) int64 { return u.Peak }),
	}
}

// median is that of the values that of gives; the lower one of two in the middle.
func median[T any, V int64 | float64 | time.Duration](all []T, of func(T) V) V {
	values := make([]V, len(all))
	for i, x := range all {
		values[i] = of(x)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// sameBytes has the trace metered with each number of lanes: the flow data must
// be what is in the trace, and the same octets.
func (b *bencher) sameBytes(t *trace) error {
	var first []byte
	for n := 1; n <= b.o.lanes; n++ {
		tool := b.p.ours(n)
		_, err := tool.run(t, b.tmp, func(d *done, dir string) error {
			sum, err := digest(filepath.Join(dir, "flows"))
			if err != nil {
				return err
			}
			if n > 1 {
				if !bytes.Equal(sum, first) {
					return fmt.Errorf("%s writes other octets than one lane", tool.name)
				}
				return nil
			}
			first = sum
			says, err := tool.sums(d, dir)
			if err != nil {
				return err
			}
			if t.given {
				return t.learn(says)
			}
			return mustAgree(t.sums, says)
		})
		if err != nil {
			return fmt.Errorf("trace %s: %w", t.name, err)
		}
	}
	return nil
}

func digest(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return h.Sum(nil), err
}
