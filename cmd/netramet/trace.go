package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"netramet/meter"
	"netramet/sources"
	"netramet/sources/wire"
)

// openTrace opens the trace; an interrupt ends an Open or a Read that waits for
// a pipe.
func openTrace(ctx context.Context, uri string, stdin io.Reader) (sources.Source, error) {
	if f, ok := stdin.(*os.File); ok {
		if fi, err := f.Stat(); err == nil && !fi.Mode().IsRegular() {
			stdin = &interruptible{ctx, f}
		}
	}
	type result struct {
		src sources.Source
		err error
	}
	// A named pipe nobody writes to, or says nothing in, keeps Open waiting, and
	// nothing can close it. Given up, it goes on behind the caller's back.
	opened := make(chan result)
	go func() {
		src, err := sources.Open(uri, sources.Options{Stdin: stdin})
		select {
		case opened <- result{src, err}:
		case <-ctx.Done():
			if err == nil {
				src.Close()
			}
		}
	}()
	select {
	case got := <-opened:
		if got.err != nil {
			if ctx.Err() != nil {
				return nil, errInterrupted
			}
			return nil, got.err
		}
		stop := context.AfterFunc(ctx, func() { got.src.Close() })
		return &tracedSource{got.src, stop}, nil
	case <-ctx.Done():
		return nil, errInterrupted
	}
}

// tracedSource is a source that an interrupt closes.
type tracedSource struct {
	sources.Source
	stop func() bool
}

// Close implements sources.Source.
func (s *tracedSource) Close() error {
	s.stop()
	return s.Source.Close()
}

// interruptible is standard input where closing cannot end a Read: a terminal,
// or a pipe inherited in blocking mode. A Read that is given up goes on behind
// the caller's back, so its p must not be used again; a source reads no more
// after an error.
type interruptible struct {
	ctx context.Context
	f   *os.File
}

func (r *interruptible) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := r.f.Read(p)
		done <- result{n, err}
	}()
	select {
	case got := <-done:
		return got.n, got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}

// adjust takes the frame check sequence off the lengths of Ethernet frames
// where the user says that the trace counts it.
func (o *options) adjust(frames []wire.Frame) {
	if o.fcs != 4 {
		return
	}
	for i := range frames {
		f := &frames[i]
		if f.LinkType == wire.LinkEthernet && f.WireLen >= 4 {
			f.WireLen -= 4
			f.Data = f.Data[:min(len(f.Data), int(f.WireLen))]
		}
	}
}

// refused is the error of a flow table that was too small, or past the flood mark,
// unless allowed.
func (o *options) refused(m *meter.Meter) error {
	if o.allowRefused {
		return nil
	}
	const layout = "15:04:05 Mon 2 Jan 2006"
	var errs []error
	m.View(func(s *meter.State) {
		c := s.Counts()
		if c.FullAt != 0 {
			errs = append(errs, fmt.Errorf("flow table full at %s; use -f to hold more than %d flows (--allow-refused accepts the loss)",
				s.TimeOf(c.FullAt).Format(layout), s.MaxFlows()))
		}
		if c.FloodedAt != 0 {
			errs = append(errs, fmt.Errorf("flood mode at %s: %d packets of new flows were refused above the flood mark; "+
				"let managers set a higher one, or use -f to hold more than %d flows (--allow-refused accepts the loss)",
				s.TimeOf(c.FloodedAt).Format(layout), s.Totals().FloodedPDUs, s.MaxFlows()))
		}
	})
	return errors.Join(errs...)
}
