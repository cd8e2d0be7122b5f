package netflow

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"time"

	"netramet/sources/wire"
)

// maxDatagram is the most octets of a datagram.
const maxDatagram = 1<<16 - 1

// Versions, as the first octets of a datagram have them.
const (
	version9  = 9
	versionIP = 10
	sflow     = 0 // of which the version follows
)

// Collector makes records of datagrams: Begin takes one, and Next gives the records
// of it, one by one, so that none makes more than the caller has room for. It is for
// one goroutine.
type Collector struct {
	opt        Options
	exporters  map[netip.Addr]*exporter
	list       []*exporter // by number
	clock      uint64      // datagrams, to tell which session was idle longest
	kept       int         // size of templates
	heldOctets int         // of sets that wait for their template
	swept      int64       // when they were looked at
	ready      []heldSet   // whose template has come
	stats      Stats
	told       map[telling]bool

	// Of the datagram that Next is in:
	session *session
	version uint8
	fixed   *fixed // version, if it is such a one
	head    header
	rest    []byte // sets, records or samples that are not yet looked at
	left    int    // records of a fixed version, or samples of sFlow, in rest
	seq     uint32
	count   uint32 // what the sequence number counts, so far
	options uint32 // of count, records of the exporter itself
	unsure  bool   // count is not known
	rate    uint32 // of version 5

	set     []byte // the rest of a data set
	made    *template
	setHead header
	waited  bool // for its template: the set is of an earlier datagram, or was passed over
	flow    flow
	turned  bool // flow is a biflow, whose second direction is next
}

// exporter is one of the addresses that datagrams come from.
type exporter struct {
	Exporter
	sessions map[sessionKey]*session
}

// sessionKey names a numbering and a set of templates: RFC 7011 §8, RFC 3954 §8.
type sessionKey struct {
	port    uint16
	version uint8
	domain  uint32
	agent   netip.Addr // of sFlow, whose datagrams may come by way of others
}

type session struct {
	of         *exporter
	key        sessionKey
	id         uint32 // MeterID of its records
	used       uint64 // Collector.clock
	sequence   sequence
	templates  map[uint16]*template
	rates      map[uint64]uint32 // by sampler
	linkRates  map[uint64]uint32 // by ifIndex
	newest     uint32            // of rates; 0: none
	boot       int64             // told by options; NoTime: not
	uptime     uint32            // newest, of versions that have it
	held       map[uint16][]heldSet
	heldOctets int
	lost       uint64 // of the sequence, as counted
}

// NewCollector makes a Collector.
func NewCollector(opt Options) *Collector {
	opt.FirstInterface = max(opt.FirstInterface, 1)
	return &Collector{opt: opt, exporters: make(map[netip.Addr]*exporter), told: make(map[telling]bool)}
}

// Begin takes a datagram that came at a time (Unix ns). It stays the caller's, who
// must not change it before Next has returned false.
func (c *Collector) Begin(from netip.AddrPort, came int64, b []byte) {
	c.stats.Datagrams++
	c.clock++
	c.session, c.rest, c.set, c.made, c.turned = nil, nil, nil, nil, false
	c.left, c.count, c.options, c.unsure, c.rate = 0, 0, 0, false, 0
	c.expire(came)
	from = netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port())
	c.head = header{came: came, exported: came, boot: wire.NoTime}
	if !c.isFlow(b) {
		c.stats.Foreign++
		c.tellForeign(from.Addr(), b)
		return
	}
	c.version = uint8(binary.BigEndian.Uint16(b))
	c.fixed = fixedVersions[c.version]
	ok := false
	switch {
	case c.fixed != nil:
		ok = c.beginFixed(from, b)
	case c.version == version9:
		ok = c.begin9(from, b)
	case c.version == versionIP:
		ok = c.beginIPFIX(from, b)
	default:
		ok = c.beginSFlow(from, b)
	}
	if c.session == nil {
		return
	}
	c.session.of.Datagrams++
	c.setHead = c.head
	if d := c.head.skew(); d != 0 && c.version != sflow {
		c.stats.Skewed++
		c.tell(c.session.of, "skew", "clock is wrong by %v; the times of its records are moved", time.Duration(-d).Round(time.Second))
	}
	if !ok {
		c.damaged()
	}
}

