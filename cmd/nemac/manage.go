package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"netramet/internal/plaintext"
	"netramet/mib/remotemeter"
)

// listMeter is --list: what is on the meter.
func listMeter(ctx context.Context, o *options, std stdio) error {
	c, err := remotemeter.Dial(ctx, o.clientOptions())
	if err != nil {
		return err
	}
	defer c.Close()
	in, err := c.Meet(ctx)
	if err != nil {
		return err
	}
	sets, err := c.RuleSets(ctx)
	if err != nil {
		return err
	}
	tasks, err := c.Tasks(ctx)
	if err != nil {
		return err
	}
	readers, err := c.Readers(ctx)
	if err != nil {
		return err
	}
	figures, err := c.Figures(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(std.out, 0, 8, 2, ' ', 0)
	printMeter(w, c.Addr(), in)
	if in.Netramet {
		printFigures(w, figures)
	}
	fmt.Fprintln(w, "\nRULE SET\tNAME\tSTATUS\tRULES\tFLOWS\tOWNER")
	for _, r := range sets {
		fmt.Fprintf(w, "%d\t%s\t%v\t%d\t%d\t%s\n", r.Number, printable(r.Name), r.Status, r.Size, r.Flows, printable(r.Owner))
	}
	fmt.Fprintln(w, "\nTASK\tRUNS\tSTANDBY\tMARK\tSTATUS\tOWNER")
	for _, t := range tasks {
		runs := strconv.Itoa(t.Current)
		if t.RunningStandby {
			runs = strconv.Itoa(t.Standby) + " (standby)"
		}
		fmt.Fprintf(w, "%d\t%s\t%d\t%d %%\t%v\t%s\n", t.Index, runs, t.Standby, t.HighWaterMark, t.Status, printable(t.Owner))
	}
	fmt.Fprintln(w, "\nREADER\tRULE SET\tTIMEOUT\tLAST\tPREVIOUS\tCOLLECTED TO\tSTATUS\tOWNER")
	for _, r := range readers {
		mark := "-"
		if r.Marks {
			mark = strconv.FormatUint(r.Time, 10)
		}
		fmt.Fprintf(w, "%d\t%d\t%d s\t%d\t%d\t%s\t%v\t%s\n", r.Index, r.RuleSet, r.Timeout, r.LastTime, r.Previous, mark, r.Status, printable(r.Owner))
	}
	return w.Flush()
}

// printMeter prints what every meter tells of itself, and the trace's state.
func printMeter(w io.Writer, addr string, in *remotemeter.Info) {
	up := uint64(in.Uptime32)
	if in.Netramet {
		up = in.Uptime
	}
	fmt.Fprintf(w, "meter\t%s\t%s\n", addr, printable(in.Descr))
	fmt.Fprintf(w, "uptime\t%v\n", time.Duration(up)*10*time.Millisecond)
	fmt.Fprintf(w, "flows\t%d of %d\n", in.Flows, in.MaxFlows)
	fmt.Fprintf(w, "flood mark\t%d %%%s\n", in.FloodMark, map[bool]string{true: " (in flood mode)"}[in.Flooded])
	fmt.Fprintf(w, "inactivity\t%d s\n", in.Inactive)
	if in.Netramet {
		interval := "unknown"
		if !in.Trace.NoInterval {
			interval = strconv.FormatUint(in.Trace.Interval, 10)
		}
		fmt.Fprintf(w, "trace\t%v, interval %s\n", in.Trace.State, interval)
		if in.Trace.Error != "" {
			fmt.Fprintf(w, "trace error\t%s\n", printable(in.Trace.Error))
		}
	}
}

// printFigures prints the counts that show at a glance whether all is well; odd
// ones only where there are some.
func printFigures(w io.Writer, f remotemeter.Figures) {
	if f.NoCounts {
		// SNMPv1 has no counters of 64 bits, or the view leaves them out.
		fmt.Fprintf(w, "read\tunknown\nignored\tunknown\nrefused\tunknown\n")
	} else {
		fmt.Fprintf(w, "read\t%d packets, %d octets\n", f.Packets, f.Octets)
		fmt.Fprintf(w, "ignored\t%d packets, %d not matched\n", f.Ignored, f.NotMatched)
	}
	for _, odd := range []struct {
		name string
		n    uint64
		what string
	}{
		{"refused", f.RefusedPackets - f.FloodedPackets, fmt.Sprintf("packets, %d octets: the flow table was full", f.RefusedOctets-f.FloodedOctets)},
		{"flooded", f.FloodedPackets, fmt.Sprintf("packets, %d octets: new flows were refused in flood mode", f.FloodedOctets)},
		{"sampled out", f.SampledOut, "packets"}, {"unsupported", f.Unsupported, "packets of link types not known"},
		{"damaged", f.Damaged, "records"}, {"late", f.Behind, "packets"}, {"bad times", f.BadTimes, "packets"},
	} {
		if odd.n > 0 {
			fmt.Fprintf(w, "%s\t%d %s\n", odd.name, odd.n, odd.what)
		}
	}
	fmt.Fprintf(w, "streams\t%d of %d\n", f.Streams, f.MaxStreams)
	fmt.Fprintf(w, "memory\t%d KiB\n", f.Memory)
}

// printable keeps what a meter answers from moving the user's cursor, and shows
// that there is nothing.
func printable(s string) string {
	if s == "" {
		return "-"
	}
	return plaintext.Clean(s)
}

// endRuleSets is --stop and --destroy.
func endRuleSets(ctx context.Context, o *options, std stdio) error {
	c, err := remotemeter.Dial(ctx, o.clientOptions())
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Meet(ctx); err != nil {
		return err
	}
	e := ender{c, o, std.out}
	var errs []error
	for _, name := range o.stop {
		errs = append(errs, e.stop(ctx, name))
	}
	for _, name := range o.destroy {
		errs = append(errs, e.destroy(ctx, name))
	}
	return errors.Join(errs...)
}

// ender ends rule sets on a meter.
type ender struct {
	m   *remotemeter.Meter
	o   *options
	out io.Writer
}

// stop ends the tasks of a rule set.
func (e ender) stop(ctx context.Context, name string) error {
	set, err := e.find(ctx, name)
	if err != nil {
		return err
	}
	return e.endTasks(ctx, set, e.m.StopTask, func(remotemeter.TaskRow) bool { return false })
}

// destroy ends the tasks of a rule set and removes it with its readers.
func (e ender) destroy(ctx context.Context, name string) error {
	set, err := e.find(ctx, name)
	if err != nil {
		return err
	}
	if set.Number == 1 { // RFC 2720's default rule set
		return errors.New("rule set 1 is built into the meter: it cannot be removed")
	}
	// A task of the same Owner that was stopped before goes with its rule set.
	idle := func(t remotemeter.TaskRow) bool { return t.Owner == set.Owner && t.Current == 0 && t.Standby == 0 }
	if err := e.endTasks(ctx, set, e.m.DestroyTask, idle); err != nil {
		return err
	}
	if err := destroyReaders(ctx, e.m, set.Number); err != nil {
		return err
	}
	if err := e.m.DestroyRuleSet(ctx, set.Number); err != nil {
		return fmt.Errorf("rule set %d: %w", set.Number, err)
	}
	fmt.Fprintf(e.out, "rule set %d %s removed\n", set.Number, printable(set.Name))
	return nil
}

// find finds the rule set that a user calls name.
func (e ender) find(ctx context.Context, name string) (remotemeter.RuleSetRow, error) {
	sets, err := e.m.RuleSets(ctx)
	if err != nil {
		return remotemeter.RuleSetRow{}, err
	}
	found := remotemeter.Named(sets, name)
	switch {
	case len(found) == 0:
		err = fmt.Errorf("meter %s has no rule set %q", e.m.Addr(), name)
	case len(found) > 1:
		err = fmt.Errorf("meter %s has several rule sets %q: name one by its number", e.m.Addr(), name)
	default:
		return found[0], nil
	}
	return remotemeter.RuleSetRow{}, err
}

// endTasks ends the tasks that run a rule set, or that go with it, if the user may.
func (e ender) endTasks(ctx context.Context, set remotemeter.RuleSetRow, end func(context.Context, int) error, goes func(remotemeter.TaskRow) bool) error {
	if !e.o.force && !ours(e.o, set.Owner) {
		return fmt.Errorf("rule set %d belongs to %q: --force ends it all the same", set.Number, set.Owner)
	}
	tasks, err := e.m.Tasks(ctx)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if t.Current != set.Number && t.Standby != set.Number && !goes(t) {
			continue
		}
		if !e.o.force && !ours(e.o, t.Owner) {
			return fmt.Errorf("task %d, which runs rule set %d, belongs to %q: --force ends it all the same", t.Index, set.Number, t.Owner)
		}
		if err := end(ctx, t.Index); err != nil {
			return fmt.Errorf("task %d: %w", t.Index, err)
		}
		fmt.Fprintf(e.out, "task %d ended\n", t.Index)
	}
	return nil
}

// destroyReaders removes the readers of a rule set that is about to go.
func destroyReaders(ctx context.Context, c *remotemeter.Meter, number int) error {
	readers, err := c.Readers(ctx)
	if err != nil {
		return err
	}
	readers = slices.DeleteFunc(readers, func(r remotemeter.ReaderRow) bool { return r.RuleSet != number })
	for _, r := range readers {
		if err := c.DestroyReader(ctx, r.Index); err != nil {
			return fmt.Errorf("reader row %d: %w", r.Index, err)
		}
	}
	return nil
}

// ours reports whether an Owner is that of --owner or of a nemac on this host.
func ours(o *options, owner string) bool {
	if o.owner != "" {
		return owner == o.owner
	}
	return strings.HasPrefix(owner, ownerHead())
}
