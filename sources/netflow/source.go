package netflow

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"

	"netramet/sources"
	"netramet/sources/wire"
)

// supply is where datagrams come from. A datagram is the supply's again with the next
// call. errNothing says that there is none now, and with wait that none came for a
// while.
type supply interface {
	next(wait bool) (datagram, error)
	stats() wire.SourceStats // octets as stored, damage, and what holds no datagram
	Close() error
}

type datagram struct {
	from netip.AddrPort
	came int64 // Unix ns
	data []byte
}

var errNothing = errors.New("no datagram")

const (
	// maxBatches is how many batches may be in flight.
	maxBatches = 64
	// maxBarren is how many datagrams without a record are taken in one Read.
	maxBarren = 1024
)

// Source is flow records as a sources.Source: its batches hold wire.Records. Stats has
// as frames the records, as Dropped what exporters numbered and what did not come, as
// Skipped what is no flow data or had no template.
type Source struct {
	name  string
	in    supply
	err   error // what ended it
	begun bool  // the collector is in a datagram
	rooms rooms

	mu     sync.Mutex // of what follows; held while records are made
	col    *Collector
	octets uint64
	ended  bool
	closed bool
}

func newSource(name string, in supply, opt Options) *Source {
	return &Source{name: name, in: in, col: NewCollector(opt)}
}

// Read implements sources.Source.
func (s *Source) Read(b *wire.Batch) error {
	b.Reset()
	if s.isClosed() {
		return fmt.Errorf("%s: %w", s.name, os.ErrClosed)
	}
	if s.err != nil && !s.begun {
		s.end()
		return s.err
	}
	room := s.rooms.get()
	if room == nil {
		return fmt.Errorf("%s: %w", s.name, sources.ErrTooManyBatches)
	}
	err := s.fill(b, room)
	if len(b.Records) > 0 {
		b.SetOwner(room.hook)
		return nil
	}
	s.rooms.put(room)
	switch {
	case err == nil || err == errNothing:
		return nil
	case s.isClosed():
		return fmt.Errorf("%s: %w", s.name, os.ErrClosed)
	case err != sources.ErrTooManyBatches:
		s.end()
	}
	return err
}

// fill fills a batch. Its error is what ended the supply, told once the batch is empty.
func (s *Source) fill(b *wire.Batch, room *room) error {
	barren := 0
	for len(b.Records) < wire.BatchSize {
		if s.begun {
			if !s.take(b, room) {
				return nil // it is full
			}
			continue
		}
		if s.err != nil {
			return s.err
		}
		if barren++; barren > maxBarren {
			return nil
		}
		d, err := s.in.next(len(b.Records) == 0)
		switch {
		case err == nil:
			s.mu.Lock()
			s.col.Begin(d.from, d.came, d.data)
			s.mu.Unlock()
			s.begun = true
		case err == errNothing || errors.Is(err, sources.ErrTooManyBatches):
			return err
		default:
			s.err = err
		}
	}
	return nil
}

// take takes records of the datagram into the batch; false if there was no room for
// all of them.
func (s *Source) take(b *wire.Batch, room *room) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(b.Records); i < wire.BatchSize; i++ {
		if i == cap(b.Records) {
			b.Records = append(b.Records, wire.Record{})[:i]
		}
		b.Records = b.Records[:i+1]
		r := &b.Records[i]
		if !s.col.Next(r, room.octets[i*frameRoom:(i+1)*frameRoom]) {
			b.Records = b.Records[:i]
			s.begun = false
			return true
		}
		n := r.Octets
		if n == wire.OctetsOfFrame {
			n = r.PDUs * uint64(r.Frame.WireLen)
		}
		s.octets += n
		s.col.countOctets(n)
	}
	return false
}

// end settles what was waited for, once nothing more comes.
func (s *Source) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		s.col.End()
	}
}

// Stats implements sources.Source.
func (s *Source) Stats() wire.SourceStats {
	st := s.in.stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.col.Stats()
	st.Frames, st.Octets = c.Records, s.octets
	st.Damaged += c.Damaged
	st.Skipped += c.Foreign + c.Refused + c.Unknown + c.Empty
	st.Odd = c.OddTimes
	st.Dropped += c.Lost
	return st
}

// Collected returns the collector's own counts.
func (s *Source) Collected() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.col.Stats()
}

// Exporters returns what is known of each exporter.
func (s *Source) Exporters() []Exporter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.col.Exporters()
}

// InterfaceNames implements sources.Namer: an interface is an exporter.
func (s *Source) InterfaceNames() (names []string) {
	for _, x := range s.Exporters() {
		names = append(names, x.Addr.String())
	}
	return names
}

func (s *Source) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Close implements sources.Source. What exporters numbered and what has not come by
// then is lost.
func (s *Source) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	err := s.in.Close()
	s.end()
	return err
}

// room is what the frames of a batch lie in.
type room struct {
	octets [wire.BatchSize * frameRoom]byte
	hook   func(*wire.Batch)
}

// rooms keeps the rooms that no batch holds.
type rooms struct {
	mu   sync.Mutex
	free []*room
	made int
}

func (p *rooms) get() *room {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		r := p.free[n-1]
		p.free = p.free[:n-1]
		return r
	}
	if p.made == maxBatches {
		return nil
	}
	p.made++
	r := &room{}
	r.hook = func(*wire.Batch) { p.put(r) }
	return r
}

func (p *rooms) put(r *room) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, r)
}
