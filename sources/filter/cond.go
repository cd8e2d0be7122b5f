package filter

import "golang.org/x/net/bpf"

// condKind is what a condition is made of.
type condKind uint8

const (
	condTest condKind = iota
	condAnd
	condOr
	condNot
	condConst
)

// cond is a condition on a frame. Where a test reads octets that the frame has
// not, the frame is rejected at once, whatever else the expression says; so the
// order of tests is part of what a condition means.
type cond struct {
	kind condKind
	a, b *cond

	code []bpf.RawInstruction // of a test: what makes the value in A
	jump uint16               // then the comparison
	k    uint32

	value bool // of a constant
}

func always(v bool) *cond { return &cond{kind: condConst, value: v} }

// and is a and then b.
func and(a, b *cond) *cond {
	switch {
	case a.kind == condConst && a.value:
		return b
	case a.kind == condConst || b.kind == condConst && !b.value:
		return always(false)
	case b.kind == condConst:
		return a
	}
	return &cond{kind: condAnd, a: a, b: b}
}

// or is a or else b.
func or(a, b *cond) *cond {
	switch {
	case a.kind == condConst && a.value:
		return a
	case a.kind == condConst:
		return b
	case b.kind == condConst && !b.value:
		return a
	}
	return &cond{kind: condOr, a: a, b: b}
}

func not(a *cond) *cond {
	if a.kind == condConst {
		return always(!a.value)
	}
	return &cond{kind: condNot, a: a}
}

// all is the conjunction of conditions, in order.
func all(list ...*cond) *cond {
	c := always(true)
	for _, each := range list {
		c = and(c, each)
	}
	return c
}

// anyOf is the disjunction of conditions, in order.
func anyOf(list ...*cond) *cond {
	c := always(false)
	for _, each := range list {
		c = or(c, each)
	}
	return c
}
