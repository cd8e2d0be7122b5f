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

// ipx reads network (4 octets) and node (6).
func (p *Packet) ipx(b []byte) (cut bool) {
	const header, dest, source, size = 30, 6, 18, 10
	if len(b) < header {
		return true
	}
	p.setPeers(b[source:source+size], b[dest:dest+size])
	return false
}

// ddp reads network (2 octets) and node (1) of AppleTalk's long header, the
// only one on Ethernet and PPP.
func (p *Packet) ddp(b []byte) (cut bool) {
	const header = 13
	if len(b) < header {
		return true
	}
	dest := [3]byte{b[4], b[5], b[8]}
	source := [3]byte{b[6], b[7], b[9]}
	p.setPeers(source[:], dest[:])
	return false
}

// decnet reads area (1 octet) and host (2) from the long format of phase IV
// data packets, after a length (2 octets, not looked at) and perhaps padding.
func (p *Packet) decnet(b []byte) (cut bool) {
	const (
		lengthField = 2
		padded      = 0x80 // the other bits are the octets of padding
		format      = 0x07
		longData    = 0x06
		header      = 21
		dest        = 7 // of the node number, the end of a 6-octet id
		source      = 15
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
	if b[0]&(padded|format) != longData {
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

// setPeers stores addresses of at most MaxPeer octets in a record that has
// none. PeerLen is the longer one's.
func (p *Packet) setPeers(source, dest []byte) {
	copy(p.PeerAddress[Source][:], source)
	copy(p.PeerAddress[Dest][:], dest)
	p.PeerLen = uint8(max(len(source), len(dest)))
}
