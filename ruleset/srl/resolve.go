package srl

import (
	"slices"
	"strconv"
	"strings"

	"netramet/mib"
	"netramet/ruleset"
)

// resolver gives names their meaning.
type resolver struct {
	c      *compiler
	prog   *program
	subs   map[string]*routine
	here   *routine
	blocks map[string]*label // labels of the routine
	open   []*stmt           // the blocks the statement is in
	names  map[*stmt]string
	others map[string]string // labels of all other routines, for hints
}

type label struct {
	block *stmt
	at    place
}

// resolve builds the resolved program; it is complete iff no error was found.
func (c *compiler) resolve(units []*unitNode) *program {
	r := &resolver{
		c: c, subs: make(map[string]*routine), names: make(map[*stmt]string), others: make(map[string]string),
		prog: &program{main: &routine{}},
	}
	r.prog.out.Optimise = -1
	r.prog.main.end = c.toks[len(c.toks)-1].at
	for _, u := range units {
		if u.Sub != nil && !r.declare(u.Sub) {
			return r.prog
		}
	}
	r.enter(r.prog.main)
	for _, u := range units {
		switch {
		case u.Stmt != nil:
			r.prog.main.body = append(r.prog.main.body, r.stmt(u.Stmt))
		case u.Option != nil:
			r.option(u.Option)
		}
	}
	for _, u := range units {
		if u.Sub == nil {
			continue
		}
		s := r.subs[u.Sub.Name.Text]
		if s == nil || s.at != r.at(u.Sub.Name.Pos.Offset) {
			continue // declared twice
		}
		r.enter(s)
		s.body = r.stmts(u.Sub.Body)
		slices.Sort(s.slots)
		s.slots = slices.Compact(s.slots)
	}
	r.checkCalls()
	if c.errors == 0 {
		markEnds(r.prog)
		c.checkVariables(r.prog)
	}
	return r.prog
}

func (r *resolver) at(tok int) place { return r.c.toks[tok].at }

// enter begins a routine: its labels are its own (RFC 2723 §3.2).
func (r *resolver) enter(to *routine) {
	for name := range r.blocks {
		where := "the main program"
		if r.here.name != "" {
			where = "subroutine " + r.here.name
		}
		r.others[name] = where
	}
	r.here, r.blocks, r.open = to, make(map[string]*label), nil
}

// declare makes a subroutine known, wherever it stands. It returns false if
// what follows would make no sense.
func (r *resolver) declare(n *subNode) bool {
	s := &routine{name: n.Name.Text, at: r.at(n.Name.Pos.Offset), end: r.at(n.End.Pos.Offset)}
	if old := r.subs[s.name]; old != nil {
		r.c.errorf(s.at, "", "subroutine %s is declared twice, first at %s", s.name, r.c.where(old.at))
		return true
	}
	if len(n.Params) > MaxParams {
		r.c.errorf(s.at, "", "subroutine %s has %d parameters, the limit is %d", s.name, len(n.Params), MaxParams)
		return false
	}
	for _, p := range n.Params {
		at := r.at(p.Name.Pos.Offset)
		if slices.ContainsFunc(s.params, func(q param) bool { return q.name == p.Name.Text }) {
			r.c.errorf(at, "", "subroutine %s has two parameters named %s", s.name, p.Name.Text)
		}
		s.params = append(s.params, param{name: p.Name.Text, variable: p.Kind == "variable", at: at})
	}
	r.subs[s.name] = s
	r.prog.subs = append(r.prog.subs, s)
	return true
}

func (r *resolver) stmts(nodes []*stmtNode) []*stmt {
	out := make([]*stmt, 0, len(nodes))
	for _, n := range nodes {
		out = append(out, r.stmt(n))
	}
	return out
}

func (r *resolver) stmt(n *stmtNode) *stmt {
	s := &stmt{at: r.at(n.Pos.Offset)}
	switch {
	case n.If != nil:
		r.ifStmt(s, n.If)
	case n.Save != nil:
		r.save(s, n.Save)
	case n.Store != nil:
		r.store(s, n.Store)
	case n.Plain != "":
		s.kind = map[string]stmtKind{"count": stmtCount, "ignore": stmtIgnore, "nomatch": stmtNoMatch}[n.Plain]
	case n.Call != nil:
		r.call(s, n.Call)
	case n.Return != nil:
		r.ret(s, n.Return)
	case n.Exit != nil:
		r.exit(s, n.Exit)
	case n.Block != nil:
		r.block(s, n.Block)
	}
	return s
}

func (r *resolver) ifStmt(s *stmt, n *ifNode) {
	s.kind = stmtIf
	for _, an := range n.Arms {
		a := &arm{at: r.at(an.Pos.Offset), test: r.expr(&an.Test), save: an.Save}
		if a.save {
			r.checkSaved(a.test)
		}
		if an.Then != nil {
			a.then = r.stmt(an.Then)
		}
		s.arms = append(s.arms, a)
	}
	if n.Else != nil {
		s.body = []*stmt{r.stmt(n.Else)}
	}
}

