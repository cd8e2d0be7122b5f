package mib

import (
	"maps"
	"slices"
	"strconv"
)

// PeerType is a network-layer address family: IANA's address family number
// where there is one, else a number from 240 up (this project's, see
// docs/deviations.md). It is the value of SourcePeerType and DestPeerType.
type PeerType uint8

// The peer types.
const (
	PeerNone      PeerType = 0 // no network layer reached
	PeerIPv4      PeerType = 1
	PeerIPv6      PeerType = 2
	PeerNSAP      PeerType = 3 // ISO 8473, ES-IS, IS-IS
	PeerIPX       PeerType = 11
	PeerAppleTalk PeerType = 12
	PeerDECnet    PeerType = 13
	PeerVines     PeerType = 14 // Banyan Vines
	PeerARP       PeerType = 240
	PeerLLC       PeerType = 241 // 802.1D and other LLC
	PeerLLDP      PeerType = 242
	PeerLoop      PeerType = 243 // loop / configuration test protocol
	PeerPPP       PeerType = 244 // PPP and PPPoE control
	PeerOther     PeerType = 254
	PeerDummy     PeerType = 255 // the DOS meter's idle-time packets
)

// AdjacentType is the kind of link-layer address (RFC 2722 §8: an ifType).
type AdjacentType uint8

// The adjacent types that have addresses we read.
const (
	AdjacentNone      AdjacentType = 0
	AdjacentEthernet  AdjacentType = 7 // 6 octets of MAC address, as the next two have
	AdjacentTokenRing AdjacentType = 9
	AdjacentFDDI      AdjacentType = 15
	AdjacentPPP       AdjacentType = 23
	Adjacent80211     AdjacentType = 71
)

// PeerNamed finds the peer type that rule files and standard.srl call name, in
// lower case.
func PeerNamed(name string) (PeerType, bool) {
	t, ok := peerNames[name]
	return t, ok
}

// PeerNames returns the names that PeerNamed knows, sorted.
func PeerNames() []string { return slices.Sorted(maps.Keys(peerNames)) }

var peerNames = map[string]PeerType{
	"ip": PeerIPv4, "ipv4": PeerIPv4, "ipv6": PeerIPv6, "nsap": PeerNSAP,
	"clns": PeerNSAP, "ipx": PeerIPX, "novell": PeerIPX, "appletalk": PeerAppleTalk,
	"ethertalk": PeerAppleTalk, "decnet": PeerDECnet, "vines": PeerVines,
	"arp": PeerARP, "llc": PeerLLC, "lldp": PeerLLDP, "loop": PeerLoop,
	"ppp": PeerPPP, "other": PeerOther, "dummy": PeerDummy,
}

// Name is the type's usual name, its number if it has none.
func (t PeerType) Name() string {
	switch t { // those with several names
	case PeerNone:
		return "none"
	case PeerIPv4:
		return "ipv4"
	case PeerNSAP:
		return "nsap"
	case PeerIPX:
		return "ipx"
	case PeerAppleTalk:
		return "appletalk"
	}
	for name, known := range peerNames {
		if known == t {
			return name
		}
	}
	return strconv.Itoa(int(t))
}

// AddressSize is the natural size in octets of a peer address of type t:
// IPv4 4, IPv6 16, IPX 10 (network, node), AppleTalk 3 (network, node),
// DECnet 3 (area, host); 0 where it varies or there is none.
func (t PeerType) AddressSize() int {
	switch t {
	case PeerIPv4:
		return 4
	case PeerIPv6:
		return 16
	case PeerIPX:
		return 10
	case PeerAppleTalk, PeerDECnet:
		return 3
	}
	return 0
}
