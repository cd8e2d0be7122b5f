package filter

import "netramet/sources/wire"

// carries is the test that the frame holds a network layer protocol, by its
// Ethernet type or LLC service access point.
func (g *generator) carries(number uint32) *cond {
	if g.labels > 0 {
		return g.behindLabels(number)
	}
	switch g.kind {
	case kindEthernet:
		return g.etherCarries(number)
	case kindPPP:
		if number == etherIP && g.link == wire.LinkPPPBSDOS { // its TCP headers may have been compressed
			return anyOf(g.equal(g.proto, 2, 0x21), g.equal(g.proto, 2, 0x2d), g.equal(g.proto, 2, 0x2f))
		}
		return g.equal(g.proto, 2, pppNumber(number))
	case kindHDLC:
		if number == sapISO {
			number = sapISO<<8 | sapISO
		}
		return g.equal(g.proto, 2, number)
	case kindLoopback:
		return g.family(number)
	case kindRaw:
		return g.version(g.proto, number)
	case kindIPv4:
		return always(number == etherIP)
	case kindIPv6:
		return always(number == etherIPv6)
	case kindCooked:
		return g.cookedCarries(number)
	case kindFrameRelay:
		return g.frameRelayCarries(number)
	case kindIPNET:
		family := map[uint32]uint32{etherIP: 2, etherIPv6: 26}[number] // of Solaris
		if family == 0 {
			return always(false)
		}
		return g.equal(g.proto, 1, family)
	case kindType:
		return g.equal(g.proto, 2, number)
	case kindARCNET:
		return g.oneOf(arcnetTypes[number])
	case kindPFLog:
		return g.oneOf(pflogFamilies[number])
	case kind80211:
		return and(g.isData(), g.llcCarries(number))
	case kindSunATM:
		return and(g.masked(g.header, 1, 2, 0x0f), g.llcCarries(number))
	default:
		return g.llcCarries(number)
	}
}

// arcnetTypes are ARCNET's types, of RFC 1051 and 1201.
var arcnetTypes = map[uint32][]uint32{
	etherIP: {0xd4, 0xf0}, etherARP: {0xd5, 0xf1}, etherRARP: {0xd6}, etherIPv6: {0xc4}, etherATALK: {0xdd},
}

// pflogFamilies are address families: IPv6's is its system's.
var pflogFamilies = map[uint32][]uint32{etherIP: {2}, etherIPv6: {10, 24, 28, 30}}

// oneOf is the test that the octet that tells the protocol is one of some.
func (g *generator) oneOf(numbers []uint32) *cond {
	c := always(false)
	for _, n := range numbers {
		c = or(c, g.equal(g.proto, 1, n))
	}
	return c
}

// version is the test that what begins at o is IPv4 or IPv6.
func (g *generator) version(o offset, number uint32) *cond {
	switch number {
	case etherIP:
		return g.masked(o, 1, 0x40, 0xf0)
	case etherIPv6:
		return g.masked(o, 1, 0x60, 0xf0)
	}
	return always(false)
}

// behindLabels is carries behind MPLS: the last label that was tested for ends
// the stack, and what is behind it looks like the protocol.
func (g *generator) behindLabels(number uint32) *cond {
	if number != etherIP && number != etherIPv6 {
		return g.fail("", "behind MPLS nothing says what is carried, but for ip and ip6")
	}
	return and(g.masked(g.load.plus(g.net-2), 1, 1, 1), g.version(g.network(0), number))
}

// length8023 is the test that a type field is a length: LLC is behind it.
func (g *generator) length8023(o offset) *cond {
	return not(g.compare(o, 2, opJgtK, maxLength8023))
}

func (g *generator) etherCarries(number uint32) *cond {
	switch number {
	case sapISO, sapIP, sapNetBEUI:
		return and(g.length8023(g.proto), g.equal(g.load, 2, number<<8|number))
	case sapIPX:
		behind := anyOf(g.snap(0, etherIPX), g.equal(g.load, 1, sapIPX), g.equal(g.load, 2, 0xffff))
		return or(g.equal(g.proto, 2, etherIPX), and(g.length8023(g.proto), behind))
	case etherATALK, etherAARP:
		return or(g.equal(g.proto, 2, number), and(g.length8023(g.proto), g.snapCarries(number)))
	}
	if number <= maxLength8023 {
		return and(g.length8023(g.proto), g.equal(g.load, 1, number))
	}
	return g.equal(g.proto, 2, number)
}

