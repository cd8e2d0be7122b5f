package filter

import (
	"sync/atomic"

	"netramet/sources/wire"
)

// Stage is the stage of reading that drops the frames an expression does not
// select. One goroutine runs it; others may ask what it Dropped.
type Stage struct {
	expr     *Expr
	last     wire.LinkType
	program  *Program // of last
	programs map[wire.LinkType]*Program
	dropped  atomic.Uint64
}

// NewStage makes the stage of an expression.
func NewStage(e *Expr) *Stage { return &Stage{expr: e, programs: make(map[wire.LinkType]*Program)} }

// Dropped is how many frames were dropped.
func (s *Stage) Dropped() uint64 { return s.dropped.Load() }

// Run drops frames and records of a batch, records by the headers in their frames. Its error is that of a link type for which the
// expression has no meaning; that frame and those behind it are dropped then,
// and not counted.
func (s *Stage) Run(b *wire.Batch) error {
	kept, looked := b.Frames[:0], 0
	var err error
	for ; looked < len(b.Frames); looked++ {
		f := &b.Frames[looked]
		var ok bool
		if ok, err = s.Match(f); err != nil {
			break
		}
		if ok {
			kept = append(kept, *f)
		}
	}
	s.dropped.Add(uint64(looked - len(kept)))
	b.Frames = kept
	if err != nil {
		b.Records = b.Records[:0]
		return err
	}
	return s.runRecords(b)
}

func (s *Stage) runRecords(b *wire.Batch) error {
	kept := b.Records[:0]
	for i := range b.Records {
		ok, err := s.Match(&b.Records[i].Frame)
		if err != nil {
			b.Records = kept
			return err
		}
		if ok {
			kept = append(kept, b.Records[i])
		} else {
			s.dropped.Add(1)
		}
	}
	b.Records = kept
	return nil
}

// Match reports whether the expression selects a frame.
func (s *Stage) Match(f *wire.Frame) (bool, error) {
	if s.program == nil || f.LinkType != s.last {
		p := s.programs[f.LinkType]
		if p == nil {
			var err error
			if p, err = s.expr.Compile(f.LinkType); err != nil {
				return false, err
			}
			s.programs[f.LinkType] = p
		}
		s.last, s.program = f.LinkType, p
	}
	length := f.WireLen
	if f.Flags&wire.NoFrameLen != 0 {
		length = uint32(len(f.Data))
	}
	return s.program.Match(f.Data, length), nil
}
