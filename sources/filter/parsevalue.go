package filter

import "strings"

// startsValue reports whether a comparison of two values begins here, and no
// operand, bracket or protocol.
func (p *parser) startsValue() bool {
	switch t := p.peek(); {
	case t.has("-") || t.has("len") || t.has("length"):
		return true
	case t.kind == tokNumber:
		next := p.peekAt(1)
		return next.kind == tokSign && (binds[next.text] > 0 || relations[next.text])
	case t.has("("):
		// A value in brackets is known by what follows it.
		begin, depth := p.at, p.depth
		_, err := p.value(0)
		is := err == nil && relations[p.peek().text] && p.peek().kind == tokSign
		p.at, p.depth = begin, depth
		return is
	}
	_, named := protoWords[p.peek().text]
	return p.peek().kind == tokWord && named && p.peekAt(1).has("[")
}

var relations = wordSet("> < >= <= = !=")

// binds are the operators between values and how they bind. % and ^ have no
// place of their own in the language: what is behind them is taken whole.
var binds = map[string]int{"|": 1, "&": 1, "<<": 2, ">>": 2, "+": 3, "-": 3, "*": 4, "/": 4, "%": 9, "^": 9}

// relation reads a comparison.
func (p *parser) relation() (*node, *Error) {
	left, err := p.value(0)
	if err != nil {
		return nil, err
	}
	op := p.next()
	if op.kind != tokSign || !relations[op.text] {
		e := p.fail(op, "expected a comparison: = != < > <= or >=")
		if op.kind == tokName && strings.HasPrefix(p.text[op.pos:], "-") {
			e.Hint = "put blanks around the -"
		}
		return nil, e
	}
	right, err := p.value(0)
	if err != nil {
		return nil, err
	}
	return &node{kind: nodeRelation, left: left, right: right, rel: op.text, pos: left.pos, end: right.end}, nil
}

// value reads a value of operators that bind at least as tightly as least.
func (p *parser) value(least int) (*value, *Error) {
	if p.depth++; p.depth > maxNesting {
		return nil, p.fail(p.peek(), "more than %d brackets inside each other", maxNesting)
	}
	defer func() { p.depth-- }()
	v, err := p.factor()
	for err == nil {
		op := p.peek()
		tight := binds[op.text]
		if op.kind != tokSign || tight == 0 || tight < least {
			return v, nil
		}
		p.next()
		behind := tight + 1 // operators of one kind group from the left
		if tight == 9 {
			behind = 0
		}
		var right *value
		if right, err = p.value(behind); err == nil {
			v = &value{op: op.text, a: v, b: right, pos: v.pos, end: right.end}
		}
	}
	return nil, err
}

// factor reads a number, the length, octets of the packet, or a value in brackets.
func (p *parser) factor() (*value, *Error) {
	t := p.next()
	switch pr, named := protoWords[t.text]; {
	case t.kind == tokNumber:
		return &value{op: "number", number: t.value, pos: t.pos, end: t.end}, nil
	case t.has("len") || t.has("length"):
		return &value{op: "len", pos: t.pos, end: t.end}, nil
	case t.has("-"):
		v, err := p.value(9) // a minus binds before all but % and ^
		if err != nil {
			return nil, err
		}
		return &value{op: "neg", a: v, pos: t.pos, end: v.end}, nil
	case t.has("("):
		v, err := p.value(0)
		if err == nil && !p.is(")") {
			err = p.fail(p.peek(), "expected ) or an operator")
		}
		return v, err
	case t.kind == tokWord && refusedWords[t.text] != "":
		return nil, p.fail(t, "%s", refusedWords[t.text])
	case t.kind == tokWord && named && p.is("["):
		return p.load(t, pr)
	}
	e := p.fail(t, "expected a number, len, or octets of the packet such as ip[8]")
	if t.kind == tokName && strings.Contains(t.text, "-") {
		e.Hint = "put blanks around a - that subtracts"
	}
	return nil, e
}

// load reads the rest of "PROTO[OFFSET:SIZE]".
func (p *parser) load(t token, pr proto) (*value, *Error) {
	v := &value{op: "load", proto: pr, size: 1, pos: t.pos}
	var err *Error
	if v.a, err = p.value(0); err != nil {
		return nil, err
	}
	if p.is(":") {
		size := p.next()
		if size.kind != tokNumber || size.value != 1 && size.value != 2 && size.value != 4 {
			return nil, p.fail(size, "octets are read 1, 2 or 4 at once")
		}
		v.size = size.value
	}
	v.end = p.peek().end
	if !p.is("]") {
		e := p.fail(p.peek(), "expected ] or :")
		if p.peek().kind == tokName {
			e.Hint = "put blanks around a - that subtracts"
		}
		return nil, e
	}
	return v, nil
}
