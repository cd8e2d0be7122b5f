//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
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
	for i, w := range ways {
		own, start := rusage(), time.Now()
		ends, theirs, longest, err := b.together(i)
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		first, last := ends[0], ends[0]
		for _, e := range ends {
			first, last = min(first, e), max(last, e)
		}
		fmt.Printf("%-24s %8.2f %8.2f %10.2f %10.2f %12.1f\n", w.name, time.Since(start).Seconds(), (rusage() - own + theirs).Seconds(),
			first.Seconds(), last.Seconds(), float64(longest)/1e6)
	}
	return nil
}

// together has all readers collect once, each a process of its own, as they are in
// earnest. ends is when each was through, cpu what all of them took.
func (b *collectBench) together(way int) (ends []time.Duration, cpu, longest time.Duration, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, 0, 0, err
	}
	sec := ways[way].security
	ends = make([]time.Duration, manyReaders)
	took := make([]time.Duration, manyReaders)
	errs := make([]error, manyReaders+1)
	start := time.Now()
	var readers, probe sync.WaitGroup
	for i := range ends {
		readers.Go(func() {
			var d *done
			d, errs[i] = command{program: self, args: []string{"reader", b.s.addr.String(), strconv.Itoa(way), strconv.Itoa(b.flows)}}.run()
			took[i], ends[i] = d.CPU, time.Since(start)
		})
	}
	done, stop := context.WithCancel(context.Background())
	defer stop()
	probe.Go(func() { longest, errs[manyReaders] = b.probe(done, sec) })
	readers.Wait()
	stop()
	probe.Wait()
	for _, d := range took {
		cpu += d
	}
	return ends, cpu, longest, errors.Join(errs...)
}

// readerMain is one of the readers: it collects once from an address, in one of the
// ways, and sees that it gets so many flows.
func readerMain(args []string) error {
	if len(args) != 3 {
		return errors.New("reader is for collect's own use")
	}
	addr, err := netip.ParseAddrPort(args[0])
	if err != nil {
		return err
	}
	way, err := strconv.Atoi(args[1])
	if err != nil || way < 0 || way >= len(ways) {
		return fmt.Errorf("no way %q", args[1])
	}
	flows, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	b := &collectBench{s: &served{addr: addr}}
	p, err := b.overSNMP(ways[way].security)
	if err == nil && p.flows != flows {
		err = fmt.Errorf("%d of %d flows", p.flows, flows)
	}
	return err
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
