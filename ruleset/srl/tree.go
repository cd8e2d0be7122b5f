package srl

import (
	"netramet/mib"
	"netramet/ruleset"
)

// The resolved program: names are gone, labels and subroutines are pointers.

type program struct {
	main *routine
	subs []*routine // in order of declaration
	out  ruleset.RuleSet

	columns []place // of the attributes in out.Format
}

// routine is the main program or a subroutine.
type routine struct {
	name   string // "" for the main program
	at     place
	end    place // where control falls off
	params []param
	body   []*stmt

	calls   []*stmt // the CALLs in it
	slots   []int   // the labels it returns with, in order; 0 is a plain RETURN or the end
	callers int

	// Set by layout: the meter variable of each parameter, AttrNull where a
	// version of the routine is made for each attribute instead.
	vars []mib.Attr
}

type param struct {
	name     string
	variable bool // VARIABLE, else ADDRESS
	at       place
}

// ref is an attribute, or a parameter that stands for one.
type ref struct {
	attr  mib.Attr
	param int // index in routine.params, -1 if attr is meant
}

type stmtKind uint8

const (
	stmtEmpty stmtKind = iota
	stmtIf
	stmtBlock
	stmtSave // from the packet, or an operand if there is one
	stmtCount
	stmtIgnore
	stmtNoMatch
	stmtReturn
	stmtExit
	stmtCall
)

type stmt struct {
	kind stmtKind
	at   place

	arms []*arm  // If
	body []*stmt // If: ELSE's statement; Block: its statements
	to   *stmt   // Exit: the block
	ret  int     // Return: the label, 0 none

	ref    ref      // Save
	stored bool     // Save: written STORE
	op     *operand // Save: what is saved, or a mask for the packet's value; nil: all of that

	callee *routine // Call
	args   []ref
	cases  []*stmt
	labels map[int]int // return label to index in cases
}

// arm is one condition of an IF.
type arm struct {
	at   place
	test *expr
	save bool
	then *stmt // nil: none
}

type exprKind uint8

const (
	exprTest exprKind = iota
	exprAnd
	exprOr
)

// expr is a condition.
type expr struct {
	kind exprKind
	kids []*expr // And, Or
	at   place
	ref  ref // Test
	ops  []operand
}

// operand is a value and a mask as written. What octets they are depends on
// the attribute, which for a parameter is known at each CALL only.
type operand struct {
	at     place
	maskAt place // of the mask, where one is written
	text   string
	value  ruleset.Literal
	mask   ruleset.Literal
	width  int // bits; -1: none
	kind   operandKind
	saved  bool // by SAVE or STORE; else it is tested for

	name, maskName string // of standard.srl that value and mask were written as; "" for none
}

type operandKind uint8

const (
	wholeMask   operandKind = iota // value alone
	widthMask                      // value / width
	writtenMask                    // value & mask
	onlyWidth                      // SAVE attribute / width
	onlyMask                       // SAVE attribute & mask
)
