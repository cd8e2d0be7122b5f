package main

import (
	"errors"
	"fmt"

	"netramet/reader/outputs"
	"netramet/sources/tracefile"
)

// target is a file that a run writes to, by its option.
type target struct{ option, name string }

// targets are the files that a run writes to as its options name them, apart from those
// of --to; "" and - are none.
func (o *options) targets() []target {
	return []target{
		{"-F", o.flowFile}, {"--write", tracefile.Path(o.write)}, {"--dump-streams", o.streams.dump}, {"--dump-pairs", o.pairs.dump},
		{"-L", o.managed.logFile}, {"--state", o.managed.state}, {"--profile", o.profile},
	}
}

// checkTargets refuses two options that name one file, and two things on standard output of
// which one is a dump or a profile.
func (o *options) checkTargets() error {
	if err := o.checkStdout(); err != nil {
		return err
	}
	if o.managed.state == "-" {
		return errors.New("--state -: what is kept there is read again; name a file")
	}
	all := o.targets()
	for i, t := range all {
		if t.name == "" || t.name == "-" {
			continue
		}
		for _, s := range o.to.Specs {
			if s.Writes(t.name) {
				return fmt.Errorf("--to %s and %s are both %s: name two files", s, t.option, t.name)
			}
		}
		for _, other := range all[:i] {
			if other.name != "" && other.name != "-" && outputs.SameFile(other.name, t.name) {
				return fmt.Errorf("%s and %s are both %s: name two files", other.option, t.option, t.name)
			}
		}
	}
	return nil
}

// checkStdout refuses dumps and profiles on standard output that are not alone there.
func (o *options) checkStdout() error {
	var there []string
	switch {
	case o.info:
		there = append(there, "what --info tells")
	case o.top.N > 0:
		there = append(there, "--top")
	case len(o.rules) > 0 && o.flowsToStdout():
		there = append(there, "the flow data")
	}
	if tracefile.Path(o.write) == "-" {
		there = append(there, "--write -")
	}
	for _, t := range []target{{"--dump-streams", o.streams.dump}, {"--dump-pairs", o.pairs.dump}, {"--profile", o.profile}} {
		if t.name != "-" {
			continue
		}
		if there = append(there, t.option+" -"); len(there) > 1 {
			return fmt.Errorf("%s and %s both go to standard output: name a file for one of them, for flow data with -F", there[0], there[1])
		}
	}
	return nil
}
