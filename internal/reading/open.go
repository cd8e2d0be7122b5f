package reading

import (
	"context"
	"os"

	"netramet/internal/interruptible"
	"netramet/sources"
	"netramet/sources/join"
)

// Open opens a source as sources.Open does. When ctx is done, an Open or a Read
// that waits for a pipe ends: the one with ErrInterrupted, the other with what
// a closed source says.
func Open(ctx context.Context, uri string, opt sources.Options) (sources.Source, error) {
	return open(ctx, opt, func(opt sources.Options) (sources.Source, error) { return sources.Open(uri, opt) })
}

// OpenAll is Open of several files, as join.Open makes one trace of them.
func OpenAll(ctx context.Context, parts []join.Part, opt join.Options) (sources.Source, error) {
	return open(ctx, opt.Source, func(each sources.Options) (sources.Source, error) {
		opt.Source = each
		return join.Open(parts, opt)
	})
}

func open(ctx context.Context, opt sources.Options, how func(sources.Options) (sources.Source, error)) (sources.Source, error) {
	if f, ok := opt.Stdin.(*os.File); ok && interruptible.Waits(f) {
		opt.Stdin = &interruptible.Reader{Ctx: ctx, File: f}
	}
	// A named pipe nobody writes to, or says nothing in, keeps Open waiting, and
	// nothing can close it. Given up, it goes on behind the caller's back.
	src, err := interruptible.Call(ctx.Done(), opt.Waits, func(waits func(string)) (sources.Source, error) {
		opt.Waits = waits
		return how(opt)
	}, func(src sources.Source) { src.Close() })
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ErrInterrupted
	case err != nil:
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { src.Close() })
	return &closedOnDone{src, stop}, nil
}

// closedOnDone is a source that is closed when its context is done.
type closedOnDone struct {
	sources.Source
	stop func() bool
}

// divider is the source, if it may be divided.
func divider(s sources.Source) sources.Divider {
	if c, ok := s.(*closedOnDone); ok {
		s = c.Source
	}
	d, _ := s.(sources.Divider)
	return d
}

// InterfaceNames implements sources.Namer, where the source does.
func (s *closedOnDone) InterfaceNames() []string {
	if n, ok := s.Source.(sources.Namer); ok {
		return n.InterfaceNames()
	}
	return nil
}

// Info implements sources.Informer, where the source does.
func (s *closedOnDone) Info() sources.Info {
	if i, ok := s.Source.(sources.Informer); ok {
		return i.Info()
	}
	return sources.Info{}
}

// Close implements sources.Source.
func (s *closedOnDone) Close() error {
	s.stop()
	return s.Source.Close()
}
