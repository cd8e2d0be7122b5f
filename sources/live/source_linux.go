package live

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"netramet/sources"
	"netramet/sources/filter"
	"netramet/sources/internal/ring"
	"netramet/sources/wire"
)

// Source captures from interfaces. It is a sources.Source and a sources.Namer.
// Interfaces, Stats and Close may be called by any goroutine. The one that Reads
// must stay in the network namespace in which the source was opened.
type Source struct {
	opt     Options
	program []bpf.RawInstruction // of each socket
	check   *filter.Stage        // for frames that the sockets' filters leave undecided; nil: none
	decided bool                 // the sockets' filters decide about all that they can
	sys     system

	reading sync.Mutex // held by Read, and by Close in the end
	rings   []*openRing
	turn    int // the ring that is looked at first
	watch   watch
	poll    []unix.PollFd
	unwatch int // Reads since links were looked after
	nap     time.Duration
	running bool // packets have come since Read last waited
	tell    []Event
	counts  [wire.MaxInterfaces + 1]ring.Counts // of a batch, by interface

	mu      sync.Mutex    // what follows
	ifaces  []*iface      // by number, from opt.FirstInterface on
	byIndex map[int]uint8 // numbers of the interfaces of Any, also of those that are gone
	stats   wire.SourceStats
	full    bool // there was an interface without a number

	wake   int // an eventfd, by which Close wakes a Read
	closed atomic.Bool
}

// iface is an interface, and where its packets come from.
type iface struct {
	Interface
	open    []*openRing // none while it cannot be captured from
	refused string      // why it cannot, as it was told
}

// openRing is a ring and whose it is.
type openRing struct {
	*ring.Ring
	of      *iface
	retired time.Time // the interface is gone, and what the ring holds is read; zero: not
}

// Open begins to capture. Interfaces must exist; one that is down is waited for.
func Open(opt Options) (*Source, error) {
	opt, err := opt.checked()
	if err != nil {
		return nil, err
	}
	s := &Source{opt: opt, wake: -1, watch: watch{fd: -1}, nap: napOf(opt.RingOctets), byIndex: make(map[int]uint8)}
	if err := s.begin(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Source) begin() (err error) {
	if s.sys, err = newSystem(); err != nil {
		return err
	}
	if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return os.NewSyscallError("eventfd", err)
	}
	s.watch.start() // before the interfaces are looked at, so that no change is missed
	if err := s.beginFilter(); err != nil {
		return err
	}
	for i, name := range s.opt.Interfaces {
		number := s.opt.FirstInterface + uint8(i)
		f := &iface{Interface: Interface{Number: number, Name: name}}
		s.ifaces = append(s.ifaces, f)
		if name == Any {
			f.Present, f.Up, f.LinkType = true, true, wire.LinkLinuxSLL
			if err := s.open(f, card{}); err != nil {
				return fmt.Errorf("interface %s: %w", name, explained(err))
			}
			continue
		}
		if err := s.beginInterface(f); err != nil {
			return err
		}
	}
	return nil
}

// beginInterface opens an interface for the first time.
func (s *Source) beginInterface(f *iface) error {
	c, ok := s.sys.card(f.Name)
	if !ok {
		return noInterface(f.Name)
	}
	s.describe(f, c)
	if s.check != nil {
		if err := s.checkFilter(f.LinkType); err != nil {
			return fmt.Errorf("interface %s: %w", f.Name, err)
		}
	}
	err := s.open(f, c)
	if err != nil {
		return fmt.Errorf("interface %s: %w", f.Name, explained(err))
	}
	if !f.Up {
		s.tell = append(s.tell, Event{Kind: Down, Number: f.Number, Name: f.Name, IfIndex: f.IfIndex})
	}
	return nil
}

// describe sets what the kernel says of an interface.
func (s *Source) describe(f *iface, c card) {
	f.IfIndex, f.Present, f.Up = c.index, true, c.running
	_, f.LinkType = ring.FormOf(c.hardware)
	for _, r := range f.open {
		r.SetLink(linkOf(c, f.Number))
	}
}

// Interfaces returns the interfaces by number.
func (s *Source) Interfaces() []Interface {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takeDropped()
	list := make([]Interface, len(s.ifaces))
	for i, f := range s.ifaces {
		list[i] = f.Interface
	}
	return list
}

// InterfaceNames implements sources.Namer.
func (s *Source) InterfaceNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]string, len(s.ifaces))
	for i, f := range s.ifaces {
		names[i] = f.Name
	}
	return names
}

// Stats implements sources.Source.
func (s *Source) Stats() wire.SourceStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takeDropped()
	return s.stats
}

// takeDropped asks the rings what they have dropped; s.mu is locked.
func (s *Source) takeDropped() {
	for _, f := range s.ifaces {
		for _, r := range f.open {
			s.takeDroppedOf(r)
		}
	}
}

func (s *Source) takeDroppedOf(r *openRing) {
	if n, err := r.TakeDropped(); err == nil {
		r.of.Dropped += n
		s.stats.Dropped += n
	}
}

// Close implements sources.Source.
func (s *Source) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	if s.wake >= 0 {
		unix.Write(s.wake, []byte{7: 1})
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	for _, r := range s.rings {
		s.shut(r)
	}
	s.mu.Lock()
	for _, f := range s.ifaces {
		f.open = nil
	}
	s.mu.Unlock()
	s.rings = nil
	s.watch.close()
	s.sys.close()
	if s.wake >= 0 {
		unix.Close(s.wake)
	}
	return nil
}

func (s *Source) closedError() error { return fmt.Errorf("live capture: %w", os.ErrClosed) }

var _ interface {
	sources.Source
	sources.Namer
} = (*Source)(nil)