// checkSaved: MatchingStoD may be tested but not SAVEd.
func (r *resolver) checkSaved(e *expr) {
	for _, k := range e.kids {
		r.checkSaved(k)
	}
	if e.kind == exprTest && e.ref.param < 0 && e.ref.attr != mib.AttrNull && !e.ref.attr.Is(mib.UseSave) {
		r.c.errorf(e.at, "test it in an IF of its own, without SAVE", "%s cannot be saved", e.ref.attr)
	}
}

func (r *resolver) block(s *stmt, n *blockNode) {
	s.kind = stmtBlock
	if n.Label != nil {
		at := r.at(n.Label.Pos.Offset)
		if old := r.blocks[n.Label.Text]; old != nil {
			r.c.errorf(at, "", "label %s is used twice, first at %s", n.Label.Text, r.c.where(old.at))
		} else {
			r.blocks[n.Label.Text] = &label{block: s, at: at}
		}
	}
	r.open = append(r.open, s)
	s.body = r.stmts(n.Body)
	r.open = r.open[:len(r.open)-1]
}

func (r *resolver) exit(s *stmt, n *wordNode) {
	s.kind = stmtExit
	at := r.at(n.Pos.Offset)
	l := r.blocks[n.Text]
	switch {
	case l == nil && r.others[n.Text] != "":
		r.c.errorf(at, "leave a subroutine with RETURN", "EXIT cannot leave a subroutine: label %s is in %s", n.Text, r.others[n.Text])
	case l == nil || !slices.Contains(r.open, l.block):
		r.c.errorf(at, "EXIT leaves a block that it stands in: label: { ... }", "EXIT is not inside a block labelled %s", n.Text)
	default:
		s.to = l.block
	}
}

func (r *resolver) ret(s *stmt, n *returnNode) {
	s.kind = stmtReturn
	if r.here.name == "" {
		r.c.errorf(s.at, "", "RETURN stands outside a subroutine")
	}
	if n.Label != nil {
		s.ret = r.number(n.Label, 1, ruleset.MaxRules, "a label of RETURN")
	}
	r.here.slots = append(r.here.slots, s.ret)
}

// number reads an integer in a range, giving its lower end after an error.
func (r *resolver) number(n *intNode, low, high int, what string) int {
	v, err := strconv.Atoi(n.Text)
	if err != nil || v < low || v > high {
		r.c.errorf(r.at(n.Pos.Offset), "", "%s is a number from %d to %d", what, low, high)
		return low
	}
	return v
}

// ref finds the attribute or parameter of a name. use is what is done with it.
func (r *resolver) ref(n *attrNode, use mib.Use, verb string) ref {
	at := r.at(n.Pos.Offset)
	for i, p := range r.here.params {
		if p.name == n.Text {
			if use == mib.UseStore && !p.variable {
				r.c.errorf(at, "declare it as VARIABLE", "parameter %s is an ADDRESS, STORE needs a variable", p.name)
			}
			return ref{param: i}
		}
	}
	a, ok := isReadable(n.Text) // what can be read only is told below
	if !ok {
		r.unknownAttribute(at, n.Text, use)
		return ref{param: -1}
	}
	// The rule set's number is the meter's choice and the same for all packets.
	if !a.Is(use) || a == mib.AttrFlowRuleSet {
		r.c.errorf(at, useHint(a, use), "%s cannot be %s", a, verb)
		return ref{param: -1}
	}
	return ref{attr: a, param: -1}
}

func (r *resolver) unknownAttribute(at place, name string, use mib.Use) {
	if r.c.errors > maxDiags {
		return // it would not be shown, and the hint takes time
	}
	hint := r.c.definedBelow(name)
	meant := ruleset.DidYouMean(ruleset.MeantAttrs(name, use))
	_, named := standardNames()[name]
	a, known := mib.Lookup(name)
	switch {
	case hint != "":
	case known && a.IsVariable():
		hint = "meter variables carry the parameters of subroutines, SRL does not name them"
	case named && !strings.Contains(meant, "Source"+name):
		hint = "this is the name of a value; an attribute stands left of =="
	default:
		hint = meant
	}
	r.c.errorf(at, hint, "'%s' is no attribute", name)
}

func useHint(a mib.Attr, use mib.Use) string {
	switch {
	case use == mib.UseStore:
		return "STORE sets SourceClass, DestClass, FlowClass, SourceKind, DestKind, FlowKind; SAVE saves other attributes"
	case a == mib.AttrFlowRuleSet:
		return "a program is one rule set, FlowRuleSet is always its own number"
	case a.IsDistribution():
		return "a distribution is saved: save " + a.String() + " = " + ruleset.ExampleOf(a) + ";"
	case a == mib.AttrMatchingStoD:
		return "it can be tested only"
	}
	return "it is measured by the meter and can be read only, in FORMAT"
}

