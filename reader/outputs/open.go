package outputs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/columns"
	"netramet/reader/csv"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
	"netramet/reader/table"
	"netramet/reader/tee"
)

// Options say how outputs are written.
type Options struct {
	Names   columns.Names
	Sync    bool           // force each collection to disk before it counts as written
	Replace bool           // what the files hold is thrown away, else they are appended to
	Zone    *time.Location // of times in names of files and in tables; nil is UTC
	Stdout  io.Writer
	Width   int // of a table on standard output, in columns; 0: as wide as it is
	Tell    func(text string)
	// Flows opens a file of kind Flows, which needs a header. It is closed by Close if
	// it is an io.Closer.
	Flows func(path string) (reader.Output, error)
}

// Output is all outputs of a run as one.
type Output struct {
	reader.Output
	closers []io.Closer
	starts  []interface{ SetStart(time.Time) }
}

// Open opens outputs, of which there is one at least.
func Open(specs []Spec, o Options) (*Output, error) {
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	all := &Output{}
	var required []reader.Output
	var others []tee.BestEffort
	for _, s := range specs {
		one, err := all.open(s, &o)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", s, err), all.Close())
		}
		if s.BestEffort {
			others = append(others, tee.BestEffort{Name: s.String(), Output: one})
		} else {
			required = append(required, one)
		}
	}
	if all.Output = tee.New(required, others, o.Tell); len(required) == 1 && len(others) == 0 {
		all.Output = required[0]
	}
	return all, nil
}

func (all *Output) open(s Spec, o *Options) (reader.Output, error) {
	switch s.Kind {
	case JSONL:
		return all.openLines(s.Path, jsonl.New(o.Names), o)
	case CSV:
		return all.openLines(s.Path, csv.New(o.Names), o)
	case Table:
		return all.openTable(s.Path, o)
	}
	out, err := o.Flows(s.Path)
	if err != nil {
		return nil, err
	}
	if c, is := out.(io.Closer); is {
		all.closers = append(all.closers, c)
	}
	if st, is := out.(interface{ SetStart(time.Time) }); is {
		all.starts = append(all.starts, st)
	}
	return out, nil
}

// late is an output that is opened behind the one that uses it.
type late struct{ reader.Output }

func (all *Output) openLines(path string, f lines.Format, o *Options) (reader.Output, error) {
	behind := &late{}
	out := amounts.New(behind)
	file, err := lines.Open(path, f, lines.Options{
		Sync: o.Sync, Replace: o.Replace, Zone: o.Zone, Stdout: o.Stdout, Tell: o.Tell, TakeUp: out.TakeUp,
	})
	if err != nil {
		return nil, err
	}
	behind.Output = file
	all.closers = append(all.closers, file)
	return out, nil
}

func (all *Output) openTable(path string, o *Options) (reader.Output, error) {
	zone := o.Zone
	if zone == nil {
		zone = time.UTC
	}
	opts := table.Options{Zone: zone}
	if path == "-" {
		return table.NewOutput(o.Stdout, opts, o.Width), nil
	}
	flag := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if o.Replace {
		flag |= os.O_TRUNC
	}
	f, err := os.OpenFile(path, flag, 0o666)
	if err != nil {
		return nil, err
	}
	all.closers = append(all.closers, f)
	return table.NewOutput(f, opts, 0), nil
}

// SetStart tells flow files when metering began.
func (all *Output) SetStart(t time.Time) {
	for _, s := range all.starts {
		s.SetStart(t)
	}
}

// Close closes all files. A collection that is not complete is cut off.
func (all *Output) Close() error {
	var errs []error
	for _, c := range all.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
