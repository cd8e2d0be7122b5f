package outputs

import (
	"errors"
	"fmt"
	"io"
	"time"

	"netramet/internal/interruptible"
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
	Amounts bool           // counters of flow files are what was added in the interval
	Sync    bool           // force each collection to disk before it counts as written
	Replace bool           // what the files hold is thrown away, else they are appended to
	Zone    *time.Location // of times in names of files and in tables; nil is UTC
	Stdout  io.Writer
	Width   int // of a table on standard output, in columns; 0: as wide as it is
	Tell    func(text string)
	Pipe    interruptible.Opener // opens what is no regular file
	// Answer says that collections are those of one answer: they have their amounts,
	// and files get their names from Finish, when all of it is written.
	Answer bool
	// Table makes an output of tables, of lines of at most width columns, 0: any. nil is
	// one that shows all flows.
	Table func(w io.Writer, width int) (reader.Output, error)
	// FlowsTo makes an output of kind Flows of an answer.
	FlowsTo func(w io.Writer) reader.Output
	// Flows opens another file of that kind, which needs a header that says the same of
	// Amounts. It is closed by Close if it is an io.Closer.
	Flows func(path string) (reader.Output, error)
}

// Output is all outputs of a run as one.
type Output struct {
	reader.Output
	closers []io.Closer
	starts  []interface{ SetStart(time.Time) }
	answers []*answer
	tell    func(text string)
}

// Open opens outputs, of which there is one at least.
func Open(specs []Spec, o Options) (*Output, error) {
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	all := &Output{tell: o.Tell}
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

func (all *Output) open(s Spec, o *Options) (out reader.Output, err error) {
	var finish func() error
	switch s.Kind {
	case JSONL:
		out, finish, err = all.openLines(s.Path, jsonl.New(o.Names), o)
	case CSV:
		out, finish, err = all.openLines(s.Path, csv.New(o.Names), o)
	case Table:
		out, finish, err = all.openTable(s.Path, o)
	default:
		out, finish, err = all.openFlows(s.Path, o)
	}
	if err != nil || !o.Answer {
		return out, err
	}
	a := &answer{Output: out, finish: finish, effort: s.BestEffort, name: s.String()}
	all.answers = append(all.answers, a)
	return a, nil
}

// late is a file that is opened behind the output that uses it.
type late struct{ *lines.File }

func (all *Output) openLines(path string, f lines.Format, o *Options) (out reader.Output, finish func() error, err error) {
	opts := lines.Options{Sync: o.Sync, Replace: o.Replace || o.Answer, Whole: o.Answer, Zone: o.Zone, Stdout: o.Stdout, Tell: o.Tell, Pipe: o.Pipe}
	behind := &late{}
	if out = behind; !o.Answer {
		counted := amounts.New(behind)
		out, opts.TakeUp = counted, counted.TakeUp
	}
	file, err := lines.Open(path, f, opts)
	if err != nil {
		return nil, nil, err
	}
	behind.File = file
	all.closers = append(all.closers, file)
	return out, file.Finish, nil
}

func (all *Output) openTable(path string, o *Options) (out reader.Output, finish func() error, err error) {
	w, width := o.Stdout, o.Width
	if path != "-" {
		width = 0
		if w, finish, err = all.openText(path, o); err != nil {
			return nil, nil, err
		}
	}
	if o.Table != nil {
		out, err = o.Table(w, width)
		return out, finish, err
	}
	opts := table.Options{Zone: o.Zone}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	out = table.NewOutput(w, opts, width)
	if !o.Answer {
		out = amounts.New(out) // tables are of their intervals
	}
	return out, finish, nil
}

// openText opens a file of text.
func (all *Output) openText(path string, o *Options) (w io.Writer, finish func() error, err error) {
	if o.Answer {
		n, err := openNew(path, o.Pipe)
		if err != nil {
			return nil, nil, err
		}
		all.closers = append(all.closers, n)
		return n, n.finish, nil
	}
	f, err := openLocked(path, o.Replace, o.Pipe)
	if err != nil {
		return nil, nil, err
	}
	all.closers = append(all.closers, f)
	return f, nil, nil
}

func (all *Output) openFlows(path string, o *Options) (out reader.Output, finish func() error, err error) {
	if o.Answer {
		w := o.Stdout
		if path != "-" {
			if w, finish, err = all.openText(path, o); err != nil {
				return nil, nil, err
			}
		}
		return o.FlowsTo(w), finish, nil
	}
	if out, err = o.Flows(path); err != nil {
		return nil, nil, err
	}
	if c, is := out.(io.Closer); is {
		all.closers = append(all.closers, c)
	}
	if st, is := out.(interface{ SetStart(time.Time) }); is {
		all.starts = append(all.starts, st)
	}
	if o.Amounts {
		out = inPlace(out, path, o)
	}
	return out, nil, nil
}

// inPlace returns an output of amounts to a flow file, which go on from those that it
// holds.
func inPlace(file reader.Output, path string, o *Options) reader.Output {
	out := amounts.InPlace(file)
	old, is := file.(interface{ Written() (io.ReadCloser, error) })
	if !is {
		return out
	}
	in, err := old.Written()
	if in != nil {
		err = out.TakeUpFile(in)
		_ = in.Close() // it was read only
	}
	if err != nil {
		o.Tell(fmt.Sprintf("flow file %s: amounts do not go on from what it holds: %v", path, err))
	}
	return out
}

// Only is the output that it hands all on to, as it is.
func (all *Output) Only() reader.Output { return all.Output }

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
