// Package traceinfo says what a trace is: its format, its packets and their times,
// what protocols they are of, and what is wrong with it.
//
// A Collector is a stage of the reading loop; it looks at every frame as the
// source hands it over and keeps sums, in bounded memory. It opens and prints
// nothing but what it is given; the command netramet calls it.
package traceinfo

import (
	"netramet/meter/packet"
	"netramet/sources/wire"
)

// MaxFlows is how many flows are told apart; further ones are not counted.
const MaxFlows = 1 << 20

// maxLinks is how many link types are told apart.
const maxLinks = 64

// Collector gathers what is told of one trace. One goroutine uses it.
type Collector struct {
	packets, octets, captured uint64 // octets on the wire, without check sequences
	cut, longer               uint64 // packets of which less is captured, or more
	shortest, longest         uint32 // on the wire
	most                      uint32 // captured
	times                     times
	links                     []linkCount
	interfaces                [wire.MaxInterfaces + 1]interfaceCount
	peers                     [256]count
	transports                [256]count
	ports                     [len(portProtocols)][1 << 16]count
	flows                     map[flowKey]struct{}
	moreFlows                 bool // there are more than MaxFlows
	faults                    [packet.NumFaults]uint64

	packet packet.Packet
}

// count is a number of packets and their octets.
type count struct{ packets, octets uint64 }

func (c *count) add(octets uint32) {
	c.packets++
	c.octets += uint64(octets)
}

// times are what is known of the stamps.
type times struct {
	stamped  uint64 // packets that have a time
	min, max int64  // Unix ns, valid iff stamped
	last     int64  // of the packet before
	back     uint64 // packets before the one before them
}

func (t *times) add(at int64) {
	if at == wire.NoTime {
		return
	}
	if t.stamped++; t.stamped == 1 {
		t.min, t.max = at, at
	} else if at < t.last {
		t.back++
	}
	t.min, t.max, t.last = min(t.min, at), max(t.max, at), at
}

type linkCount struct {
	link    wire.LinkType
	packets uint64
}

type interfaceCount struct {
	count
	link wire.LinkType // of its first packet
}

// portProtocols are the protocols whose ports are told: TCP, UDP, DCCP, SCTP and
// UDP-Lite.
var portProtocols = [...]uint8{6, 17, 33, 132, 136}

// end is one end of a flow; the zero port is none.
type end struct {
	address [16]byte
	port    uint16
}

// flowKey names a flow: both directions have the same.
type flowKey struct {
	low, high   end
	peer, trans uint8
}

// New makes an empty Collector.
func New() *Collector {
	return &Collector{flows: make(map[flowKey]struct{}), shortest: 1<<32 - 1}
}

// Run is the Stage: it looks at frames and leaves them as they are.
func (c *Collector) Run(b *wire.Batch) error {
	for i := range b.Frames {
		c.add(&b.Frames[i])
	}
	return nil
}

func (c *Collector) add(f *wire.Frame) {
	c.packets++
	c.octets += uint64(f.WireLen)
	c.captured += uint64(len(f.Data))
	c.shortest, c.longest = min(c.shortest, f.WireLen), max(c.longest, f.WireLen)
	c.most = max(c.most, uint32(len(f.Data)))
	switch n := uint64(len(f.Data)); {
	case n > uint64(f.WireLen):
		c.longer++
	case n < uint64(f.WireLen), f.Flags&wire.NoFrameLen != 0 && f.LinkType == wire.LinkRaw:
		c.cut++
	}
	c.times.add(f.Time)
	c.addLink(f.LinkType)
	in := &c.interfaces[f.Interface]
	if in.packets == 0 {
		in.link = f.LinkType
	}
	in.add(f.WireLen)
	c.addProtocols(f)
}

func (c *Collector) addLink(t wire.LinkType) {
	for i := range c.links {
		if c.links[i].link == t {
			c.links[i].packets++
			return
		}
	}
	if len(c.links) < maxLinks {
		c.links = append(c.links, linkCount{t, 1})
	}
}

// addProtocols counts what the packet is of.
func (c *Collector) addProtocols(f *wire.Frame) {
	p := &c.packet
	p.DecodeNet(f)
	c.faults[p.Fault]++
	if p.Fault == packet.FaultLinkType {
		return
	}
	octets := p.FrameOctets
	c.peers[p.PeerType].add(octets)
	if p.Flags&packet.IsStream == 0 {
		return
	}
	c.transports[p.TransType].add(octets)
	if p.Flags&packet.HasPorts != 0 {
		c.addPorts(p, octets)
	}
	c.addFlow(p)
}

// addPorts counts the packet at each of its ports.
func (c *Collector) addPorts(p *packet.Packet, octets uint32) {
	for i, proto := range portProtocols {
		if proto != p.TransType {
			continue
		}
		from, to := p.TransAddress[packet.Source], p.TransAddress[packet.Dest]
		c.ports[i][from].add(octets)
		if to != from {
			c.ports[i][to].add(octets)
		}
	}
}

func (c *Collector) addFlow(p *packet.Packet) {
	k := flowKey{peer: uint8(p.PeerType), trans: p.TransType}
	k.low.of(p, packet.Source)
	k.high.of(p, packet.Dest)
	if k.high.before(&k.low) {
		k.low, k.high = k.high, k.low
	}
	if len(c.flows) < MaxFlows {
		c.flows[k] = struct{}{}
	} else if !c.moreFlows {
		_, known := c.flows[k]
		c.moreFlows = !known
	}
}

func (e *end) of(p *packet.Packet, d packet.Direction) {
	copy(e.address[:], p.PeerAddress[d][:])
	e.port = p.TransAddress[d]
}

func (e *end) before(other *end) bool {
	for i, a := range e.address {
		if b := other.address[i]; a != b {
			return a < b
		}
	}
	return e.port < other.port
}
