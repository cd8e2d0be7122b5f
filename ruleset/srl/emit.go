package srl

import (
	"fmt"
	"slices"

	"netramet/mib"
	"netramet/ruleset"
)

// Every statement is entered with the test indicator on. What is done without
// a condition is done by rules on Null, whose test always succeeds, so no rule
// can fail by accident. A rule whose own test must be skipped (a SAVE) is
// entered by "Null & 0 = 0: GotoAct" just before it.

// op is a rule whose target is not yet a number. The parameter of a Return is
// its own: which rule after the Gosub goes on.
type op struct {
	ruleset.Rule
	pinned bool  // goes on after a Gosub: must keep its distance from it
	target int32 // label, later index of an op; -1: none
	at     place // of the statement or test it was made for
}

// maxOps bounds the code before optimisation.
const maxOps = 4 * ruleset.MaxRules

// maxWork bounds the statements and operands that are looked at, most of which
// may make no code: those of a subroutine are read for each of its versions.
const maxWork = 4 * maxOps

// emitter writes the code of one program.
type emitter struct {
	c     *compiler
	level int
	ops   []op
	at    []int32 // where each label is, -1: not yet

	versions map[string]*version
	queue    []*version
	later    []func() // bodies that follow the routine's own code

	v     *version        // being written
	here  place           // the statement or test that is being written
	exits map[*stmt]int32 // labels behind the blocks that are open
	full  bool
	work  int // statements and operands seen, against maxWork
	order int // look-ups that order has made, against maxOrder
}

// version is a routine for certain arguments.
type version struct {
	r     *routine
	sels  []mib.Attr // what stands in rules for each parameter: a meter variable or an attribute
	kinds []mib.Attr // an attribute of each parameter's size, for operands
	entry int32
}

// emit writes the program and the versions of subroutines it needs.
func (c *compiler) emit(prog *program, level int) []op {
	layout(prog)
	e := &emitter{c: c, level: level, versions: make(map[string]*version), exits: make(map[*stmt]int32)}
	e.routine(&version{r: prog.main, entry: e.label()})
	for len(e.queue) > 0 && !e.full && c.errors == 0 {
		v := e.queue[0]
		e.queue = e.queue[1:]
		e.routine(v)
	}
	switch {
	case !e.full || c.errors > 0:
	case e.work > maxWork:
		c.errorf(place{}, "pass fewer parameters on", "the program has more than %d statements and values, with those of each version of its subroutines", maxWork)
	default:
		c.errorf(place{}, "write lists with masks, or shorter conditions", "the program needs more than %d rules", ruleset.MaxRules)
	}
	if c.errors > 0 {
		return nil
	}
	for i := range e.ops {
		if t := e.ops[i].target; t >= 0 {
			e.ops[i].target = e.at[t]
		}
	}
	return e.ops
}

// layout gives each parameter a meter variable: subroutines that are active at
// the same time get different ones. Where there are not enough, or where a
// parameter is passed on (a variable cannot hold another one's contents), the
// subroutine is made once for each attribute instead.
func layout(prog *program) {
	base := make(map[*routine]int)
	for _, s := range callOrder(prog) {
		passed := make([]bool, len(s.params))
		for _, call := range s.calls {
			for _, a := range call.args {
				if a.param >= 0 {
					passed[a.param] = true
				}
			}
		}
		used := base[s]
		s.vars = make([]mib.Attr, len(s.params))
		for i := range s.params {
			if v := mib.AttrV1 + mib.Attr(used); !passed[i] && v.IsVariable() {
				s.vars[i] = v
				used++
			}
		}
		for _, call := range s.calls {
			base[call.callee] = max(base[call.callee], used)
		}
	}
}

// callOrder lists the routines, callers before those they call.
func callOrder(prog *program) []*routine {
	var order []*routine
	seen := make(map[*routine]bool)
	var visit func(*routine)
	visit = func(s *routine) {
		if seen[s] {
			return
		}
		seen[s] = true
		for _, call := range s.calls {
			visit(call.callee)
		}
		order = append(order, s)
	}
	visit(prog.main)
	for i, j := 0, len(order)-1; i < j; i, j = i+1, j-1 {
		order[i], order[j] = order[j], order[i]
	}
	return order
}

func (e *emitter) label() int32 {
	e.at = append(e.at, -1)
	return int32(len(e.at) - 1)
}

// bind puts label l here.
func (e *emitter) bind(l int32) { e.at[l] = int32(len(e.ops)) }

func (e *emitter) add(r ruleset.Rule, target int32) {
	if len(e.ops) >= maxOps {
		e.full = true
		return
	}
	e.ops = append(e.ops, op{Rule: r, target: target, at: e.here})
}

// do adds a rule on Null.
func (e *emitter) do(act mib.Action, target int32) { e.add(ruleset.Rule{Action: act}, target) }

// routine writes the code of a routine and of the bodies it left for later.
func (e *emitter) routine(v *version) {
	e.v = v
	e.bind(v.entry)
	e.stmts(v.r.body)
	if v.r.name == "" {
		e.do(mib.ActionNoMatch, -1)
	} else {
		e.ret(0)
	}
	for len(e.later) > 0 && !e.full {
		write := e.later[len(e.later)-1]
		e.later = e.later[:len(e.later)-1]
		write()
	}
	e.later = nil
}

func (e *emitter) stmts(list []*stmt) {
	for _, s := range list {
		if e.work++; e.work > maxWork {
			e.full = true
		}
		if e.full {
			return
		}
		e.stmt(s)
	}
}

