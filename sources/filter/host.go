package filter

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// operand is the test of an operand under its qualifiers.
func (g *generator) operand(n *node) *cond {
	switch n.q.kind {
	case typePort, typePortrange:
		return g.portOperand(n)
	case typeProto:
		return g.protoOperand(n)
	}
	switch n.id.kind {
	case tokMAC:
		return g.macOperand(n)
	case tokIPv6:
		return g.ipv6Operand(n)
	case tokName:
		what := "the addresses of hosts are not looked up: there is no DNS here"
		if n.q.kind == typeNet {
			what = "the names of networks are not looked up"
		}
		hint := "give the address"
		if _, ok := ports[n.id.text]; ok {
			hint = "port " + n.id.text + "?"
		}
		return g.fail(hint, "%q is no address, and %s", n.id.text, what)
	}
	addr, mask, ok := g.ipv4Operand(n)
	if !ok {
		return always(false)
	}
	return g.host4(addr, mask, n.q)
}

// ipv4Operand is the address and mask of an operand of 1 to 4 numbers, the
// missing ones of which stand for any.
func (g *generator) ipv4Operand(n *node) (addr, mask uint32, ok bool) {
	mask = 0xffffffff
	switch {
	case n.id.kind == tokNumber && n.q.kind == typeNet:
		for addr = n.id.value; addr != 0 && addr>>24 == 0; {
			addr, mask = addr<<8, mask<<8
		}
		return addr, mask, true
	case n.id.kind == tokNumber:
		return n.id.value, mask, true
	}
	addr, width, ok := dottedNumbers(n.id.text)
	if !ok {
		g.fail("", "%s is no IPv4 address", n.id.text)
		return 0, 0, false
	}
	addr <<= 32 - width
	switch {
	case n.id.hasBits || n.id.mask != nil:
		return g.ipv4Net(n, addr)
	default:
		return addr, mask << (32 - width), true
	}
}

// ipv4Net is the address and mask of a net whose mask is given.
func (g *generator) ipv4Net(n *node, addr uint32) (uint32, uint32, bool) {
	var mask uint32
	if n.id.mask != nil {
		m, width, ok := dottedNumbers(n.id.mask.text)
		if !ok {
			g.fail("", "%s is no mask", n.id.mask.text)
			return 0, 0, false
		}
		mask = m << (32 - width)
	} else if n.id.bits > 32 {
		g.fail("", "an IPv4 address has 32 bits, no %d", n.id.bits)
		return 0, 0, false
	} else {
		mask = ^uint32(0) << (32 - n.id.bits)
	}
	switch {
	case addr&^mask != 0:
		var net [4]byte
		binary.BigEndian.PutUint32(net[:], addr&mask)
		g.fail("the net is "+netip.AddrFrom4(net).String()+"/"+strconv.Itoa(bits.OnesCount32(mask)), "%s has bits outside of its net", n.id.text)
		return 0, 0, false
	case n.q.kind != typeNet:
		g.fail("write net in place of host", "a mask makes it a net")
		return 0, 0, false
	}
	return addr, mask, true
}

// dottedNumbers reads decimal numbers below 256 with dots between them, and how
// many bits they have.
func dottedNumbers(text string) (addr uint32, width int, ok bool) {
	for part := range strings.SplitSeq(text, ".") {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil {
			return 0, 0, false
		}
		addr, width = addr<<8|uint32(n), width+8
	}
	return addr, width, width <= 32
}

// host4 is the test for an IPv4 host or net.
func (g *generator) host4(addr, mask uint32, q qualifiers) *cond {
	at := func(ether, src, dst uint32) *cond {
		return g.ends(q.dir, ether, func(end direction) *cond {
			if end == dirSrc {
				return g.masked(g.network(src), 4, addr, mask)
			}
			return g.masked(g.network(dst), 4, addr, mask)
		})
	}
	switch q.proto {
	case protoIP:
		return at(etherIP, 12, 16)
	case protoARP:
		return at(etherARP, 14, 24)
	case protoRARP:
		return at(etherRARP, 14, 24)
	case protoDefault:
		ip := at(etherIP, 12, 16)
		if g.labels > 0 {
			return ip
		}
		return anyOf(ip, at(etherARP, 14, 24), at(etherRARP, 14, 24))
	case protoLink:
		return g.fail("ether host takes an Ethernet address", "a link layer has no IP addresses")
	}
	return g.fail("write "+q.proto.String()+" and "+q.kind.String()+" ADDRESS", "%v has no hosts of its own", q.proto)
}

// ends is the test that one end, the other, either or both are what is wanted,
// in frames that carry a protocol. test makes the condition on one end.
func (g *generator) ends(dir direction, number uint32, test func(end direction) *cond) *cond {
	switch dir {
	case dirSrc, dirDst:
		return and(g.carries(number), test(dir))
	case dirAnd:
		return all(g.carries(number), test(dirSrc), test(dirDst))
	}
	return or(g.ends(dirSrc, number, test), g.ends(dirDst, number, test))
}

// ipv6Operand is the test for an IPv6 host or net.
func (g *generator) ipv6Operand(n *node) *cond {
	if n.q.proto != protoDefault && n.q.proto != protoIPv6 {
		return g.fail("write ip6 "+n.q.kind.String()+" "+n.id.text, "%v has no IPv6 addresses", n.q.proto)
	}
	addr, err := netip.ParseAddr(n.id.text)
	if err != nil {
		return g.fail("", "%s is no IPv6 address", n.id.text)
	}
	length := 128
	if n.id.hasBits {
		if n.id.bits > 128 {
			return g.fail("", "an IPv6 address has 128 bits, no %d", n.id.bits)
		}
		length = int(n.id.bits)
	}
	net := netip.PrefixFrom(addr, length)
	if net.Masked().Addr() != addr {
		return g.fail("the net is "+net.Masked().String(), "%s has bits outside of its net", n.id.text)
	}
	if n.q.kind != typeNet && length != 128 {
		return g.fail("write net in place of host", "a mask makes it a net")
	}
	return g.ends(n.q.dir, etherIPv6, func(end direction) *cond {
		at := g.network(8)
		if end == dirDst {
			at = g.network(24)
		}
		return g.prefix(at, net)
	})
}

// prefix is the test that an IPv6 address at o is in a net.
func (g *generator) prefix(o offset, net netip.Prefix) *cond {
	addr, c := net.Addr().As16(), always(true)
	for word := range uint32(4) {
		had := int(32 * word)
		width := min(max(net.Bits()-had, 0), 32)
		if width == 0 {
			break // nothing to compare, and the frame may end here
		}
		mask := ^uint32(0) << (32 - width)
		c = and(c, g.masked(o.plus(4*word), 4, binary.BigEndian.Uint32(addr[4*word:]), mask))
	}
	return c
}
