package filter

import (
	"slices"

	"golang.org/x/net/bpf"
)

// relation is the test that compares two values. Packets of another protocol than
// that which a value is read from do not compare. As in tcpdump, that is asked of
// the first operand of each of the two values: ip[2:2] - tcp[12] asks for IPv4.
func (g *generator) relation(n *node) *cond {
	a := valueCode{g: g}
	left, right := a.fold(n.left), a.fold(n.right)
	a.value(left, g.held)
	jump, negate := comparison(n.rel)
	k := right.number
	if right.op != "number" {
		jump |= sourceX
		k = 0
		a.put(opSt, a.register(g.held))
		a.value(right, g.held+1)
		a.put(opTax, 0)
		a.put(opLdMem, g.held)
	}
	c := test(a.code, jump, k)
	if negate {
		c = not(c)
	}
	return and(all(a.checks...), c)
}

// comparison is the jump of a sign, and whether it is for the opposite.
func comparison(sign string) (jump uint16, negate bool) {
	switch sign {
	case "=":
		return opJeqK, false
	case "!=":
		return opJeqK, true
	case ">":
		return opJgtK, false
	case "<=":
		return opJgtK, true
	case ">=":
		return opJgeK, false
	default: // <
		return opJgeK, true
	}
}

// octet is the test of "byte".
func (g *generator) octet(n *node) *cond {
	code := loadCode(g.header.plus(n.left.a.number), 1)
	switch n.rel {
	case "&", "|":
		op := map[string]uint16{"&": opAndK, "|": opOrK}[n.rel]
		return not(test(append(code, bpf.RawInstruction{Op: op, K: n.right.number}), opJeqK, 0))
	}
	jump, negate := comparison(n.rel)
	c := test(code, jump, n.right.number)
	if negate {
		c = not(c)
	}
	return c
}

// valueCode makes the instructions that work a value out.
type valueCode struct {
	g      *generator
	code   []bpf.RawInstruction
	checks []*cond // that the packet is of the protocols that are read
}

func (a *valueCode) put(op uint16, k uint32) {
	a.code = append(a.code, bpf.RawInstruction{Op: op, K: k})
}

// fail notes an error at a value.
func (a *valueCode) fail(v *value, format string, args ...any) {
	at := a.g.at
	a.g.at = &node{pos: v.pos, end: v.end}
	a.g.fail("", format, args...)
	a.g.at = at
}

// register demands that there is a register of that number.
func (a *valueCode) register(n uint32) uint32 {
	if n >= registers {
		a.g.fail("", "the calculation is too deep: brackets inside each other on the right of operators")
		return 0
	}
	return n
}

var alu = map[string]uint16{
	"+": opAddK, "-": opSubK, "*": opMulK, "/": opDivK, "%": opModK, "&": opAndK, "|": opOrK, "^": opXorK, "<<": opLshK, ">>": opRshK,
}

// fold works out what is known without a packet.
func (a *valueCode) fold(v *value) *value {
	if v.a == nil {
		return v
	}
	folded := *v
	folded.a = a.fold(v.a)
	if v.op == "load" {
		return &folded
	}
	if v.op == "neg" {
		if folded.a.op == "number" {
			return &value{op: "number", number: -folded.a.number, pos: v.pos, end: v.end}
		}
		return &folded
	}
	folded.b = a.fold(v.b)
	if folded.b.op != "number" {
		return &folded
	}
	k := folded.b.number
	switch {
	case k == 0 && (v.op == "/" || v.op == "%"):
		a.fail(v, "a division by 0")
	case k > 31 && (v.op == "<<" || v.op == ">>"):
		a.fail(v, "a shift by more than 31 bits")
	case folded.a.op == "number":
		n, _ := arithmetic(alu[v.op], folded.a.number, k, 0)
		return &value{op: "number", number: n, pos: v.pos, end: v.end}
	}
	return &folded
}

// value leaves a value in A; free is the first register that may be used.
func (a *valueCode) value(v *value, free uint32) {
	switch v.op {
	case "number":
		a.put(opLdImm, v.number)
	case "len":
		a.put(opLdLen, 0)
	case "neg":
		a.value(v.a, free)
		a.put(opNeg, 0)
	case "load":
		a.load(v, free)
	default:
		a.value(v.a, free)
		if v.b.op == "number" {
			a.put(alu[v.op], v.b.number)
			return
		}
		a.put(opSt, a.register(free))
		checks := a.checks
		a.value(v.b, free+1)
		a.checks = checks
		a.put(opTax, 0)
		a.put(opLdMem, free)
		a.put(alu[v.op]|sourceX, 0)
	}
}

// load reads octets of the packet.
func (a *valueCode) load(v *value, free uint32) {
	g := a.g
	begin := len(a.checks)
	fixed := v.a.op == "number" && v.a.number < 1<<16
	if !fixed {
		a.value(v.a, free)
	}
	inner := slices.Clone(a.checks[begin:])
	at := g.network(0)
	behind := false // the offset counts from behind IPv4's header
	switch c := carriers[v.proto]; {
	case v.proto == protoLink:
		at = g.header
	case v.proto == protoICMPv6:
		a.checks = slices.Concat(a.checks[:begin], []*cond{g.carries(etherIPv6)}, inner, []*cond{g.equal(g.network(6), 1, c.numbers[0])})
		at = g.network(headerIPv6)
	case networkLayers[v.proto]:
		a.checks = append(a.checks, g.abbreviation(v.proto))
	case c.over == protoIP || c.over == protoDefault && v.proto != protoAH && v.proto != protoESP:
		a.checks = slices.Concat(a.checks[:begin], []*cond{g.carries(etherIP)}, inner, []*cond{g.abbreviation(v.proto), g.notFragment()})
		behind = true
	default:
		a.fail(v, "octets of %v cannot be read: there is no place where they are known to begin", v.proto)
	}
	op := map[uint32]uint16{1: opLdbInd, 2: opLdhInd, 4: opLdInd}[v.size]
	switch {
	case fixed && behind && at.reg == 0:
		a.put(opMsh, at.octets)
		a.put(op, at.octets+v.a.number)
	case fixed && !behind:
		a.code = append(a.code, loadCode(at.plus(v.a.number), v.size)...)
	default:
		if fixed {
			a.value(v.a, free)
		}
		a.offset(at, behind, free)
		a.put(op, at.octets)
	}
}

// networkLayers are the protocols whose octets count from the network layer's
// header on.
var networkLayers = map[proto]bool{
	protoIP: true, protoARP: true, protoRARP: true, protoATALK: true, protoDECnet: true,
	protoSCA: true, protoLAT: true, protoMOPDL: true, protoMOPRC: true, protoIPv6: true,
}

// offset adds to the offset in A what a register holds of the place at, and the
// length of IPv4's header where the octets are behind it, and leaves it in X.
func (a *valueCode) offset(at offset, behind bool, free uint32) {
	if behind && at.reg == 0 {
		a.put(opSt, a.register(free))
		a.put(opMsh, at.octets)
		a.put(opLdMem, free)
		a.put(opAddK|sourceX, 0)
	} else if behind {
		a.put(opSt, a.register(free))
		a.code = append(a.code, a.g.headerLength()...)
		a.put(opLdxMem, free)
		a.put(opAddK|sourceX, 0)
	}
	if at.reg != 0 {
		a.put(opLdxMem, at.reg-1)
		a.put(opAddK|sourceX, 0)
	}
	a.put(opTax, 0)
}
