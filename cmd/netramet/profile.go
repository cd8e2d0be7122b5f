package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/pprof"

	"netramet/sources/join"
)

// profiled writes to the file of --profile where the processor's time goes while f runs.
// Read it with "go tool pprof".
func (o *options) profiled(ctx context.Context, std stdio, f func() error) (err error) {
	if o.profile == "" || o.dryRun {
		return f()
	}
	out, err := o.openProfile(ctx, std)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return fmt.Errorf("--profile: %w", errors.Join(err, out.close()))
	}
	defer func() {
		pprof.StopCPUProfile() // writes all of it
		if perr := out.close(); perr != nil {
			err = errors.Join(err, fmt.Errorf("--profile: %w", perr))
		}
	}()
	return f()
}

// profileFile is the file of --profile. It keeps the first error, which pprof ignores.
type profileFile struct {
	to   io.Writer
	file io.Closer // nil: standard output
	err  error
}

// openProfile makes the file, or takes standard output for -.
func (o *options) openProfile(ctx context.Context, std stdio) (*profileFile, error) {
	if o.profile == "-" {
		if isTerminal(std.out) {
			return nil, errors.New("--profile -: standard output is a terminal: send it to a file, or to another program")
		}
		return &profileFile{to: std.out}, nil
	}
	// What is read, as far as it is known before the run.
	reads := options{managed: o.managed, prefixes: o.prefixes, directionBy: o.directionBy, ruleFiles: o.rules}
	traces := o.traces
	if o.info {
		traces = o.rules
	}
	reads.parts, _ = join.Expand(traces) // the run tells what is wrong with them
	if err := reads.checkOverwrite("--profile", o.profile, std.in); err != nil {
		return nil, err
	}
	f, err := pipes(ctx, std).Create(o.profile)
	if err != nil {
		return nil, fmt.Errorf("--profile: %w", err)
	}
	return &profileFile{to: f, file: f}, nil
}

// Write implements io.Writer.
func (p *profileFile) Write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

// close returns what failed.
func (p *profileFile) close() error {
	if p.file != nil {
		if err := p.file.Close(); p.err == nil {
			p.err = err
		}
	}
	return p.err
}