// snap is the test for a SNAP header: who gives out the types, and the type.
func (g *generator) snap(organisation, number uint32) *cond {
	return and(g.equal(g.load.plus(4), 4, organisation<<16|number), g.equal(g.load, 4, 0xaaaa0300|organisation>>16))
}

// snapCarries is snap for the two AppleTalk protocols.
func (g *generator) snapCarries(number uint32) *cond {
	if number == etherATALK {
		return g.snap(0x080007, number) // a type of Apple's own
	}
	return g.snap(0, number)
}

// What a cooked header says of frames that are not Ethernet II.
const (
	cookedRaw8023 = 1
	cookedLLC     = 4
)

// cookedCarries is carries behind a cooked header of the first version. Of the second,
// what LLC carries is not told, as in tcpdump.
func (g *generator) cookedCarries(number uint32) *cond {
	llc := g.equal(g.proto, 2, cookedLLC)
	switch number {
	case sapISO, sapIP, sapNetBEUI:
		return and(llc, g.equal(g.load, 2, number<<8|number))
	case sapIPX:
		behind := or(g.equal(g.load, 1, sapIPX), g.snap(0, etherIPX))
		return anyOf(g.equal(g.proto, 2, etherIPX), g.equal(g.proto, 2, cookedRaw8023), and(llc, behind))
	case etherATALK, etherAARP:
		return or(g.equal(g.proto, 2, number), and(llc, g.snapCarries(number)))
	}
	if number <= maxLength8023 {
		return and(llc, g.equal(g.load, 1, number))
	}
	return g.equal(g.proto, 2, number)
}

func (g *generator) llcCarries(number uint32) *cond {
	switch number {
	case sapISO, sapIP, sapNetBEUI:
		return g.equal(g.load, 2, number<<8|number)
	case etherATALK:
		return g.snapCarries(number)
	}
	if number <= maxLength8023 {
		return g.equal(g.load, 1, number)
	}
	return g.equal(g.load.plus(6), 2, number)
}

// family is the test of a loopback header. Its four octets are in network order,
// or in that of the host that captured, and IPv6's number is its system's.
func (g *generator) family(number uint32) *cond {
	c := always(false)
	var families []uint32
	switch number {
	case etherIP:
		families = []uint32{2}
	case etherIPv6:
		families = []uint32{24, 28, 30} // NetBSD and OpenBSD, FreeBSD, macOS
	}
	for _, f := range families {
		c = or(c, g.equal(g.header, 4, f))
		if g.link != wire.LinkLoop {
			c = or(c, g.equal(g.header, 4, f<<24))
		}
	}
	return c
}

// frameRelayCarries is carries behind an address of two octets: RFC 2427 has the
// network layer's identifier behind a control octet, Cisco an Ethernet type.
func (g *generator) frameRelayCarries(number uint32) *cond {
	const control = 3 << 8
	switch number {
	case etherIP:
		return or(g.equal(g.proto, 2, control|nlpidIP), g.equal(g.proto, 2, number))
	case etherIPv6:
		return or(g.equal(g.proto, 2, control|nlpidIPv6), g.equal(g.proto, 2, number))
	case sapISO:
		return anyOf(g.equal(g.proto, 2, control|nlpidCLNP), g.equal(g.proto, 2, control|nlpidESIS), g.equal(g.proto, 2, control|nlpidISIS))
	}
	if number <= maxLength8023 {
		return always(false)
	}
	return g.equal(g.proto, 2, number)
}

// pppNumber is PPP's number of what Ethernet or LLC has another one for.
func pppNumber(number uint32) uint32 {
	ppp := map[uint32]uint32{
		etherIP: 0x21, etherIPv6: 0x57, etherDECnet: 0x27, etherATALK: 0x29, 0x600: 0x25,
		sapISO: 0x23, sapSTP: 0x31, sapIPX: 0x2b, etherMPLS: 0x281,
	}
	if n, ok := ppp[number]; ok {
		return n
	}
	return number
}
