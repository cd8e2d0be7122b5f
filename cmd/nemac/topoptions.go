package main

import (
	"errors"
	"os"
	"time"

	"github.com/spf13/pflag"

	"netramet/cmd/nemac/internal/session"
	"netramet/internal/screen"
	"netramet/reader"
	"netramet/reader/tee"
	"netramet/reader/top"
)

// topInterval is the interval of collections, in seconds, for somebody who looks on.
const topInterval = 10

// checkTop checks what goes with --top.
func (o *options) checkTop(f *pflag.FlagSet) error {
	if err := o.top.Check(f); err != nil || o.top.N == 0 {
		return err
	}
	switch {
	case o.list, len(o.stop)+len(o.destroy) > 0, o.check, o.compile, o.downloadOnly:
		return errors.New("--top is for collecting: --list, --stop, --destroy, --check, --compile and --download-only go without it")
	case o.flowFile == "-":
		return errors.New("--top and -F - both go to standard output: give the flow data a file")
	}
	if _, given := o.given["interval"]; !given && o.looksOnly() {
		o.interval = topInterval
	}
	return nil
}

// looksOnly reports whether all that is made of flow data is the tables of --top:
// nothing of it stays, so nothing of ours stays on the meter either.
func (o *options) looksOnly() bool { return o.top.N > 0 && o.flowFile == "" && !o.to.Given() }

// openScreen returns the screen for the tables of --top, nil if no record has any, and
// the standard streams for all that is written beside them.
func openScreen(records []*options, std stdio) (*screen.Screen, stdio) {
	for _, r := range records {
		if r.top.N > 0 {
			s := screen.New(std.out, os.Getenv("COLUMNS"))
			std.err = s.Over(std.err)
			return s, std
		}
	}
	return nil, std
}

// zone is that of times of day.
func (o *options) zone() *time.Location {
	if o.utc || o.trace {
		return time.UTC
	}
	return time.Local
}

// showOn has the job show its tables on a pane of the screen.
func (j *job) showOn(s *screen.Screen) (err error) {
	if j.o.top.N == 0 {
		return nil
	}
	j.top, err = j.o.top.Output(s.Pane(), j.o.zone(), false)
	j.cfg.RemoveRows = j.cfg.RemoveRows || j.o.looksOnly()
	return err
}

// open opens what the collections go to.
func (j *job) open(m *session.Meter, resumed bool) (session.Output, error) {
	j.begun = true
	switch {
	case j.top == nil:
		return j.openOutputs(m, resumed)
	case j.o.looksOnly():
		return onlyTop{j.top}, nil
	}
	file, err := j.openOutputs(m, resumed)
	if err != nil {
		return nil, err
	}
	// Tables are those of collections that the file has.
	both := tee.New([]reader.Output{file, j.top}, nil, nil)
	return &besideFile{both, file}, nil
}

// onlyTop is tables without flow data.
type onlyTop struct{ *top.Output }

func (onlyTop) SetStart(time.Time) {}
func (onlyTop) Close() error       { return nil }

// besideFile is tables beside a flow file.
type besideFile struct {
	*tee.Output
	file session.Output
}

func (b *besideFile) SetStart(t time.Time) { b.file.SetStart(t) }
func (b *besideFile) Close() error         { return b.file.Close() }
