// Package filter compiles tcpdump's filter language, pcap-filter(7), to programs
// of the classic Berkeley packet filter and runs them over frames.
//
// Parse reads an expression; Expr.Compile makes the Program for one link type;
// Stage is what a reading loop calls for each batch. A Program is also fit for a
// socket: jumps go forward, offsets fit, and it has at most MaxInstructions. The
// package opens nothing and asks nobody: names of hosts are refused, names of
// ports and protocols come from its own tables.
package filter

import (
	"cmp"
	"errors"
	"fmt"

	"golang.org/x/net/bpf"

	"netramet/sources/wire"
)

// Limits on what is compiled.
const (
	MaxExpression   = 64 << 10 // octets of an expression
	MaxInstructions = 4096     // of a program, as the kernels have it
	maxNesting      = 200      // brackets and nots inside each other
)

// Expr is an expression that was read and found right for one link type at least.
type Expr struct {
	text string
	root *node
}

// Parse reads an expression. The empty one selects every frame. Errors are of
// type *Error; what is wrong for some link types only shows in Compile.
func Parse(text string) (*Expr, error) {
	p := parser{text: text}
	root, err := p.parse()
	if err != nil {
		return nil, err
	}
	e := &Expr{text, root}
	var first error
	for _, link := range linkTypes {
		_, err := e.Compile(link)
		if err == nil {
			return e, nil
		}
		if of := (*Error)(nil); !errors.As(err, &of) || !of.OfLink {
			return nil, err
		}
		first = cmp.Or(first, err) // of Ethernet, the one that most traces have
	}
	return nil, first
}

// String returns the expression as it was given.
func (e *Expr) String() string { return e.text }

// Compile makes the program for frames of one link type. Errors are of type
// *Error.
func (e *Expr) Compile(link wire.LinkType) (*Program, error) {
	g := generator{text: e.text, link: link}
	var ok bool
	if g.layout, ok = layoutOf(link); !ok {
		return nil, &Error{Expr: e.text, Message: fmt.Sprintf("link type %v cannot be filtered", link), OfLink: true}
	}
	fixed := g.load.reg == 0
	if !fixed {
		g.held = regsBegin
	}
	c := g.node(e.root)
	if g.err != nil {
		return nil, g.err
	}
	if !fixed && c.asks(regsBegin) {
		c = and(g.begin(), c)
	}
	if link == wire.LinkPPI && e.root.kind != nodeAll { // it may have another link type in it
		c = and(g.equal(offset{octets: 4}, 4, uint32(wire.Link80211)<<24), c)
	}
	code, ok := assemble(c)
	if !ok {
		return nil, &Error{
			Expr: e.text, End: len(e.text),
			Message: fmt.Sprintf("the expression needs more than %d instructions", MaxInstructions),
			Hint:    "nets in place of many hosts, or portrange in place of many ports, are shorter",
		}
	}
	return newProgram(code)
}

// accept and reject are what programs return: octets of the frame to keep.
var (
	accept = bpf.RawInstruction{Op: opRetK, K: 262144}
	reject = bpf.RawInstruction{Op: opRetK}
)
