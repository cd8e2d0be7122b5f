package packet

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/sources/wire"
)

// OSI network layer protocol identifiers (ISO/IEC TR 9577).
const (
	nlpidCLNP = 0x81
	nlpidESIS = 0x82
	nlpidISIS = 0x83
)

// other writes a packet whose network layer is not IP, or is not reached. It
// reads peer addresses where a fixed header holds them.
func (p *Packet) other(f *wire.Frame, w *walker) {
	p.withoutPeers(w.peer, w.off, w.fault)
	if w.peer == mib.PeerNone {
		return
	}
	p.PeerOctets = behindLink(f, w.off)
	cut := false
	b := f.Data[w.off:]
	switch w.form {
	case formIPX:
		cut = p.ipx(b)
	case formDDP:
		cut = p.ddp(b)
	case formLLAP:
		cut = p.llap(b, p.PeerOctets)
	case formDECnet:
		cut = p.decnet(b)
	case formISO:
		cut = p.clnp(b)
	}
	if cut {
		p.Fault, p.Flags = FaultPeerCut, Cut
	}
}

// The readers below report whether the header is cut; without a cut, addresses
// may still be absent, as the header may have none.

// ipx reads network (4 octets), node (6) and socket (2).
func (p *Packet) ipx(b []byte) (cut bool) {
	const header, dest, source, size = 30, 6, 18, 10
	if len(b) < header {
		return true
	}
	p.setPeers(b[source:source+size], b[dest:dest+size])
	p.setSockets(binary.BigEndian.Uint16(b[source+size:]), binary.BigEndian.Uint16(b[dest+size:]))
	return false
}

// DDP header sizes, in octets; the LocalTalk header in front (LLAP) has dest
// and source node and a type, which distinguishes the two DDP headers.
const (
	ddpShort, ddpLong   = 5, 13
	ddpMost             = ddpLong + 586
	llapHeader          = 3
	llapShort, llapLong = 1, 2
)

// ddp reads network (2 octets), node and socket (1 each) of AppleTalk's long
// header.
func (p *Packet) ddp(b []byte) (cut bool) {
	if len(b) < ddpLong {
		return true
	}
	dest := [3]byte{b[4], b[5], b[8]}
	source := [3]byte{b[6], b[7], b[9]}
	p.setPeers(source[:], dest[:])
	p.setSockets(uint16(b[11]), uint16(b[10]))
	return false
}

// llap reads AppleTalk of Ethernet II, octets long on the wire: phase 1 puts a
// LocalTalk header in front, but some writers do not. Without one, the long
// header's length comes first. The short header knows no networks: they are 0.
func (p *Packet) llap(b []byte, octets uint32) (cut bool) {
	if len(b) < llapHeader {
		return true
	}
	kind := b[2]
	if n := ddpLength(b); n >= ddpLong && n <= ddpMost && n <= octets || kind != llapShort && kind != llapLong {
		return p.ddp(b)
	}
	d := b[llapHeader:]
	if kind == llapLong {
		return p.ddp(d)
	}
	if len(d) < ddpShort {
		return true
	}
	p.setPeers([]byte{0, 0, b[1]}, []byte{0, 0, b[0]})
	p.setSockets(uint16(d[3]), uint16(d[2]))
	return false
}

// ddpLength is the length that a DDP header says, its own octets included.
func ddpLength(b []byte) uint32 { return uint32(binary.BigEndian.Uint16(b)) & 0x3ff }

// decnet reads area (1 octet) and host (2) from both formats of phase IV data
// packets, after a length (2 octets, not looked at) and perhaps padding.
func (p *Packet) decnet(b []byte) (cut bool) {
	const (
		lengthField = 2
		padded      = 0x80 // the other bits are the octets of padding
		format      = 0x07
		shortData   = 0x02
		longData    = 0x06
	)
	if len(b) <= lengthField {
		return true
	}
	b = b[lengthField:]
	if b[0]&padded != 0 {
		pad := int(b[0] &^ padded)
		if len(b) <= pad {
			return true
		}
		b = b[pad:]
	}
	var header, dest, source int // size, and offsets of node numbers
	switch b[0] & (padded | format) {
	case shortData:
		header, dest, source = 6, 1, 3
	case longData:
		header, dest, source = 21, 7, 15 // the ends of 6-octet identifiers
	default:
		return false // routing and hello messages
	}
	if len(b) < header {
		return true
	}
	to := decnetAddress(b[dest:])
	from := decnetAddress(b[source:])
	p.setPeers(from[:], to[:])
	return false
}

// decnetAddress splits a node number, sent low octet first, into its area (6
// bits) and host (10 bits).
func decnetAddress(b []byte) [3]byte {
	n := binary.LittleEndian.Uint16(b)
	return [3]byte{byte(n >> 10), byte(n>>8) & 3, byte(n)}
}

// clnp reads the NSAP addresses of an ISO 8473 header. ES-IS and IS-IS have
// none that compare with them.
func (p *Packet) clnp(b []byte) (cut bool) {
	const fixed = 9
	if len(b) == 0 {
		return true
	}
	if b[0] != nlpidCLNP {
		return false
	}
	dest, rest, ok := counted(b, fixed)
	if !ok {
		return true
	}
	source, _, ok := counted(b, rest)
	if !ok {
		return true
	}
	if len(dest) > MaxPeer || len(source) > MaxPeer {
		return false
	}
	p.setPeers(source, dest)
	return false
}

// counted is the octet string whose length stands at b[at], and where it ends.
func counted(b []byte, at int) (s []byte, end int, ok bool) {
	if at >= len(b) {
		return nil, 0, false
	}
	end = at + 1 + int(b[at])
	if end > len(b) {
		return nil, 0, false
	}
	return b[at+1 : end], end, true
}

// setSockets stores what names an end within its peer, as ports do for IP.
func (p *Packet) setSockets(source, dest uint16) {
	p.TransAddress = [2]uint16{Source: source, Dest: dest}
	p.Flags |= HasPorts
}

// setPeers stores addresses of at most MaxPeer octets in a record that has
// none. PeerLen is the longer one's.
func (p *Packet) setPeers(source, dest []byte) {
	copy(p.PeerAddress[Source][:], source)
	copy(p.PeerAddress[Dest][:], dest)
	p.PeerLen = uint8(max(len(source), len(dest)))
}
