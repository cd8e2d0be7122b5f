package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"netramet/cmd/nemac/internal/session"
	"netramet/internal/screen"
	"netramet/reader"
	"netramet/reader/outputs"
)

// checkTo checks what goes with --to.
func (o *options) checkTo(f *pflag.FlagSet) error {
	if err := o.to.Check(f, o.flowFile); err != nil || !o.to.Given() {
		return err
	}
	switch stdout := o.to.Stdout(); {
	case o.list, len(o.stop)+len(o.destroy) > 0, o.check, o.compile, o.downloadOnly:
		return errors.New("--to is for collecting: --list, --stop, --destroy, --check, --compile and --download-only go without it")
	case stdout != "" && o.top.N > 0:
		return fmt.Errorf("--top and %s both go to standard output: give the flow data a file", stdout)
	}
	return nil
}

// openOutputs opens all that flow data goes to but tables of --top.
func (j *job) openOutputs(m *session.Meter, resumed bool) (session.Output, error) {
	o := j.o
	if o.to.Plain() {
		return j.openFile(m, resumed, o.flowFile)
	}
	log := j.cfg.Log
	out, err := outputs.Open(o.to.All(o.meterName, o.flowFile), outputs.Options{
		Names: o.to.Names, Amounts: o.to.Amounts, Sync: o.sync, Zone: o.zone(), Stdout: j.std.out,
		Width: screen.Width(j.std.out, os.Getenv("COLUMNS")), Tell: func(text string) { log.Warn(text) }, Pipe: j.pipe,
		Flows: func(path string) (reader.Output, error) { return j.openFile(m, resumed, path) },
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
