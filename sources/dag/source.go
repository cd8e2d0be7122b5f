package dag

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"netramet/sources"
	"netramet/sources/live"
	"netramet/sources/wire"
)

const (
	// patience is how long Read waits before it says that nothing has come.
	patience = 8 * time.Millisecond
	// pause is between two looks at streams that are silent.
	pause = 2 * time.Millisecond
	// drainMost is how many octets are still read of other streams when one has
	// ended, unless they have no more.
	drainMost = 256 << 20
)

// Source is a sources.Source of the streams of cards, which it reads in turn.
type Source struct {
	cards []card
	names []string // of the cards
	first uint8

	// Of Read:
	rings   []*ring
	next    int   // the ring whose turn it is
	failed  error // what a stream ended with, while the others are read to their end
	drained int   // octets handed out since then
	err     error // what ended the source
	timer   *time.Timer
	pause   time.Duration // as the constants; tests do not wait
	silence time.Duration

	closing chan struct{}

	mu      sync.Mutex
	closed  bool
	reading bool // a Read is under way
	held    int  // batches that are not released
	down    bool // streams and cards were closed
	stats   wire.SourceStats
	ports   []port // of all cards, as of the last Read
}

// port is what is known of a port of a card.
type port struct {
	frames, octets, lost uint64
	link                 wire.LinkType // of its last frame
}

func newSource(opt Options) *Source {
	s := &Source{
		first: max(opt.FirstInterface, 1), closing: make(chan struct{}), timer: time.NewTimer(pause),
		pause: pause, silence: patience,
		ports: make([]port, sources.ERFPorts*len(opt.Cards)),
	}
	for _, c := range opt.Cards {
		s.names = append(s.names, filepath.Base(c.Device))
	}
	return s
}

// addRing adds a stream of a card.
func (s *Source) addRing(name string, m memory, card int, fcs sources.FCS) {
	first := s.first + uint8(sources.ERFPorts*card)
	s.rings = append(s.rings, &ring{
		name: name, card: card, mem: m, decoder: sources.NewERF(sources.Options{FCS: fcs, FirstInterface: first}),
	})
}

// Read implements sources.Source. The frames of a batch are of one stream, and lie
// in the card's memory. Where nothing comes, it returns an empty batch after some
// milliseconds. When a stream has ended, what the others have is read before Read
// fails: a meter that misses a part of what it is to meter must not go on as if all
// were well.
func (s *Source) Read(b *wire.Batch) error {
	b.Reset()
	if !s.begin() {
		return errClosed
	}
	err := s.read(b)
	if s.finish(b) && len(b.Frames) == 0 {
		return errClosed
	}
	return err
}

var errClosed = fmt.Errorf("DAG cards: %w", os.ErrClosed)

func (s *Source) read(b *wire.Batch) error {
	for waited := time.Duration(0); s.err == nil; waited += s.pause {
		err := s.round(b)
		if err != nil || len(b.Frames) > 0 || waited >= s.silence || !s.wait() {
			return err
		}
	}
	return s.err
}

// round reads streams in turn until one has frames.
func (s *Source) round(b *wire.Batch) error {
	for i := 0; i < len(s.rings) && s.drained < drainMost; i++ {
		r := s.rings[s.next]
		s.next = (s.next + 1) % len(s.rings)
		if r.done {
			continue
		}
		before := r.at
		err := r.read(s, b)
		if errors.Is(err, sources.ErrTooManyBatches) {
			return err
		}
		if err != nil {
			r.done = true
			s.failed = cmp.Or(s.failed, err)
		}
		if s.failed != nil {
			s.drained += int(r.at - before)
		}
		if len(b.Frames) > 0 {
			return nil
		}
	}
	s.err = s.failed
	return s.err
}

// wait lets a pause pass; it reports false if the source is closed.
func (s *Source) wait() bool {
	s.timer.Reset(s.pause)
	select {
	case <-s.timer.C:
		return true
	case <-s.closing:
		return false
	}
}

