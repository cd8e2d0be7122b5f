// Package netflow turns flow records that routers and probes export into
// wire.Records: NetFlow versions 1, 5, 7 and 9, IPFIX (RFC 7011, biflows of RFC 5103) and
// the packet headers of sFlow version 5, from UDP or from a trace of such datagrams.
//
// It owns sockets, the templates of each exporter, the data that wait for one, and
// the telling of what was lost. What exporters send is nobody's word: each size is
// checked against a limit, each datagram costs no more than its length, and no
// exporter moves the clock, which goes by when datagrams come. The commands open it;
// the reading loop reads it.
package netflow

import (
	"net/netip"
	"time"
)

// Limits on what exporters can make a Collector keep.
const (
	maxExporters = 200     // that have an interface number each
	maxSessions  = 16      // of an exporter: its ports, versions and domains
	maxFields    = 256     // of a template
	maxTemplates = 512     // of a session
	maxKept      = 1 << 19 // fields of all templates of all exporters
	ofTemplate   = 16      // fields that a template takes as much memory as, beside its own
	maxSamplers  = 256     // of a session, and as many interfaces with rates of their own

	maxHeld        = 4 << 20   // octets of all data that wait for their template
	maxSessionHeld = 256 << 10 // of these, of one session
	maxHeldFor     = 10 * time.Minute

	maxRate   = 1 << 20 // one packet in so many
	maxPDUs   = 1 << 36 // of one record; times maxRate they are still numbers
	maxOctets = 1 << 42
)

// Times.
const (
	// maxSkew is how far an exporter's clock may be off: beyond that its records'
	// times are moved, as if it had exported when the datagram came.
	maxSkew = time.Minute
	// maxAge is how old a packet can be when its record comes, and farAhead how young:
	// other times are taken for wrong ones.
	maxAge   = 24 * time.Hour
	farAhead = time.Second
)

// Sampling says what is done where exporters have seen one packet in so many.
type Sampling uint8

// The ways.
const (
	Apply Sampling = iota // packets and octets are multiplied
	Tell                  // they count as exported, and Exporter.Rate tells
)

// Options are how to collect.
type Options struct {
	Sampling Sampling
	// FirstInterface is the number of the first exporter's interface; further ones
	// follow. 0 is 1.
	FirstInterface uint8
	// From are the networks from which exporters are heard; none: all are.
	From []netip.Prefix
	// Tell is told of what happens, by the goroutine that Reads; nil: nobody is. There
	// is one line for each exporter and kind.
	Tell func(string)
	// TellRates has Tell hear of the sampling of each exporter.
	TellRates bool
	// TellInterfaces has Tell hear of exporters with interfaces that rules cannot tell
	// apart (packet.TakeRecord).
	TellInterfaces bool
}

// Exporter is one that has sent something.
type Exporter struct {
	Interface uint8 // number in the meter
	Addr      netip.Addr
	Datagrams uint64
	Records   uint64
	Octets    uint64 // of the records, or their frames
	Lost      uint64 // records, or datagrams where those are numbered, that did not come
	Damaged   uint64 // datagrams
	// Rates are the least and the most of records of which one packet in so many was
	// seen; 0: there were none, as far as is told.
	Rates [2]uint32
}

// Stats are the counts of a Collector. Those of datagrams tell of each one time.
type Stats struct {
	Datagrams  uint64 // that came
	Foreign    uint64 // of no version that is known
	Refused    uint64 // from beyond Options.From, or there were too many exporters
	Damaged    uint64 // that contradict themselves; what comes before is used
	Records    uint64 // flow records and sampled packets handed over, each direction by itself
	Empty      uint64 // records without a packet or a counter that is known, or with impossible ones
	Lost       uint64 // see Exporter
	Withheld   uint64 // data sets that wait for their template
	Counters   uint64 // samples of sFlow that are of no packet
	Unknown    uint64 // of these, those that were dropped
	Templates  uint64 // kept
	NoTemplate uint64 // refused: there are too many, or they make no record
	OddTimes   uint64 // records whose times cannot be, which were mended
	Skewed     uint64 // datagrams of exporters whose clocks are wrong
}
