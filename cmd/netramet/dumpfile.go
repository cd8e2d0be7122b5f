package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"netramet/meter"
)

// dumpFile is a file of lines about what was metered, which an option asks for.
type dumpFile struct {
	option string
	file   io.Closer // nil: standard output
	to     *bufio.Writer
	line   []byte // the last one, whose memory the next one takes
	err    error  // the first one
	tell   func(text string)
	shown  time.Time // when all lines were in the file, of a run without an end
}

// dumps are the files of a run.
type dumps []*dumpFile

// openDumps makes the files that were asked for, and has the meter of the configuration
// it returns fill them. Those that it returns with an error are to be closed, too. tell is
// told at once of what fails, since metering goes on.
func (o *options) openDumps(ctx context.Context, std stdio, tell func(text string)) (meter.Config, dumps, error) {
	cfg := o.meterConfig()
	var all dumps
	if o.streams.dump != "" {
		d, err := o.openDump(ctx, "--dump-streams", o.streams.dump, streamHeader, std, tell)
		if err != nil {
			return cfg, all, err
		}
		all = append(all, d)
		cfg.StreamEnded = func(e *meter.StreamEnd) { d.write(appendStreamEnd(d.line[:0], e)) }
	}
	if o.pairs.dump != "" {
		d, err := o.openDump(ctx, "--dump-pairs", o.pairs.dump, pairHeader, std, tell)
		if err != nil {
			return cfg, all, err
		}
		all = append(all, d)
		cfg.Paired = func(p *meter.Pair) { d.write(appendPair(d.line[:0], p)) }
	}
	return cfg, all, nil
}

// close writes what is left, and returns what failed.
func (all dumps) close() error {
	var errs []error
	for _, d := range all {
		errs = append(errs, d.close())
	}
	return errors.Join(errs...)
}

// openDump makes the file of an option, or takes standard output for -; its first line is
// header.
func (o *options) openDump(ctx context.Context, option, name, header string, std stdio, tell func(string)) (*dumpFile, error) {
	d := &dumpFile{option: option, tell: tell}
	if name == "-" {
		d.to = bufio.NewWriterSize(std.out, 1<<16)
	} else {
		if err := o.checkOverwrite(option, name, std.in); err != nil {
			return nil, err
		}
		f, err := pipes(ctx, std).Create(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
		d.file, d.to = f, bufio.NewWriterSize(f, 1<<16)
	}
	d.write([]byte(header))
	return d, nil
}

// write writes a line, which ends with a newline; what fails is close's error, too.
func (d *dumpFile) write(line []byte) {
	if d.line = line; d.err == nil {
		_, err := d.to.Write(line)
		d.check(err)
	}
}

// metersOn is the end of what is told of a file beside the flow data that takes no more.
const metersOn = "no more is written there, but metering goes on"

// check tells of the first error.
func (d *dumpFile) check(err error) {
	if err != nil && d.err == nil {
		d.err = err
		d.tell(fmt.Sprintf("%s: %v; %s", d.option, err, metersOn))
	}
}

// showEvery is for how long lines of a run without an end are held back, at most.
const showEvery = time.Second

// showDumps writes the lines that were held back for long, if the run has no end: its files
// are looked at meanwhile.
func (o *options) showDumps(all dumps) {
	if len(all) == 0 || !o.endless() {
		return
	}
	now := time.Now()
	for _, d := range all {
		if now.Sub(d.shown) >= showEvery && d.err == nil {
			d.shown = now
			d.check(d.to.Flush())
		}
	}
}

// close writes what is left, and returns the first error of all.
func (d *dumpFile) close() error {
	if err := d.to.Flush(); d.err == nil {
		d.err = err
	}
	if d.file != nil {
		if err := d.file.Close(); d.err == nil {
			d.err = err
		}
	}
	if d.err != nil {
		return fmt.Errorf("%s: %w", d.option, d.err)
	}
	return nil
}
