package join

import (
	"errors"
	"io"

	"netramet/sources"
	"netramet/sources/wire"
)

// sequence reads one part after the other.
type sequence struct {
	*joined
	next   int            // part to open
	cur    sources.Source // nil between two
	mapped mapping        // of cur
	span   span           // of cur
	before span           // of the last part that had packets
}

// openSequence opens the first part that can be read.
func openSequence(parts []Part, opt Options) (*sequence, error) {
	s := &sequence{joined: newJoined(parts, opt)}
	if err := s.step(); err != nil {
		return nil, err
	}
	return s, nil
}

// Read implements sources.Source.
func (s *sequence) Read(b *wire.Batch) error {
	b.Reset()
	for {
		switch {
		case s.isClosed():
			return errClosed
		case s.err != nil:
			return s.err
		case s.cur == nil:
			if err := s.step(); err != nil {
				return err
			}
		}
		err := s.cur.Read(b)
		if len(b.Frames) > 0 {
			s.take(b)
			s.handOver(b)
		}
		switch {
		case err == nil && len(b.Frames) == 0 && s.err != nil:
		case err == nil || errors.Is(err, sources.ErrTooManyBatches):
			return err
		case s.isClosed():
			return errClosed
		default:
			s.leave(err)
			if len(b.Frames) > 0 {
				return nil
			}
		}
	}
}

// take makes the frames of a part frames of the trace.
func (s *sequence) take(b *wire.Batch) {
	begun := s.span.any
	s.span.cover(b.Frames)
	if !begun && s.span.any && s.before.any {
		s.seams.between(&s.before, &s.span)
	}
	b.Frames, s.err = s.numbers.renumber(b.Frames, &s.mapped, s.cur, 0)
}

// leave ends a part, which err has ended.
func (s *sequence) leave(err error) {
	if err != io.EOF {
		s.faults.add(err)
	}
	s.retire(s.cur, true)
	s.cur = nil
	if s.span.any {
		s.before = s.span
	}
}

// step opens the next part that can be opened; its error is the trace's end.
func (s *sequence) step() error {
	for ; s.next < len(s.parts); s.next++ {
		src, err := s.openPart(s.next)
		if s.isClosed() {
			return errClosed
		}
		if err != nil {
			s.faults.add(err)
			continue
		}
		s.cur, s.mapped, s.span = src, mapping{}, span{name: s.parts[s.next].Path}
		s.next++
		return nil
	}
	return s.end()
}
