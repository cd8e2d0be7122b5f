package live

import (
	"errors"

	"golang.org/x/sys/unix"

	"netramet/sources/filter"
	"netramet/sources/internal/ring"
	"netramet/sources/wire"
)

// beginFilter makes the program of the sockets and what decides about the rest.
func (s *Source) beginFilter() (err error) {
	if s.opt.Filter == nil {
		s.program, err = socketProgram(nil, s.opt.SnapLen)
		return err
	}
	s.check = filter.NewStage(s.opt.Filter)
	if p := ethernetProgram(s.opt.Filter); p != nil {
		if s.program, err = socketProgram(p, s.opt.SnapLen); err != nil {
			return err
		}
		err = ring.Takes(s.program)
		if s.decided = err == nil; s.decided {
			return nil
		}
		// Kernels have less room for programs than programs may need.
		if !errors.Is(err, unix.ENOMEM) && !errors.Is(err, unix.EINVAL) {
			return explained(err)
		}
	}
	s.program, err = socketProgram(nil, 0)
	return err
}

// checkFilter says whether the filter has a meaning for a link type.
func (s *Source) checkFilter(link wire.LinkType) error {
	_, err := s.opt.Filter.Compile(link)
	return err
}

// selectFrames drops the frames that the filter does not select, of those that the
// socket's has not decided about, cuts the rest to the snapshot length, and reports
// whether any was dropped.
func (s *Source) selectFrames(b *wire.Batch, r *ring.Ring) (dropped bool) {
	if s.check != nil {
		link, one := r.OneLink()
		if !s.decided || !one || link.Form != ring.Ethernet || len(r.Restored()) > 0 {
			before := len(b.Frames)
			s.selectUndecided(b, r.Restored())
			dropped = len(b.Frames) < before
		}
	}
	if snap := s.opt.SnapLen; snap > 0 {
		for i := range b.Frames {
			if f := &b.Frames[i]; len(f.Data) > snap {
				f.Data = f.Data[:snap:snap]
			}
		}
	}
	return dropped
}

// selectUndecided drops frames; those of the kernel's decision stay.
func (s *Source) selectUndecided(b *wire.Batch, restored []uint8) {
	kept := b.Frames[:0]
	for i := range b.Frames {
		f := &b.Frames[i]
		tagged := len(restored) > 0 && int(restored[0]) == i
		if tagged {
			restored = restored[1:]
		}
		if tagged || !s.decided || f.LinkType != wire.LinkEthernet {
			// Of a link type for which the filter has no meaning it selects nothing.
			if ok, err := s.check.Match(f); !ok || err != nil {
				continue
			}
		}
		kept = append(kept, *f)
	}
	b.Frames = kept
}
