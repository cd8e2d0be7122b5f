package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"netramet/internal/direction"
	"netramet/internal/reading"
	"netramet/internal/version"
	"netramet/meter/control"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/reader/local"
	"netramet/ruleset"
	"netramet/sources"
)

// batch is one run over a trace: the main job, in one command.
type batch struct {
	o      *options
	src    sources.Source
	name   string // of the meter in the flow data
	meter  *control.Meter
	flows  *local.Flows
	tasks  []reader.Task
	out    output
	top    *tables // nil: none are shown
	show   *progress
	begun  time.Time
	links  seenLinks
	drops  drops
	dumps  dumps
	stderr io.Writer
}

// output is a flow data file, by name or on standard output.
type output interface {
	reader.Output
	SetStart(time.Time)
}

// runBatch meters a trace under all rule sets and writes the flow data. Errors
// in the rules, the trace's name or the output's show before metering starts.
func runBatch(ctx context.Context, o *options, std stdio) error {
	ctx, stop := untilHangUp(ctx)
	defer stop()
	sets, err := o.readRules(std.err)
	if err != nil {
		return err
	}
	if o.origins, err = o.readOrigins(); err != nil {
		return err
	}
	if err := o.checkUser(); err != nil {
		return err
	}
	o.warnWithoutOrigins(sets, std.err)
	o.warnOfRecords(sets, std.err)
	show := newProgress(o, std.err)
	shown, std, err := o.openTop(std)
	if err != nil {
		return err
	}
	defer shown.close() // whatever is wrong before there is anything to show
	tell := func(text string) {
		show.clear() // it is on the same terminal
		noteTo(std.err)(text)
	}
	src, err := o.openTrace(ctx, std.in, tell)
	if err != nil {
		return err
	}
	defer src.Close()
	if o.dryRun {
		return o.tryBatch(sets, tasksOf(sets), std)
	}
	out, err := o.openWrite(ctx, src, std, tell)
	if err != nil {
		return err
	}
	b := &batch{o: o, src: src, name: o.nameOfMeter(), show: show, top: shown, begun: time.Now(), stderr: std.err, tasks: o.tasksOf(sets)}
	cfg, dumps, err := o.openDumps(ctx, std, tell)
	closed := func(err error) error {
		last := shown.close()
		if last != nil && errors.Is(err, last) {
			last = nil // the same one
		}
		return errors.Join(err, last, out.close(), dumps.close())
	}
	if err != nil {
		return closed(err)
	}
	b.meter, b.dumps = control.New(cfg, control.Config{}), dumps
	if err := b.runSets(sets, o.rules); err != nil {
		return closed(err)
	}
	if b.out, err = shown.beside(ctx, o, std); err != nil {
		return closed(err)
	}
	if c, ok := b.out.(io.Closer); ok {
		defer c.Close() // collections are whole by then, or given up
	}
	if err := o.becomeUser(nil, noteTo(std.err)); err != nil {
		return closed(err)
	}
	err = closed(b.meterTrace(ctx))
	b.show.clear()
	if missed := o.missed(); missed != "" {
		fmt.Fprintf(std.err, "netramet: %s\n", missed)
	}
	if !o.silent {
		b.summary(std.err)
		out.summary()
	}
	return err
}

// runSets starts the rule sets, read from files, and registers as the reader
// of their flows.
func (b *batch) runSets(sets []*ruleset.RuleSet, files []string) error {
	for i, rs := range sets {
		err := b.meter.Change(func(c *control.Change) error { return c.Run(rs) })
		var row *control.RowError
		if errors.As(err, &row) {
			err = row.Err // the file says which one
		}
		if err != nil {
			return fmt.Errorf("%s: %w", files[i], err)
		}
	}
	b.flows = local.New(b.meter, b.name)
	return b.flows.Register(b.tasks)
}

// nameOfMeter is the meter's in the flow data.
func (o *options) nameOfMeter() string {
	if o.meterName != "" {
		return o.meterName
	}
	return o.traceName()
}

