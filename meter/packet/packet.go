// Package packet turns a wire.Frame into a Packet, the plain record between
// decoding and metering: key, lengths, times, facts; no slices, no pointers.
//
// It is a leaf. Decoding allocates nothing, never reads beyond the captured
// octets, and never fails: what cannot be decoded is told by Fault. The meter
// calls DecodeNet for every frame and DecodeRest for the few that need it.
package packet

import "netramet/mib"

// Depth says how far into a frame DecodeTo looks.
type Depth uint8

// The depths. Zero is the outermost network layer, found through pseudowires.
const (
	// InTunnels: the innermost IP packet that tunnels carry. Where no IP packet is
	// found in one, the packet is that of the layer above.
	InTunnels Depth = 1 << iota
	// NoPseudowires: what follows MPLS labels is IP if its header bears that out,
	// and nothing else.
	NoPseudowires
)

// Direction indexes the two halves of address pairs and counters.
type Direction uint8

// The two ends, in wire order.
const (
	Source Direction = 0
	Dest   Direction = 1
)

// MaxPeer is the size of an address field, in octets (NSAP being the largest).
const MaxPeer = mib.MaxAddress

// Flags are facts of a packet.
type Flags uint16

// The facts. DecodeNet sets all of them.
const (
	// IsStream: the fixed IP header (20 or 40 octets) is captured and sound, so
	// peer type, peer addresses, transport type and ports name the stream. What
	// lies behind a cut in options or extension headers is absent all the same.
	IsStream Flags = 1 << iota
	// HasPorts: TransAddress is valid.
	HasPorts
	// IsFragment: an IP fragment, first or not (not: IPv6 atomic fragments,
	// RFC 6946).
	IsFragment
	// NotFirst: a fragment that is not the first; its ports are 0.
	NotFirst
	// Cut: the captured octets end inside a link or network header, or before
	// the transport header's ports.
	Cut
	// HasTCP: the first 16 octets of a TCP header are captured, so TCPFlags is
	// valid and DecodeRest gives the other TCP fields.
	HasTCP
	// Tunnelled: the packet is the innermost of a tunnel, TunnelOff is valid.
	Tunnelled
	// Exported: it is many packets in one, of which an exporter has told. Those of a
	// stream may then differ in Interface and Origin. DecodeTo does not set it.
	Exported
)

// Packet is one packet as the meter sees it. DecodeNet writes every field of
// the first part; DecodeRest writes every field of Rest. Absent fields are 0.
// It holds no pointers; the first part and a little more fill two cache lines.
type Packet struct {
	Time int64 // Unix nanoseconds of the frame itself, or wire.NoTime

	// PeerAddress holds source and destination network addresses,
	// left-justified; octets after PeerLen are 0.
	PeerAddress [2][MaxPeer]byte
	// TransAddress holds source and destination ports, or sockets of IPX and
	// AppleTalk; 0 unless HasPorts.
	TransAddress [2]uint16

	// FrameOctets counts the wire without FCS. Where the source does not know
	// the frame's length (wire.NoFrameLen) it is PeerOctets.
	FrameOctets uint32
	// PeerOctets counts the network layer: what the IP header says, even if
	// that is more than the frame holds; for other protocols, for length 0
	// (offload; IPv6 without a jumbo option) and for an IP header that
	// contradicts itself, the frame less its link headers; 0 where the fixed IP
	// header is cut or not reached.
	PeerOctets uint32

	PeerType mib.PeerType
	PeerLen  uint8 // natural length of the peer addresses, octets; 0 if absent
	// TransType is the IP protocol number of the upper layer, 0 if absent. An
	// IPv6 fragment that is not the first has what its fragment header says.
	TransType uint8
	Fault     Fault
	TCPFlags  uint8 // FIN is bit 0, CWR bit 7; valid iff HasTCP
	Flags     Flags
	// QueryID is the identifier of a query or reply of ICMP or ICMPv6 (echo,
	// time stamp, information, address mask; RFC 792, 950, 4443, 8335); 0 in all
	// other packets.
	QueryID uint16

	// Interface is the number of the interface that the packet was seen on, twice; of
	// one that was Exported, those of the exporter.
	Interface [2]uint8

	NetOff   uint16 // offset of the network header in the frame, 0 if not reached
	TransOff uint16 // offset of the transport header, 0 if not reached or absent
	// TunnelOff is the offset of the network header of the tunnel that the packet
	// is in, valid iff Tunnelled.
	TunnelOff uint16

	Rest Rest
	// Origin is not decoded: the meter fills it where a rule asks for it. In a packet
	// that is Exported the exporter's values are there before.
	Origin Origin
}

// Rest holds what a stream's remembered verdict does not need. It is valid
// only after DecodeRest.
type Rest struct {
	// AdjacentAddress holds MAC addresses, or the ends of the tunnel that the packet
	// is in, left-justified; octets after AdjacentLen are 0.
	AdjacentAddress [2][MaxPeer]byte
	AdjacentLen     uint8            // 6, also where the link has none; 4 or 16 in a tunnel
	AdjacentType    mib.AdjacentType // of the link, or the peer type of the ends
	Priority        uint8            // 802.1p of the outermost tag, 0 without one
	VLANid          uint16           // of the outermost tag, 0 without one
	DSCodePoint     uint8            // 6 bits, right-justified; 0 unless IsStream
	ECNCodeBits     uint8            // 2 bits; 0 unless IsStream
	TCPWindow       uint16           // as sent, not scaled; valid iff HasTCP
	TCPSeq, TCPAck  uint32           // valid iff HasTCP
	// PayloadLen is the octets after the header of TCP, UDP, UDP-Lite, SCTP,
	// DCCP, ICMP or ICMPv6 by the IP length, captured or not; 0 for other
	// protocols, for fragments that are not the first, and where the octet that
	// tells the header's length is not captured.
	PayloadLen uint32
}

// HasAdjacent reports whether there are adjacent addresses.
func (r *Rest) HasAdjacent() bool {
	return r.AdjacentType != mib.AdjacentNone && r.AdjacentType != mib.AdjacentPPP
}

// Origin is where a packet comes from and goes to: what is known of it beside
// its octets. All packets of a stream have the same, exchanged in the other
// direction, unless they are Exported.
type Origin struct {
	MeterID uint32    // of the meter itself
	ASN     [2]uint32 // autonomous system of each address, 0 if not known
	Prefix  [2]uint8  // length of the prefix that tells it, 0 if none does
}

// Fault says why a packet could not be decoded to the end. It is counted, per
// kind, and never an error value.
type Fault uint8

// The faults.
const (
	FaultNone     Fault = iota
	FaultLinkType       // the link type is not supported: the packet is not metered
	FaultLinkCut        // the frame ends inside its link header: PeerType is 0
	FaultPeerCut        // the frame ends inside the network header
	// FaultPeerHeader: the network header contradicts itself. With IsStream,
	// only the chain of extension headers does.
	FaultPeerHeader
	// FaultTransCut: the frame, or the length in the IP header (then without
	// Cut), ends before the transport header's ports.
	FaultTransCut
	FaultLimit // more headers than the decoder follows
	NumFaults  = iota
)

var faultNames = [NumFaults]string{
	"none", "link type not supported", "link header cut", "network header cut",
	"network header wrong", "transport header cut", "too many headers",
}

// String describes the fault in a few words.
func (f Fault) String() string {
	if int(f) < len(faultNames) {
		return faultNames[f]
	}
	return "unknown fault"
}
