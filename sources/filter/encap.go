package filter

import "golang.org/x/net/bpf"

// vlan is the test for a VLAN tag. Behind it all is four octets further on.
func (g *generator) vlan(n *node) *cond {
	switch {
	case g.labels > 0:
		return g.fail("", "behind MPLS no VLAN can be told")
	case g.kind != kindEthernet:
		return g.failLink("", "link type %s has no VLAN tags", g.name())
	}
	c := anyOf(g.equal(g.proto, 2, etherVLAN), g.equal(g.proto, 2, etherQinQ), g.equal(g.proto, 2, etherQinQ91))
	if n.given {
		c = and(c, g.masked(g.load, 2, n.number, 0x0fff))
	}
	g.proto, g.load = g.proto.plus(4), g.load.plus(4)
	return c
}

// mpls is the test for an MPLS label. Behind it the network layer is four octets
// further on.
func (g *generator) mpls(n *node) *cond {
	var c *cond
	switch {
	case g.labels > 0: // the label before did not end the stack
		c = g.masked(g.load.plus(g.net-2), 1, 0, 1)
	case g.kind == kindEthernet || g.kind == kindHDLC || g.kind == kindPPP:
		c = g.carries(etherMPLS)
	default:
		return g.failLink("", "MPLS cannot be told on link type %s", g.name())
	}
	if n.given {
		c = and(c, g.masked(g.network(0), 4, n.number<<12, 0xfffff000))
	}
	g.net, g.bare, g.labels = g.net+4, g.bare+4, g.labels+1
	return c
}

// pppoe is the test for a PPPoE session. Behind it the link is PPP.
func (g *generator) pppoe(n *node) *cond {
	c := g.carries(etherPPPoES)
	if n.given {
		c = and(c, g.masked(g.network(0), 4, n.number, 0xffff))
	}
	const header = 6
	g.header = g.network(header)
	g.layout = layout{kind: kindPPP, header: g.header, proto: g.header, load: g.header.plus(2), mac: -1, inside: g.inside}
	return c
}

// name is the link type that is tested now, which may be one in a tunnel.
func (g *generator) name() string {
	if g.kind == kindPPP && g.header.octets > 0 {
		return "ppp"
	}
	return g.link.String()
}

const (
	portGeneve   = 6081
	headerUDP    = 8
	headerGeneve = 8
	headerIPv6   = 40
)

// geneve is the test for a Geneve tunnel. Behind it what is in the tunnel is
// tested: registers hold where it is.
func (g *generator) geneve(n *node) *cond {
	base := g.held
	if g.held += 4; g.held > registers-2 {
		return g.fail("", "too many tunnels inside each other")
	}
	at := g.network(0)
	begin := func(code []bpf.RawInstruction) *cond { // keeps where Geneve's header is
		if at.reg != 0 {
			code = append(code, bpf.RawInstruction{Op: opLdxMem, K: at.reg - 1}, bpf.RawInstruction{Op: opAddK | sourceX})
		}
		return done(append(code, bpf.RawInstruction{Op: opAddK, K: at.octets + headerUDP}, bpf.RawInstruction{Op: opSt, K: base}))
	}
	v4 := all(g.protocol(protoIP, ipUDP), g.notFragment(), test(g.transport4(2), opJeqK, portGeneve), begin(g.headerLength()))
	v6 := all(g.carries(etherIPv6), g.equal(g.network(6), 1, ipUDP), g.equal(g.network(headerIPv6+2), 2, portGeneve),
		begin([]bpf.RawInstruction{{Op: opLdImm, K: headerIPv6}}))
	header := offset{reg: base + 1}
	tunnel := func(c *cond) *cond {
		c = and(c, g.masked(header, 1, 0, 0xc0)) // version
		if n.given {
			c = and(c, g.masked(header.plus(4), 4, n.number<<8, 0xffffff00))
		}
		return c
	}
	c := or(tunnel(v4), tunnel(v6))
	return and(c, g.enter(base))
}

// done is a condition that is always true, for what its instructions do.
func done(code []bpf.RawInstruction) *cond { return test(code, opJgeK, 0) }

// enter makes the layout that of what is in a Geneve tunnel, whose header's place
// is in register base: an Ethernet frame, or a network layer's packet.
func (g *generator) enter(base uint32) *cond {
	proto, header, load := base+1, base+2, base+3
	g.layout = layout{
		kind: kindEthernet, bare: 3, mac: 0, inside: true,
		proto: offset{reg: proto + 1}, header: offset{reg: header + 1}, load: offset{reg: load + 1},
	}
	packet := test([]bpf.RawInstruction{
		{Op: opLdxMem, K: base}, {Op: opLdbInd}, {Op: opAndK, K: 0x3f}, {Op: opLshK, K: 2}, // options, in words
		{Op: opAddK, K: headerGeneve}, {Op: opAddK | sourceX}, {Op: opSt, K: header}, {Op: opSt, K: load},
		{Op: opTxa}, {Op: opAddK, K: 2}, {Op: opSt, K: proto}, {Op: opLdhInd, K: 2},
	}, opJeqK, etherBridge)
	frame := done([]bpf.RawInstruction{
		{Op: opLdMem, K: header}, {Op: opAddK, K: 12}, {Op: opSt, K: proto}, {Op: opAddK, K: 2}, {Op: opSt, K: load},
	})
	return or(not(packet), frame)
}

// framed is the test that there is an Ethernet header: in a tunnel there may be
// none.
func (g *generator) framed() *cond {
	if !g.inside || g.kind != kindEthernet {
		return always(true)
	}
	return not(test([]bpf.RawInstruction{{Op: opLdxMem, K: g.load.reg - 1}, {Op: opLdMem, K: g.header.reg - 1}}, opJeqX, 0))
}