func (r *resolver) expr(n *exprNode) *expr {
	or := &expr{kind: exprOr}
	for _, tn := range n.Terms {
		and := &expr{kind: exprAnd}
		for _, fn := range tn.Factors {
			if fn.Paren != nil {
				and.kids = append(and.kids, r.expr(fn.Paren))
			} else {
				and.kids = append(and.kids, r.test(fn))
			}
		}
		or.kids = append(or.kids, only(and))
	}
	return only(or)
}

// only unwraps an operator with one operand.
func only(e *expr) *expr {
	if len(e.kids) == 1 {
		return e.kids[0]
	}
	e.at = e.kids[0].at
	return e
}

func (r *resolver) test(n *factorNode) *expr {
	e := &expr{at: r.at(n.Attr.Pos.Offset)}
	e.ref = r.ref(n.Attr, mib.UseTest, "tested")
	e.ops = make([]operand, 0, len(n.List.list))
	for _, on := range n.List.list {
		op, ok := r.c.operand(on, e.ref.attr)
		if !ok {
			continue
		}
		e.ops = append(e.ops, op)
		r.check(e.ref, &e.ops[len(e.ops)-1])
	}
	return e
}

// check reports what is wrong with an operand of an attribute. For parameters
// that is seen at each CALL.
func (r *resolver) check(to ref, op *operand) {
	if to.param >= 0 || to.attr == mib.AttrNull {
		return
	}
	value, mask, hint, err := op.place(to.attr)
	at := op.at
	if err == nil && to.attr.IsDistribution() {
		var field ruleset.Field
		if field, err = ruleset.CheckDistribution(to.attr, mask, value); field == ruleset.FieldMask {
			at = op.maskAt
		}
		if warning, hint := ruleset.UnusedParameter(to.attr, mask, value); err == nil && warning != "" {
			r.c.warnf(op.at, hint, "%s", warning)
		}
	}
	if port := to.attr == mib.AttrSourceTransAddress || to.attr == mib.AttrDestTransAddress; err == nil && port && op.kind != onlyMask && isRange(op.text) {
		r.c.warnf(op.at, rangeHint, "%s is no range, it is the hexadecimal number %d", op.text, int(value[0])<<8|int(value[1]))
	}
	if err != nil {
		r.c.errorf(at, hint, "%s", plain(err))
	}
}

func (r *resolver) save(s *stmt, n *saveNode) {
	s.kind = stmtSave
	s.ref = r.ref(&n.Attr, mib.UseSave, "saved")
	switch {
	case n.Value != nil:
		s.op = r.oneOperand(n.Value, s.ref)
	case n.Width != nil:
		w, ok := r.c.width(r.c.toks[n.Width.Pos.Offset])
		if !ok {
			return
		}
		s.op = &operand{kind: onlyWidth, width: w, at: r.at(n.Width.Pos.Offset)}
	case n.Mask != nil:
		if s.op = r.oneOperand(n.Mask, ref{}); s.op != nil {
			if s.op.kind != wholeMask {
				r.c.errorf(s.op.at, "", "a mask has no width or mask of its own")
			}
			s.op.kind, s.op.mask = onlyMask, s.op.value
		}
	}
	if n.Value != nil && s.op == nil {
		return // that is told
	}
	if s.ref.param < 0 && s.ref.attr.IsDistribution() {
		if s.op == nil || s.op.kind != writtenMask {
			r.c.errorf(s.at, useHint(s.ref.attr, 0), "a distribution needs its parameters: = value & mask")
			return
		}
		if s.op.value.Single || s.op.mask.Single {
			r.c.errorf(s.op.at, useHint(s.ref.attr, 0), "the parameters of a distribution have several fields")
			return
		}
	}
	if s.op != nil {
		r.check(s.ref, s.op)
	}
}

// oneOperand reads the operand of SAVE or STORE.
func (r *resolver) oneOperand(n *operands, to ref) *operand {
	if n.inList {
		r.c.errorf(r.at(int(n.list[0].value)), "", "a list of values can be tested, but not saved")
		return nil
	}
	op, ok := r.c.operand(n.list[0], to.attr)
	if !ok {
		return nil
	}
	op.saved = true
	return &op
}

func (r *resolver) store(s *stmt, n *storeNode) {
	s.kind, s.stored = stmtSave, true
	s.ref = r.ref(&n.Attr, mib.UseStore, "stored")
	if s.op = r.oneOperand(&n.Value, s.ref); s.op == nil {
		return
	}
	if s.op.kind != wholeMask {
		r.c.errorf(s.op.at, "store v := 5;", "STORE takes a value without width or mask")
		return
	}
	r.check(s.ref, s.op)
}
