package live

import (
	"slices"
	"time"
)

// drain is how long the rings of an interface that is gone are still read: their
// last blocks are full or have timed out by then.
const drain = 10 * BlockTimeout

func (f *iface) event(kind EventKind) Event {
	return Event{Kind: kind, Number: f.Number, Name: f.Name, IfIndex: f.IfIndex}
}

// examine finds out what has happened to the interfaces.
func (s *Source) examine() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.ifaces {
		if f.Name != Any {
			s.examineOne(f)
		}
	}
	if s.ifaces[0].Name == Any {
		s.forget()
	}
}

// examineOne tells what has happened to an interface, and opens it anew where
// another one has its name; s.mu is locked.
func (s *Source) examineOne(f *iface) {
	c, ok := s.present(f)
	if f.Present && (!ok || c.index != f.IfIndex) {
		f.Present, f.Up = false, false
		s.tell = append(s.tell, f.event(Gone))
	}
	if !ok {
		return
	}
	wasPresent, wasUp := f.Present, f.Up
	s.describe(f, c)
	if !wasPresent {
		s.tell = append(s.tell, f.event(Back))
	}
	if s.ifaces[0].Name != Any && len(f.open) == 0 && c.up {
		if err := s.open(f, c); err != nil {
			f.Up = false
			s.refuse(f, explained(err))
			return
		}
		f.refused = ""
	}
	switch {
	case f.Up && !wasUp:
		s.tell = append(s.tell, f.event(Up))
	case !f.Up && wasUp:
		s.tell = append(s.tell, f.event(Down))
	}
}

// present returns the interface that f stands for, if there is one, and retires the
// rings of one that is no more. A name that has gone to no other interface is still
// that of the one it was.
func (s *Source) present(f *iface) (c card, ok bool) {
	c, ok = s.sys.card(f.Name)
	if len(f.open) == 0 {
		return c, ok
	}
	bound, err := f.open[0].Bound()
	if err == nil && bound > 0 && !ok {
		c, ok = s.sys.card(s.sys.name(bound))
	}
	if err != nil || bound <= 0 || bound != c.index {
		for _, r := range f.open {
			r.retired = time.Now()
		}
		f.open = nil
	}
	return c, ok
}

// refuse tells, once, why an interface cannot be opened, and has it tried again.
func (s *Source) refuse(f *iface, err error) {
	s.watch.again()
	if f.refused == err.Error() {
		return
	}
	f.refused = err.Error()
	e := f.event(CannotOpen)
	e.Err = err
	s.tell = append(s.tell, e)
}

// closeRetired closes the rings of interfaces that are gone, once all is read that
// they hold.
func (s *Source) closeRetired() {
	s.rings = slices.DeleteFunc(s.rings, func(r *openRing) bool {
		done := !r.retired.IsZero() && time.Since(r.retired) > drain && !r.Pending()
		if done {
			s.shut(r)
		}
		return done
	})
}

// shut closes a ring.
func (s *Source) shut(r *openRing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takeDroppedOf(r)
	_ = r.Close()
}
