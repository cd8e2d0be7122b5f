package live

import (
	"fmt"
	"math"

	"netramet/sources/internal/ring"
	"netramet/sources/wire"
)

// open opens the rings of an interface, unless it is down.
func (s *Source) open(f *iface, c card) (err error) {
	if !c.up && f.Name != Any {
		return ring.Permitted()
	}
	defer func() {
		if err == nil {
			return
		}
		for _, r := range f.open {
			_ = r.Close()
		}
		f.open = nil
	}()
	cfg := ring.Config{
		BlockOctets: s.opt.BlockOctets,
		Blocks:      s.opt.RingOctets / s.opt.BlockOctets,
		Timeout:     BlockTimeout,
		Filter:      s.program,
	}
	if s.opt.Rings > 1 { // until they share, each would have all packets
		cfg.Filter = ring.Nothing
	}
	var rings []*ring.Ring
	for range s.opt.Rings {
		r, err := ring.Open(cfg)
		if err != nil {
			return err
		}
		f.open = append(f.open, &openRing{Ring: r, of: f})
		rings = append(rings, r)
		if f.Name == Any {
			r.SetLinks(s.resolve)
		} else {
			r.SetLink(linkOf(c, f.Number))
		}
		if err := r.Bind(c.index); err != nil {
			return err
		}
	}
	if err := s.share(rings); err != nil {
		return err
	}
	if s.opt.Promiscuous && f.Name != Any {
		if err := f.open[0].Promiscuous(c.index); err != nil {
			return fmt.Errorf("promiscuous mode: %w", err)
		}
	}
	s.rings = append(s.rings, f.open...)
	return nil
}

// share has the rings of an interface share out its packets, if there are several.
func (s *Source) share(rings []*ring.Ring) error {
	if len(rings) == 1 {
		return nil
	}
	program, err := hashProgram()
	if err != nil {
		return err
	}
	if err := ring.Group(rings, program); err != nil {
		return fmt.Errorf("%d rings, which need Linux 4.12: %w", len(rings), err)
	}
	for _, r := range rings {
		if err := r.SetFilter(s.program); err != nil {
			return err
		}
	}
	return nil
}

// linkOf is what a ring has to know of an interface.
func linkOf(c card, number uint8) ring.Link {
	form, link := ring.FormOf(c.hardware)
	const headers = 14 + 2*4 // Ethernet's, and two tags
	return ring.Link{Number: number, Form: form, Type: link, Limit: c.mtu + headers}
}

// maxIndexes is how many interfaces, there and gone, the ring of all of them knows
// the numbers of.
const maxIndexes = 4096

// resolve finds the interface of a packet that came from the ring of all of them.
// Interfaces for which there is no number left are 0.
func (s *Source) resolve(index int, hardware uint16) ring.Link {
	name := s.sys.name(index)
	c, ok := s.sys.card(name)
	if !ok {
		c = card{index: index, mtu: math.MaxUint16}
	}
	c.hardware = hardware
	s.mu.Lock()
	defer s.mu.Unlock()
	number, known := s.byIndex[index]
	if name == "" && !known {
		name = fmt.Sprintf("if%d", index) // it is gone already
	}
	if len(s.byIndex) >= maxIndexes {
		clear(s.byIndex)
	}
	if name != "" {
		number = s.numberOf(name, c, ok)
		s.byIndex[index] = number
	}
	return linkOf(c, number)
}

// numberOf returns the number of an interface that belongs to all of them; s.mu is
// locked.
func (s *Source) numberOf(name string, c card, present bool) uint8 {
	for _, f := range s.ifaces[1:] {
		if f.Name == name {
			return f.Number
		}
	}
	n := int(s.opt.FirstInterface) + len(s.ifaces)
	if n > wire.MaxInterfaces {
		if !s.full {
			s.full = true
			s.tell = append(s.tell, Event{Kind: NoNumber, Name: name, IfIndex: c.index})
		}
		return 0
	}
	f := &iface{Interface: Interface{Number: uint8(n), Name: name}}
	s.describe(f, c)
	f.Present = present
	s.ifaces = append(s.ifaces, f)
	return f.Number
}

// forget has the rings of all interfaces ask anew whose packets are whose.
func (s *Source) forget() {
	for _, r := range s.ifaces[0].open {
		r.SetLinks(s.resolve)
	}
}
