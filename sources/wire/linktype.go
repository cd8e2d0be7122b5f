package wire

import "fmt"

// LinkType is a link-layer header type, numbered as the LINKTYPE_ values of
// capture files (the tcpdump group's registry); platform DLT_ values that
// differ are translated by the readers.
type LinkType uint16

// The link types the decoder knows.
const (
	LinkNull        LinkType = 0   // BSD loopback, address family in host order of the writer
	LinkEthernet    LinkType = 1   //
	LinkTokenRing   LinkType = 6   // IEEE 802.5, perhaps with source routing
	LinkARCNET      LinkType = 7   // as the BSDs capture it: fragments as they come
	LinkSLIP        LinkType = 8   // 16 octets of direction and compressed header, then IP
	LinkPPP         LinkType = 9   // PPP, perhaps with HDLC-like framing
	LinkFDDI        LinkType = 10  //
	LinkPPPHDLC     LinkType = 50  // PPP in HDLC-like framing
	LinkPPPEther    LinkType = 51  // PPPoE session, from the PPPoE header on
	LinkRFC1483     LinkType = 100 // an AAL5 frame: LLC (RFC 2684), or IP alone
	LinkRaw         LinkType = 101 // IPv4 or IPv6 by version
	LinkSLIPBSDOS   LinkType = 102 // SLIP of BSD/OS
	LinkPPPBSDOS    LinkType = 103 // PPP of BSD/OS
	LinkCHDLC       LinkType = 104 // Cisco HDLC
	Link80211       LinkType = 105 // IEEE 802.11
	LinkCLIP        LinkType = 106 // classical IP over ATM on Linux, as LinkRFC1483
	LinkFrameRelay  LinkType = 107 //
	LinkLoop        LinkType = 108 // OpenBSD loopback, family in network order
	LinkENC         LinkType = 109 // OpenBSD's inside of IPsec
	LinkLinuxSLL    LinkType = 113 // Linux cooked capture v1
	LinkPFLog       LinkType = 117 // OpenBSD's packet filter log
	LinkPrism       LinkType = 119 // IEEE 802.11 behind a Prism header
	LinkIPoverFC    LinkType = 122 // RFC 2625
	LinkSunATM      LinkType = 123 // flags, VPI and VCI in four octets, then an AAL5 frame
	LinkRadiotap    LinkType = 127 // IEEE 802.11 behind a radiotap header
	LinkARCNETLinux LinkType = 129 // as Linux captures it: whole packets
	LinkFireWire    LinkType = 138 // Apple's IP over IEEE 1394
	LinkUser2       LinkType = 149 // anybody's; Apple wrote PKTAP so
	LinkAVS         LinkType = 163 // IEEE 802.11 behind an AVS header
	LinkPPPD        LinkType = 166 // PPP of pppd, a direction in place of the address octet
	LinkMFR         LinkType = 182 // multi-link frame relay, FRF.16
	LinkPPI         LinkType = 192 // per-packet information, then another link type
	LinkERF         LinkType = 197 // an ERF record
	LinkPPPWithDir  LinkType = 204 // a direction octet before PPP
	LinkCHDLCDir    LinkType = 205 // a direction octet before Cisco HDLC
	LinkFRelayDir   LinkType = 206 // a direction octet before frame relay
	LinkMPLS        LinkType = 219 //
	LinkIPNET       LinkType = 226 // Solaris
	LinkIPv4        LinkType = 228
	LinkIPv6        LinkType = 229
	LinkNFLOG       LinkType = 239 // Linux's netfilter log
	LinkNetAnalyzer LinkType = 240 // four octets of Hilscher's before Ethernet
	LinkIPoIB       LinkType = 242 // IP over InfiniBand, from its GRH on
	LinkInfiniBand  LinkType = 247
	LinkPKTAP       LinkType = 258 // Apple's packet tap: the link type is in its header
	LinkLinuxSLL2   LinkType = 276 // Linux cooked capture v2
	LinkDSABroadcom LinkType = 281 // a Broadcom switch's tag behind the addresses
	LinkDSAPrepend  LinkType = 282 // the same before the Ethernet frame
	LinkDSA         LinkType = 284 // a Marvell switch's tag behind the addresses
	LinkEDSA        LinkType = 285 // the same behind an EtherType

	// LinkATM is ours, of no registry: an ATM cell's header without the octet that
	// checks it, and what is there of the AAL5 frame.
	LinkATM LinkType = 0xff01
	// LinkIPoIBSnoop is ours too: IP over InfiniBand from its EtherType on.
	LinkIPoIBSnoop LinkType = 0xff02
)

