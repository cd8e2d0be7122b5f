package srl

import (
	"netramet/mib"
	"netramet/ruleset"
)

// verdict is the end of a match.
type verdict uint8

const (
	ignored verdict = iota
	noMatch
	counted
	broken // the rules themselves are wrong
)

// packet holds attribute values in wire order; those it lacks are zero.
type packet map[mib.Attr]ruleset.Octets

// saved is what a key holds of one attribute.
type saved struct{ mask, value ruleset.Octets }

// push is one entry of the pattern queue.
type push struct {
	attr mib.Attr
	saved
}

// facts are the values a match looks at: the packet in one direction and what
// has been pushed.
type facts struct {
	pkt   packet
	stod  bool
	queue []push
}

// value is the value of a at this point of the match.
func (f *facts) value(a mib.Attr) ruleset.Octets {
	if a == mib.AttrMatchingStoD {
		if f.stod {
			return ruleset.Octets{1}
		}
		return ruleset.Octets{}
	}
	if a.IsComputed() {
		for i := len(f.queue) - 1; i >= 0; i-- {
			if f.queue[i].attr == a {
				return f.queue[i].value
			}
		}
		return ruleset.Octets{}
	}
	if !f.stod {
		a = a.Reverse()
	}
	return f.pkt[a]
}

// key is what the queue makes: later pushes win.
func (f *facts) key() map[mib.Attr]saved {
	k := make(map[mib.Attr]saved)
	for _, p := range f.queue {
		if p.attr != mib.AttrNull {
			k[p.attr] = p.saved
		}
	}
	return k
}

func masked(v, m ruleset.Octets) ruleset.Octets {
	for i := range v {
		v[i] &= m[i]
	}
	return v
}

// interpret runs rules as RFC 2722 §4.4 tells, one by one, for one direction.
// Not every meter saves the variables with Gosub; what we compile works on
// both kinds.
func interpret(rules []ruleset.Rule, pkt packet, stod, savesVars bool) (verdict, map[mib.Attr]saved) {
	type frame struct {
		rule int
		vars [5]mib.Attr
	}
	f := &facts{pkt: pkt, stod: stod}
	var vars [5]mib.Attr
	var stack []frame
	test, r := true, 1
	for range 10 * (len(rules) + 10) {
		if r < 1 || r > len(rules) {
			return noMatch, nil
		}
		rule := rules[r-1]
		a := rule.Selector
		assign := rule.Action == mib.ActionAssign || rule.Action == mib.ActionAssignAct
		if a.IsVariable() && !assign {
			a = vars[a-mib.AttrV1]
		}
		if test && a != mib.AttrNull && !rule.Mask.IsZero() && masked(f.value(a), rule.Mask) != rule.Value {
			r++
			continue
		}
		test = rule.Action.Tests()
		next := int(rule.Parameter)
		switch rule.Action {
		case mib.ActionIgnore:
			return ignored, nil
		case mib.ActionNoMatch:
			return noMatch, nil
		case mib.ActionCount, mib.ActionPushRuleTo, mib.ActionPushRuleToAct:
			f.queue = append(f.queue, push{a, saved{rule.Mask, rule.Value}})
		case mib.ActionCountPkt, mib.ActionPushPktTo, mib.ActionPushPktToAct:
			f.queue = append(f.queue, push{a, saved{rule.Mask, masked(f.value(a), rule.Mask)}})
		case mib.ActionReturn:
			if len(stack) == 0 {
				return broken, nil
			}
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			next, test = top.rule+next, false
			if savesVars {
				vars = top.vars
			}
		case mib.ActionGosub, mib.ActionGosubAct:
			stack = append(stack, frame{r, vars})
		case mib.ActionAssign, mib.ActionAssignAct:
			vars[rule.Selector-mib.AttrV1] = mib.Attr(rule.Value[0])
		case mib.ActionPopTo, mib.ActionPopToAct:
			if len(f.queue) == 0 {
				return broken, nil // harmless to a meter, but not what we emit
			}
			f.queue = f.queue[:len(f.queue)-1]
		}
		if rule.Action == mib.ActionCount || rule.Action == mib.ActionCountPkt {
			return counted, f.key()
		}
		r = next
	}
	return broken, nil
}