// isFlow reports whether a datagram is of a version that is known.
func (c *Collector) isFlow(b []byte) bool {
	if len(b) < 4 {
		return false
	}
	switch v := binary.BigEndian.Uint16(b); v {
	case version9, versionIP:
		return true
	case sflow:
		return binary.BigEndian.Uint16(b[2:]) == 5
	default:
		return v <= math.MaxUint8 && fixedVersions[uint8(v)] != nil
	}
}

// tellForeign tells of datagrams that are not read, once for each kind.
func (c *Collector) tellForeign(from netip.Addr, b []byte) {
	is := "no flow records"
	if len(b) >= 4 {
		switch version := binary.BigEndian.Uint32(b); {
		case version == 2 || version == 4:
			is = fmt.Sprintf("sFlow version %d: let it send version 5", version)
		case version>>16 == 8:
			is = "NetFlow version 8, aggregates without conversations: let it send version 5, 9 or IPFIX"
		}
	}
	c.tell(nil, is, "datagrams are passed over: those of %v are %s", from, is)
}

// damaged ends a datagram that contradicts itself.
func (c *Collector) damaged() {
	c.stats.Damaged++
	c.session.of.Damaged++
	c.rest, c.set, c.made, c.left, c.unsure = nil, nil, nil, 0, true
	c.tell(c.session.of, "damaged", "datagrams contradict themselves, and are used up to there")
}

// tell tells of an exporter, once of each kind of thing.
func (c *Collector) tell(x *exporter, kind, format string, args ...any) {
	key := telling{kind: kind}
	if x != nil {
		key.of = x.Addr
	}
	if c.opt.Tell == nil || c.told[key] {
		return
	}
	c.told[key] = true
	text := fmt.Sprintf(format, args...)
	if x != nil {
		text = x.Addr.String() + ": " + text
	}
	c.opt.Tell(text)
}

// telling is what is told once. It is no text, for it is looked up for each record of an exporter
// of which there is something to tell.
type telling struct {
	of   netip.Addr // the exporter; its zero: none
	kind string
}

// in finds the session of a datagram; false if it is of an exporter that is not heard.
func (c *Collector) in(from netip.AddrPort, domain uint32) bool {
	return c.inOf(from, domain, netip.Addr{})
}

// inOf is in for a datagram that names its agent, if that is an address.
func (c *Collector) inOf(from netip.AddrPort, domain uint32, agent netip.Addr) bool {
	x := c.exporters[from.Addr()]
	if x == nil {
		if x = c.newExporter(from.Addr()); x == nil {
			c.stats.Refused++
			return false
		}
	}
	key := sessionKey{from.Port(), c.version, domain, agent}
	s := x.sessions[key]
	if s == nil {
		if len(x.sessions) >= maxSessions {
			c.forgetIdlest(x)
		}
		s = &session{of: x, key: key, id: idOf(from.Addr()), boot: wire.NoTime, templates: make(map[uint16]*template)}
		if agent.IsValid() && !agent.IsUnspecified() {
			s.id = idOf(agent)
		}
		x.sessions[key] = s
	}
	s.used, c.session = c.clock, s
	return true
}

func (c *Collector) newExporter(addr netip.Addr) *exporter {
	if len(c.opt.From) > 0 {
		known := false
		for _, p := range c.opt.From {
			known = known || p.Contains(addr)
		}
		if !known {
			return nil
		}
	}
	number := int(c.opt.FirstInterface) + len(c.list)
	if len(c.list) >= maxExporters || number > wire.MaxInterfaces {
		c.tell(nil, "many", "there are more than %d exporters: further ones, as %v, are not heard", len(c.list), addr)
		return nil
	}
	x := &exporter{Exporter: Exporter{Interface: uint8(number), Addr: addr}, sessions: make(map[sessionKey]*session)}
	c.exporters[addr] = x
	c.list = append(c.list, x)
	return x
}

// idOf is the MeterID of an exporter: its address, of IPv6 the last four octets.
func idOf(a netip.Addr) uint32 {
	octets := a.As16()
	return binary.BigEndian.Uint32(octets[12:])
}

