package main

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"

	"netramet/internal/screen"
	"netramet/reader"
	"netramet/reader/tee"
	"netramet/reader/top"
	"netramet/sources/tracefile"
)

// checkTop checks what goes with --top.
func (o *options) checkTop(f *pflag.FlagSet) error {
	if err := o.top.Check(f); err != nil {
		return err
	}
	switch {
	case o.top.N == 0:
	case o.flowFile == "-":
		return errors.New("--top and -F - both go to standard output: give the flow data a file")
	case o.write != "" && tracefile.Path(o.write) == "-":
		return errors.New("--top and --write - both go to standard output: give the trace a file")
	case o.isLive() && o.flowFile == "" && !f.Changed("to") && !f.Changed("interval"):
		o.interval = topInterval
	}
	return nil
}

// topInterval is the interval of collections, in seconds, for somebody who looks at a
// live interface.
const topInterval = 10

// tables are those of --top, on the screen that standard output is.
type tables struct {
	*screen.Screen
	out *top.Output
}

// openTop returns the tables of --top, nil where there is none, and the standard
// streams for all that is written beside them.
func (o *options) openTop(std stdio) (*tables, stdio, error) {
	if o.top.N == 0 {
		return nil, std, nil
	}
	t := &tables{Screen: screen.New(std.out, os.Getenv("COLUMNS"))}
	var err error
	t.out, err = o.top.Output(t.Pane(), time.UTC, o.interval == 0)
	std.err = t.Over(std.err)
	return t, std, err
}

// close shows what was not shown yet.
func (t *tables) close() error {
	if t == nil {
		return nil
	}
	return t.Screen.Close()
}

// beside returns the output of the run: the tables, beside the flow data if that is
// asked for.
func (t *tables) beside(ctx context.Context, o *options, std stdio) (output, error) {
	switch {
	case t == nil:
		return o.openOutputs(ctx, std)
	case o.flowFile == "" && !o.to.Given():
		return onlyTop{t.out}, nil
	}
	file, err := o.openOutputs(ctx, std)
	if err != nil {
		return nil, err
	}
	// Tables are those of collections that the file has.
	both := tee.New([]reader.Output{file, t.out}, nil, nil)
	return &besideFile{both, file}, nil
}

// onlyTop is tables without flow data.
type onlyTop struct{ *top.Output }

func (onlyTop) SetStart(time.Time) {}

// besideFile is tables beside a flow file.
type besideFile struct {
	*tee.Output
	file output
}

func (b *besideFile) SetStart(t time.Time) { b.file.SetStart(t) }

// Close closes the flow file.
func (b *besideFile) Close() error {
	if c, ok := b.file.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
