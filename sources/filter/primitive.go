package filter

import (
	"fmt"
	"strings"
)

func lower(s string) string { return strings.ToLower(s) }

// primitive reads what begins with a word: a protocol, an operand with its
// qualifiers, or a test that has a word of its own. q is what operands behind it
// may take over.
func (p *parser) primitive() (n *node, q qualifiers, err *Error) {
	first := p.peek()
	if why := refusedWords[first.text]; why != "" && first.kind == tokWord {
		return nil, q, p.fail(first, "%s", why)
	}
	if kind, ok := ownWords[first.text]; ok && first.kind == tokWord {
		n, err = p.own(kind)
		return n, qualifiers{bare: true}, err
	}
	pr, named := protoWords[first.text]
	if named = named && first.kind == tokWord; named {
		p.next()
		q.proto = pr
	}
	n = &node{kind: nodeProto, pos: first.pos, end: first.end}
	switch t := p.peek(); {
	case p.is("broadcast"):
		n.kind, n.end = nodeBroadcast, t.end
	case p.is("multicast"):
		n.kind, n.end = nodeMulticast, t.end
	default:
		qualified, err := p.qualify(&q)
		if err != nil {
			return nil, q, err
		}
		if qualified {
			n, err := p.qualified(q, first)
			return n, q, err
		}
		if !named {
			return nil, q, p.unexpected()
		}
	}
	n.q = q
	return n, qualifiers{bare: true}, nil
}

// unexpected is the error of a token where a primitive should begin.
func (p *parser) unexpected() *Error {
	t := p.peek()
	e := p.fail(t, "expected a test such as tcp, host 192.0.2.1 or port 80")
	if t.has("and") || t.has("or") || t.has(")") || t.kind == tokEnd {
		e.Message += "; something is missing here"
	}
	return e
}

// qualify reads a direction and a type, and reports whether there is one.
func (p *parser) qualify(q *qualifiers) (bool, *Error) {
	begin := p.at
	if p.is("src") {
		q.dir = dirSrc
	} else if p.is("dst") {
		q.dir = dirDst
	}
	if other := map[direction]string{dirSrc: "dst", dirDst: "src"}[q.dir]; other != "" && p.peekAt(1).has(other) {
		if p.is("or") {
			q.dir = dirOr
			p.next()
		} else if p.is("and") {
			q.dir = dirAnd
			p.next()
		}
	}
	t := p.peek()
	if why := refusedWords[t.text]; why != "" && t.kind == tokWord {
		return false, p.fail(t, "%s", why)
	}
	if kind, ok := operandTypes[t.text]; ok && t.kind == tokWord {
		if kind == typeProto && q.dir != dirDefault {
			return false, p.fail(t, "a protocol has no src and dst")
		}
		p.next()
		q.kind = kind
	}
	return p.at > begin, nil
}

// qualified reads what stands behind qualifiers: an operand, or several in
// brackets; first is where the qualifiers began.
func (p *parser) qualified(q qualifiers, first token) (*node, *Error) {
	t := p.peek()
	if p.depth++; p.depth > maxNesting {
		return nil, p.fail(t, "more than %d brackets and nots inside each other", maxNesting)
	}
	defer func() { p.depth-- }()
	switch {
	case p.is("not"):
		n, err := p.qualified(q, first)
		return &node{kind: nodeNot, a: n}, err
	case p.is("("):
		n, _, err := p.expression(q)
		if err == nil && !p.is(")") {
			err = p.fail(p.peek(), "expected ), and, or or")
		}
		return n, err
	case t.isOperand():
		n, err := p.operand(q)
		if err == nil && n.pos > first.pos {
			n.pos = first.pos
		}
		return n, err
	}
	e := p.fail(t, "expected %s", map[operandType]string{
		typeDefault: "an address, or host, net, port or portrange", typeHost: "an address", typeNet: "a net such as 192.0.2.0/24",
		typePort: "a port, as a number or a name", typePortrange: "two ports, as in 6000-6008", typeProto: "a protocol, as a number or a name",
	}[q.kind])
	if t.kind == tokWord && q.kind >= typePort {
		e.Hint = fmt.Sprintf(`%s is a word of the language; as a name it is written \%s`, t.text, t.text)
	}
	return nil, e
}

// ownWords are the words that begin a test of their own.
var ownWords = map[string]nodeKind{
	"broadcast": nodeBroadcast, "multicast": nodeMulticast, "less": nodeLess, "greater": nodeGreater, "byte": nodeByte,
	"inbound": nodeInbound, "outbound": nodeOutbound, "ifindex": nodeIfindex, "vlan": nodeVLAN, "mpls": nodeMPLS,
	"pppoed": nodePPPoED, "pppoes": nodePPPoES, "geneve": nodeGeneve, "llc": nodeLLC,
}

// mostNumber are the largest numbers behind words that may have one.
var mostNumber = map[nodeKind]uint32{nodeVLAN: 4095, nodeMPLS: 1<<20 - 1, nodePPPoES: 1<<16 - 1, nodeGeneve: 1<<24 - 1}

// own reads a test that has a word of its own.
func (p *parser) own(kind nodeKind) (*node, *Error) {
	w := p.next()
	n := &node{kind: kind, pos: w.pos, end: w.end}
	t := p.peek()
	switch most, optional := mostNumber[kind]; {
	case optional:
		number, bracketed := t, t.has("(") && p.peekAt(1).kind == tokNumber && p.peekAt(2).has(")")
		if bracketed {
			number = p.peekAt(1)
		}
		if number.kind != tokNumber {
			return n, nil
		}
		if number.value > most {
			return nil, p.fail(number, "%s has numbers up to %d", w.text, most)
		}
		if p.next(); bracketed {
			p.next()
			p.next()
		}
		n.number, n.given, n.end = number.value, true, number.end
	case kind == nodeLess || kind == nodeGreater || kind == nodeIfindex:
		if t.kind != tokNumber {
			return nil, p.fail(t, "expected a number")
		}
		n.number, n.end = p.next().value, t.end
	case kind == nodeByte:
		return p.octet(n)
	case kind == nodeLLC && (t.kind == tokName || t.kind == tokNumber || t.text == "rnr"):
		p.next()
		if _, ok := llcTypes[t.text]; !ok {
			return nil, p.fail(t, "expected a type of LLC frame: i, s, u, rr, rnr, rej, ui, ua, disc, dm, sabme, test, xid or frmr")
		}
		n.word, n.end = t.text, t.end
	}
	return n, nil
}

// octet reads the rest of "byte OFFSET OPERATOR VALUE".
func (p *parser) octet(n *node) (*node, *Error) {
	at, op, with := p.next(), p.next(), p.next()
	switch {
	case at.kind != tokNumber:
		return nil, p.fail(at, "expected the offset of an octet")
	case at.value > 0xffff:
		return nil, p.fail(at, "offsets of octets go up to 65535")
	case op.kind != tokSign || len(op.text) != 1 || !strings.Contains("=<>&|", op.text):
		return nil, p.fail(op, "expected one of = < > & |")
	case with.kind != tokNumber:
		return nil, p.fail(with, "expected a number")
	}
	n.left = &value{op: "load", proto: protoLink, size: 1, a: &value{op: "number", number: at.value}, pos: at.pos, end: at.end}
	n.right = &value{op: "number", number: with.value, pos: with.pos, end: with.end}
	n.rel, n.end = op.text, with.end
	return n, nil
}
