package packet

import (
	"encoding/binary"
	"math/bits"

	"netramet/mib"
	"netramet/sources/wire"
)

// IP protocol numbers the decoder knows.
const (
	protoHopByHop = 0
	protoICMP     = 1
	protoTCP      = 6
	protoUDP      = 17
	protoDCCP     = 33
	protoRouting  = 43
	protoFragment = 44
	protoAH       = 51
	protoICMPv6   = 58
	protoNoNext   = 59
	protoDestOpts = 60
	protoSCTP     = 132
	protoMobility = 135
	protoUDPLite  = 136
	protoHIP      = 139
	protoShim6    = 140
)

// protoKind says how the decoder treats an IP protocol number.
type protoKind uint8

const (
	ported    protoKind = 1 << iota // begins with source and destination port
	extension                       // an IPv6 header that names a next one
	signal                          // an extension that may itself be the message
	queries                         // some of its messages bear an identifier
)

// kinds is indexed by protocol number; 0 is an upper protocol without ports.
var kinds = [256]protoKind{
	protoTCP: ported, protoUDP: ported, protoUDPLite: ported, protoSCTP: ported, protoDCCP: ported,
	protoHopByHop: extension, protoRouting: extension, protoFragment: extension,
	protoDestOpts: extension, protoAH: extension,
	protoICMP: queries, protoICMPv6: queries,
	protoMobility: extension | signal, protoHIP: extension | signal, protoShim6: extension | signal,
}

// Limits on one packet's work. A chain within them ends below offset 65,536
// (each header is at most 2,048 octets), so NetOff and TransOff hold it.
const (
	maxExtensions = 16 // IPv6 extension headers followed
	maxOptions    = 16 // options looked at for the jumbo payload
)

// unbounded is the end of a packet whose header does not tell it: behind any
// capture.
const unbounded = 1 << 30

// ipv4 decodes the IPv4 header at off, at most len(f.Data).
func (p *Packet) ipv4(f *wire.Frame, off int) {
	b := f.Data[off:]
	if len(b) < ipv4Header || b[0]>>4 != 4 || b[0]&15 < 5 {
		p.badIP(f, off, mib.PeerIPv4, len(b) > 0 && (b[0]>>4 != 4 || b[0]&15 < 5))
		return
	}
	header := int(b[0]&15) * 4
	total := int(binary.BigEndian.Uint16(b[2:]))
	proto := b[9]
	octets, end := uint32(total), off+total // what lies behind end is padding
	if total < header {
		if total != 0 {
			p.badIP(f, off, mib.PeerIPv4, true)
			return
		}
		// Captured before segmentation offload, which sets the length.
		octets, end = behindLink(f, off), unbounded
	}
	p.PeerOctets = octets
	p.PeerType, p.PeerLen = mib.PeerIPv4, 4
	p.NetOff = uint16(off)
	setIPv4(&p.PeerAddress[Source], binary.LittleEndian.Uint32(b[12:]))
	setIPv4(&p.PeerAddress[Dest], binary.LittleEndian.Uint32(b[16:]))

	flags := IsStream
	if frag := binary.BigEndian.Uint16(b[6:]); frag&0x3fff != 0 {
		flags |= fragmentFlags(frag&0x1fff, frag&0x2000)
	}
	p.transport(f.Data, off+header, end, proto, flags)
}

// setIPv4 stores an address and the zeros behind it in whole words, so that
// whoever reads words next need not wait for narrower stores to meet. The
// rotation keeps the compiler from seeing the zeros and splitting the first
// word.
func setIPv4(a *[MaxPeer]byte, v uint32) {
	binary.LittleEndian.PutUint64(a[0:], bits.RotateLeft64(uint64(v)<<32, 32))
	binary.LittleEndian.PutUint64(a[8:], 0)
	binary.LittleEndian.PutUint32(a[16:], 0)
}

