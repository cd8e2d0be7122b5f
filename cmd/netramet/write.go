package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"time"

	"netramet/internal/reading"
	"netramet/internal/version"
	"netramet/sources"
	"netramet/sources/tracefile"
	"netramet/sources/wire"

	"github.com/spf13/pflag"
)

// forWriting names the options that mean something without rules, where a trace is
// only written.
var forWriting = []string{"trace", "source", "interface", "no-promiscuous", "ring", "block", "lanes", "user", "dry-run", "merge", "follow", "filter", "start", "end", "snap", "sample", "seed", "fcs",
	"write", "silent", "profile"}

// others returns the first option given that is none of some, "" if all are.
func others(f *pflag.FlagSet, names []string) (name string) {
	f.Visit(func(fl *pflag.Flag) {
		if name != "" || slices.Contains(names, fl.Name) {
			return
		}
		if name = fl.Name; fl.Shorthand != "" {
			name = fl.Shorthand
		}
		name = dashed(name)
	})
	return name
}

// checkWrite checks what goes with --write.
func (o *options) checkWrite(f *pflag.FlagSet) error {
	if err := tracefile.Check(o.write); err != nil {
		return fmt.Errorf("--write %w (the community that may write is -w)", err)
	}
	toStdout := tracefile.Path(o.write) == "-"
	switch {
	case o.intervals > 0:
		return errors.New("-N counts intervals of metering, and --write writes what is read: end both with --end")
	case toStdout && len(o.rules) > 0 && o.flowsToStdout():
		return errors.New("--write -: the flow data goes to standard output as well; give it a file with -F")
	case len(o.rules) > 0:
		return nil
	}
	if name := others(f, forWriting); name != "" {
		return fmt.Errorf("%s is for metering: --write without rule files only writes", name)
	}
	return nil
}

// written is the trace file that a run writes; nil is none.
type written struct {
	*tracefile.Writer
	w io.Writer // for what there is to say
}

// openWrite begins the trace file of --write, and puts its stage among the others.
// tell is told at once of what fails, since metering goes on; nil: nothing is metered.
func (o *options) openWrite(ctx context.Context, src sources.Source, std stdio, tell func(text string)) (*written, error) {
	if o.write == "" {
		return nil, nil
	}
	path := tracefile.Path(o.write)
	if err := o.checkOverwrite("--write", path, std.in); err != nil {
		return nil, err
	}
	if path == "-" && isTerminal(std.out) {
		return nil, errors.New("--write -: standard output is a terminal: send it to a file, or to another program")
	}
	if f, isFile := std.out.(*os.File); isFile && path == "-" {
		if fi, err := f.Stat(); err == nil {
			if err := o.checkSame("--write", path, fi, std.in); err != nil {
				return nil, err // it would read what it writes, without end
			}
		}
		signal.Ignore(syscall.SIGPIPE) // a reader that has gone is an error, not the end of the process
	}
	to, err := tracefile.Create(o.write, tracefile.Options{
		Stdout: std.out, Create: pipes(ctx, std).Create, SnapLen: o.snap, Application: "netramet " + version.Version,
		About: func() (wire.Section, []wire.Interface) {
			if i, ok := src.(sources.Informer); ok {
				info := i.Info()
				return info.Section, info.Interfaces
			}
			return wire.Section{}, nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("--write %w", err)
	}
	var failed func(error)
	if tell != nil {
		failed = func(err error) { tell(fmt.Sprintf("--write %v; %s", err, metersOn)) }
	}
	o.writing = reading.NewWrite(to, o.meterConfig(), failed)
	return &written{to, std.err}, nil
}

// close ends the file, and says what it does not keep.
func (w *written) close() error {
	if w == nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("--write %w; what is there ends before that", err)
	}
	if note := w.Note(); note != "" {
		fmt.Fprintf(w.w, "netramet: --write %s\n", note)
	}
	return nil
}

// summary writes the line of a run that has metered as well.
func (w *written) summary() {
	if w != nil {
		fmt.Fprintf(w.w, "netramet: %s packets written to %s\n", w.count(), w.Name())
	}
}

// count is how many packets are in the file. Where it took no more, what was on its way
// there may be missing.
func (w *written) count() string {
	if !w.Kept() {
		return fmt.Sprintf("at most %d", w.Frames())
	}
	return strconv.FormatUint(w.Frames(), 10)
}

// rewrite writes a trace, and meters nothing.
func rewrite(ctx context.Context, o *options, std stdio) error {
	ctx, stop := untilHangUp(ctx)
	defer stop()
	if err := o.checkUser(); err != nil {
		return err
	}
	show := newProgress(o, std.err)
	src, err := o.openTrace(ctx, std.in, func(text string) {
		show.clear()
		noteTo(std.err)(text)
	})
	if err != nil {
		return err
	}
	defer src.Close()
	if o.dryRun {
		return o.tryBatch(nil, nil, std)
	}
	out, err := o.openWrite(ctx, src, std, nil)
	if err != nil {
		return err
	}
	if err := o.becomeUser(nil, noteTo(std.err)); err != nil {
		return errors.Join(err, out.close())
	}
	begun := time.Now()
	loop := reading.Loop{Source: src, Stages: o.stages(), Live: o.time, Fed: func() {
		if show.isDue() {
			show.show(src.Stats(), src.Stats().Frames, fmt.Sprintf("  %d written", out.Frames()))
		}
	}}
	_, err = loop.Run(ctx)
	if o.endless() && errors.Is(err, reading.ErrInterrupted) {
		err = nil // that is its end
	}
	if cerr := out.close(); cerr != nil {
		if err != nil && errors.Is(cerr, err) {
			err = nil // the same one
		}
		err = errors.Join(err, cerr)
	}
	show.clear()
	if missed := o.missed(); missed != "" {
		fmt.Fprintf(std.err, "netramet: %s\n", missed)
	}
	if !o.silent {
		o.writeSummary(std.err, src.Stats(), out, time.Since(begun).Seconds())
	}
	return err
}

// writeSummary writes the line at the end of a run that only writes.
func (o *options) writeSummary(w io.Writer, st wire.SourceStats, out *written, spent float64) {
	fmt.Fprintf(w, "netramet: %d packets read, %s written to %s, ", st.Frames, out.count(), out.Name())
	writeExtras(w, []extra{{o.outside(), "outside the window"}, {o.filtered(), "filtered out"}, {st.Odd, "in records that contradict themselves"}})
	if o.isLive() {
		fmt.Fprintf(w, "%d lost, %.2f s, %.0f packets/s\n", st.Dropped, spent, float64(st.Frames)/max(spent, 1e-9))
		return
	}
	fmt.Fprintf(w, "%d damaged or skipped records, %.2f s, %.0f packets/s\n",
		st.Damaged+st.Skipped, spent, float64(st.Frames)/max(spent, 1e-9))
}