// openOutput opens flow data of the classic form.
func openOutput(ctx context.Context, o *options, std stdio, path string) (output, error) {
	if err := o.checkOverwrite("-F", path, std.in); err != nil {
		return nil, err
	}
	h := flowfile.Header{
		Version: version.Version, Options: o.text, Meter: o.nameOfMeter(), Interface: o.traceName(),
		MaxFlows: int(o.maxFlows), Octets: flowfile.OctetsFrame, Zone: flowfile.ZoneUTC, Amounts: o.to.Amounts,
	}
	if o.octets == "peer" {
		h.Octets = flowfile.OctetsPeer
	}
	if path == "" || path == "-" {
		return flowfile.NewWriter(std.out, h), nil
	}
	how := flowfile.Options{Sync: o.sync, Pipe: pipes(ctx, std).Open}
	if !o.isLive() {
		return flowfile.Create(path, h, how)
	}
	// What a link carried does not come again, so it stays when its meter is started again.
	f, err := flowfile.OpenAppend(path, h, how)
	if err == nil && f.CutOff() > 0 {
		noteTo(std.err)(fmt.Sprintf("%s: an incomplete collection at its end was cut off (%d octets)", path, f.CutOff()))
	}
	return f, err
}

// checkOverwrite refuses to write to a file that this run reads, under whatever
// name. option is how the command line names the file.
func (o *options) checkOverwrite(option, file string, stdin io.Reader) error {
	out, err := os.Stat(file)
	if err != nil {
		return nil // a new file
	}
	return o.checkSame(option, file, out, stdin)
}

// checkSame is checkOverwrite of a file that is there.
func (o *options) checkSame(option, file string, out os.FileInfo, stdin io.Reader) error {
	if !out.Mode().IsRegular() {
		return nil // none that could be destroyed
	}
	var read []os.FileInfo
	names := append([]string{o.managed.users, o.managed.state, o.prefixes, direction.Path(o.directionBy)}, o.ruleFiles...)
	for _, p := range o.parts {
		names = append(names, p.Path)
	}
	for _, name := range names {
		if fi, err := os.Stat(name); err == nil {
			read = append(read, fi)
		}
	}
	if f, ok := stdin.(*os.File); ok && o.readsStdin() {
		if fi, err := f.Stat(); err == nil {
			read = append(read, fi)
		}
	}
	if slices.ContainsFunc(read, func(in os.FileInfo) bool { return os.SameFile(in, out) }) {
		return fmt.Errorf("%s %s: this run reads that file; name another one", option, file)
	}
	return nil
}

// meterTrace reads the trace to its end, collecting as it goes. A damaged
// trace is metered up to the damage, which is then the error; so is what the flow
// data lacks though the trace was read.
func (b *batch) meterTrace(ctx context.Context) error {
	complete, err := b.readTrace(ctx)
	if !complete {
		return err
	}
	return errors.Join(err, b.refused())
}

// readTrace is meterTrace without the losses.
func (b *batch) readTrace(ctx context.Context) (complete bool, err error) {
	loop := reading.Loop{Source: b.src, Stages: b.o.stages(b.links.note), Meter: b.meter.Meter, Interval: b.collect, Live: b.o.time, Ahead: b.o.readsAhead(),
		Fed: func() {
			b.show.update(b)
			b.tellDrops(false)
			b.o.showDumps(b.dumps)
		}}
	complete, err = loop.Run(ctx)
	if l, ok := b.src.(link); ok {
		_ = l.Close() // which settles what is lost; nothing is read from it any more
	}
	b.tellDrops(true)
	if b.o.endless() && errors.Is(err, reading.ErrInterrupted) {
		err = nil // that is its end
	}
	if complete {
		err = errors.Join(b.collect(), err)
	}
	return complete, err
}

// tellDrops tells when interfaces lose packets, and when that has ended.
func (b *batch) tellDrops(ended bool) {
	src, ok := b.src.(link)
	if !ok {
		return
	}
	for _, n := range b.drops.look(time.Now(), src.Interfaces, ended) {
		b.show.clear()
		n.words = b.o.dropWords()
		fmt.Fprintf(b.stderr, "netramet: %s\n", n.String())
	}
}

func (b *batch) collect() error {
	b.show.clear() // flow data may go to the same terminal
	b.meter.View(func(s *control.State) {
		if t, ok := s.Start(); ok {
			b.out.SetStart(t)
		}
	})
	// A collection is made whole even after an interrupt.
	_, _, err := reader.Collect(context.Background(), b.flows, b.tasks, b.out)
	return err
}

// refused is what the flow data lacks though the trace was read.
func (b *batch) refused() error {
	return errors.Join(b.links.unmetered(b.meter), b.o.refused(b.meter))
}
