package sources

import (
	"fmt"
	"os"
	"sync"
	"time"

	"netramet/sources/wire"
)

// openWait is how long Open waits for the first octets of a live trace, so that what
// is no trace is told at once.
const openWait = time.Second

// late is a live trace that has not begun when it is opened: nobody waits for a
// server's first words, or for a capture that has just been started.
type late struct {
	file  *stored
	timer *time.Timer
	ready chan struct{} // closed when t or err is there, which then stay

	mu     sync.Mutex
	closed bool
	t      *trace
	err    error
}

// openLive opens a live trace. It fails where the trace shows in time what is
// wrong with it; later, the first Read does.
func openLive(st *stored, want *format, opt Options) (Source, error) {
	l := &late{file: st, timer: time.NewTimer(openWait), ready: make(chan struct{})}
	go l.open(want, opt)
	select {
	case <-l.ready:
		l.timer.Stop()
		if l.err != nil {
			st.Close()
			return nil, l.err
		}
		return l.t, nil
	case <-l.timer.C:
		return l, nil
	}
}

func (l *late) open(want *format, opt Options) {
	t, err := openTrace(l.file, want, opt)
	l.mu.Lock()
	l.t, l.err = t, err
	closed := l.closed
	l.mu.Unlock()
	if closed && t != nil {
		t.Close()
	}
	close(l.ready)
}

// trace is the trace once it has begun, nil before.
func (l *late) trace() *trace {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.t
}

// Read implements Source.
func (l *late) Read(b *wire.Batch) error {
	b.Reset()
	l.timer.Reset(patience)
	select {
	case <-l.ready:
	case <-l.timer.C:
	}
	l.mu.Lock()
	closed, t, err := l.closed, l.t, l.err
	l.mu.Unlock()
	switch {
	case closed:
		return fmt.Errorf("%s: %w", l.file.name, os.ErrClosed)
	case t != nil:
		return t.Read(b)
	}
	return err
}

// Stats implements Source.
func (l *late) Stats() wire.SourceStats {
	if t := l.trace(); t != nil {
		return t.Stats()
	}
	return wire.SourceStats{BytesRead: l.file.read.Load()}
}

// Info implements Informer.
func (l *late) Info() Info {
	if t := l.trace(); t != nil {
		return t.Info()
	}
	return Info{}
}

// InterfaceNames implements Namer.
func (l *late) InterfaceNames() []string {
	if t := l.trace(); t != nil {
		return t.InterfaceNames()
	}
	return nil
}

// Interface implements Describer.
func (l *late) Interface(number uint8) Interface { return l.trace().Interface(number) }

// Close implements Source.
func (l *late) Close() error {
	l.mu.Lock()
	l.closed = true
	t := l.t
	l.mu.Unlock()
	err := l.file.Close() // which ends an opening that waits
	if t != nil {
		t.Close()
	}
	return err
}
