//go:build linux

package main

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"netramet/sources/wire"
)

// together is how many packets are fed with one call: one round of the meter,
// a few microseconds of work.
const together = 64

// alone is how long the meter is fed without a collection, for comparison.
const alone = 2 * time.Second

// limits are the upper ends of the histogram's buckets; the last one has none.
var limits = [...]time.Duration{
	100 * time.Microsecond, 300 * time.Microsecond, time.Millisecond,
	3 * time.Millisecond, 10 * time.Millisecond, 30 * time.Millisecond,
}

// feeding is what the goroutine saw that feeds the meter.
type feeding struct {
	packets int
	wall    time.Duration
	clock   histogram // calls of Feed by the clock
	work    histogram // by the processor time this program had meanwhile, if that is less
}

// histogram counts calls by how long they took.
type histogram struct {
	calls   [len(limits) + 1]int
	longest time.Duration
}

func (h *histogram) note(d time.Duration) {
	h.longest = max(h.longest, d)
	i := 0
	for i < len(limits) && d > limits[i] {
		i++
	}
	h.calls[i]++
}

// note takes a call of Feed. Its time is the wait at the meter's door and the
// work on 64 packets, so a pause is never told too short. By the clock it also
// holds the times when others had the processor: other programs, or other
// machines on the same host. While the collection keeps the door, it works; so
// a pause that it makes is no longer than the processor time that all threads
// had meanwhile, the garbage collector's included, and those of others are.
func (f *feeding) note(wall, cpu time.Duration) {
	f.packets += together
	f.clock.note(wall)
	f.work.note(min(wall, cpu))
}

// processorTime is that of all threads, to the nanosecond.
func processorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// feed meters packets as fast as it goes until stop is closed. Packet time
// goes on by a microsecond each.
func (s *served) feed(stop <-chan struct{}) (f feeding) {
	begin := time.Now()
	batch := wire.Batch{Frames: make([]wire.Frame, together)}
	for at := 0; ; at += together {
		select {
		case <-stop:
			f.wall = time.Since(begin)
			return f
		default:
		}
		if at+together > len(s.frames) {
			at = 0
		}
		copy(batch.Frames, s.frames[at:])
		for i := range batch.Frames {
			s.clock += int64(time.Microsecond)
			batch.Frames[i].Time = s.clock
		}
		cpu, start := processorTime(), time.Now()
		s.meter.Feed(&batch)
		f.note(time.Since(start), processorTime()-cpu)
	}
}

// during feeds the meter while f runs.
func (s *served) during(f func() error) (feeding, error) {
	stop, saw := make(chan struct{}), make(chan feeding)
	go func() { saw <- s.feed(stop) }()
	err := f()
	close(stop)
	return <-saw, err
}

// busy measures what collections and metering notice of each other.
func (b *collectBench) busy() error {
	if len(b.s.frames) < together {
		return nil
	}
	fmt.Printf("\n%-24s %8s %8s   calls of Feed by time, ms\n", "metering meanwhile", "wall s", "Mpkt/s")
	fmt.Printf("%-24s %8s %8s %9s %8s %8s %8s %8s %8s %8s %10s\n", "", "", "", "<=0.1", "<=0.3", "<=1", "<=3", "<=10", "<=30", ">30", "longest ms")
	saw, err := b.s.during(func() error { time.Sleep(alone); return nil })
	if err != nil {
		return err
	}
	saw.print("no collection")
	for _, w := range ways {
		saw, err := b.s.during(func() error { _, err := b.overSNMP(w.security); return err })
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
		saw.print(w.name)
	}
	return nil
}

func (f *feeding) print(name string) {
	fmt.Printf("%-24s %8.2f %8.2f", name, f.wall.Seconds(), float64(f.packets)/f.wall.Seconds()/1e6)
	f.clock.print()
	fmt.Printf("%-24s %8s %8s", "  as processor time", "", "")
	f.work.print()
}

func (h *histogram) print() {
	fmt.Printf(" %9d", h.calls[0])
	for _, n := range h.calls[1:] {
		fmt.Printf(" %8d", n)
	}
	fmt.Printf(" %10.2f\n", h.longest.Seconds()*1e3)
}
