//go:build linux

package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// options is the command line of the benchmark of metering.
type options struct {
	full     bool
	runs     int
	lanes    int
	seed     uint64
	dir      string
	netramet string
	only     map[string]bool // traces and rows by name; empty: all
	tables   string          // folder for bench.json and cost.svg
	given    []string        // trace files to measure on; none: those that are made
}

func parseOptions(args []string) (*options, error) {
	o := &options{only: map[string]bool{}}
	var only string
	f := flag.NewFlagSet("bench", flag.ExitOnError)
	f.BoolVar(&o.full, "full", false, "traces of full size, every row, every peer")
	f.IntVar(&o.runs, "runs", 0, "`pairs` of runs for each ratio; 0: 3, and 7 with -full")
	f.IntVar(&o.lanes, "lanes", runtime.NumCPU(), "measure up to so many `lanes`")
	f.Uint64Var(&o.seed, "seed", 1, "`seed` of the traces")
	f.StringVar(&o.dir, "dir", filepath.Join("bench", "data"), "`folder` where the traces are kept")
	f.StringVar(&o.tables, "to", filepath.Join("bench", "data"), "`folder` for bench.json and cost.svg")
	f.StringVar(&o.netramet, "netramet", "", "measure this `program`; default: one built from this folder")
	f.StringVar(&only, "only", "", "only these traces and rows, by `name`, with commas between; -only list names them")
	f.Func("trace", "measure on this pcap `file`, which may be repeated, in the place of traces that are made; rows only if -only names them", func(file string) error {
		o.given = append(o.given, file)
		return nil
	})
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if o.runs == 0 {
		o.runs = 3
		if o.full {
			o.runs = 7
		}
	}
	if f.NArg() > 0 {
		return nil, fmt.Errorf("%q: the operands there are come first: collect, live, service", f.Arg(0))
	}
	if o.runs < 1 || o.lanes < 1 {
		return nil, fmt.Errorf("-runs and -lanes are numbers from 1")
	}
	return o, o.choose(only)
}

// choose takes apart the names of -only.
func (o *options) choose(only string) error {
	var known []string
	for _, t := range o.traces() {
		known = append(known, t.name)
	}
	for _, r := range rows {
		known = append(known, r.name)
	}
	if only == "list" {
		return fmt.Errorf("there are %s", strings.Join(known, ", "))
	}
	for _, name := range strings.FieldsFunc(only, func(r rune) bool { return r == ',' }) {
		found := false
		for _, k := range known {
			found = found || k == name
		}
		if !found {
			return fmt.Errorf("-only %s: there are %s", name, strings.Join(known, ", "))
		}
		o.only[name] = true
	}
	return nil
}

// wants reports whether a trace or a row is to be measured.
func (o *options) wants(name string) bool {
	return o.only[name] || len(o.only) == 0 && len(o.given) == 0
}
