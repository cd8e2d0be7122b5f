package filter

// abbreviation is the test for a protocol by its word alone.
func (g *generator) abbreviation(p proto) *cond {
	if p == protoLink {
		return g.fail("", "a link layer alone says nothing; expected host, proto, broadcast or multicast behind it")
	}
	c := always(false)
	for _, n := range carriers[p].numbers {
		c = or(c, g.protocol(carriers[p].over, n))
	}
	return c
}

// protocol is the test for a protocol by its number in what carries it.
func (g *generator) protocol(over proto, number uint32) *cond {
	switch over {
	case protoDefault:
		ip := g.protocol(protoIP, number)
		return or(ip, g.protocol(protoIPv6, number))
	case protoLink:
		return g.carries(number)
	case protoIP:
		return and(g.carries(etherIP), g.equal(g.network(9), 1, number))
	case protoIPv6:
		direct := g.equal(g.network(6), 1, number)
		first := and(g.equal(g.network(6), 1, ipFragment), g.equal(g.network(40), 1, number))
		return and(g.carries(etherIPv6), or(direct, first))
	case protoISO:
		switch g.kind {
		case kindFrameRelay: // the identifier is before the load
			return and(g.carries(sapISO), g.equal(g.proto.plus(1), 1, number))
		case kindHDLC:
			return and(g.carries(sapISO), g.equal(g.network(1), 1, number))
		}
		return and(g.carries(sapISO), g.equal(g.load.plus(g.bare), 1, number))
	case protoISIS:
		if g.kind == kindFrameRelay {
			return and(g.protocol(protoISO, nlpidISIS), g.equal(g.load.plus(3), 1, number))
		}
		return and(g.protocol(protoISO, carriers[protoISIS].numbers[0]), g.equal(g.load.plus(g.bare+4), 1, number))
	}
	return g.fail("", "%v has no protocols by number in it that could be tested", over)
}

// protoOperand is the test of "proto" with a number or name.
func (g *generator) protoOperand(n *node) *cond {
	switch n.id.kind {
	case tokNumber:
		return g.protocol(n.q.proto, n.id.value)
	case tokName:
		number, ok := protocolNumber(n.q.proto, n.id.text)
		if !ok {
			return g.fail("give its number", "no protocol of the name %q is known here", n.id.text)
		}
		return g.protocol(n.q.proto, number)
	}
	return g.fail("", "proto needs the number or the name of a protocol")
}

// protocolNumber looks a protocol's name up among those that over carries.
func protocolNumber(over proto, name string) (uint32, bool) {
	switch over {
	case protoDefault, protoIP, protoIPv6:
		n, ok := ipProtocols[name]
		return n, ok
	case protoLink:
		n, ok := etherProtocols[name]
		return n, ok
	case protoISO:
		if p := protoWords[name]; carriers[p].over == protoISO {
			return carriers[p].numbers[0], true
		}
	}
	return 0, false
}

// ipProtocols are the names of protocols over IP, of IANA's registry.
var ipProtocols = map[string]uint32{
	"ip": 0, "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipencap": 4, "ipv4": 4, "st": 5, "tcp": 6, "egp": 8, "igp": 9, "pup": 12,
	"udp": 17, "hmp": 20, "xns-idp": 22, "rdp": 27, "iso-tp4": 29, "dccp": 33, "xtp": 36, "ddp": 37, "idpr-cmtp": 38, "ipv6": 41,
	"ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47, "esp": 50, "ah": 51, "skip": 57, "ipv6-icmp": 58, "icmp6": 58,
	"ipv6-nonxt": 59, "ipv6-opts": 60, "rspf": 73, "vmtp": 81, "eigrp": 88, "ospf": 89, "ax.25": 93, "ipip": 94, "etherip": 97,
	"encap": 98, "pim": 103, "ipcomp": 108, "vrrp": 112, "carp": 112, "l2tp": 115, "isis": 124, "sctp": 132, "fc": 133, "mobility-header": 135,
	"udplite": 136, "mpls-in-ip": 137, "manet": 138, "hip": 139, "shim6": 140, "wesp": 141, "rohc": 142, "ethernet": 143,
}

// etherProtocols are the names of protocols over the link, of pcap-filter(7).
var etherProtocols = map[string]uint32{
	"ip": etherIP, "ip6": etherIPv6, "arp": etherARP, "rarp": etherRARP, "revarp": etherRARP, "atalk": etherATALK, "aarp": etherAARP,
	"decnet": etherDECnet, "lat": 0x6004, "sca": 0x6007, "mopdl": 0x6001, "moprc": 0x6002, "pup": 0x200, "xns": 0x600,
	"loopback": 0x9000, "802.1q": etherVLAN, "iso": sapISO, "stp": sapSTP, "ipx": sapIPX, "netbeui": sapNetBEUI,
}
