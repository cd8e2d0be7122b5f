package filter

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// mac48 is an Ethernet address.
type mac48 [6]byte

// parseMAC reads an address of six numbers, three of four digits, or twelve
// digits in one.
func parseMAC(text string) (mac mac48) {
	parts := strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(":-.", c) })
	if len(parts) == 6 {
		for i, p := range parts {
			n, _ := strconv.ParseUint(p, 16, 8) // the token has digits only
			mac[i] = byte(n)
		}
		return mac
	}
	n, _ := strconv.ParseUint(strings.Join(parts, ""), 16, 48)
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return mac48(b[2:])
}

// macOperand is the test for an Ethernet address.
func (g *generator) macOperand(n *node) *cond {
	switch {
	case n.q.proto != protoLink || n.q.kind == typeNet:
		return g.fail("write ether host "+n.id.text, "an Ethernet address stands behind ether host, ether src or ether dst")
	case g.mac < 0:
		return g.failLink("", "link type %s has no Ethernet addresses", g.name())
	}
	return and(g.framed(), g.macEnds(n.q.dir, parseMAC(n.id.text)))
}

func (g *generator) macEnds(dir direction, mac mac48) *cond {
	dst := g.header.plus(uint32(g.mac))
	src := dst.plus(6 + g.apart)
	switch dir {
	case dirSrc:
		return g.macAt(src, mac)
	case dirDst:
		return g.macAt(dst, mac)
	case dirAnd:
		return and(g.macAt(src, mac), g.macAt(dst, mac))
	}
	return or(g.macAt(src, mac), g.macAt(dst, mac))
}

func (g *generator) macAt(o offset, mac mac48) *cond {
	return and(g.equal(o.plus(2), 4, binary.BigEndian.Uint32(mac[2:])), g.equal(o, 2, uint32(binary.BigEndian.Uint16(mac[:]))))
}

// broadcast is the test for frames to all hosts of the link.
func (g *generator) broadcast(p proto) *cond {
	switch {
	case p == protoIP:
		return g.fail("write dst host with the net's broadcast address", "a trace does not tell the mask of its net, so ip broadcast means nothing")
	case p != protoDefault && p != protoLink:
		return g.fail("", "%v has no broadcasts of its own: write ether broadcast", p)
	case g.mac < 0:
		return g.failLink("", "link type %s has no broadcasts", g.name())
	}
	return and(g.framed(), g.macEnds(dirDst, mac48{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}))
}

// multicast is the test for frames or packets to groups of hosts.
func (g *generator) multicast(p proto) *cond {
	switch {
	case p == protoIP:
		return and(g.carries(etherIP), g.compare(g.network(16), 1, opJgeK, 224))
	case p == protoIPv6:
		return and(g.carries(etherIPv6), g.equal(g.network(24), 1, 255))
	case p != protoDefault && p != protoLink:
		return g.fail("", "%v has no multicasts of its own: write ether, ip or ip6 multicast", p)
	case g.mac < 0:
		return g.failLink("write ip multicast or ip6 multicast", "link type %s has no multicasts", g.name())
	}
	return and(g.framed(), g.compare(g.header.plus(uint32(g.mac)), 1, opJsetK, 1))
}