// Juniper's link types: a header that begins with the magic number 4D4743, a
// cookie as the interface card has it, and then what the name says.
const (
	LinkJuniperMLPPP    LinkType = 130
	LinkJuniperMLFR     LinkType = 131
	LinkJuniperES       LinkType = 132 // encryption services
	LinkJuniperGGSN     LinkType = 133
	LinkJuniperMFR      LinkType = 134
	LinkJuniperATM2     LinkType = 135
	LinkJuniperServices LinkType = 136
	LinkJuniperATM1     LinkType = 137
	LinkJuniperMonitor  LinkType = 164
	LinkJuniperPPPoE    LinkType = 167 // Ethernet, though the name says otherwise
	LinkJuniperPPPoEATM LinkType = 168
	LinkJuniperEther    LinkType = 178
	LinkJuniperPPP      LinkType = 179
	LinkJuniperFRelay   LinkType = 180
	LinkJuniperCHDLC    LinkType = 181
	LinkJuniperVP       LinkType = 183 // voice
	LinkJuniperISM      LinkType = 194
	LinkJuniperST       LinkType = 200
	LinkJuniperVS       LinkType = 232
	LinkJuniperSRX      LinkType = 233
	LinkJuniperFC       LinkType = 234 // fibre channel
	LinkJuniperATMCEMIC LinkType = 238
)

var linkNames = map[LinkType]string{
	LinkNull: "null", LinkEthernet: "ethernet", LinkPPP: "ppp", LinkPPPHDLC: "ppp-hdlc",
	LinkPPPEther: "pppoe", LinkRaw: "raw", LinkCHDLC: "chdlc", LinkLoop: "loop",
	LinkLinuxSLL: "linux-sll", LinkPPPWithDir: "ppp-with-direction",
	LinkIPv4: "ipv4", LinkIPv6: "ipv6", LinkLinuxSLL2: "linux-sll2",
	LinkTokenRing: "token-ring", LinkFDDI: "fddi", LinkRFC1483: "rfc1483", LinkCLIP: "clip", LinkSunATM: "sunatm",
	LinkERF: "erf", LinkIPoIB: "ipoib", LinkInfiniBand: "infiniband", LinkATM: "atm", LinkIPoIBSnoop: "ipoib",
	LinkARCNET: "arcnet", LinkARCNETLinux: "arcnet-linux", LinkSLIP: "slip", LinkSLIPBSDOS: "slip-bsdos",
	LinkPPPBSDOS: "ppp-bsdos", Link80211: "ieee802.11", LinkFrameRelay: "frame-relay", LinkENC: "enc",
	LinkPFLog: "pflog", LinkPrism: "prism", LinkIPoverFC: "ip-over-fc", LinkRadiotap: "ieee802.11-radiotap",
	LinkFireWire: "ip-over-firewire", LinkUser2: "user2", LinkAVS: "ieee802.11-avs", LinkPPPD: "pppd",
	LinkMFR: "mfr", LinkPPI: "ppi", LinkCHDLCDir: "chdlc-with-direction", LinkFRelayDir: "frame-relay-with-direction",
	LinkMPLS: "mpls", LinkIPNET: "ipnet", LinkNFLOG: "nflog", LinkNetAnalyzer: "netanalyzer", LinkPKTAP: "pktap",
	LinkDSABroadcom: "dsa-broadcom", LinkDSAPrepend: "dsa-broadcom-prepend", LinkDSA: "dsa", LinkEDSA: "edsa",
	LinkJuniperMLPPP: "juniper-mlppp", LinkJuniperMLFR: "juniper-mlfr", LinkJuniperES: "juniper-es",
	LinkJuniperGGSN: "juniper-ggsn", LinkJuniperMFR: "juniper-mfr", LinkJuniperATM2: "juniper-atm2",
	LinkJuniperServices: "juniper-services", LinkJuniperATM1: "juniper-atm1", LinkJuniperMonitor: "juniper-monitor",
	LinkJuniperPPPoE: "juniper-pppoe", LinkJuniperPPPoEATM: "juniper-pppoe-atm", LinkJuniperEther: "juniper-ether",
	LinkJuniperPPP: "juniper-ppp", LinkJuniperFRelay: "juniper-frelay", LinkJuniperCHDLC: "juniper-chdlc",
	LinkJuniperVP: "juniper-vp", LinkJuniperISM: "juniper-ism", LinkJuniperST: "juniper-st", LinkJuniperVS: "juniper-vs",
	LinkJuniperSRX: "juniper-srx-e2e", LinkJuniperFC: "juniper-fibrechannel", LinkJuniperATMCEMIC: "juniper-atm-cemic",
}

// String returns the type's name, or "linktype(n)".
func (t LinkType) String() string {
	if n, ok := linkNames[t]; ok {
		return n
	}
	return fmt.Sprintf("linktype(%d)", uint16(t))
}

// Stored translates what old or careless writers store, a DLT number of
// their own system, where it differs from the LINKTYPE number and that number
// means nothing else in the registry.
func Stored(number uint16) LinkType {
	switch number {
	case 11, 13: // DLT_ATM_RFC1483 of most systems, of BSD/OS
		return LinkRFC1483
	case 12, 14: // DLT_RAW of most systems, of OpenBSD
		return LinkRaw
	case 15: // DLT_SLIP_BSDOS
		return LinkSLIPBSDOS
	case 16: // DLT_PPP_BSDOS
		return LinkPPPBSDOS
	case 19: // DLT_ATM_CLIP of Linux
		return LinkCLIP
	}
	return LinkType(number)
}