// begin begins a Read, unless the source is closed.
func (s *Source) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reading = !s.closed
	return s.reading
}

// finish ends a Read: what it counted can be seen, and what was closed meanwhile is
// let go.
func (s *Source) finish(b *wire.Batch) (closed bool) {
	s.mu.Lock()
	s.reading = false
	closed = s.closed
	s.count(b)
	s.mu.Unlock()
	_ = s.letGo() // nobody is left to be told
	return closed
}

// count brings the counts up to date; s.mu is locked.
func (s *Source) count(b *wire.Batch) {
	for i := range b.Frames {
		f := &b.Frames[i]
		p := &s.ports[f.Interface-s.first]
		p.frames++
		p.octets += uint64(f.WireLen)
		p.link = f.LinkType
	}
	s.stats = wire.SourceStats{}
	for i := range s.ports {
		s.ports[i].lost = 0
	}
	for _, r := range s.rings {
		c := r.decoder.Stats()
		s.stats.Frames += c.Frames
		s.stats.Octets += c.Octets
		s.stats.Stored += c.Stored
		s.stats.Skipped += c.Skipped
		s.stats.Odd += c.Odd
		s.stats.Dropped += c.Dropped
		s.stats.BytesRead += r.at
		for p := range sources.ERFPorts {
			s.ports[sources.ERFPorts*r.card+p].lost += r.decoder.Lost(p)
		}
	}
	if errors.Is(s.err, sources.ErrDamaged) {
		s.stats.Damaged = 1
	}
}

// Stats implements sources.Source.
func (s *Source) Stats() wire.SourceStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Interfaces returns the ports of all cards by number, up to the last one that
// something came from. What a record says was lost before it counts for its port.
// A card has no numbers of the system, and does not say which of its links are up.
func (s *Source) Interfaces() []live.Interface {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.ports)
	for last > 0 && s.ports[last-1].frames == 0 {
		last--
	}
	list := make([]live.Interface, last)
	for i, p := range s.ports[:last] {
		list[i] = live.Interface{
			Number: s.first + uint8(i), Name: fmt.Sprintf("%s:%c", s.names[i/sources.ERFPorts], 'A'+i%sources.ERFPorts),
			IfIndex: int(s.first) + i, LinkType: p.link, Present: true, Up: true,
			Packets: p.frames, Octets: p.octets, Dropped: p.lost,
		}
	}
	return list
}

// InterfaceNames implements sources.Namer: card and port, as dag0:A.
func (s *Source) InterfaceNames() []string {
	var names []string
	for _, i := range s.Interfaces() {
		names = append(names, i.Name)
	}
	return names
}

// Info implements sources.Informer.
func (s *Source) Info() sources.Info {
	info := sources.Info{Format: "dag", Section: wire.Section{Hardware: "DAG"}}
	for _, i := range s.Interfaces() {
		info.Interfaces = append(info.Interfaces, wire.Interface{Name: i.Name, LinkType: i.LinkType})
	}
	return info
}

// release takes a piece back; it is given to the card with the next advance.
func (s *Source) release(p *piece) {
	s.mu.Lock()
	p.released = true
	s.held--
	s.mu.Unlock()
	_ = s.letGo() // nobody is left to be told
}

// Close implements sources.Source. Streams and cards are closed when the last batch
// is released.
func (s *Source) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	s.mu.Unlock()
	return s.letGo()
}

// letGo closes streams and cards once nobody uses them any more.
func (s *Source) letGo() error {
	s.mu.Lock()
	now := s.closed && !s.reading && s.held == 0 && !s.down
	s.down = s.down || now
	s.mu.Unlock()
	if !now {
		return nil
	}
	var errs []error
	for _, r := range s.rings {
		errs = append(errs, r.mem.Close())
	}
	for _, c := range s.cards {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