// evaluator runs the resolved program itself, as RFC 2723 tells.
type evaluator struct {
	facts
	args      []mib.Attr
	ran       map[*stmt]bool              // statements that were run
	held      map[*expr]bool              // tests that succeeded
	variables map[mib.Attr]ruleset.Octets // as STORE set them; nothing that is saved has an effect
}

// value is the value of a at this point of the program.
func (e *evaluator) value(a mib.Attr) ruleset.Octets {
	if a.IsComputed() {
		return e.variables[a]
	}
	return e.facts.value(a)
}

// how a statement ends.
type ending struct {
	done bool // the match is over, with verdict
	v    verdict
	ret  int   // label of a RETURN, valid iff returned
	exit *stmt // the block to leave
	back bool  // returned
}

func evaluate(prog *program, pkt packet, stod bool) (verdict, map[mib.Attr]saved) {
	return newEvaluator(pkt, stod).run(prog)
}

func newEvaluator(pkt packet, stod bool) *evaluator {
	return &evaluator{
		facts: facts{pkt: pkt, stod: stod}, variables: make(map[mib.Attr]ruleset.Octets),
		ran: make(map[*stmt]bool), held: make(map[*expr]bool),
	}
}

func (e *evaluator) run(prog *program) (verdict, map[mib.Attr]saved) {
	end := e.stmts(prog.main.body)
	if !end.done {
		return noMatch, nil
	}
	if end.v == counted {
		return counted, e.key()
	}
	return end.v, nil
}

func (e *evaluator) attr(r ref) mib.Attr {
	if r.param >= 0 {
		return e.args[r.param]
	}
	return r.attr
}

func (e *evaluator) stmts(list []*stmt) ending {
	for _, s := range list {
		if end := e.stmt(s); end != (ending{}) {
			return end
		}
	}
	return ending{}
}

func (e *evaluator) stmt(s *stmt) ending {
	e.ran[s] = true
	switch s.kind {
	case stmtIf:
		for _, a := range s.arms {
			before := len(e.queue)
			if e.holds(a.test, a.save) {
				if a.then == nil {
					return ending{}
				}
				return e.stmt(a.then)
			}
			e.queue = e.queue[:before]
		}
		return e.stmts(s.body)
	case stmtBlock:
		end := e.stmts(s.body)
		if end.exit == s {
			return ending{}
		}
		return end
	case stmtSave:
		a := e.attr(s.ref)
		if s.op == nil {
			m := ruleset.FullMask(a)
			e.queue = append(e.queue, push{a, saved{m, masked(e.value(a), m)}})
			return ending{}
		}
		v, m, _, _ := s.op.place(a)
		if s.op.kind == onlyMask || s.op.kind == onlyWidth || a.IsDistribution() {
			v = masked(e.value(a), m)
		}
		if s.stored {
			e.variables[a] = v
		}
		e.queue = append(e.queue, push{a, saved{m, v}})
	case stmtCount:
		return ending{done: true, v: counted}
	case stmtIgnore:
		return ending{done: true, v: ignored}
	case stmtNoMatch:
		return ending{done: true, v: noMatch}
	case stmtReturn:
		return ending{back: true, ret: s.ret}
	case stmtExit:
		return ending{exit: s.to}
	case stmtCall:
		outer := e.args
		var args []mib.Attr
		for _, a := range s.args {
			args = append(args, e.attr(a))
		}
		e.args = args
		end := e.stmts(s.callee.body)
		e.args = outer
		if end.done {
			return end
		}
		if i, ok := s.labels[end.ret]; ok {
			return e.stmt(s.cases[i])
		}
	}
	return ending{}
}

// holds evaluates a condition from left to right, saving what matches; what a
// part saved that turned out false is undone.
func (e *evaluator) holds(x *expr, save bool) bool {
	before := len(e.queue)
	switch x.kind {
	case exprTest:
		a := e.attr(x.ref)
		for i := range x.ops {
			v, m, _, _ := x.ops[i].place(a)
			if masked(e.value(a), m) == v {
				e.held[x] = true
				if save {
					e.queue = append(e.queue, push{a, saved{m, v}})
				}
				return true
			}
		}
	case exprAnd:
		for _, k := range x.kids {
			if !e.holds(k, save) {
				e.queue = e.queue[:before]
				return false
			}
		}
		return true
	case exprOr:
		for _, k := range x.kids {
			if e.holds(k, save) {
				return true
			}
		}
	}
	return false
}
