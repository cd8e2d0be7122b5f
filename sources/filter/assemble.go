package filter

import (
	"slices"

	"golang.org/x/net/bpf"
)

// assembler lays conditions out from the end of the program to its beginning, so
// that wherever a jump goes to is known when it is made. A place is the number
// of instructions from it to the end.
type assembler struct {
	backward []bpf.RawInstruction
	full     bool
}

// assemble makes a program of a condition; ok is false if it would be too long.
func assemble(c *cond) (code []bpf.RawInstruction, ok bool) {
	a := assembler{backward: []bpf.RawInstruction{reject, accept}}
	if entry := a.cond(c, 2, 1); entry != len(a.backward) {
		a.goTo(entry)
	}
	slices.Reverse(a.backward)
	return a.backward, !a.full
}

// cond lays out a condition that goes on at yes or no, and returns its place.
func (a *assembler) cond(c *cond, yes, no int) int {
	if a.full {
		return yes
	}
	switch c.kind {
	case condAnd:
		return a.cond(c.a, a.cond(c.b, yes, no), no)
	case condOr:
		return a.cond(c.a, yes, a.cond(c.b, yes, no))
	case condNot:
		return a.cond(c.a, no, yes)
	case condConst:
		if c.value {
			return yes
		}
		return no
	}
	a.branch(c.jump, c.k, yes, no)
	for _, in := range slices.Backward(c.code) {
		a.put(in)
	}
	return len(a.backward)
}

const farthest = 255 // instructions that a conditional jump can pass over

// branch puts a conditional jump, behind it jumps of any length where it cannot
// reach a place itself.
func (a *assembler) branch(op uint16, k uint32, yes, no int) {
	for {
		if len(a.backward)-yes > farthest {
			yes = a.goTo(yes)
		} else if len(a.backward)-no > farthest {
			no = a.goTo(no)
		} else {
			break
		}
	}
	a.put(bpf.RawInstruction{Op: op, K: k, Jt: uint8(len(a.backward) - yes), Jf: uint8(len(a.backward) - no)})
}

// goTo puts a jump to a place and returns its own.
func (a *assembler) goTo(place int) int {
	a.put(bpf.RawInstruction{Op: opJump, K: uint32(len(a.backward) - place)})
	return len(a.backward)
}

func (a *assembler) put(in bpf.RawInstruction) {
	a.full = a.full || len(a.backward) == MaxInstructions
	if !a.full {
		a.backward = append(a.backward, in)
	}
}
