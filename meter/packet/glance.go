package packet

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/sources/wire"
)

// Glance is what there is to know of a packet whose stream is known: which that is,
// and what the packet counts. DecodeTo says the same of it, and more.
type Glance struct {
	// Source and Dest are the peer addresses as little-endian words, left-justified
	// as in Packet.
	Source, Dest [2]uint64
	Ports        uint32 // of source (the upper half) and dest
	PeerOctets   uint32 // as Packet.PeerOctets
	// The two types are apart: read as one word, as they would be side by side, they
	// would wait for the stores of both.
	PeerType  mib.PeerType
	TCPFlags  uint8 // 0 where a Packet has none
	TransType uint8
}

// Of fills g from f, and reports whether it could: for a whole packet of IPv4, or of
// IPv6 without extensions, with ports, that contradicts itself nowhere, straight after
// an Ethernet header or one VLAN tag. That is nearly all there is. What g holds means
// nothing if not.
func (g *Glance) Of(f *wire.Frame) bool {
	d := f.Data
	if f.LinkType != wire.LinkEthernet || f.Flags != 0 || uint64(len(d)) > uint64(f.WireLen) || len(d) < etherHeader+ipv4Header+portOctets {
		return false
	}
	etherType, b := binary.BigEndian.Uint16(d[12:]), d[etherHeader:]
	if etherType != etherIPv4 && etherType != etherIPv6 && isTag(etherType) {
		etherType, b = binary.BigEndian.Uint16(d[16:]), d[etherHeader+tagHeader:]
	}
	switch etherType {
	case etherIPv4:
		return g.ipv4(b)
	case etherIPv6:
		return g.ipv6(b)
	}
	return false
}

// ipv4 is Of for a packet that begins with b.
func (g *Glance) ipv4(b []byte) bool {
	const moreOrOffset = 0x3fff
	if len(b) < ipv4Header || b[0]>>4 != 4 || binary.BigEndian.Uint16(b[6:])&moreOrOffset != 0 {
		return false
	}
	header, total := int(b[0]&15)*4, int(binary.BigEndian.Uint16(b[2:]))
	g.PeerType, g.PeerOctets = mib.PeerIPv4, uint32(total)
	g.Source = [2]uint64{uint64(binary.LittleEndian.Uint32(b[12:])), 0}
	g.Dest = [2]uint64{uint64(binary.LittleEndian.Uint32(b[16:])), 0}
	return header >= ipv4Header && g.transport(b, header, total, b[9])
}

// ipv6 is Of for a packet that begins with b.
func (g *Glance) ipv6(b []byte) bool {
	if len(b) < ipv6Header || b[0]>>4 != 6 {
		return false
	}
	total := ipv6Header + int(binary.BigEndian.Uint16(b[4:]))
	g.PeerType, g.PeerOctets = mib.PeerIPv6, uint32(total)
	g.Source = [2]uint64{binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])}
	g.Dest = [2]uint64{binary.LittleEndian.Uint64(b[24:]), binary.LittleEndian.Uint64(b[32:])}
	return g.transport(b, ipv6Header, total, b[6])
}

// transport is the rest of Of, of a packet b whose transport header is at off and
// which ends at total by its length.
func (g *Glance) transport(b []byte, off, total int, proto uint8) bool {
	seen := min(total, len(b))
	if kinds[proto]&ported == 0 || off+portOctets > seen {
		return false
	}
	g.TransType, g.TCPFlags = proto, 0
	g.Ports = binary.BigEndian.Uint32(b[off:])
	if proto == protoTCP && off+tcpFacts <= seen {
		g.TCPFlags = b[off+13]
	}
	return true
}
