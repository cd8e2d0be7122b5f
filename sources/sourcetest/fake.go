package sourcetest

import (
	"fmt"
	"io"
	"os"
	"sync"

	"netramet/sources/wire"
)

// Poison is what released frame data is overwritten with.
const Poison = 0xdd

// Source is what the suite tests; sources.Source has the same methods.
type Source interface {
	Read(*wire.Batch) error
	Stats() wire.SourceStats
	Close() error
}

// Fake is a Source over frames in memory. It hands out copies and poisons them
// when they are released, so that nobody can use them after that unnoticed.
type Fake struct {
	frames []wire.Frame
	size   int
	end    error

	next int // Read's own

	mu     sync.Mutex
	free   []*fakeMemory
	stats  wire.SourceStats
	closed bool
}

// fakeMemory is what one batch's frames lie in.
type fakeMemory struct {
	buf  []byte
	hook func(*wire.Batch)
}

// NewFake returns a source of these frames, size of them a batch (1 to
// wire.BatchSize; anything else is wire.BatchSize). The frames are
// not changed and must not be.
func NewFake(frames []wire.Frame, size int) *Fake {
	if size < 1 || size > wire.BatchSize {
		size = wire.BatchSize
	}
	return &Fake{frames: frames, size: size, end: io.EOF}
}

// EndWith makes the source end with another error than io.EOF, as a damaged
// trace does.
func (f *Fake) EndWith(err error) *Fake {
	f.end = err
	return f
}

// Read implements Source.
func (f *Fake) Read(b *wire.Batch) error {
	b.Reset()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return fmt.Errorf("fake source: %w", os.ErrClosed)
	}
	batch := f.frames[f.next:]
	if len(batch) == 0 {
		return f.end
	}
	batch = batch[:min(f.size, len(batch))]
	m := f.memory()
	m.buf = m.buf[:0]
	for _, fr := range batch {
		m.buf = append(m.buf, fr.Data...)
	}
	at := 0
	for _, fr := range batch {
		n := at + len(fr.Data)
		fr.Data = m.buf[at:n:n]
		b.Frames = append(b.Frames, fr)
		f.stats.Octets += uint64(fr.WireLen)
		at = n
	}
	b.SetOwner(m.hook)
	f.next += len(batch)
	f.stats.Frames += uint64(len(batch))
	return nil
}

// memory returns memory that no batch holds; f.mu is locked.
func (f *Fake) memory() *fakeMemory {
	if n := len(f.free); n > 0 {
		m := f.free[n-1]
		f.free = f.free[:n-1]
		return m
	}
	m := &fakeMemory{}
	m.hook = func(*wire.Batch) {
		for i := range m.buf {
			m.buf[i] = Poison
		}
		f.mu.Lock()
		f.free = append(f.free, m)
		f.mu.Unlock()
	}
	return m
}

// Stats implements Source.
func (f *Fake) Stats() wire.SourceStats {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stats
}

// Close implements Source.
func (f *Fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	return nil
}
