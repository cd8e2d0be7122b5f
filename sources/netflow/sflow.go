package netflow

import (
	"encoding/binary"
	"net/netip"

	"netramet/sources/wire"
)

// sFlow version 5 (sflow.org, 2004): all numbers have 32 bits.
const (
	sampleFlow         = 1
	sampleFlowExpanded = 3

	recordHeader  = 1 // a sampled packet's octets
	recordSwitch  = 1001
	recordRouter  = 1002
	recordGateway = 1003

	pathSequence = 2       // a part of a path in the order of its systems; others are sets
	maxPath      = 1 << 14 // systems of a part: a datagram has no more

	interfaceBits = 1<<30 - 1
	noInterface   = interfaceBits // of some other kind than an index, or none
)

// sampledLinks are the link types of sFlow's header protocols.
var sampledLinks = map[uint32]wire.LinkType{1: wire.LinkEthernet, 11: wire.LinkIPv4, 12: wire.LinkIPv6, 13: wire.LinkMPLS}

// words reads numbers one behind the other. Behind the end they are 0.
type words struct {
	b     []byte
	short bool
}

func (w *words) next() uint32 {
	if len(w.b) < 4 {
		w.b, w.short = nil, true
		return 0
	}
	n := binary.BigEndian.Uint32(w.b)
	w.b = w.b[4:]
	return n
}

// octets takes n octets, padded to whole words.
func (w *words) octets(n uint32) []byte {
	padded := (uint64(n) + 3) &^ 3
	if padded > uint64(len(w.b)) {
		w.b, w.short = nil, true
		return nil
	}
	b := w.b[:n]
	w.b = w.b[padded:]
	return b
}

// address takes an address; nil if it is of no kind that is known, and so of no length.
func (w *words) address() []byte {
	switch w.next() {
	case 1:
		return w.octets(4)
	case 2:
		return w.octets(16)
	}
	w.short = true
	return nil
}

// beginSFlow takes the header of a datagram; false if it is damaged.
func (c *Collector) beginSFlow(from netip.AddrPort, b []byte) bool {
	w := words{b: b[4:]}
	agent, _ := netip.AddrFromSlice(w.address())
	domain, seq, uptime := w.next(), w.next(), w.next()
	n := w.next()
	if !c.inOf(from, domain, agent) {
		return false
	}
	c.restarted(uptime)
	c.seq, c.count = seq, 1
	if w.short || uint64(n)*8 > uint64(len(w.b)) {
		return false
	}
	c.rest, c.left = w.b, int(n)
	return true
}

// sample is what a flow sample tells of a packet.
type sample struct {
	rate   uint32
	header words // record of the packet's octets
	whole  bool  // there is one
	told   wire.Exporter
	tag    uint32 // VLAN and priority with which the packet came in
	tagged bool
}

// nextSample makes a record of the next sample; false if there is no packet in it.
func (c *Collector) nextSample(r *wire.Record, room []byte) bool {
	w := words{b: c.rest}
	kind, body := w.next(), words{b: w.octets(w.next())}
	c.rest = w.b
	c.left--
	if w.short {
		c.damaged()
		return false
	}
	expanded := kind == sampleFlowExpanded
	if kind != sampleFlow && !expanded {
		c.stats.Counters++
		return false
	}
	body.next() // sequence number
	body.next() // source
	if expanded {
		body.next()
	}
	s := sample{rate: body.next()}
	body.next() // pool
	body.next() // drops
	s.told.Interface = [2]uint32{body.port(expanded), body.port(expanded)}
	for n := body.next(); n > 0 && !body.short; n-- {
		kind, x := body.next(), words{b: body.octets(body.next())}
		s.take(kind, x)
	}
	if body.short || s.header.short {
		c.damaged()
		return false
	}
	if !s.whole {
		c.stats.Empty++
		return false
	}
	return c.sampled(r, room, &s)
}

