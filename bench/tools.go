//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// tool is a program that meters a trace.
type tool struct {
	name string
	// needs are the programs on the path without which it cannot be run.
	needs []string
	// command is how it meters a trace; what it writes goes to the folder dir.
	command func(t *trace, dir string) command
	// sums is what it says that the trace holds.
	sums func(d *done, dir string) (sums, error)
	// only says which traces it can meter at all, nil for all of them.
	only func(t *trace) bool
}

// there reports whether the tool can be run here.
func (t *tool) there() bool {
	for _, p := range t.needs {
		if _, err := exec.LookPath(p); err != nil {
			return false
		}
	}
	return true
}

// run meters a trace and removes what was written, when look, if any, has seen it.
func (t *tool) run(tr *trace, tmp string, look func(d *done, dir string) error) (*done, error) {
	dir, err := os.MkdirTemp(tmp, "run-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	d, err := t.command(tr, dir).run()
	if err != nil || look == nil {
		return d, err
	}
	return d, look(d, dir)
}

// programs are what this benchmark builds.
type programs struct{ netramet, bare, tracegen string }

// build builds the programs from this folder; netramet only if it is not given.
func build(dir, netramet string) (p programs, err error) {
	p = programs{filepath.Join(dir, "netramet"), filepath.Join(dir, "bare"), filepath.Join(dir, "tracegen")}
	packages := []string{"./bench/bare", "./sources/sourcetest/tracegen"}
	if netramet == "" {
		packages = append(packages, "./cmd/netramet")
	} else if p.netramet, err = filepath.Abs(netramet); err != nil {
		return p, err
	}
	c := command{program: "go", args: append([]string{"build", "-o", dir + string(os.PathSeparator)}, packages...)}
	_, err = c.run()
	return p, err
}

// ours is the meter with a number of lanes.
func (p programs) ours(lanes int) *tool {
	name := "netramet, 1 lane"
	if lanes > 1 {
		name = fmt.Sprintf("netramet, %d lanes", lanes)
	}
	return &tool{
		name: name,
		command: func(t *trace, dir string) command {
			return command{program: p.netramet, args: append(p.args(lanes), "-C", t.file, "-F", filepath.Join(dir, "flows"), fiveTuple)}
		},
		sums: func(_ *done, dir string) (sums, error) { return flowFileSums(filepath.Join(dir, "flows")) },
	}
}

// fiveTuple are the rules that all meters work by: a flow for each conversation.
const fiveTuple = "testdata/5tuple.srl"

// args are the options of netramet in all runs: tables as large as need be.
func (p programs) args(lanes int) []string {
	const room = "20000000"
	return []string{"--lanes", strconv.Itoa(lanes), "-f", room, "-t", room}
}

// loop is the bare loop.
func (p programs) loop() *tool {
	return &tool{
		name:    "bare loop",
		command: func(t *trace, _ string) command { return command{program: p.bare, args: []string{t.file}} },
		sums: func(d *done, _ string) (s sums, err error) {
			_, err = fmt.Sscan(string(d.stdout), &s.Packets, &s.FrameOctets, &s.Flows)
			return s, err
		},
	}
}
