package filter

import (
	"fmt"

	"netramet/internal/spelling"
)

// parser reads the tokens of an expression into a syntax tree. The language is
// one of prefixes: "and" and "or" bind alike, from the left, and an operand
// without words before it takes those of the operand to its left.
type parser struct {
	text  string
	list  []token
	at    int
	depth int
}

func (p *parser) parse() (*node, error) {
	if len(p.text) > MaxExpression {
		return nil, &Error{Message: fmt.Sprintf("the expression has more than %d octets", MaxExpression)}
	}
	var err *Error
	if p.list, err = tokens(p.text); err != nil {
		return nil, err
	}
	if p.peek().kind == tokEnd {
		return &node{kind: nodeAll}, nil
	}
	root, _, err := p.expression(qualifiers{bare: true})
	if err == nil && p.peek().kind != tokEnd {
		err = p.trailing()
	}
	if err != nil {
		return nil, err
	}
	return root, nil
}

func (p *parser) peek() token { return p.list[p.at] }

func (p *parser) peekAt(n int) token { return p.list[min(p.at+n, len(p.list)-1)] }

// next takes a token; the end stays.
func (p *parser) next() token {
	t := p.list[p.at]
	if t.kind != tokEnd {
		p.at++
	}
	return t
}

// is reports whether the next token is a word or sign, and takes it if so.
func (p *parser) is(text string) bool {
	if p.peek().has(text) {
		p.at++
		return true
	}
	return false
}

func (t token) has(text string) bool {
	return (t.kind == tokWord || t.kind == tokSign) && t.text == text
}

// fail makes an error that points at t.
func (p *parser) fail(t token, format string, args ...any) *Error {
	return &Error{Expr: p.text, Pos: t.pos, End: t.end, Message: fmt.Sprintf(format, args...)}
}

// trailing is the error of what follows a whole expression.
func (p *parser) trailing() *Error {
	t := p.peek()
	e := p.fail(t, "expected and, or, or the end of the expression")
	switch {
	case t.has(")"):
		e.Message = "a ) without its ("
	case t.kind == tokName && (t.text == "AND" || t.text == "OR"):
		e.Hint = "and, or and not are written in small letters"
	case t.has("="):
		e.Hint = "fields are compared by their offset, as in ip[9] = 6; ports as in port 80"
	case t.kind == tokName || t.kind == tokWord:
		e.Hint = p.meant(t)
	}
	return e
}

// meant is a hint what a word was meant to be.
func (p *parser) meant(t token) string {
	var all []string
	for w := range words {
		if refusedWords[w] == "" && len(w) > 1 {
			all = append(all, w)
		}
	}
	if near := spelling.Nearest(t.text, all, min(2, len(t.text)/2)); t.kind == tokName && len(near) > 0 {
		return fmt.Sprintf("%s is near", near[0])
	}
	if t.kind == tokName {
		return "a name stands behind port, portrange or proto"
	}
	return ""
}

// expression reads elements with and and or between them. q is what an operand
// takes over from before; what the next one may take over is returned.
func (p *parser) expression(q qualifiers) (*node, qualifiers, *Error) {
	n, q, err := p.element(q)
	for err == nil {
		kind := nodeAnd
		if p.is("or") {
			kind = nodeOr
		} else if !p.is("and") {
			return n, q, nil
		}
		var right *node
		right, q, err = p.element(q)
		n = &node{kind: kind, a: n, b: right}
	}
	return nil, q, err
}

// element reads what stands between and and or.
func (p *parser) element(q qualifiers) (*node, qualifiers, *Error) {
	t := p.peek()
	if p.depth++; p.depth > maxNesting {
		return nil, q, p.fail(t, "more than %d brackets and nots inside each other", maxNesting)
	}
	defer func() { p.depth-- }()
	switch {
	case p.is("not"):
		n, q, err := p.element(q)
		return &node{kind: nodeNot, a: n}, q, err
	case p.startsValue():
		n, err := p.relation()
		return n, qualifiers{bare: true}, err
	case p.is("("):
		n, _, err := p.expression(q)
		if err == nil && !p.is(")") {
			err = p.fail(p.peek(), "expected ), for the ( of before")
			if p.peek().kind != tokEnd {
				err = p.trailing()
			}
		}
		return n, q, err
	case t.isOperand():
		n, err := p.operand(q)
		return n, q, err
	}
	return p.primitive()
}

func (t token) isOperand() bool { return t.kind >= tokNumber && t.kind <= tokName }

// operand reads one operand under q.
func (p *parser) operand(q qualifiers) (*node, *Error) {
	t := p.next()
	if q.bare {
		return nil, p.bareOperand(t)
	}
	n := &node{kind: nodeOperand, q: q, id: operand{token: t}, pos: t.pos, end: t.end}
	if (t.kind == tokIPv4 || t.kind == tokIPv6) && p.is("/") {
		bits := p.next()
		if bits.kind != tokNumber {
			return nil, p.fail(bits, "expected the number of bits of the net's mask")
		}
		n.id.bits, n.id.hasBits, n.end = bits.value, true, bits.end
	} else if t.kind == tokIPv4 && p.is("mask") {
		mask := p.next()
		if mask.kind != tokIPv4 {
			return nil, p.fail(mask, "expected a mask such as 255.255.0.0")
		}
		n.id.mask, n.end = &mask, mask.end
	} else if t.kind == tokNumber && p.peek().has("/") {
		e := p.fail(p.peek(), "a / here needs a net with a dot before it")
		e.Hint = fmt.Sprintf("write %s.0/%s", t.text, p.peekAt(1).text)
		return nil, e
	}
	return n, nil
}

// bareOperand is the error of an operand with nothing before it.
func (p *parser) bareOperand(t token) *Error {
	e := p.fail(t, "nothing says what %s is", t.text)
	switch t.kind {
	case tokIPv4, tokIPv6:
		e.Hint = fmt.Sprintf("write host %s, or net %s/BITS", t.text, t.text)
	case tokMAC:
		e.Hint = "write ether host " + t.text
	case tokNumber:
		e.Hint = "write port " + t.text
	default:
		if e.Hint = p.meant(t); words[lower(t.text)] {
			e.Hint = fmt.Sprintf("the words of filters are written in small letters: %s", lower(t.text))
		}
	}
	return e
}
