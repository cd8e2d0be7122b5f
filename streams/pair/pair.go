// Package pair matches the packets of a stream in pairs of a request and its reply.
//
// It owns queues of the requests that wait for a reply, one queue for each stream
// that asks for pairs, and the rules by which a reply finds its request. It is a
// function of facts and times: it knows no streams, flows, files or clocks. Package
// streams calls it, with one Pool to each table; a Pool belongs to one goroutine at
// a time.
//
// A packet that answers takes its request out of the queue: the two are a Paired
// event. A request that waits longer than its queue's limit is a Lost event, once; it
// stays, since its reply may come late.
package pair

import (
	"netramet/meter/packet"
)

// Kind is a way of matching packets; its number is Parameter-1 of turnaround
// distributions. Plain turnaround times (0) need no queue and are not among them.
type Kind uint8

// The kinds.
const (
	ICMP    Kind = 1  // ICMP and ICMPv6 echo
	TCPData Kind = 6  // a TCP segment and its acknowledgement
	TCPSyn  Kind = 7  // a TCP SYN, and the SYN-ACK or the refusal that answers it
	DNS     Kind = 11 // over UDP
	SNMP    Kind = 12 // over UDP
	NTP     Kind = 13
	UDP     Kind = 14 // any UDP packet and the next one the other way
)

// String is the kind's name in files.
func (k Kind) String() string {
	switch k {
	case ICMP:
		return "icmp"
	case TCPData:
		return "tcp-data"
	case TCPSyn:
		return "tcp-syn"
	case DNS:
		return "dns"
	case SNMP:
		return "snmp"
	case NTP:
		return "ntp"
	case UDP:
		return "udp"
	}
	return "unknown"
}

// Kinds is a set of kinds.
type Kinds uint16

// AllKinds has every kind.
const AllKinds Kinds = 1<<ICMP | 1<<TCPData | 1<<TCPSyn | 1<<DNS | 1<<SNMP | 1<<NTP | 1<<UDP

// Set is the set of the kind alone; empty for a number that is no kind.
func (k Kind) Set() Kinds { return AllKinds & (1 << (k & 15)) }

// Has reports whether the set has a kind.
func (s Kinds) Has(k Kind) bool { return s>>(k&15)&1 != 0 }

// Measure says from which of several requests of one identifier the time to the
// reply is measured. For TCP data it says nothing: a segment that was sent again
// gives no time at all.
type Measure uint8

// The measures.
const (
	FromFirst Measure = iota
	FromLast
)

// What says what an Event tells.
type What uint8

// What events tell.
const (
	Paired What = iota // a reply found its request
	Lost               // a request has waited longer than its limit
)

// Event is something that happened to a request.
type Event struct {
	Request int64 // Unix ns, of the request
	Reply   int64 // Unix ns, never before Request; valid iff Paired
	// ID names the request: as packet.Facts for messages with identifiers, the
	// initial sequence number of a SYN, the sequence number behind the segment for
	// TCP data, 0 for UDP.
	ID   uint64
	What What
	Kind Kind
	Dir  packet.Direction // of the request in the stream
	// Also is the other kind of request, with an identifier, that a request of kind UDP is
	// in the same queue; 0: none.
	Also Kind
	// AlreadyLost: the request has been told as Lost before; valid iff Paired.
	AlreadyLost bool
}

// Turnaround is the time from request to reply in nanoseconds.
func (e *Event) Turnaround() int64 { return e.Reply - e.Request }

// Config holds the limits of a pool. The zero value of a field means its default.
type Config struct {
	MaxTCP   int // requests in the queue of a TCP stream, at most MaxQueue
	MaxOther int // in that of another stream
	Measure  Measure
	// Patience is how long a stream lives on for a request that waits without a
	// limit, in nanoseconds; 0: not at all.
	Patience int64
}

// Defaults and bounds: those of NeTraMet.
const (
	DefaultMaxTCP   = 90
	DefaultMaxOther = 60
	MaxQueue        = 1 << 14
)

// WithDefaults is the configuration with its defaults in place of zeros, within bounds.
func (c Config) WithDefaults() Config {
	if c.MaxTCP <= 0 {
		c.MaxTCP = DefaultMaxTCP
	}
	if c.MaxOther <= 0 {
		c.MaxOther = DefaultMaxOther
	}
	c.MaxTCP, c.MaxOther = min(c.MaxTCP, MaxQueue), min(c.MaxOther, MaxQueue)
	return c
}

// Stats counts requests since the pool was made. Each one queued is matched,
// dropped, expired or waiting: Queued is the sum of the four.
type Stats struct {
	Queued  uint64
	Matched uint64 // answered, measured or not
	Dropped uint64 // gone before their limit: the queue was full, or the stream ended
	Expired uint64 // gone unanswered after their limit
	Waiting uint64 // queued now, or when the trace ended

	Pairs     uint64 // Paired events
	Lost      uint64 // Lost events
	Repeats   uint64 // requests sent again while they waited, or TCP data sent again
	Unasked   uint64 // replies without a request: not seen, answered before, dropped
	Backwards uint64 // replies with a time before their request's: no pairs
}

// Add adds the counts of another pool.
func (s *Stats) Add(o Stats) {
	s.Queued += o.Queued
	s.Matched += o.Matched
	s.Dropped += o.Dropped
	s.Expired += o.Expired
	s.Waiting += o.Waiting
	s.Pairs += o.Pairs
	s.Lost += o.Lost
	s.Repeats += o.Repeats
	s.Unasked += o.Unasked
	s.Backwards += o.Backwards
}
