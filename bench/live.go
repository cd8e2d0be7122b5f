//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"netramet/sources/sourcetest/inject"
)

// liveOptions are the command line of the benchmark of links.
type liveOptions struct {
	flows    int
	seconds  float64
	share    int
	runs     int
	netramet string
	only     string
	realtime bool
}

// liveMain is the benchmark of links: who reads smallest packets from an interface at
// what cost, and up to what rate without loss.
func liveMain(ctx context.Context, args []string) error {
	var o liveOptions
	set := flag.NewFlagSet("live", flag.ExitOnError)
	set.IntVar(&o.flows, "flows", 1024, "`flows` that packets are of, a power of two")
	set.Float64Var(&o.seconds, "seconds", 1, "`seconds` that packets are sent for at each rate")
	set.IntVar(&o.share, "share", 10, "`percent` of one processor that readers have where rates without loss are looked for")
	set.IntVar(&o.runs, "runs", 3, "`runs` of each kind, taken in turn, of which medians are told; 0: rates without loss alone")
	set.StringVar(&o.netramet, "netramet", "", "measure this `program`; default: one built from this folder")
	set.BoolVar(&o.realtime, "realtime", false, "let nothing else run on the two processors meanwhile: for a machine with other work, which stands still")
	set.StringVar(&o.only, "only", "", "only these readers, by `name`, with commas between")
	if err := set.Parse(args); err != nil {
		return err
	}
	if o.seconds <= 0 || o.share < 1 || o.share > 100 || o.runs < 0 || set.NArg() > 0 {
		return errors.New("live takes numbers from 1, -runs from 0, -share up to 100, and no operand")
	}
	switch {
	case os.Geteuid() != 0:
		fmt.Println("not measured: links need root, for a network namespace with interfaces in it")
		return nil
	case runtime.NumCPU() < 2:
		fmt.Println("not measured: links need two processors, one that sends and one that reads")
		return nil
	}
	tmp, err := os.MkdirTemp("", "netramet-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	p, err := build(tmp, o.netramet)
	if err != nil {
		return err
	}
	l := &liveBench{o: o, tmp: tmp}
	if err := l.begin(); err != nil {
		return fmt.Errorf("a network namespace: %w", err)
	}
	defer l.end()
	for _, r := range linkReaders(p) {
		if (o.only == "" || strings.Contains(","+o.only+",", ","+r.name+",")) && r.there() {
			l.readers = append(l.readers, r)
		}
	}
	if len(l.readers) == 0 {
		return fmt.Errorf("-only %s: there are ring, source, bare, netramet, softflowd and softflowd -B", o.only)
	}
	if err := l.costs(ctx); err != nil {
		return err
	}
	return l.limits(ctx)
}

// liveBench is one run of the benchmark. All of it is on one thread, which sends: a
// network namespace, and a processor to run on, belong to a thread and are passed on
// to the processes that it starts.
type liveBench struct {
	o       liveOptions
	tmp     string
	readers []*linkReader
	sender  *inject.Injector
	share   *share
}

// The processors of the two sides.
const (
	readsOn      = 0
	sendsOn      = 1
	settledAfter = 300 * time.Millisecond // of a reader that has opened its socket
)

// begin makes the namespace and the pair, and whatever sends to it.
func (l *liveBench) begin() (err error) {
	runtime.LockOSThread() // for good
	if err := newNamespace(); err != nil {
		return err
	}
	if l.sender, err = inject.Open(near, l.o.flows); err != nil {
		return err
	}
	if l.share, err = newShare(); err != nil {
		fmt.Println("no rates without loss:", err)
	}
	return nil
}

func (l *liveBench) end() {
	l.sender.Close()
	l.share.close()
}

// onto has this thread, and what it starts from now on, run on one processor.
func onto(cpu int) error {
	var set unix.CPUSet
	set.Set(cpu)
	return os.NewSyscallError("sched_setaffinity", unix.SchedSetaffinity(0, &set))
}

// first has this thread, and what it starts from now on, run before all others, if that
// is what was asked for.
func (l *liveBench) first(yes bool) error {
	if !l.o.realtime {
		return nil
	}
	a := unix.SchedAttr{Size: unix.SizeofSchedAttr}
	if yes {
		a.Policy, a.Priority = unix.SCHED_FIFO, 1
	}
	return os.NewSyscallError("sched_setattr", unix.SchedSetAttr(0, &a, 0))
}

// trial is how a reader did with packets at a rate.
type trial struct {
	rate float64 // packets a second that were sent
	sent uint64
	outcome
	cpu time.Duration // of the reader, while packets came
}

// cost is the reader's processor time for each packet, in ns.
func (t trial) cost() float64 { return float64(t.cpu) / float64(max(t.read, 1)) }

// try has a reader read packets that come at a rate, or as fast as can be for 0, in a
// percentage of a processor.
func (l *liveBench) try(ctx context.Context, r *linkReader, rate, percent int) (t trial, err error) {
	if err := ctx.Err(); err != nil {
		return t, err
	}
	dir, err := os.MkdirTemp(l.tmp, "run-*")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(dir)
	// A reader that has a share of a processor has none for itself.
	if err := errors.Join(onto(readsOn), l.first(percent == 100)); err != nil {
		return t, err
	}
	p, err := r.start(dir)
	defer func() {
		p.kill()
		err = errors.Join(err, l.first(false))
	}()
	if err = errors.Join(err, onto(sendsOn), l.first(true)); err != nil {
		return t, err
	}
	if percent < 100 {
		if err := l.share.give(p.cmd.Process.Pid, percent); err != nil {
			return t, err
		}
	}
	before, begun := p.cpu(), time.Now()
	if t.sent, err = l.sender.Send(time.Duration(l.o.seconds*float64(time.Second)), rate); err != nil {
		return t, err
	}
	t.rate = float64(t.sent) / time.Since(begun).Seconds()
	time.Sleep(settledAfter) // for a block that is not full, and a ring that is
	t.cpu = p.cpu() - before
	l.share.take(p.cmd.Process.Pid)
	if t.outcome, err = p.end(t.sent); err != nil {
		return t, fmt.Errorf("%s: %w", r.name, err)
	}
	return t, nil
}
