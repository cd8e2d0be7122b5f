package filter

import "netramet/sources/wire"

// linkKind is how a link layer says what it carries.
type linkKind uint8

const (
	kindEthernet linkKind = iota
	kindPPP
	kindHDLC
	kindLoopback
	kindRaw
	kindIPv4
	kindIPv6
	kindCooked
	kindLLC
	kindSunATM
	kindFrameRelay
	kindIPNET
	kindType
	kindARCNET
	kindPFLog
	kind80211
)

// offset is a place in the frame: a number of octets, and those that a register
// holds besides, where reg is not 0.
type offset struct {
	octets uint32
	reg    uint32 // register number + 1
}

// plus is the place n octets behind o.
func (o offset) plus(n uint32) offset { return offset{o.octets + n, o.reg} }

// layout is where the headers of a frame are. It changes behind tests such as
// vlan, which say that there is one more header.
type layout struct {
	kind   linkKind
	header offset // the link layer's header
	proto  offset // where it says what it carries
	load   offset // what is behind it
	net    uint32 // octets of load before the network layer's header: LLC and SNAP, or MPLS
	bare   uint32 // the same where LLC comes without SNAP
	labels int    // of MPLS that were tested for
	mac    int    // octets of header before the destination's Ethernet address; -1: it has none
	apart  uint32 // octets between that and the source's
	inside bool   // in a tunnel
}

// linkTypes are the link types that can be filtered.
var linkTypes = []wire.LinkType{
	wire.LinkEthernet, wire.LinkRaw, wire.LinkIPv4, wire.LinkIPv6, wire.LinkNull, wire.LinkLoop, wire.LinkPPP, wire.LinkPPPHDLC,
	wire.LinkPPPEther, wire.LinkPPPWithDir, wire.LinkCHDLC, wire.LinkLinuxSLL, wire.LinkLinuxSLL2, wire.LinkFDDI, wire.LinkTokenRing,
	wire.LinkRFC1483, wire.LinkCLIP, wire.LinkSunATM, wire.LinkATM, wire.LinkPPPD, wire.LinkFrameRelay, wire.LinkIPNET, wire.LinkENC,
	wire.LinkNetAnalyzer, wire.LinkCHDLCDir, wire.LinkFRelayDir, wire.LinkPPPBSDOS, wire.LinkSLIP, wire.LinkSLIPBSDOS,
	wire.LinkARCNET, wire.LinkARCNETLinux, wire.LinkIPoverFC, wire.LinkFireWire, wire.LinkPFLog,
	wire.Link80211, wire.LinkRadiotap, wire.LinkPrism, wire.LinkAVS, wire.LinkPPI,
}

// layoutOf is the layout of a link type's frames; ok is false for those that
// cannot be filtered.
func layoutOf(link wire.LinkType) (l layout, ok bool) {
	at := func(kind linkKind, proto, load uint32) layout {
		return layout{kind: kind, proto: offset{octets: proto}, load: offset{octets: load}, mac: -1}
	}
	switch link {
	case wire.LinkEthernet:
		l = at(kindEthernet, 12, 14)
		l.bare, l.mac = 3, 0
	case wire.LinkRaw:
		l = at(kindRaw, 0, 0)
	case wire.LinkIPv4:
		l = at(kindIPv4, 0, 0)
	case wire.LinkIPv6:
		l = at(kindIPv6, 0, 0)
	case wire.LinkNull, wire.LinkLoop:
		l = at(kindLoopback, 0, 4)
	case wire.LinkENC:
		l = at(kindLoopback, 0, 12)
	case wire.LinkNetAnalyzer:
		l = at(kindEthernet, 16, 18)
		l.header, l.bare, l.mac = offset{octets: 4}, 3, 0
	case wire.LinkFrameRelay:
		l = at(kindFrameRelay, 2, 4)
	case wire.LinkFRelayDir:
		l = at(kindFrameRelay, 3, 5)
	case wire.LinkIPNET:
		l = at(kindIPNET, 1, 24)
	case wire.LinkPPP, wire.LinkPPPHDLC, wire.LinkPPPD:
		l = at(kindPPP, 2, 4)
	case wire.LinkPPPEther:
		l = at(kindPPP, 6, 8)
	case wire.LinkPPPWithDir:
		l = at(kindPPP, 3, 5)
	case wire.LinkCHDLC:
		l = at(kindHDLC, 2, 4)
	case wire.LinkCHDLCDir:
		l = at(kindHDLC, 3, 5)
	case wire.LinkLinuxSLL:
		l = at(kindCooked, 14, 16)
	case wire.LinkLinuxSLL2:
		l = at(kindType, 0, 20)
	case wire.LinkFireWire:
		l = at(kindType, 16, 18)
	case wire.LinkPPPBSDOS:
		l = at(kindPPP, 5, 24)
	case wire.LinkSLIP:
		l = at(kindRaw, 16, 16)
	case wire.LinkSLIPBSDOS:
		l = at(kindRaw, 24, 24)
	case wire.LinkARCNET:
		l = at(kindARCNET, 2, 6)
	case wire.LinkARCNETLinux:
		l = at(kindARCNET, 4, 8)
	case wire.LinkPFLog:
		l = at(kindPFLog, 1, 0)
		l.load = offset{reg: regLoad + 1}
	case wire.Link80211, wire.LinkRadiotap, wire.LinkPrism, wire.LinkAVS, wire.LinkPPI:
		l = at(kind80211, 0, 0)
		l.header, l.load = offset{reg: regHeader + 1}, offset{reg: regLoad + 1}
		l.proto, l.net, l.bare = l.load, 8, 3
	case wire.LinkIPoverFC:
		l = at(kindLLC, 16, 16)
		l.net, l.bare, l.mac, l.apart = 8, 3, 2, 2
	case wire.LinkFDDI:
		l = at(kindLLC, 13, 13)
		l.net, l.bare, l.mac = 8, 3, 1
	case wire.LinkTokenRing:
		l = at(kindLLC, 14, 14)
		l.net, l.bare, l.mac = 8, 3, 2
	case wire.LinkRFC1483, wire.LinkCLIP:
		l = at(kindLLC, 0, 0)
		l.net, l.bare = 8, 3
	case wire.LinkATM:
		l = at(kindLLC, 4, 4)
		l.net, l.bare = 8, 3
	case wire.LinkSunATM:
		l = at(kindSunATM, 4, 4)
		l.net, l.bare = 8, 3
	default:
		return l, false
	}
	return l, true
}
