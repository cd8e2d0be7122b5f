package main

import (
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

// checkTargets refuses two options that name one file.
func (o *options) checkTargets() error {
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
