package join

import (
	"sync"

	"netramet/sources/wire"
)

const (
	// bufferSize holds the frames of a batch; a frame larger than that is alone.
	bufferSize = 256 << 10
	// maxBuffers is how many batches may be in flight.
	maxBuffers = 64
)

// memory is what merged frames lie in, one buffer a batch.
type memory struct {
	cur *buffer // of the batch that is being filled

	mu   sync.Mutex
	free []*buffer
	live int
}

type buffer struct {
	octets []byte
	hook   func(*wire.Batch)
}

// take makes a free buffer that of the batch; false if there are too many.
func (m *memory) take(b *wire.Batch) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := len(m.free); n > 0 {
		m.cur, m.free = m.free[n-1], m.free[:n-1]
	} else if m.live == maxBuffers {
		return false
	} else {
		m.live++
		m.cur = m.make()
	}
	b.SetOwner(m.cur.hook)
	return true
}

func (m *memory) make() *buffer {
	buf := &buffer{octets: make([]byte, 0, bufferSize)}
	buf.hook = func(*wire.Batch) {
		if buf.octets = buf.octets[:0]; cap(buf.octets) > bufferSize {
			buf.octets = make([]byte, 0, bufferSize) // what one large frame needed is not kept
		}
		m.mu.Lock()
		m.free = append(m.free, buf)
		m.mu.Unlock()
	}
	return buf
}

// append appends a copy of a frame to the batch; false if there is no room.
func (m *memory) append(b *wire.Batch, f *wire.Frame) bool {
	have := m.cur.octets
	if len(have)+len(f.Data) > cap(have) {
		if len(b.Frames) > 0 {
			return false
		}
		have = make([]byte, 0, len(f.Data)) // at most sources.MaxCapLen
	}
	from := len(have)
	m.cur.octets = append(have, f.Data...)
	own := *f
	own.Data = m.cur.octets[from:len(m.cur.octets):len(m.cur.octets)]
	b.Frames = append(b.Frames, own)
	return true
}
