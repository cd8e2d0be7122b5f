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

	recordHeader = 1 // a sampled packet's octets

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

// beginSFlow takes the header of a datagram; false if it is damaged.
func (c *Collector) beginSFlow(from netip.AddrPort, b []byte) bool {
	w := words{b: b[4:]}
	var agent []byte
	switch w.next() {
	case 1:
		agent = w.octets(4)
	case 2:
		agent = w.octets(16)
	}
	domain, seq, uptime := w.next(), w.next(), w.next()
	n := w.next()
	if !c.in(from, domain) {
		return false
	}
	c.restarted(uptime)
	c.seq, c.count = seq, 1
	if len(agent) == 4 && c.session.of.id == idOf(c.session.of.Addr) {
		c.session.of.id = binary.BigEndian.Uint32(agent)
	}
	if w.short || agent == nil || uint64(n)*8 > uint64(len(w.b)) {
		return false
	}
	c.rest, c.left = w.b, int(n)
	return true
}

// nextSample makes a record of the next sample; false if there is none in it. What
// samples hold beside a packet's octets is passed over.
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
		return false
	}
	body.next() // sequence number
	body.next() // source
	if expanded {
		body.next()
	}
	rate := body.next()
	body.next() // pool
	body.next() // drops
	in, out := body.port(expanded), body.port(expanded)
	n := body.next()
	for range n {
		kind, x := body.next(), words{b: body.octets(body.next())}
		if body.short {
			break
		}
		if kind == recordHeader {
			return c.sampled(r, room, &x, rate, [2]uint32{in, out})
		}
	}
	if body.short {
		c.damaged()
	}
	return false
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

// sampled makes a record of a sampled packet, which stands for as many as the rate
// says.
func (c *Collector) sampled(r *wire.Record, room []byte, x *words, rate uint32, ports [2]uint32) bool {
	link, known := sampledLinks[x.next()]
	length, stripped := x.next(), x.next()
	data := x.octets(x.next())
	if x.short || rate == 0 || rate > maxRate || length > 1<<24 {
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
	s := c.session
	s.of.Rate = rate
	if c.opt.Sampling == Tell {
		rate = 1
	}
	*r = wire.Record{
		Frame: wire.Frame{
			Time: c.head.came, Interface: s.of.Interface, LinkType: link,
			Data: room[:n], WireLen: max(length, uint32(n)),
		},
		FirstTime: wire.NoTime, LastTime: wire.NoTime, PDUs: uint64(rate), Octets: wire.OctetsOfFrame,
		Exporter: wire.Exporter{ID: s.of.id, Interface: ports},
	}
	c.stats.Records++
	s.of.Records++
	return true
}
