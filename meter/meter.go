// Package meter is the METER of RFC 2722: it turns packets into flows under
// the running rule sets, keeps the flow table, and answers requests about it.
//
// It is a function of packets, packet time and requests. It knows no sockets,
// files, wall clocks or SNMP; commands feed it batches through Feed and reach
// its state through View and Update, which run between rounds of packets.
//
// The way of a packet goes through intake.go, round.go, lane.go and admit.go.
package meter

import (
	"time"

	"netramet/meter/origin"
	"netramet/meter/packet"
	"netramet/streams"
)

// OctetMode says which octets a packet's octet count holds (decision 21).
type OctetMode uint8

// The modes.
const (
	FrameOctets OctetMode = iota // the frame on the wire, without FCS
	PeerOctets                   // the network layer
)

// String returns the mode's name on the command line.
func (o OctetMode) String() string {
	if o == PeerOctets {
		return "peer"
	}
	return "frame"
}

// CacheMode says whether streams remember verdicts. Results are the same.
type CacheMode uint8

// The modes.
const (
	CacheVerdicts CacheMode = iota
	NoCache
)

// Config holds what is fixed when a meter starts. The zero value of a field
// means its default.
type Config struct {
	MaxFlows   int // flows held at once; default DefaultMaxFlows
	Streams    streams.Config
	Octets     OctetMode
	Depth      packet.Depth // how far into packets to look
	Cache      CacheMode
	Lanes      int           // that share the packets; default 1, at most MaxLanes. Results are the same
	Near       int           // how many streams and flows of a rule set lie near, so that packets are metered without rounds; default DefaultNear, NeverNear for none, StreamsNear. Results are the same
	Inactivity time.Duration // a flow is idle after that; default 600 s, NoInactivity for 0
	SampleRate uint32        // one packet in SampleRate is metered, by chance; default 1
	Seed       uint64        // of the sampling
	MeterID    uint32        // the value of the attribute
	Origins    *origin.Table // of addresses; nil: none is known
	Records    bool          // the source gives records: flows have their times, and not those at which they came
	MaxGap     time.Duration // a larger step of packet time is in doubt (decision 6); default 10 minutes, AnyGap for none

	// Live says that time goes on without packets, by Advance, which begins it.
	// No stamp is in doubt then: whoever calls it knows what time it is.
	Live bool

	// StreamEnded is told of each stream that ends, if it is not nil, by the goroutine that
	// feeds; the StreamEnd is the meter's again when it returns. The order does not
	// depend on the lanes.
	StreamEnded func(*StreamEnd)

	// Paired is told of each packet that replies to one before it, if it is not nil, as
	// StreamEnded is of streams: all packets are then matched in pairs, in all ways.
	Paired func(*Pair)
	// PairPorts are the ports by which protocols are known, for pairs. By default, DNS
	// has 53.
	PairPorts packet.FactsPorts

	// Interval is the length of a reading interval in packet time, a multiple
	// of the 100 ms between ticks, 0 for none (decision 3). MaxIntervals ends the trace after that many
	// intervals of the grid, 0 for none.
	Interval     time.Duration
	MaxIntervals uint64
	// Align has the grid lie on the multiples of Interval since 1970, UTC, so that the
	// first interval is mostly shorter. The meter then begins, with uptime 1, at the
	// last tenth of a second not after the first packet.
	Align bool
}

// Defaults.
const (
	DefaultMaxFlows   = 4_000_000
	MaxLanes          = 64
	DefaultInactivity = 600 * time.Second
	DefaultMaxGap     = 10 * time.Minute
	DefaultDNSPort    = 53

	// NoInactivity makes a flow idle with its last packet.
	NoInactivity = time.Duration(-1)

	// AnyGap believes every stamp, and holds no frame back.
	AnyGap = time.Duration(1<<63 - 1)
)

func (c Config) withDefaults() Config {
	if c.Streams.MaxStreams <= 0 {
		c.Streams.MaxStreams = streams.DefaultMaxStreams
	}
	c.Lanes = min(max(c.Lanes, 1), MaxLanes)
	if c.Near == 0 {
		c.Near = DefaultNear
	}
	if c.MaxFlows <= 0 {
		c.MaxFlows = DefaultMaxFlows
	}
	switch {
	case c.Inactivity == 0:
		c.Inactivity = DefaultInactivity
	case c.Inactivity < 0:
		c.Inactivity = 0
	}
	if c.SampleRate == 0 {
		c.SampleRate = 1
	}
	switch {
	case c.Live:
		c.MaxGap = AnyGap
	case c.MaxGap <= 0:
		c.MaxGap = DefaultMaxGap
	}
	if c.Paired != nil {
		c.Streams.Pairs.Patience = int64(pairPatience)
	}
	if c.PairPorts.DNS == nil {
		c.PairPorts.DNS = []uint16{DefaultDNSPort}
	}
	return c
}

// Meter is one meter. Feed and Finish are called by one goroutine; View and
// Update by any.
type Meter struct {
	cfg  Config
	door door

	in intake
	way
	rounds
	lanes      []lane
	flows      flowTable
	made       made
	epoch      epoch
	needsRest  bool // some running rule set looks at packet.Rest
	needsTCP   bool // streams are measured, which look at what DecodeTCP gives
	needsFacts bool // packets are matched in pairs
	paired     []notedPair
	told       Pair // of Config.Paired
	ended      []endedStream
	ruleSets   [ruleset255]*ruleSet
	collected  collected
	usage      usage
	blocks     blocks
	gone       RuleSetCounts // of destroyed rule sets
	// goneRecalled is what recalled was of them.
	goneRecalled uint64
	interfaces   interfaces
	seeker       streams.Seeker
	notice       notice
	collector
	counts Counts
}

// ruleset255 is one more than the largest rule set number.
const ruleset255 = 256

// Counts are the meter's counts of packets since it started.
type Counts struct {
	Packets     uint64 // read
	Octets      uint64 // of the packets read and not sampled out, in the meter's octet mode
	SampledOut  uint64 // not metered, by the sampling rate
	Unsupported uint64 // not metered: the link type cannot be decoded
	Faults      [packet.NumFaults]uint64
	Late        uint64 // behind the clock: metered at the clock. Live: metered in a later interval than their own
	BadStamps   uint64 // too far ahead and not believed: metered at the clock
	NoStamps    uint64 // without a time: metered at the clock
	Backward    uint64 // times between two packets that were below 0: no distribution has them
	FullAt      Uptime // at which a flow first was refused because the table was full, 0 if never
	FloodedAt   Uptime // at which one first was refused in flood mode, 0 if never
}

// New makes a meter that holds no rule set.
func New(cfg Config) *Meter {
	m := &Meter{cfg: cfg.withDefaults()}
	m.door.meter = m
	m.epoch = 1
	m.flows.init(m.cfg.MaxFlows, m.cfg.Lanes)
	m.flows.own.kept = m.cfg.Records
	m.in.init(&m.cfg)
	m.initRounds(m.cfg.Lanes)
	for i, table := range streams.NewLanes(m.cfg.Streams, m.cfg.Lanes) {
		m.lanes = append(m.lanes, lane{number: uint8(i), alone: m.cfg.Lanes == 1, cfg: &m.cfg, flows: &m.flows, epoch: &m.epoch, streams: table, ids: make([]streams.ID, len(m.filling.packets))})
	}
	m.seeker = m.lanes[0].streams.Seeker()
	m.initPairs()
	m.initStreams()
	m.interfaces.init(&m.cfg)
	m.collected.init()
	m.usage.init(m.flows.max)
	return m
}
