package join

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"

	"netramet/sources"
	"netramet/sources/wire"
)

const (
	// maxKept is how many parts stay open from the beginning. Others are opened
	// when it is the turn of their first packets, and then as many as overlap.
	maxKept = 64
	// keptSize is how many octets, as stored, those have that stay open: compressed ones take
	// memory by their size, up to some 50 MB each.
	keptSize = 16 << 20
	// maxOverlap is how many parts may be open at once.
	maxOverlap = 512
)

// merge hands over the packets of all parts, the earliest of those that are next
// in their files first. Each part is read one batch ahead.
type merge struct {
	*joined
	heap    inputs   // parts that have a frame next
	pending []*input // parts whose turn has not come, the next one first
	dry     *input   // part whose batch is used up
	before  span     // of the part, of those read, that ends last
	memory  memory
	most    int // parts that were open at once
}

// input is one part.
type input struct {
	part   int
	src    sources.Source // nil: not open
	batch  wire.Batch
	next   int   // frame of the batch
	at     int64 // its stamp, or that of the last one before it that has any
	mapped mapping
	span   span
}

// openMerge looks when each part begins.
func openMerge(parts []Part, opt Options) (*merge, error) {
	m := &merge{joined: newJoined(parts, opt)}
	kept := int64(0) // octets
	for n := range parts {
		in := &input{part: n, at: math.MinInt64, span: span{name: parts[n].Path}}
		if err := m.start(in); err != nil {
			m.Close()
			return nil, err
		}
		if in.src == nil {
			continue // nothing in it
		}
		m.pending = append(m.pending, in)
		if size := parts[n].Size; size == 0 || len(m.open) <= maxKept && kept+size <= keptSize {
			kept += size
			continue
		}
		m.retire(in.src, false)
		in.src, in.batch, in.span = nil, wire.Batch{}, span{name: parts[n].Path}
	}
	if err := m.faults.err(); len(m.pending) == 0 && err != nil {
		return nil, err
	}
	slices.SortStableFunc(m.pending, func(a, b *input) int { return cmp.Compare(a.at, b.at) })
	return m, nil
}

// start opens a part and reads its first frames. One that cannot be opened is a
// fault of its own; the error is that of a source that was closed.
func (m *merge) start(in *input) error {
	src, err := m.openPart(in.part)
	switch {
	case m.isClosed():
		return errClosed
	case err != nil:
		m.faults.add(err)
		return nil
	}
	in.src = src
	m.most = max(m.most, len(m.open))
	return m.fill(in)
}

// fill reads a part on. At its end it has no source.
func (m *merge) fill(in *input) error {
	for in.next = 0; ; {
		err := in.src.Read(&in.batch)
		switch {
		case len(in.batch.Frames) > 0:
			in.span.cover(in.batch.Frames)
			in.stamp()
			return nil
		case err == nil:
			continue
		case m.isClosed():
			return errClosed
		case err != io.EOF:
			m.faults.add(err)
		}
		m.retire(in.src, true)
		in.src = nil
		if in.span.any && (!m.before.any || in.span.last > m.before.last) {
			m.before = in.span
		}
		return nil
	}
}

// stamp looks when the next frame's turn is.
func (in *input) stamp() {
	if t := in.batch.Frames[in.next].Time; t != wire.NoTime {
		in.at = t
	}
}

// Read implements sources.Source. It reads no part once the batch has frames.
func (m *merge) Read(b *wire.Batch) error {
	b.Reset()
	switch {
	case m.isClosed():
		return errClosed
	case m.err != nil:
		return m.err
	}
	if err := m.ready(); err != nil {
		return err
	}
	if len(m.heap) == 0 {
		return m.end()
	}
	if !m.memory.take(b) {
		return fmt.Errorf("several traces: %w", sources.ErrTooManyBatches)
	}
	for len(b.Frames) < wire.BatchSize && m.dry == nil && len(m.heap) > 0 && !m.due() {
		in := m.heap[0]
		if !m.memory.append(b, &in.batch.Frames[in.next]) {
			break
		}
		own := b.Frames[len(b.Frames)-1:]
		if own, m.err = m.numbers.renumber(own, &in.mapped, in.src, m.capture(in)); m.err != nil {
			b.Frames = b.Frames[:len(b.Frames)-1+len(own)]
			break
		}
		m.step(in)
	}
	m.handOver(b)
	if len(b.Frames) == 0 {
		return m.err
	}
	return nil
}

// capture is which capture a part's interfaces are of.
func (m *merge) capture(in *input) int { return m.parts[in.part].Capture }

// step goes on to the next frame of the part on top of the heap.
func (m *merge) step(in *input) {
	if in.next++; in.next == len(in.batch.Frames) {
		m.heap.pop()
		m.dry = in
		return
	}
	in.stamp()
	m.heap.down(0)
}

// ready fills the part that is dry and opens those whose turn it is.
func (m *merge) ready() error {
	if in := m.dry; in != nil {
		if err := m.fill(in); err != nil {
			return err
		}
		if m.dry = nil; in.src != nil {
			m.heap.push(in)
		}
	}
	for m.due() {
		in := m.pending[0]
		if in.src == nil {
			if len(m.open) == maxOverlap {
				m.err = fmt.Errorf("%s: more than %d files overlap at %s: merge some of them first, with mergecap", m.parts[in.part].Path, maxOverlap, clock(in.at))
				return m.err
			}
			if err := m.start(in); err != nil {
				return err
			}
		}
		m.pending = m.pending[1:]
		if in.src == nil {
			continue
		}
		if len(m.heap) == 0 && m.before.any && in.span.any {
			m.seams.gap(&m.before, &in.span)
		}
		m.heap.push(in)
	}
	return nil
}

// due reports whether the next part that is not open comes before all that are.
func (m *merge) due() bool {
	return len(m.pending) > 0 && (len(m.heap) == 0 || m.pending[0].before(m.heap[0]))
}

// before reports whether a part's next frame comes before another's.
func (in *input) before(other *input) bool {
	return in.at < other.at || in.at == other.at && in.part < other.part
}

// inputs are a heap, the part with the earliest frame on top.
type inputs []*input

func (h *inputs) push(in *input) {
	*h = append(*h, in)
	s := *h
	for i := len(s) - 1; i > 0; {
		up := (i - 1) / 2
		if !s[i].before(s[up]) {
			return
		}
		s[i], s[up], i = s[up], s[i], up
	}
}

// pop takes the top out.
func (h *inputs) pop() {
	s := *h
	last := len(s) - 1
	s[0] = s[last]
	s[last] = nil
	*h = s[:last]
	h.down(0)
}

// down puts a part, whose turn has become later, in its place.
func (h *inputs) down(i int) {
	s := *h
	for {
		least, child := i, 2*i+1
		for c := child; c < min(child+2, len(s)); c++ {
			if s[c].before(s[least]) {
				least = c
			}
		}
		if least == i {
			return
		}
		s[i], s[least], i = s[least], s[i], least
	}
}
