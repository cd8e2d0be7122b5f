package packet

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/sources/wire"
)

// DecodeRest fills p.Rest from f, the frame DecodeNet filled p from. It reads
// the first part of p and never changes it.
func (p *Packet) DecodeRest(f *wire.Frame) {
	r := &p.Rest
	*r = Rest{}
	r.adjacent(f)
	if p.Flags&Tunnelled != 0 {
		r.tunnelEnds(f, int(p.TunnelOff))
	}
	if tci, ok := outerTag(f); ok {
		r.setTag(tci)
	}
	if p.Flags&IsStream == 0 {
		return
	}
	class := p.trafficClass(f.Data)
	r.DSCodePoint, r.ECNCodeBits = class>>2, class&3
	if p.Flags&HasTCP != 0 {
		t := f.Data[p.TransOff:]
		r.TCPSeq = binary.BigEndian.Uint32(t[4:])
		r.TCPAck = binary.BigEndian.Uint32(t[8:])
		r.TCPWindow = binary.BigEndian.Uint16(t[14:])
	}
	r.PayloadLen = p.payload(f)
}

// DecodeTCP fills, of p.Rest, TCPSeq and PayloadLen if p is TCP, as DecodeRest does, and
// leaves the rest alone.
func (p *Packet) DecodeTCP(f *wire.Frame) {
	if p.Flags&HasTCP != 0 {
		p.Rest.TCPSeq = binary.BigEndian.Uint32(f.Data[p.TransOff+4:])
		p.Rest.PayloadLen = p.payload(f)
	}
}

// adjacent fills the link-layer addresses and their type.
func (r *Rest) adjacent(f *wire.Frame) {
	d := f.Data
	r.AdjacentLen = macSize
	switch f.LinkType {
	case wire.LinkEthernet:
		r.AdjacentType = mib.AdjacentEthernet
		if len(d) >= macSize {
			copy(r.AdjacentAddress[Dest][:macSize], d)
		}
		if len(d) >= 2*macSize {
			copy(r.AdjacentAddress[Source][:macSize], d[macSize:])
		}
	case wire.LinkLinuxSLL:
		r.cooked(d, cookedV1)
	case wire.LinkLinuxSLL2:
		r.cooked(d, cookedV2)
	case wire.LinkPPP, wire.LinkPPPHDLC, wire.LinkPPPWithDir, wire.LinkPPPEther:
		r.AdjacentType = mib.AdjacentPPP
	case wire.LinkRaw, wire.LinkIPv4, wire.LinkIPv6, wire.LinkNull, wire.LinkLoop, wire.LinkCHDLC:
	default:
		r.walked(f)
	}
}

// walked fills the addresses, and the tag, of links whose header has no fixed
// place for them: the first that the frame has.
func (r *Rest) walked(f *wire.Frame) {
	w := walker{d: f.Data, frame: f}
	w.walk(f.LinkType)
	if r.AdjacentType = w.adjacent; w.adjacent != mib.AdjacentNone {
		for dir, at := range w.macs {
			if at+macSize <= len(f.Data) {
				copy(r.AdjacentAddress[dir][:macSize], f.Data[at:])
			}
		}
	}
	if w.adjacent == mib.AdjacentTokenRing {
		r.AdjacentAddress[Source][0] &^= sourceRouted
	}
	if w.tag > 0 && len(f.Data) >= w.tag+2 {
		r.setTag(binary.BigEndian.Uint16(f.Data[w.tag:]))
	}
}

// setTag takes apart the control information of a VLAN tag.
func (r *Rest) setTag(tci uint16) { r.VLANid, r.Priority = tci&0xfff, uint8(tci>>13) }

// cooked takes the source address of a Linux cooked header; it has no other.
func (r *Rest) cooked(d []byte, h cookedHeader) {
	if len(d) < h.size {
		return
	}
	switch binary.BigEndian.Uint16(d[h.hardware:]) {
	case hardwareEthernet:
		r.AdjacentType = mib.AdjacentEthernet
		if d[h.addressLen] == 6 {
			copy(r.AdjacentAddress[Source][:macSize], d[h.address:])
		}
	case hardwarePPP:
		r.AdjacentType = mib.AdjacentPPP
	}
}

// outerTag is the tag control information of the frame's outermost VLAN tag:
// the one that the capture took out, or else the one right behind the link's
// own header.
func outerTag(f *wire.Frame) (tci uint16, ok bool) {
	if f.Flags&wire.HasVLAN != 0 {
		return f.VLAN, true
	}
	at, tag := 0, 0 // offsets of the type, and of the tag's information
	switch f.LinkType {
	case wire.LinkEthernet:
		at, tag = 12, etherHeader
	case wire.LinkLinuxSLL:
		at, tag = cookedV1.protocol, cookedV1.size
	case wire.LinkLinuxSLL2:
		at, tag = cookedV2.protocol, cookedV2.size
	default:
		return 0, false
	}
	if len(f.Data) < tag+tagHeader {
		return 0, false
	}
	if !isTag(binary.BigEndian.Uint16(f.Data[at:])) {
		return 0, false
	}
	return binary.BigEndian.Uint16(f.Data[tag:]), true
}

// trafficClass is the DS field with its ECN bits (RFC 2474, RFC 3168); the
// fixed IP header is captured.
func (p *Packet) trafficClass(d []byte) uint8 {
	first := binary.BigEndian.Uint16(d[p.NetOff:])
	if p.PeerType == mib.PeerIPv6 {
		return uint8(first >> 4)
	}
	return uint8(first)
}

// payload is PayloadLen of a packet with IsStream.
func (p *Packet) payload(f *wire.Frame) uint32 {
	if p.TransOff == 0 {
		return 0
	}
	header, ok := transHeader(p.TransType, f.Data[p.TransOff:])
	if !ok {
		return 0
	}
	octets := p.PeerOctets
	if headers := uint32(p.TransOff-p.NetOff) + header; headers < octets {
		return octets - headers
	}
	return 0
}

// transHeader is the size in octets of the transport header that b begins
// with; ok is false if it is not known.
func transHeader(proto uint8, b []byte) (size uint32, ok bool) {
	const (
		tcpOffset, tcpLeast   = 12, 20
		dccpOffset, dccpLeast = 4, 12
	)
	switch proto {
	case protoTCP:
		if len(b) <= tcpOffset {
			return 0, false
		}
		size = uint32(b[tcpOffset]>>4) * 4
		return size, size >= tcpLeast
	case protoDCCP:
		if len(b) <= dccpOffset {
			return 0, false
		}
		size = uint32(b[dccpOffset]) * 4
		return size, size >= dccpLeast
	case protoUDP, protoUDPLite, protoICMP, protoICMPv6:
		return 8, true
	case protoSCTP:
		return 12, true
	}
	return 0, false
}