func (e *emitter) stmt(s *stmt) {
	e.here = s.at
	switch s.kind {
	case stmtIf:
		e.ifStmt(s)
	case stmtBlock:
		end := e.label()
		e.exits[s] = end
		e.stmts(s.body)
		e.bind(end)
	case stmtSave:
		e.save(s)
	case stmtCount:
		e.do(mib.ActionCount, -1)
	case stmtIgnore:
		e.do(mib.ActionIgnore, -1)
	case stmtNoMatch:
		e.do(mib.ActionNoMatch, -1)
	case stmtReturn:
		e.ret(s.ret)
	case stmtExit:
		e.do(mib.ActionGoto, e.exits[s.to])
	case stmtCall:
		e.call(s)
	}
}

// ifStmt writes an IF. From level 2 on the bodies come later, so that the
// conditions of a chain of ELSE IFs, or of one IF after another, are
// neighbours: that is what the meter makes one look-up of (RFC 2123 §2.3.3).
func (e *emitter) ifStmt(s *stmt) {
	end := e.label()
	for _, a := range s.arms {
		then, next := e.label(), e.label()
		e.condition(a, then, next)
		body := func() {
			e.bind(then)
			if a.then != nil {
				e.stmt(a.then)
			}
			e.do(mib.ActionGoto, end)
		}
		if e.level >= 2 {
			e.later = append(e.later, body)
		} else {
			body()
		}
		e.bind(next)
		if e.full {
			return
		}
	}
	e.stmts(s.body)
	e.bind(end)
}

// sel is what stands for r in rules, and an attribute of its size.
func (e *emitter) sel(r ref) (sel, kind mib.Attr) {
	if r.param < 0 {
		return r.attr, r.attr
	}
	return e.v.sels[r.param], e.v.kinds[r.param]
}

// place is operand.place with its error reported.
func (e *emitter) place(o *operand, kind mib.Attr) (value, mask ruleset.Octets) {
	value, mask, hint, err := o.place(kind)
	if err != nil {
		e.c.errorf(o.at, hint, "in subroutine %s, called with %s: %s", e.v.r.name, kind, plain(err))
	}
	return value, mask
}

// save writes SAVE and STORE.
func (e *emitter) save(s *stmt) {
	sel, kind := e.sel(s.ref)
	act, mask, value := mib.ActionPushPktTo, ruleset.FullMask(kind), ruleset.Octets{}
	if s.op != nil {
		value, mask = e.place(s.op, kind)
		// A distribution is pushed from the packet: it is a description of
		// what is to be measured, not a part of the key (RFC 2724 §3.2).
		if s.op.kind != onlyMask && s.op.kind != onlyWidth && !kind.IsDistribution() {
			act = mib.ActionPushRuleTo
		}
	}
	do, next := e.label(), e.label()
	e.do(mib.ActionGotoAct, do)
	e.bind(do)
	e.add(ruleset.Rule{Selector: sel, Action: act, Mask: mask, Value: value}, next)
	e.bind(next)
}

// ret writes a RETURN; the caller has one rule for each of the routine's
// return labels, in their order.
func (e *emitter) ret(label int) {
	if i, ok := slices.BinarySearch(e.v.r.slots, label); ok {
		e.add(ruleset.Rule{Action: mib.ActionReturn, Parameter: uint16(i + 1)}, -1)
		return
	}
	e.do(mib.ActionNoMatch, -1) // the end of a routine that never gets there
}

func (e *emitter) call(s *stmt) {
	v := e.version(s)
	if v == nil {
		return
	}
	for i, a := range s.args {
		if held := s.callee.vars[i]; held != mib.AttrNull {
			sel, _ := e.sel(a)
			next := e.label()
			e.add(ruleset.Rule{Selector: held, Action: mib.ActionAssign, Value: ruleset.Octets{byte(sel)}}, next)
			e.bind(next)
		}
	}
	e.do(mib.ActionGosub, v.entry)
	after := e.label()
	cases := make([]int32, len(s.cases))
	for i := range cases {
		cases[i] = e.label()
	}
	for _, slot := range s.callee.slots {
		to := after
		if i, ok := s.labels[slot]; ok {
			to = cases[i]
		}
		e.do(mib.ActionGoto, to)
		if !e.full {
			e.ops[len(e.ops)-1].pinned = true
		}
	}
	for i, body := range s.cases {
		e.bind(cases[i])
		e.stmt(body)
		e.do(mib.ActionGoto, after)
	}
	e.bind(after)
}

// version finds or makes the version of a subroutine for a CALL's arguments.
// Attributes whose operands are written alike share one where a meter variable
// distinguishes them.
func (e *emitter) version(call *stmt) *version {
	s := call.callee
	v := &version{r: s}
	key := fmt.Appendf(nil, "%p", s)
	for i, a := range call.args {
		attr, _ := e.sel(a)
		sel := s.vars[i]
		if sel == mib.AttrNull {
			sel = attr
			key = fmt.Appendf(key, " =%d", attr)
		} else {
			key = fmt.Appendf(key, " %d/%d", attr.Size(), ruleset.FillSize(attr))
		}
		v.sels = append(v.sels, sel)
		v.kinds = append(v.kinds, attr)
	}
	if old := e.versions[string(key)]; old != nil {
		return old
	}
	if len(e.versions) >= MaxVersions {
		e.c.errorf(call.at, "pass fewer parameters on", "the program needs more than %d versions of its subroutines", MaxVersions)
		return nil
	}
	v.entry = e.label()
	e.versions[string(key)] = v
	e.queue = append(e.queue, v)
	return v
}

// assemble turns ops, whose targets are indices, into rules.
func assemble(ops []op) []ruleset.Rule {
	rules := make([]ruleset.Rule, len(ops))
	for i := range ops {
		rules[i] = ops[i].Rule
		if t := ops[i].target; t >= 0 {
			rules[i].Parameter = uint16(t + 1)
		}
	}
	return rules
}
