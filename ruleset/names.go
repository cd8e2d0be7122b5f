package ruleset

import (
	"strconv"
	"strings"

	"netramet/mib"
)

// protocolNames are the IP protocol numbers that rule files and standard.srl
// know by name, in lower case (IANA protocol numbers).
var protocolNames = map[string]uint8{
	"icmp": 1, "igmp": 2, "ipip": 4, "tcp": 6, "egp": 8, "igp": 9, "udp": 17,
	"dccp": 33, "idrp": 45, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51,
	"icmpv6": 58, "eigrp": 88, "ospf": 89, "pim": 103, "vrrp": 112,
	"l2tp": 115, "sctp": 132, "udplite": 136,
}

// ProtocolName is the name of an IP protocol, its number if it has none here.
func ProtocolName(number uint8) string {
	for name, n := range protocolNames {
		if n == number {
			return name
		}
	}
	return strconv.Itoa(int(number))
}

// portNames are the well-known ports that rule files and standard.srl know by
// name, in lower case (IANA service names and a few usual short ones).
var portNames = map[string]uint16{
	"echo": 7, "discard": 9, "daytime": 13, "chargen": 19,
	"ftpdata": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25,
	"time": 37, "whois": 43, "tacacs": 49, "dns": 53, "domain": 53,
	"bootps": 67, "bootpc": 68, "tftp": 69, "gopher": 70, "finger": 79,
	"www": 80, "http": 80, "kerberos": 88, "pop2": 109, "pop3": 110,
	"sunrpc": 111, "ident": 113, "nntp": 119, "ntp": 123, "netbios_ns": 137,
	"netbios_dgm": 138, "netbios_ssn": 139, "imap": 143, "snmp": 161,
	"snmptrap": 162, "xdmcp": 177, "bgp": 179, "irc": 194, "imap3": 220,
	"ldap": 389, "https": 443, "smb": 445, "submissions": 465, "isakmp": 500,
	"exec": 512, "login": 513, "shell": 514, "syslog": 514, "printer": 515,
	"rip": 520, "uucp": 540, "submission": 587, "ipp": 631, "ldaps": 636,
	"domain_s": 853, "rsync": 873, "imaps": 993, "pop3s": 995, "socks": 1080,
	"openvpn": 1194, "radius": 1812, "nfs": 2049, "squid": 3128,
	"mysql": 3306, "rdp": 3389, "sip": 5060, "xmpp": 5222, "postgresql": 5432,
	"mdns": 5353, "vnc": 5900, "x11": 6000, "proxy": 8080,
}

// adjacentNames are the link-layer types of RFC 2720's flowDataSourceAdjacentType
// that are no address families; mib.PeerNamed knows those.
var adjacentNames = map[string]mib.AdjacentType{
	"ethernet": mib.AdjacentEthernet, "tokenring": 9, "fddi": 15, "ppp": mib.AdjacentPPP,
}

// NamedValue finds the value that name stands for in a rule on attribute a: a
// peer type, link type, protocol or port, or, for the variables V1..V5, an
// attribute, whose number is the value (RFC 2123 §3.3). Case does not matter.
func NamedValue(a mib.Attr, name string) (Literal, bool) {
	name = strings.ToLower(name)
	var n uint64
	var ok bool
	switch a {
	case mib.AttrSourceAdjacentType, mib.AttrDestAdjacentType:
		var t mib.AdjacentType
		if t, ok = adjacentNames[name]; ok {
			return Literal{Single: true, Number: uint64(t)}, true
		}
		var p mib.PeerType
		p, ok = mib.PeerNamed(name)
		n = uint64(p)
	case mib.AttrSourcePeerType, mib.AttrDestPeerType:
		var p mib.PeerType
		p, ok = mib.PeerNamed(name)
		n = uint64(p)
	case mib.AttrSourceTransType, mib.AttrDestTransType:
		var p uint8
		p, ok = protocolNames[name]
		n = uint64(p)
	case mib.AttrSourceTransAddress, mib.AttrDestTransAddress:
		var p uint16
		p, ok = portNames[name]
		n = uint64(p)
	case mib.AttrV1, mib.AttrV2, mib.AttrV3, mib.AttrV4, mib.AttrV5:
		var v mib.Attr
		v, ok = mib.Lookup(name)
		n = uint64(v)
	}
	return Literal{Single: true, Number: n}, ok
}
