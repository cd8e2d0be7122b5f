// Package live is the links of this machine as a source: it captures what network
// interfaces carry, on Linux.
//
// It owns sockets, their filters and rings, which interface is which number, and
// what happens when interfaces go down, vanish and come back. It never changes an
// interface, apart from promiscuous mode while it captures, and it tells what the
// system has lost. The commands open it; the reading loop reads it.
package live

import (
	"fmt"
	"time"

	"netramet/sources/filter"
	"netramet/sources/wire"
)

// Any is the name that stands for all interfaces. It is an interface of its own,
// the first one, without packets: what the ring of all interfaces has dropped
// counts there.
const Any = "any"

// Sizes of rings, in octets. A ring is of one interface.
const (
	DefaultRingOctets  = 32 << 20
	DefaultBlockOctets = 128 << 10
	MaxRingOctets      = 1 << 30
	MinBlockOctets     = 4 << 10
	MaxBlockOctets     = 4 << 20
)

// MaxRings is the most rings of an interface.
const MaxRings = 64

// Times of a source.
const (
	// BlockTimeout is how long the kernel keeps a block of a ring that is not full.
	BlockTimeout = 4 * time.Millisecond
	// MaxSilence is the longest that Read waits for a packet.
	MaxSilence = 8 * time.Millisecond
	// MaxNap is the longest that Read sleeps, before it waits, where packets have just
	// come: to be woken for each block costs more than the block. It is a little more
	// than whole milliseconds, which is what the runtime sleeps for in one go.
	MaxNap = 4*time.Millisecond + 20*time.Microsecond
)

// napOctets is what a nanosecond brings to a ring, at most, as far as naps are
// concerned: ten million smallest packets a second.
const napOctets = 1.6

// napOf is how long Read may sleep with rings of a size: until a quarter is full. With
// small rings it does not.
func napOf(ringOctets int) time.Duration {
	nap := time.Duration(float64(ringOctets) / 4 / napOctets)
	if nap < time.Millisecond {
		return 0
	}
	return min(nap, MaxNap)
}

// Options are what to capture, and how.
type Options struct {
	Interfaces  []string // names; Any alone is all of them
	Promiscuous bool     // take frames for other stations too; not with Any
	SnapLen     int      // octets kept of a frame; 0: all
	RingOctets  int      // of each ring; 0: DefaultRingOctets
	BlockOctets int      // of each block of a ring, a power of two; 0: DefaultBlockOctets
	// Rings is how many rings each interface has, between which the kernel shares
	// out packets by their addresses, those of both directions and fragments to
	// one. 0 is 1.
	Rings          int
	Filter         *filter.Expr // selects frames; nil: all
	FirstInterface uint8        // number of the first interface; further ones follow. 0: 1
	// Tell is told what happens to interfaces, by the goroutine that Reads; nil:
	// nobody is.
	Tell func(Event)
}

// Interface is one interface of a source.
type Interface struct {
	Number   uint8
	Name     string
	IfIndex  int           // the system's; of an interface that is gone, the last one
	LinkType wire.LinkType // of its IP packets
	Present  bool          // there is such an interface
	Up       bool          // and it is up, and has a carrier
	Packets  uint64        // handed over
	Octets   uint64        // of these, on the wire
	Merged   uint64        // of these, packets that are several of the link; see wire.Merged
	Dropped  uint64        // packets that the ring had no room for
}

// Event is something that has happened to an interface.
type Event struct {
	Kind    EventKind
	Number  uint8
	Name    string
	IfIndex int
	Err     error // of CannotOpen: why
}

// EventKind is what has happened.
type EventKind uint8

// The kinds.
const (
	Down       EventKind = iota + 1 // the interface is down; it is waited for
	Up                              // it is up
	Gone                            // there is no such interface any more; it is waited for
	Back                            // there is one of that name again
	CannotOpen                      // there is one, but it cannot be captured from; it is tried again
	Merging                         // for the first time, a packet stands for several of the link
	NoNumber                        // there are more interfaces than numbers: this one and others are 0
)

// String says what has happened, in a line for a log.
func (e Event) String() string {
	switch e.Kind {
	case Down:
		return fmt.Sprintf("interface %s is down: waiting for it to come up", e.Name)
	case Up:
		return fmt.Sprintf("interface %s is up", e.Name)
	case Gone:
		return fmt.Sprintf("interface %s is gone: waiting for one of that name", e.Name)
	case Back:
		return fmt.Sprintf("interface %s is there again, with ifIndex %d", e.Name, e.IfIndex)
	case CannotOpen:
		return fmt.Sprintf("interface %s cannot be captured from, and is tried again: %v", e.Name, e.Err)
	case Merging:
		return fmt.Sprintf("interface %s has merged packets (GRO, TSO), which count as one; "+
			"to count each: ethtool -K %s gro off lro off tso off gso off", e.Name, e.Name)
	case NoNumber:
		return fmt.Sprintf("interface %s, and all that come behind it, are interface 0: there are no more numbers", e.Name)
	}
	return fmt.Sprintf("interface %s: event %d", e.Name, e.Kind)
}
