package srl

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/alecthomas/participle/v2"

	"netramet/mib"
	"netramet/ruleset"
)

// A condition by itself asks flow data that is there already. It has no branches
// that could be turned round, and counters to ask for: so it has a NOT and
// comparisons besides what a program's conditions have. The names of standard.srl
// are known, and attributes may be written as columns: to_octets.

// Relation says what a Condition demands.
type Relation uint8

// The relations.
const (
	All     Relation = iota // all of Kids hold
	Any                     // one of Kids holds
	Not                     // the one of Kids does not hold
	OneOf                   // Attr fits one of Values
	Less                    // Attr is a number below Bound
	AtMost                  // Attr is a number not above Bound
	More                    // Attr is a number above Bound
	AtLeast                 // Attr is a number not below Bound
)

// Condition is an SRL condition by itself, in which all names have been resolved.
type Condition struct {
	Is     Relation
	Kids   []*Condition // All, Any, Not
	Attr   mib.Attr     // the others
	Values []Pattern    // OneOf, at least one
	Bound  uint64       // Less, AtMost, More, AtLeast

	origin ruleset.Origin
}

// Pattern is one of the values that an attribute is tested for. It fits what has, in
// the bits of the mask, the pattern's bits.
type Pattern struct {
	// Value and Mask are for addresses and masks, from the left.
	Value, Mask ruleset.Octets
	// Size is how many octets an address has that fits, 0 if it may be any: text
	// such as 10.0/8 names IPv4 addresses, and 2001:db8::/32 IPv6 addresses.
	Size int
	// Number and Bits are for all that is a number, ports too.
	Number, Bits uint64
}

// Fault is an error about a test of the condition, which shows where it stands.
func (c *Condition) Fault(hint, format string, args ...any) error {
	return ruleset.Diags{c.origin.Diag(ruleset.Error, fmt.Sprintf(format, args...), hint)}
}

// Walk calls visit for each test of the condition, from the left.
func (c *Condition) Walk(visit func(*Condition) error) error {
	if c.Is > Not {
		return visit(c)
	}
	for _, k := range c.Kids {
		if err := k.Walk(visit); err != nil {
			return err
		}
	}
	return nil
}

// ParseCondition reads a condition by itself. name stands for it in messages, which
// show the place, and hints where the mistake is a known one.
func ParseCondition(name, text string) (*Condition, ruleset.Diags, error) {
	c := &compiler{alone: true}
	var cond *Condition
	if c.scanAlone(name, text) {
		if n := c.parseCondition(); n != nil {
			r := &resolver{c: c, here: &routine{}}
			cond = r.anyOf(n)
		}
	}
	diags := c.diags()
	return cond, diags, diags.Err()
}

// scanAlone makes the tokens, with one in front that says what they are.
func (c *compiler) scanAlone(name, text string) bool {
	if !c.scan(name, []byte(text)) {
		return false
	}
	c.toks = append([]token{{kind: tokKeyword, text: "if", at: place{offset: 1}}}, c.toks...)
	return c.errors == 0 && c.checkSize()
}

// parseCondition reads all tokens as one condition; nil after an error.
func (c *compiler) parseCondition() *exprNode {
	p, err := parser()
	if err != nil {
		c.errorf(place{}, "", "internal error: %v", err)
		return nil
	}
	alone, err := participle.ParserForProduction[exprNode](p)
	if err != nil {
		c.errorf(place{}, "", "internal error: %v", err)
		return nil
	}
	lex := c.stream(1)
	n, err := alone.ParseFromLexer(lex, participle.AllowTrailing(true))
	at := lex.Peek().Pos.Offset
	var perr participle.Error
	if errors.As(err, &perr) {
		at = max(1, perr.Position().Offset)
	} else if c.toks[at].kind == tokEOF {
		return n
	}
	m := c.explain(0, at)
	text := strings.NewReplacer("end of the program", "the end", "the program ends", "the condition ends").Replace(m.text)
	where := c.toks[m.at].at
	if m.behind {
		where = c.behind(c.toks[m.at-1])
	}
	c.errorf(where, m.hint, "%s", text)
	return nil
}

func (r *resolver) anyOf(n *exprNode) *Condition {
	or := &Condition{Is: Any}
	for _, t := range n.Terms {
		and := &Condition{Is: All}
		for _, f := range t.Factors {
			and.Kids = append(and.Kids, r.factor(f))
		}
		or.Kids = append(or.Kids, single(and))
	}
	return single(or)
}

// single unwraps All and Any of one.
func single(c *Condition) *Condition {
	if len(c.Kids) == 1 {
		return c.Kids[0]
	}
	return c
}

func (r *resolver) factor(n *factorNode) *Condition {
	var c *Condition
	if n.Paren != nil {
		c = r.anyOf(n.Paren)
	} else {
		c = r.compare(n)
	}
	if len(n.Not)%2 == 1 {
		c = &Condition{Is: Not, Kids: []*Condition{c}}
	}
	return c
}

