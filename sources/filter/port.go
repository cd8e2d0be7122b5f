package filter

import (
	"strings"

	"golang.org/x/net/bpf"
)

// portOperand is the test of "port" and "portrange".
func (g *generator) portOperand(n *node) *cond {
	var over []uint32 // protocols with ports, in the order of the tests
	switch n.q.proto {
	case protoTCP:
		over = []uint32{ipTCP}
	case protoUDP:
		over = []uint32{ipUDP}
	case protoSCTP:
		over = []uint32{ipSCTP}
	case protoDefault:
		over = []uint32{ipSCTP, ipTCP, ipUDP}
	default:
		return g.fail("write tcp, udp or sctp before it, or nothing", "%v has no ports", n.q.proto)
	}
	var first, last portName
	var ok bool
	switch {
	case n.id.kind == tokNumber:
		first, ok = g.portNumber(n.id.value)
		last = first
	case n.id.kind == tokName && n.q.kind == typePortrange:
		first, last, ok = g.portRange(n.id.text)
	case n.id.kind == tokName:
		first, ok = g.portByName(n.id.text)
		last = first
	default:
		return g.fail("", "%s is no port", n.id.text)
	}
	if !ok {
		return always(false)
	}
	if first.over == last.over && first.over != 0 { // known with one protocol alone
		if n.q.proto != protoDefault && over[0] != first.over {
			return g.fail("give its number", "%s is no port of %v", n.id.text, n.q.proto)
		}
		over = []uint32{first.over}
	}
	low, high := min(first.number, last.number), max(first.number, last.number)
	v6 := g.ports(etherIPv6, over, n.q.dir, low, high)
	return or(v6, g.ports(etherIP, over, n.q.dir, low, high))
}

// ports is the test for ports from low to high over one version of IP.
func (g *generator) ports(version uint32, over []uint32, dir direction, low, high uint32) *cond {
	at := 9
	if version == etherIPv6 {
		at = 6
	}
	either := always(false)
	for _, p := range over {
		transport := g.equal(g.network(uint32(at)), 1, p)
		if version == etherIP {
			transport = and(transport, g.notFragment())
		}
		either = or(either, and(transport, g.portEnds(version, dir, low, high)))
	}
	return and(g.carries(version), either)
}

func (g *generator) portEnds(version uint32, dir direction, low, high uint32) *cond {
	src, dst := g.inRange(version, 0, low, high), g.inRange(version, 2, low, high)
	switch dir {
	case dirSrc:
		return src
	case dirDst:
		return dst
	case dirAnd:
		return and(src, dst)
	}
	return or(src, dst)
}

// inRange is the test that the port n octets into the transport header is from
// low to high.
func (g *generator) inRange(version, n, low, high uint32) *cond {
	read := g.transport4(n)
	if version == etherIPv6 {
		read = loadCode(g.network(40+n), 2)
	}
	if low == high {
		return test(read, opJeqK, low)
	}
	return and(test(read, opJgeK, low), not(test(read, opJgtK, high)))
}

// transport4 is the instructions that read two octets of what is behind IPv4's
// header and its options.
func (g *generator) transport4(n uint32) []bpf.RawInstruction {
	at := g.network(0)
	if at.reg == 0 {
		return []bpf.RawInstruction{{Op: opMsh, K: at.octets}, {Op: opLdhInd, K: at.octets + n}}
	}
	code := append(g.headerLength(), bpf.RawInstruction{Op: opLdxMem, K: at.reg - 1}, bpf.RawInstruction{Op: opAddK | sourceX})
	return append(code, bpf.RawInstruction{Op: opTax}, bpf.RawInstruction{Op: opLdhInd, K: at.octets + n})
}

// headerLength is the instructions that leave the length of IPv4's header in A.
func (g *generator) headerLength() []bpf.RawInstruction {
	return append(loadCode(g.network(0), 1), bpf.RawInstruction{Op: opAndK, K: 0xf}, bpf.RawInstruction{Op: opLshK, K: 2})
}

// notFragment is the test that a packet begins with its transport header.
func (g *generator) notFragment() *cond {
	return not(g.compare(g.network(6), 2, opJsetK, 0x1fff))
}

// portNumber is a port that was given as a number.
func (g *generator) portNumber(n uint32) (portName, bool) {
	if n > 0xffff {
		g.fail("", "ports go up to 65535")
		return portName{}, false
	}
	return portName{number: n}, true
}

// portByName looks a port's name up.
func (g *generator) portByName(name string) (portName, bool) {
	if p, ok := ports[name]; ok {
		return p, true
	}
	hint := "give its number"
	if low, high, ok := strings.Cut(name, "-"); ok && number.MatchString(low) && number.MatchString(high) {
		hint = "write portrange " + name
	}
	g.fail(hint, "no port of the name %q is known here", name)
	return portName{}, false
}

// portRange reads "FIRST-LAST", each a number or a name.
func (g *generator) portRange(text string) (first, last portName, ok bool) {
	low, high, ok := strings.Cut(text, "-")
	if !ok {
		g.fail("write FIRST-LAST", "portrange needs two ports")
		return first, last, false
	}
	if first, ok = g.portEnd(low); ok {
		last, ok = g.portEnd(high)
	}
	return first, last, ok
}

func (g *generator) portEnd(text string) (portName, bool) {
	if !number.MatchString(text) {
		return g.portByName(text)
	}
	n, problem := parseNumber(text)
	if problem != "" {
		g.fail("", "%s", problem)
		return portName{}, false
	}
	return g.portNumber(n)
}
