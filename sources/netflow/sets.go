package netflow

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// Headers, in octets.
const (
	header9     = 20
	headerIPFIX = 16
	setHeader   = 4
)

// begin9 takes the header of a datagram of version 9 (RFC 3954 §5.1); false if it is
// damaged. The number of records in it is not believed: exporters disagree on what
// counts.
func (c *Collector) begin9(from netip.AddrPort, b []byte) bool {
	if len(b) < header9 {
		return c.in(from, 0) && false
	}
	if !c.in(from, binary.BigEndian.Uint32(b[16:])) {
		return false
	}
	uptime := binary.BigEndian.Uint32(b[4:])
	c.restarted(uptime)
	c.head.exported = int64(binary.BigEndian.Uint32(b[8:])) * int64(time.Second)
	if d := c.head.came - c.head.exported; 0 < d && d < 2*int64(time.Second) {
		c.head.exported = c.head.came // it has whole seconds only, and uptimes milliseconds
	}
	c.head.boot = c.head.exported - int64(uptime)*int64(time.Millisecond)
	c.seq, c.count = binary.BigEndian.Uint32(b[12:]), 1
	c.rest = b[header9:]
	return true
}

// beginIPFIX takes the header of a message (RFC 7011 §3.1); false if it is damaged.
func (c *Collector) beginIPFIX(from netip.AddrPort, b []byte) bool {
	if len(b) < headerIPFIX {
		return c.in(from, 0) && false
	}
	if !c.in(from, binary.BigEndian.Uint32(b[12:])) {
		return false
	}
	c.seq = binary.BigEndian.Uint32(b[8:])
	c.head.exported = int64(binary.BigEndian.Uint32(b[4:])) * int64(time.Second)
	c.head.boot = c.session.boot
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < headerIPFIX || n > len(b) {
		return false
	}
	c.rest = b[headerIPFIX:n]
	return true
}

// nextSet takes the next set of the datagram.
func (c *Collector) nextSet() {
	if len(c.rest) < setHeader {
		if !allZero(c.rest) {
			c.damaged()
		}
		c.rest = nil
		return
	}
	id, n := binary.BigEndian.Uint16(c.rest), int(binary.BigEndian.Uint16(c.rest[2:]))
	if n < setHeader || n > len(c.rest) {
		if allZero(c.rest) {
			c.rest = nil
			return
		}
		c.damaged()
		return
	}
	set := c.rest[setHeader:n]
	c.rest = c.rest[n:]
	first := uint16(v9Templates)
	if c.version == versionIP {
		first = ipfixTemplates
	}
	switch {
	case id == first || id == first+1:
		if !c.learn(id, set) {
			c.damaged()
		}
	case id < firstData: // of no meaning yet
	default:
		if t := c.session.templates[id]; t != nil {
			c.set, c.made, c.setHead, c.waited = set, t, c.head, false
			return
		}
		c.unsure = true
		c.hold(id, set)
	}
}

// nextOfSet makes a flow of the next record of the data set; false if there is none,
// or it is the exporter's own.
func (c *Collector) nextOfSet() bool {
	t := c.made
	if len(c.set) < t.least {
		c.made, c.set = nil, nil // what is left is padding
		return false
	}
	used, ok := t.decode(&c.flow, c.set)
	if !ok {
		c.made, c.set = nil, nil
		c.damaged()
		return false
	}
	c.set = c.set[used:]
	if c.version == versionIP && !c.waited {
		c.count++
	}
	if t.options {
		c.options++
		c.takeOptions(&c.flow)
		return false
	}
	return true
}

// takeOptions takes what the exporter tells of itself.
func (c *Collector) takeOptions(f *flow) {
	s := c.session
	if f.hasKind(0, bootMillis) {
		s.boot = f.boot
		if c.version == versionIP {
			c.head.boot = f.boot
		}
	}
	rate := f.rate()
	if rate == 0 {
		return
	}
	s.newest = rate
	switch {
	case f.hasKind(0, sampler):
		s.rates = keepRate(s.rates, f.sampler, rate)
	case f.hasKind(0, input):
		s.linkRates = keepRate(s.linkRates, uint64(f.told.Interface[0]), rate)
	case f.hasKind(0, output):
		s.linkRates = keepRate(s.linkRates, uint64(f.told.Interface[1]), rate)
	default:
		s.rates = keepRate(s.rates, 0, rate) // which records name that know no samplers
	}
}

// keepRate notes a rate under its sampler or interface, as far as there is room.
func keepRate(rates map[uint64]uint32, of uint64, rate uint32) map[uint64]uint32 {
	if rates == nil {
		rates = make(map[uint64]uint32)
	}
	if _, known := rates[of]; known || len(rates) < maxSamplers {
		rates[of] = rate
	}
	return rates
}

// rate is what a record tells of sampling, one packet in so many; 0 if nothing.
func (f *flow) rate() uint32 {
	n := f.oneIn
	if f.sampled > 0 && f.hasKind(0, skippedOf) {
		n = (min(f.skipped, maxRate) + f.sampled + f.sampled/2) / f.sampled
	} else if f.sampled > 0 && n == 0 {
		n = f.sampled // some have no other number
	}
	if p := f.probability; n == 0 && p > 0 && p <= 1 {
		n = uint64(math.Round(min(1/p, 2*maxRate)))
	}
	if n > maxRate {
		return 0
	}
	return uint32(n)
}

// rateOf is at which rate the packets of a record were sampled: what the record says,
// or the sampler that it names, if that was told, or the interface where they came in, or
// that where they went out, or the exporter.
func (c *Collector) rateOf(f *flow) uint32 {
	if c.fixed != nil {
		return c.rate
	}
	if n := f.rate(); n > 0 {
		return n
	}
	named := f.hasKind(0, sampler)
	if rate, ok := c.session.rates[f.sampler]; named && ok {
		return rate
	}
	for i, n := range f.told.Interface {
		if !f.hasKind(0, input+kind(i)) {
			continue
		}
		if rate, ok := c.session.linkRates[uint64(n)]; ok {
			return rate
		}
	}
	if named { // by what is the exporter's own, for others are of other samplers
		return c.session.rates[0]
	}
	return c.session.newest
}