// orders are the comparisons that need an order.
var orders = map[string]Relation{"<": Less, "<=": AtMost, ">": More, ">=": AtLeast}

func (r *resolver) compare(n *factorNode) *Condition {
	at := r.at(n.Attr.Pos.Offset)
	c := &Condition{Is: OneOf, origin: r.c.origin(at)}
	a, ok := r.readable(at, n.Attr.Text)
	if c.Attr = a; !ok {
		return c
	}
	if a.IsDistribution() {
		r.c.errorf(at, "", "%s is a distribution, which cannot be tested", a)
		return c
	}
	if is, ok := orders[n.Sign]; ok {
		c.Is = is
		r.bound(c, n)
		return c
	}
	for _, on := range n.List.list {
		if op, ok := r.c.operand(on, a); ok {
			c.Values = append(c.Values, r.pattern(a, &op))
		}
	}
	if n.Sign == "!=" {
		return &Condition{Is: Not, Kids: []*Condition{c}}
	}
	return c
}

// readable finds the attribute of flow data that a name means: its own, or that of its
// column.
func (r *resolver) readable(at place, name string) (mib.Attr, bool) {
	a, ok := isAttribute(strings.ReplaceAll(name, "_", ""))
	switch {
	case !ok:
		r.unknownAttribute(at, name, mib.UseRead)
		return 0, false
	case !a.Is(mib.UseRead):
		r.c.errorf(at, "", "flow data has no %s: it is known only while a packet is looked at", a)
		return 0, false
	}
	return a, true
}

// IsNumber reports whether conditions take values of an attribute as numbers: all
// that are numbers, and ports with their masks.
func IsNumber(a mib.Attr) bool {
	switch a.Class() {
	case mib.ClassNumber, mib.ClassCounter, mib.ClassTime:
		return true
	}
	return a.Size() == 2
}

// bound reads what a number is compared with.
func (r *resolver) bound(c *Condition, n *factorNode) {
	at := r.at(n.Attr.Pos.Offset)
	if !IsNumber(c.Attr) {
		r.c.errorf(at, "a network is tested with its width, as == 10.0/8", "%s is no number, %s compares numbers", c.Attr, n.Sign)
		return
	}
	on := n.List.list[0]
	if n.List.inList || on.width != 0 || on.mask != 0 {
		r.c.errorf(r.at(int(on.value)), "", "%s compares with one number, without width or mask", n.Sign)
		return
	}
	op, ok := r.c.operand(on, c.Attr)
	if !ok {
		return
	}
	if !op.value.Single {
		op.value.Number = r.pattern(c.Attr, &op).Number
	}
	c.Bound = op.value.Number
}

// pattern is one operand of a test.
func (r *resolver) pattern(a mib.Attr, op *operand) (p Pattern) {
	if number := IsNumber(a); number && op.kind == wholeMask && op.value.Single && wide(a) {
		return Pattern{Number: op.value.Number, Bits: math.MaxUint64}
	}
	if port := a == mib.AttrSourceTransAddress || a == mib.AttrDestTransAddress; port && isRange(op.text) {
		r.c.warnf(op.at, r.c.rangeHint(), "%s is no range, it is the hexadecimal number %s", op.text, hexNumber(op))
	}
	value, mask, hint, err := op.place(a)
	if err != nil {
		r.c.errorf(op.at, hint, "%s", plain(err))
		return p
	}
	if IsNumber(a) {
		p.Number, p.Bits = number(&value, a.Size()), number(&mask, a.Size())
		if op.kind == wholeMask {
			p.Bits = math.MaxUint64
		}
		return p
	}
	p.Value, p.Mask = value, mask
	if a == mib.AttrSourcePeerAddress || a == mib.AttrDestPeerAddress {
		switch {
		case strings.Contains(op.text, ":"):
			p.Size = 16
		case strings.Contains(op.text, ".") && !strings.ContainsAny(op.text, "-!"):
			p.Size = 4
		}
	}
	return p
}

// wide reports whether flow data has larger numbers of an attribute than a rule: those
// that count, and interfaces of other meters.
func wide(a mib.Attr) bool {
	return a.Class() == mib.ClassCounter || a.Class() == mib.ClassTime || a == mib.AttrSourceInterface || a == mib.AttrDestInterface
}

// number is the number in the first size octets.
func number(o *ruleset.Octets, size int) uint64 {
	var b [8]byte
	copy(b[8-size:], o[:size])
	return binary.BigEndian.Uint64(b[:])
}

// hexNumber is what octets that look like a range amount to.
func hexNumber(op *operand) string {
	return strconv.Itoa(int(op.value.Octets[0])<<8 | int(op.value.Octets[1]))
}
