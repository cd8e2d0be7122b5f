package packet

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/sources/wire"
)

// Sizes of fixed headers, in octets.
const (
	macSize     = 6
	etherHeader = 2*macSize + 2
	tagHeader   = 4
	ipv4Header  = 20
	ipv6Header  = 40
	portOctets  = 4
	tcpFacts    = 16 // the part of a TCP header that HasTCP promises
)

// DecodeNet fills the first part of p from f: times, peer type and addresses,
// transport type, ports and lengths. It writes every field of that part, so p
// needs no clearing, and leaves Rest alone. Fields that the captured octets do
// not reach are 0.
//
// IPv4 and IPv6 straight after an Ethernet header or one VLAN tag, nearly all
// there is, do not pay for the walk through other link headers.
func (p *Packet) DecodeNet(f *wire.Frame) { p.DecodeTo(f, 0) }

// DecodeTo is DecodeNet to another depth. PeerOctets are those of the packet that
// is found, FrameOctets always the frame's.
func (p *Packet) DecodeTo(f *wire.Frame, depth Depth) {
	p.Time = f.Time
	p.FrameOctets = f.WireLen
	p.Interface = [2]uint8{f.Interface, f.Interface}
	p.TunnelOff = 0

	d, off, etherType := f.Data, etherHeader, uint16(0)
	if f.LinkType == wire.LinkEthernet && len(d) >= etherHeader+tagHeader {
		etherType = binary.BigEndian.Uint16(d[12:])
		if isTag(etherType) {
			etherType = binary.BigEndian.Uint16(d[16:])
			off = etherHeader + tagHeader
		}
	}
	switch etherType {
	case etherIPv4:
		p.ipv4(f, off)
	case etherIPv6:
		p.ipv6(f, off)
	default:
		p.walk(f, depth)
	}
	switch {
	case f.Flags&wire.NoFrameLen != 0:
		p.FrameOctets = p.PeerOctets
	case uint64(len(f.Data)) > uint64(f.WireLen):
		p.contradicted(f, depth&^InTunnels)
	}
	if depth&InTunnels != 0 {
		p.inTunnels(f, depth)
	}
}

// contradicted counts a frame of which more was captured than was on the wire.
// The wire length is believed if it can hold the headers and the network length
// found in the frame, and else what is captured (decision 21a).
func (p *Packet) contradicted(f *wire.Frame, depth Depth) {
	d, least := f.Data, uint64(len(f.Data)) // of a link header that is cut
	switch off := int(p.NetOff); {
	case p.Fault == FaultLinkType:
		least = 0
	case p.PeerType == mib.PeerIPv4 && len(d) >= off+ipv4Header:
		least = uint64(off + max(ipv4Header, int(binary.BigEndian.Uint16(d[off+2:]))))
	case p.PeerType == mib.PeerIPv6 && len(d) >= off+ipv6Header:
		least = uint64(off + ipv6Header + int(binary.BigEndian.Uint16(d[off+4:])))
	case p.PeerType != mib.PeerNone:
		least = uint64(off)
	}
	if least > uint64(f.WireLen) || f.WireLen == 0 {
		whole := *f
		whole.WireLen = uint32(len(d))
		p.DecodeTo(&whole, depth)
	}
}

// walk finds the network layer behind any link header and decodes it.
func (p *Packet) walk(f *wire.Frame, depth Depth) {
	w := walker{d: f.Data, frame: f, depth: depth}
	w.walk(f.LinkType)
	switch {
	case w.fault == FaultNone && w.peer == mib.PeerIPv4:
		p.ipv4(f, w.off)
	case w.fault == FaultNone && w.peer == mib.PeerIPv6:
		p.ipv6(f, w.off)
	default:
		p.other(f, &w)
	}
}

// withoutPeers writes every field of a packet that has no peer addresses.
func (p *Packet) withoutPeers(t mib.PeerType, off int, fault Fault) {
	p.PeerAddress = [2][MaxPeer]byte{}
	p.TransAddress = [2]uint16{}
	p.PeerOctets = 0
	p.PeerType, p.PeerLen, p.TransType = t, 0, 0
	p.NetOff, p.TransOff = uint16(off), 0
	p.TCPFlags, p.QueryID = 0, 0
	p.Flags, p.Fault = 0, fault
	if fault == FaultLinkCut || fault == FaultPeerCut {
		p.Flags = Cut
	}
}

// behindLink is the octets of the frame on the wire less the off octets of its
// link headers; where the source does not know the frame's length, of those
// captured.
func behindLink(f *wire.Frame, off int) uint32 {
	n := f.WireLen
	if f.Flags&wire.NoFrameLen != 0 {
		n = uint32(len(f.Data))
	}
	if n < uint32(off) {
		return 0
	}
	return n - uint32(off)
}
