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
	LinkPPP        LinkType = 9   // PPP, perhaps with HDLC-like framing
	LinkPPPHDLC    LinkType = 50  // PPP in HDLC-like framing
	LinkPPPEther   LinkType = 51  // PPPoE session, from the PPPoE header on
	LinkRaw        LinkType = 101 // IPv4 or IPv6 by version
	LinkCHDLC      LinkType = 104 // Cisco HDLC
	LinkLoop       LinkType = 108 // OpenBSD loopback, family in network order
	LinkLinuxSLL   LinkType = 113 // Linux cooked capture v1
	LinkPPPWithDir LinkType = 204 // a direction octet before PPP
	LinkIPv4       LinkType = 228
	LinkIPv6       LinkType = 229
	LinkLinuxSLL2  LinkType = 276 // Linux cooked capture v2
)

var linkNames = map[LinkType]string{
	LinkNull: "null", LinkEthernet: "ethernet", LinkPPP: "ppp", LinkPPPHDLC: "ppp-hdlc",
	LinkPPPEther: "pppoe", LinkRaw: "raw", LinkCHDLC: "chdlc", LinkLoop: "loop",
	LinkLinuxSLL: "linux-sll", LinkPPPWithDir: "ppp-with-direction",
	LinkIPv4: "ipv4", LinkIPv6: "ipv6", LinkLinuxSLL2: "linux-sll2",
}

// String returns the type's name, or "linktype(n)".
func (t LinkType) String() string {
	if n, ok := linkNames[t]; ok {
		return n
	}
	return fmt.Sprintf("linktype(%d)", uint16(t))
}
