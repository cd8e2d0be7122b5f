package srl

import (
	"netramet/mib"
	"netramet/ruleset"
)

// A meter has one place for the value of a Class or Kind attribute and for what
// is saved of it: the newest entry of the pattern queue (RFC 2722 §4.4). STORE
// means both. A SAVE of another value than the variable has, a part of it or one
// written out, would change what later tests of the variable see, which no SAVE
// may. Where there are such tests it is refused.

// variableUses is what a program does with variables, in the order in which it
// is written: as there are no loops, what comes before in the main program is
// never done after.
type variableUses struct {
	r       *routine // being read
	changes []variableUse
	reads   map[mib.Attr][]variableUse // by attribute; AttrNull: parameters
	order   int
}

type variableUse struct {
	r      *routine
	ref    ref
	at     place
	order  int
	masked bool // changes: a part of its value is saved
}

// checkVariables refuses SAVEs that change a variable that is looked at later.
func (c *compiler) checkVariables(prog *program) {
	u := &variableUses{reads: make(map[mib.Attr][]variableUse)}
	for _, r := range append([]*routine{prog.main}, prog.subs...) {
		u.r = r
		u.stmts(r.body)
	}
	for _, ch := range u.changes {
		read, ok := u.readAfter(ch, prog.main)
		if !ok {
			continue
		}
		name, hint := ch.name(), "STORE gives a variable its value, and saves it: store "+ch.name()+" := 5;"
		if ch.masked {
			hint = "test it without SAVE, or save all of it: save " + name + ";"
		}
		c.errorf(ch.at, hint, "this SAVE would change %s, which is looked at again at %s", name, c.where(read.at))
	}
}

func (u variableUse) name() string {
	if u.ref.param >= 0 {
		return u.r.params[u.ref.param].name
	}
	return u.ref.attr.String()
}

// readAfter returns a place where the variable that ch changes may be looked
// at after it. A subroutine may be called again.
func (u *variableUses) readAfter(ch variableUse, main *routine) (variableUse, bool) {
	candidates := u.reads[ch.ref.attr]
	if ch.ref.param >= 0 {
		candidates = nil
		for a := mib.AttrSourceClass; a <= mib.AttrFlowKind; a++ {
			candidates = append(candidates, u.reads[a]...)
		}
	}
	for _, list := range [][]variableUse{candidates, u.reads[mib.AttrNull]} {
		for _, read := range list {
			if ch.r != main || read.r != main || read.order > ch.order {
				return read, true
			}
		}
	}
	return variableUse{}, false
}

// variable reports whether to is, or stands for, a Class or Kind attribute.
func (u *variableUses) variable(to ref) bool {
	if to.param >= 0 {
		return u.r.params[to.param].variable
	}
	return to.attr.IsComputed()
}

func (u *variableUses) read(to ref, at place) {
	if u.variable(to) {
		u.order++
		u.reads[to.attr] = append(u.reads[to.attr], variableUse{r: u.r, ref: to, at: at, order: u.order})
	}
}

func (u *variableUses) change(to ref, at place, masked bool) {
	u.changes = append(u.changes, variableUse{r: u.r, ref: to, at: at, order: u.order, masked: masked})
}

func (u *variableUses) stmts(list []*stmt) {
	for _, s := range list {
		u.stmt(s)
	}
}

func (u *variableUses) stmt(s *stmt) {
	switch s.kind {
	case stmtIf:
		for _, a := range s.arms {
			u.expr(a.test, a.save)
			if a.then != nil {
				u.stmt(a.then)
			}
		}
		u.stmts(s.body)
	case stmtBlock:
		u.stmts(s.body)
	case stmtSave:
		u.save(s)
	case stmtCall:
		for _, a := range s.args {
			u.read(a, s.at)
		}
		u.stmts(s.cases)
	}
}

func (u *variableUses) save(s *stmt) {
	if s.stored || !u.variable(s.ref) {
		return
	}
	fromPacket := s.op == nil || s.op.kind == onlyMask || s.op.kind == onlyWidth
	if fromPacket {
		u.read(s.ref, s.at)
	}
	if !fromPacket || s.op != nil && partial(s.op) {
		u.change(s.ref, s.at, fromPacket)
	}
}

func (u *variableUses) expr(x *expr, save bool) {
	for _, k := range x.kids {
		u.expr(k, save)
	}
	if x.kind != exprTest {
		return
	}
	u.read(x.ref, x.at)
	for i := range x.ops {
		if save && u.variable(x.ref) && partial(&x.ops[i]) {
			u.change(x.ref, x.at, true)
			return
		}
	}
}

// partial reports whether the mask of a variable's operand leaves bits out.
func partial(op *operand) bool {
	_, mask, _, err := op.place(mib.AttrFlowKind)
	return err == nil && mask != ruleset.FullMask(mib.AttrFlowKind)
}
