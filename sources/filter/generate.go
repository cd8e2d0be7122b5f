package filter

import (
	"fmt"

	"golang.org/x/net/bpf"

	"netramet/sources/wire"
)

// generator makes conditions of a syntax tree, from left to right, for one link
// type. The first error stays in err; what is made behind it is thrown away.
type generator struct {
	text string
	link wire.LinkType
	layout
	at   *node  // the one that is being made
	held uint32 // registers that hold offsets
	err  *Error
}

// fail notes an error about the part of the expression that is being made.
func (g *generator) fail(hint, format string, args ...any) *cond {
	if g.err == nil {
		g.err = &Error{Expr: g.text, Pos: g.at.pos, End: g.at.end, Message: fmt.Sprintf(format, args...), Hint: hint}
	}
	return always(false)
}

// failLink notes an error that there is on this link type.
func (g *generator) failLink(hint, format string, args ...any) *cond {
	none := g.err == nil
	c := g.fail(hint, format, args...)
	if none {
		g.err.OfLink = true
	}
	return c
}

// node makes the condition of a syntax tree.
func (g *generator) node(n *node) *cond {
	if g.err != nil {
		return always(false)
	}
	switch n.kind {
	case nodeAll:
		return always(true)
	case nodeAnd:
		a := g.node(n.a)
		return and(a, g.node(n.b))
	case nodeOr:
		a := g.node(n.a)
		return or(a, g.node(n.b))
	case nodeNot:
		return not(g.node(n.a))
	}
	g.at = n
	return g.primitive(n)
}

func (g *generator) primitive(n *node) *cond {
	switch n.kind {
	case nodeProto:
		return g.abbreviation(n.q.proto)
	case nodeOperand:
		return g.operand(n)
	case nodeRelation:
		return g.relation(n)
	case nodeBroadcast:
		return g.broadcast(n.q.proto)
	case nodeMulticast:
		return g.multicast(n.q.proto)
	case nodeLess:
		return not(test([]bpf.RawInstruction{{Op: opLdLen}}, opJgtK, n.number))
	case nodeGreater:
		return test([]bpf.RawInstruction{{Op: opLdLen}}, opJgeK, n.number)
	case nodeByte:
		return g.octet(n)
	case nodeInbound, nodeOutbound:
		return g.direction(n.kind == nodeOutbound)
	case nodeIfindex:
		if g.link != wire.LinkLinuxSLL2 {
			return g.failLink("", "link type %v does not tell interfaces by number", g.link)
		}
		return g.equal(g.header.plus(4), 4, n.number)
	case nodeVLAN:
		return g.vlan(n)
	case nodeMPLS:
		return g.mpls(n)
	case nodePPPoED:
		return g.carries(etherPPPoED)
	case nodePPPoES:
		return g.pppoe(n)
	case nodeGeneve:
		return g.geneve(n)
	default:
		return g.llc(n.word)
	}
}

// direction is the test for frames that this host sent, or had sent to it.
func (g *generator) direction(sent bool) *cond {
	var out *cond
	switch g.link {
	case wire.LinkLinuxSLL:
		out = g.equal(offset{}, 2, 4)
	case wire.LinkLinuxSLL2:
		out = g.equal(offset{octets: 10}, 1, 4)
	case wire.LinkIPNET: // 1 out, 2 in, 0 unknown
		return g.equal(offset{octets: 2}, 2, map[bool]uint32{true: 1, false: 2}[sent])
	case wire.LinkPFLog: // 1 in, 2 out
		return g.equal(offset{octets: 60}, 1, map[bool]uint32{true: 2, false: 1}[sent])
	case wire.LinkPPPD:
		return g.equal(offset{}, 1, map[bool]uint32{true: 1, false: 0}[sent])
	case wire.LinkPPPWithDir, wire.LinkCHDLCDir, wire.LinkFRelayDir:
		out = not(g.equal(offset{}, 1, 0))
	default:
		return g.failLink("", "frames of link type %v do not tell their direction", g.link)
	}
	if sent {
		return out
	}
	return not(out)
}

// test is a condition on what code leaves in A.
func test(code []bpf.RawInstruction, jump uint16, k uint32) *cond {
	return &cond{code: code, jump: jump, k: k}
}

// loadCode is the instructions that read size octets at o into A.
func loadCode(o offset, size uint32) []bpf.RawInstruction {
	op := map[uint32]uint16{1: opLdb, 2: opLdh, 4: opLd}[size]
	if o.reg == 0 {
		return []bpf.RawInstruction{{Op: op, K: o.octets}}
	}
	return []bpf.RawInstruction{{Op: opLdxMem, K: o.reg - 1}, {Op: op&^modeMask | modeInd, K: o.octets}}
}

// compare is a test on size octets at o.
func (g *generator) compare(o offset, size uint32, jump uint16, k uint32) *cond {
	return test(loadCode(o, size), jump, k)
}

// equal is the test that size octets at o are k.
func (g *generator) equal(o offset, size, k uint32) *cond { return g.compare(o, size, opJeqK, k) }

// masked is the test that size octets at o are k in the bits of mask.
func (g *generator) masked(o offset, size, k, mask uint32) *cond {
	if mask == 0 {
		return always(true)
	}
	code := loadCode(o, size)
	if mask != 0xffffffff {
		code = append(code, bpf.RawInstruction{Op: opAndK, K: mask})
	}
	return test(code, opJeqK, k)
}

// network is the place n octets into the network layer's header.
func (g *generator) network(n uint32) offset { return g.load.plus(g.net + n) }
