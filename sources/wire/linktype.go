package wire

import "fmt"

// LinkType is a link-layer header type, numbered as the LINKTYPE_ values of
// capture files (the tcpdump group's registry); platform DLT_ values that
// differ are translated by the readers.
type LinkType uint16

// The link types the decoder knows by name.
const (
	LinkNull       LinkType = 0   // BSD loopback, address family in host order of the writer
	LinkEthernet   LinkType = 1   //
	LinkTokenRing  LinkType = 6   //
	LinkPPP        LinkType = 9   // PPP, perhaps with HDLC-like framing
	LinkFDDI       LinkType = 10  //
	LinkPPPHDLC    LinkType = 50  // PPP in HDLC-like framing
	LinkPPPEther   LinkType = 51  // PPPoE session, from the PPPoE header on
	LinkRFC1483    LinkType = 100 // an AAL5 frame: LLC (RFC 2684), or IP alone
	LinkRaw        LinkType = 101 // IPv4 or IPv6 by version
	LinkCHDLC      LinkType = 104 // Cisco HDLC
	LinkCLIP       LinkType = 106 // classical IP over ATM on Linux, as LinkRFC1483
	LinkLoop       LinkType = 108 // OpenBSD loopback, family in network order
	LinkLinuxSLL   LinkType = 113 // Linux cooked capture v1
	LinkSunATM     LinkType = 123 // flags, VPI and VCI in four octets, then an AAL5 frame
	LinkERF        LinkType = 197 // an ERF record
	LinkPPPWithDir LinkType = 204 // a direction octet before PPP
	LinkIPv4       LinkType = 228
	LinkIPv6       LinkType = 229
	LinkIPoIB      LinkType = 242 // IP over InfiniBand, from its GRH on
	LinkInfiniBand LinkType = 247
	LinkLinuxSLL2  LinkType = 276 // Linux cooked capture v2

	// LinkATM is ours, of no registry: an ATM cell's header without the octet that
	// checks it, and what is there of the AAL5 frame.
	LinkATM LinkType = 0xff01
)

var linkNames = map[LinkType]string{
	LinkNull: "null", LinkEthernet: "ethernet", LinkPPP: "ppp", LinkPPPHDLC: "ppp-hdlc",
	LinkPPPEther: "pppoe", LinkRaw: "raw", LinkCHDLC: "chdlc", LinkLoop: "loop",
	LinkLinuxSLL: "linux-sll", LinkPPPWithDir: "ppp-with-direction",
	LinkIPv4: "ipv4", LinkIPv6: "ipv6", LinkLinuxSLL2: "linux-sll2",
	LinkTokenRing: "token-ring", LinkFDDI: "fddi", LinkRFC1483: "rfc1483", LinkCLIP: "clip", LinkSunATM: "sunatm",
	LinkERF: "erf", LinkIPoIB: "ipoib", LinkInfiniBand: "infiniband", LinkATM: "atm",
}

// String returns the type's name, or "linktype(n)".
func (t LinkType) String() string {
	if n, ok := linkNames[t]; ok {
		return n
	}
	return fmt.Sprintf("linktype(%d)", uint16(t))
}