// ipv6 decodes the IPv6 header at off, at most len(f.Data).
func (p *Packet) ipv6(f *wire.Frame, off int) {
	b := f.Data[off:]
	if len(b) < ipv6Header || b[0]>>4 != 6 {
		p.badIP(f, off, mib.PeerIPv6, len(b) > 0 && b[0]>>4 != 6)
		return
	}
	payload := int(binary.BigEndian.Uint16(b[4:]))
	next := b[6]
	end := off + ipv6Header + payload
	octets := ipv6Header + uint32(payload)
	if payload == 0 {
		octets, end = withoutLength(f, off, next), unbounded
	}
	p.PeerOctets = octets
	p.PeerType, p.PeerLen = mib.PeerIPv6, 16
	p.NetOff = uint16(off)
	setIPv6(&p.PeerAddress[Source], b[8:24])
	setIPv6(&p.PeerAddress[Dest], b[24:40])

	if kinds[next]&extension != 0 {
		p.extensions(f.Data, off+ipv6Header, end, next)
		return
	}
	p.transport(f.Data, off+ipv6Header, end, next, IsStream)
}

func setIPv6(a *[MaxPeer]byte, v []byte) {
	binary.LittleEndian.PutUint64(a[0:], binary.LittleEndian.Uint64(v[0:]))
	binary.LittleEndian.PutUint64(a[8:], binary.LittleEndian.Uint64(v[8:]))
	binary.LittleEndian.PutUint32(a[16:], 0)
}

// fragmentFlags tells a fragment by its offset and its more-fragments bit.
// With both 0 it is none.
func fragmentFlags(offset, more uint16) Flags {
	switch {
	case offset != 0:
		return IsFragment | NotFirst
	case more != 0:
		return IsFragment
	}
	return 0
}

// badIP records an IP packet whose fixed header is cut or contradicts itself:
// its peer type is all that is believed.
func (p *Packet) badIP(f *wire.Frame, off int, t mib.PeerType, wrong bool) {
	if wrong {
		p.withoutPeers(t, off, FaultPeerHeader)
		p.PeerOctets = behindLink(f, off)
		return
	}
	p.withoutPeers(t, off, FaultPeerCut)
}

// extensions walks the IPv6 extension headers from off, the first being of
// type next, and then decodes the transport header. end is where the packet
// ends by its length.
//
// The upper protocol is known once the octet that names it is captured, even
// if the rest of its extension header is not.
func (p *Packet) extensions(d []byte, off, end int, next uint8) {
	flags := IsStream
	seen := min(end, len(d))
	for range maxExtensions {
		if off >= seen {
			p.stopChain(0, off+1 > end, flags)
			return
		}
		this, size := next, 8 // the least an extension header takes
		next = d[off]
		if next == protoNoNext && kinds[this]&signal != 0 {
			// Mobility, HIP and shim6 control messages are the upper layer.
			p.transport(d, off, end, this, flags)
			return
		}
		if off+2 <= seen {
			size = extensionSize(this, d[off+1])
		}
		if this == protoFragment && off+4 <= seen {
			frag := binary.BigEndian.Uint16(d[off+2:])
			flags |= fragmentFlags(frag>>3, frag&1)
		}
		off += size
		if off > seen {
			p.stopChain(next, off > end, flags)
			return
		}
		// What follows a later fragment's header is the middle of a packet.
		if flags&NotFirst != 0 || kinds[next]&extension == 0 {
			p.transport(d, off, end, next, flags)
			return
		}
	}
	p.endChain(0, flags, FaultLimit)
}

// extensionSize is the size in octets of an extension header of type t whose
// second octet is length.
func extensionSize(t, length uint8) int {
	switch t {
	case protoFragment:
		return 8
	case protoAH:
		return (int(length) + 2) * 4 // RFC 4302 §2.2
	}
	return (int(length) + 1) * 8
}

// stopChain ends a chain of extension headers that goes on beyond the packet's
// length (wrong) or beyond what is captured. next is the upper protocol, or an
// extension.
func (p *Packet) stopChain(next uint8, wrong bool, flags Flags) {
	if kinds[next]&extension != 0 {
		next = 0
	}
	if wrong {
		p.endChain(next, flags, FaultPeerHeader)
		return
	}
	p.endChain(next, flags|Cut, FaultPeerCut)
}