// forgetIdlest forgets the session that was idle longest.
func (c *Collector) forgetIdlest(x *exporter) {
	var idlest *session
	for _, s := range x.sessions {
		if idlest == nil || s.used < idlest.used {
			idlest = s
		}
	}
	now := c.session
	c.session = idlest
	c.withdrawAll(true)
	c.withdrawAll(false)
	c.session = now
	c.leave(idlest)
	delete(x.sessions, idlest.key)
}

// restarted forgets what an exporter said before it began anew: its uptime went back,
// and not because it wrapped.
func (c *Collector) restarted(uptime uint32) {
	const reordered, wrapped = 60_000, 1 << 31 // ms
	s := c.session
	if back := s.uptime - uptime; s.uptime != 0 && back > reordered && back < wrapped {
		s.sequence.forget()
		c.withdrawAll(true)
		c.withdrawAll(false)
		clear(s.rates)
		clear(s.linkRates)
		s.newest = 0
	} else if back <= reordered {
		return
	}
	s.uptime = uptime
}

// Next makes the next record of the datagram; its frame lies in room, which has
// frameRoom octets. It returns false when there is none any more.
func (c *Collector) Next(r *wire.Record, room []byte) bool {
	for {
		switch {
		case c.turned:
			c.turned = false
			if c.emit(r, room, 1) {
				return true
			}
		case c.made != nil:
			if c.nextOfSet() && c.emit(r, room, 0) {
				return true
			}
		case c.left > 0 && c.fixed != nil:
			if c.nextFixed(); c.emit(r, room, 0) {
				return true
			}
		case c.left > 0 && c.version == sflow:
			if c.nextSample(r, room) {
				return true
			}
		case c.replay():
		case len(c.rest) > 0 && (c.version == version9 || c.version == versionIP):
			c.nextSet()
		default:
			c.end()
			return false
		}
	}
}

// end ends the datagram: now all its numbers are known.
func (c *Collector) end() {
	s := c.session
	if s == nil {
		return
	}
	c.session = nil
	switch {
	case c.fixed != nil && !c.fixed.numbered:
		return
	case c.unsure && s.key.version == versionIP:
		s.sequence.forget()
		return
	}
	if s.key.version == versionIP {
		s.sequence.takeTotal(c.seq, c.count, c.count-c.options)
	} else {
		s.sequence.take(c.seq, c.count)
	}
	c.countLost(s)
}

// countLost counts what the session's numbers say is lost for good.
func (c *Collector) countLost(s *session) {
	n := s.sequence.lost - s.lost
	if n == 0 {
		return
	}
	s.lost += n
	s.of.Lost += n
	c.stats.Lost += n
}

// emit makes a record of one direction of the flow; false if there is none in it.
func (c *Collector) emit(r *wire.Record, room []byte, dir uint8) bool {
	const counters = 1<<octets | 1<<packets | 1<<octetTotal | 1<<packetTotal
	f, s := &c.flow, c.session
	if dir == 0 {
		c.turned = f.has[1]&counters != 0
	}
	pdus, many := f.pdus[dir], f.octets[dir]
	if f.has[dir]&counters == 0 || pdus == 0 && many == 0 {
		if !c.turned && dir == 0 {
			c.stats.Empty++
		}
		return false
	}
	pdus = max(pdus, 1)
	if pdus > maxPDUs || many > maxOctets {
		c.stats.Empty++
		return false
	}
	*r = wire.Record{PDUs: pdus, Octets: many}
	rate := uint64(c.sampling(c.rateOf(f)))
	r.PDUs, r.Octets = r.PDUs*rate, r.Octets*rate
	c.noteInterfaces(&f.told)
	r.Frame.Time, r.Frame.Interface = c.head.came, s.of.Interface
	f.frame(&r.Frame, room, dir)
	r.Exporter = f.told
	if dir == 1 {
		x := &r.Exporter
		x.ASN[0], x.ASN[1] = x.ASN[1], x.ASN[0]
		x.Prefix[0], x.Prefix[1] = x.Prefix[1], x.Prefix[0]
		x.Interface[0], x.Interface[1] = x.Interface[1], x.Interface[0]
	}
	r.Exporter.ID = s.id
	var odd bool
	if r.FirstTime, r.LastTime, odd = f.times(&c.setHead, dir); odd {
		c.stats.OddTimes++
	}
	c.stats.Records++
	s.of.Records++
	return true
}
