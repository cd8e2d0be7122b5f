package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"netramet/meter/control"
	"netramet/reader"
	"netramet/ruleset"
)

// tryBatch is --dry-run of a run in one command, whose source is open: it has the rule
// sets loaded and sees whether what would be written can be.
func (o *options) tryBatch(sets []*ruleset.RuleSet, tasks []reader.Task, std stdio) error {
	if len(sets) > 0 {
		b := &batch{o: o, name: o.nameOfMeter(), meter: control.New(o.meterConfig(), control.Config{}), tasks: tasks}
		if err := b.runSets(sets, o.rules); err != nil {
			return err
		}
	}
	return o.tried(std)
}

// tryManaged is --dry-run of a managed meter, whose source is open: it listens where
// the meter would.
func (o *options) tryManaged(ctx context.Context, std stdio) error {
	acc, err := o.managed.access()
	if err != nil {
		return err
	}
	conns, err := o.managed.openSockets(ctx, acc)
	if err != nil {
		return err
	}
	defer closeAll(conns)
	return o.tried(std)
}

// tried sees whether the files of a run can be written, and says that all is well.
func (o *options) tried(std stdio) error {
	var errs []error
	files := o.targets()
	for _, s := range o.to.All(o.nameOfMeter(), "") {
		if !strings.Contains(s.Path, "%") { // else its name is not known yet
			files = append(files, target{"--to", s.Path})
		}
	}
	for _, f := range files {
		if f.name == "" || f.name == "-" {
			continue
		}
		if err := o.checkOverwrite(f.option, f.name, std.in); err != nil && f.option != "--state" {
			errs = append(errs, err)
		} else if err := writable(f.name); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", f.option, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, err := fmt.Fprintf(std.err, "netramet: all is in order for %s; nothing was metered\n", o.source())
	return err
}

// writable reports why a file cannot be written. Nothing of it changes; one that is
// not there is not there afterwards.
func writable(name string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return errors.Join(f.Close(), os.Remove(name))
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if fi, err := os.Stat(name); err != nil || !fi.Mode().IsRegular() && !fi.IsDir() {
		return err // to open a pipe would be heard at its other end
	}
	if f, err = os.OpenFile(name, os.O_WRONLY, 0); err != nil {
		return err
	}
	return f.Close()
}