// endChain writes what transport would have written.
func (p *Packet) endChain(proto uint8, flags Flags, fault Fault) {
	p.TransType, p.TransOff = proto, 0
	p.TransAddress = [2]uint16{}
	p.TCPFlags, p.QueryID = 0, 0
	p.Flags, p.Fault = flags, fault
}

// withoutLength is the octets of the IPv6 packet at off whose payload length
// is 0: those of a jumbo payload option in a hop-by-hop header right behind the
// fixed one (RFC 2675, RFC 8200 §4.1), but no more than the frame holds. All
// else is segmentation offload, which sets the length later: the frame less its
// link headers. Fewer octets than any upper header has are Ethernet's padding.
func withoutLength(f *wire.Frame, off int, next uint8) uint32 {
	const leastUpper = 8
	held := behindLink(f, off)
	if held < ipv6Header+leastUpper {
		return ipv6Header
	}
	b := f.Data[off+ipv6Header:]
	if next != protoHopByHop || len(b) < 2 {
		return held
	}
	n, ok := jumboPayload(b[:min(len(b), extensionSize(next, b[1]))])
	switch {
	case !ok:
		return held
	case f.Flags&wire.NoFrameLen != 0:
		return ipv6Header + n
	}
	return min(ipv6Header+n, held)
}

// jumboPayload looks for the jumbo payload option (RFC 2675) in b, a hop-by-hop
// header from its first octet.
func jumboPayload(b []byte) (n uint32, ok bool) {
	const pad1, jumbo = 0, 0xc2
	i := 2
	for range maxOptions {
		if i+2 > len(b) {
			return 0, false
		}
		switch b[i] {
		case pad1:
			i++
			continue
		case jumbo:
			if b[i+1] != 4 || i+6 > len(b) {
				return 0, false
			}
			// A length below 65,536 is not allowed, one above 2^32-41 cannot be.
			n = binary.BigEndian.Uint32(b[i+2:])
			return n, n > 0xffff && n <= 1<<32-1-ipv6Header
		}
		i += 2 + int(b[i+1])
	}
	return 0, false
}

// transport writes the fields of the transport header of protocol proto at
// off, which may lie behind what is captured. end is where the packet ends by
// its length.
func (p *Packet) transport(d []byte, off, end int, proto uint8, flags Flags) {
	fault, transOff := FaultNone, 0
	var ports uint32
	var query uint16
	var tcp uint8
	switch {
	case off > len(d):
		flags, fault = flags|Cut, FaultPeerCut
	case flags&NotFirst != 0:
	case kinds[proto]&ported == 0:
		transOff = off
		if kinds[proto]&queries != 0 {
			query = queryID(proto, d[off:min(max(end, off), len(d))])
		}
	case off+portOctets > end:
		transOff, fault = off, FaultTransCut
	case off+portOctets > len(d):
		transOff, flags, fault = off, flags|Cut, FaultTransCut
	default:
		transOff = off
		ports = binary.BigEndian.Uint32(d[off:])
		flags |= HasPorts
		if proto == protoTCP && off+tcpFacts <= min(end, len(d)) {
			flags |= HasTCP
			tcp = d[off+13]
		}
	}
	p.TransAddress[Source], p.TransAddress[Dest] = uint16(ports>>16), uint16(ports)
	p.TransType, p.TransOff = proto, uint16(transOff)
	p.TCPFlags, p.QueryID = tcp, query
	p.Flags, p.Fault = flags, fault
}

// queryID is the identifier of the message of ICMP or ICMPv6 in b, 0 if it has none
// or that is not captured.
func queryID(proto uint8, b []byte) uint16 {
	const idAt, idEnd = 4, 6
	if len(b) < idEnd {
		return 0
	}
	switch t := b[0]; {
	case proto == protoICMP && (t == 0 || t == 8 || t >= 13 && t <= 18 || t == 42 || t == 43):
	case proto == protoICMPv6 && (t == 128 || t == 129 || t == 160 || t == 161):
	default:
		return 0
	}
	return binary.BigEndian.Uint16(b[idAt:])
}