// port is an interface; 0 if it is none that has an index.
func (w *words) port(expanded bool) uint32 {
	format, n := uint32(0), uint32(0)
	if expanded {
		format, n = w.next(), w.next()
	} else {
		n = w.next()
		format, n = n>>30, n&interfaceBits
	}
	if format != 0 || n == noInterface {
		return 0
	}
	return n
}

// take takes a record of a flow sample. Those that are damaged, but for the packet's
// octets, tell nothing.
func (s *sample) take(kind uint32, x words) {
	switch kind {
	case recordHeader:
		if !s.whole {
			s.header, s.whole = x, true
		}
	case recordSwitch:
		vlan, priority := x.next(), x.next()
		if s.tagged = !x.short && vlan > 0 && vlan < 0xfff; s.tagged {
			s.tag = vlan | (priority&7)<<13
		}
	case recordRouter:
		x.address() // next hop
		if masks := [2]uint32{x.next(), x.next()}; !x.short {
			s.told.Prefix = [2]uint8{uint8(min(masks[0], 128)), uint8(min(masks[1], 128))}
		}
	case recordGateway:
		x.address() // next hop
		x.next()    // the router's own system
		source := x.next()
		x.next() // from which it has the route
		if dest := x.pathEnd(); !x.short {
			s.told.ASN = [2]uint32{source, dest}
		}
	}
}

// pathEnd is the last system of a path; 0 if it has none, for it ends at the router's
// own, or with a set of several.
func (w *words) pathEnd() (last uint32) {
	for parts := w.next(); parts > 0 && !w.short; parts-- {
		kind, systems := w.next(), w.next()
		if systems > maxPath {
			w.short = true
			return 0
		}
		last = 0
		if part := w.octets(4 * systems); kind == pathSequence && len(part) > 0 || len(part) == 4 {
			last = binary.BigEndian.Uint32(part[len(part)-4:])
		}
	}
	return last
}

// sampled makes a record of a sampled packet, which stands for as many as the rate
// says; where it says 0, which is no rate, or one that is not believed, for itself.
func (c *Collector) sampled(r *wire.Record, room []byte, s *sample) bool {
	x := &s.header
	link, known := sampledLinks[x.next()]
	length, stripped := x.next(), x.next()
	data := x.octets(x.next())
	if x.short || length > 1<<24 {
		c.damaged()
		return false
	}
	if !known {
		c.stats.Empty++
		return false
	}
	const checkSequence = 4
	if link == wire.LinkEthernet && stripped >= checkSequence && length >= checkSequence {
		length -= checkSequence // which frames of a meter do not count
	}
	n := copy(room[:frameRoom], data)
	from := c.session.of
	rate := s.rate
	if rate == 0 || rate > maxRate {
		rate = 1
		c.tell(from, "rate", "sFlow tells a sampling rate of %d, which cannot be: each sample counts as one packet", s.rate)
	}
	*r = wire.Record{
		Frame: wire.Frame{
			Time: c.head.came, Interface: from.Interface, LinkType: link,
			Data: room[:n], WireLen: max(length, uint32(n)),
		},
		FirstTime: wire.NoTime, LastTime: wire.NoTime, PDUs: uint64(c.sampling(rate)), Octets: wire.OctetsOfFrame,
		Exporter: s.told,
	}
	c.noteInterfaces(&s.told)
	r.Exporter.ID = c.session.id
	if s.tagged && !hasTag(&r.Frame) {
		r.Frame.Flags |= wire.HasVLAN
		r.Frame.VLAN = uint16(s.tag)
	}
	c.stats.Records++
	from.Records++
	return true
}

// hasTag reports whether a frame shows a VLAN tag of its own.
func hasTag(f *wire.Frame) bool {
	const at = 12
	if f.LinkType != wire.LinkEthernet || len(f.Data) < at+2 {
		return false
	}
	switch binary.BigEndian.Uint16(f.Data[at:]) {
	case 0x8100, 0x88a8, 0x9100, 0x9200, 0x9300:
		return true
	}
	return false
}
