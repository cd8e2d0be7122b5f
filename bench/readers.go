//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"netramet/mib"
	"netramet/mib/client"
)

// manyReaders is how many collect at once.
const manyReaders = 10

// smallEvery is how often something small is asked for meanwhile.
const smallEvery = 10 * time.Millisecond

// crowd measures ten readers at once, and what somebody with a small question notices
// of them: a long search of one must not keep the others waiting.
func (b *collectBench) crowd() error {
	fmt.Printf("\n%-24s %8s %8s %10s %10s %12s\n", fmt.Sprintf("%d readers at once", manyReaders), "wall s", "CPU s", "first s", "last s", "Get, max ms")
	for _, w := range ways {
		cpu, start := rusage(), time.Now()
		ends, longest, err := b.together(w.security)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		first, last := ends[0], ends[0]
		for _, e := range ends {
			first, last = min(first, e), max(last, e)
		}
		fmt.Printf("%-24s %8.2f %8.2f %10.2f %10.2f %12.1f\n", w.name, time.Since(start).Seconds(), (rusage() - cpu).Seconds(),
			first.Seconds(), last.Seconds(), float64(longest)/1e6)
	}
	return nil
}

// together has all readers collect once. ends is when each was through.
func (b *collectBench) together(sec client.Security) (ends []time.Duration, longest time.Duration, err error) {
	ends = make([]time.Duration, manyReaders)
	errs := make([]error, manyReaders+1)
	start := time.Now()
	var readers, probe sync.WaitGroup
	for i := range ends {
		readers.Go(func() {
			var p pass
			p, errs[i] = b.overSNMP(sec)
			if errs[i] == nil && p.flows != b.flows {
				errs[i] = fmt.Errorf("one of %d readers has %d of %d flows", manyReaders, p.flows, b.flows)
			}
			ends[i] = time.Since(start)
		})
	}
	done, stop := context.WithCancel(context.Background())
	defer stop()
	probe.Go(func() { longest, errs[manyReaders] = b.probe(done, sec) })
	readers.Wait()
	stop()
	probe.Wait()
	return ends, longest, errors.Join(errs...)
}

// probe asks for the uptime again and again until ctx is done, and tells the longest
// that an answer took.
func (b *collectBench) probe(ctx context.Context, sec client.Security) (longest time.Duration, err error) {
	c, err := client.Dial(ctx, client.Options{Host: b.s.addr.Addr().String(), Port: b.s.addr.Port(), Security: sec})
	if err != nil {
		return 0, err
	}
	defer c.Close()
	every := time.NewTicker(smallEvery)
	defer every.Stop()
	for {
		start := time.Now()
		if _, err := c.Get(ctx, client.Inst(mib.ObjSysUpTime)); err != nil {
			if ctx.Err() != nil {
				err = nil
			}
			return longest, err
		}
		longest = max(longest, time.Since(start))
		select {
		case <-ctx.Done():
			return longest, nil
		case <-every.C:
		}
	}
}
