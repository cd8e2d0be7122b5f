package srl

import (
	"slices"

	"netramet/mib"
	"netramet/ruleset"
)

// linter finds what is allowed but hardly meant. It follows all ways through
// the program, into each CALL, with what is known of the packet there
// (facts.go), and reports afterwards what no way has reached or made true.
type linter struct {
	c      *compiler
	prog   *program
	facts  *factBase
	coarse bool // the ways are too many: subroutines are followed once, nothing is known
	steps  int  // statements and operands followed, against maxLintSteps

	open    map[*stmt]bool // statements that are reached if any test may succeed or fail
	counts  bool           // a COUNT is among them
	reached map[*stmt]bool
	count   bool                   // a COUNT is among them
	falls   map[*routine]bool      // subroutines whose end is reached
	tests   map[*expr]*outcome     // of tests that were reached
	paired  map[*stmt]*pairing     // of SAVEs that were reached
	saved   map[entry]map[int]ways // coarse: what each routine leaves behind

	address place // the first address test without one of PeerType
	what    string
	more    int
	seen    map[place]bool
}

// maxLintSteps bounds the work on programs whose subroutines call each other
// very often.
const maxLintSteps = 1 << 20

// entry is a routine and whether PeerType is known to have been tested.
type entry struct {
	r    *routine
	peer bool
}

// outcome is what all ways together say about a test.
type outcome struct {
	x       *expr
	attr    mib.Attr // of the first way
	holds   []bool   // by operand: some way lets it fit
	reasons []reason // by operand: why it cannot fit, on the first way
}

// lint reports warnings about a program without errors.
func (c *compiler) lint(prog *program) {
	c.twice(prog.main.body, map[mib.Attr]*stmt{})
	for _, s := range prog.subs {
		c.twice(s.body, map[mib.Attr]*stmt{})
	}
	l := &linter{c: c, prog: prog}
	l.follow(true)
	l.open, l.counts = l.reached, l.count
	if !l.follow(false) {
		l.follow(true)
	}
	l.report()
}

// follow walks all ways; false if they are too many.
func (l *linter) follow(coarse bool) bool {
	l.coarse, l.count, l.facts, l.steps = coarse, false, newFactBase(), 0
	l.falls = make(map[*routine]bool)
	l.reached, l.tests, l.paired = make(map[*stmt]bool), make(map[*expr]*outcome), make(map[*stmt]*pairing)
	l.saved, l.seen, l.what, l.more = make(map[entry]map[int]ways), make(map[place]bool), "", 0
	w := &walk{l: l, r: l.prog.main, exits: make(map[*stmt]ways), rets: make(map[int]ways)}
	w.stmts(l.prog.main.body, ways{{}})
	return l.coarse || l.steps <= maxLintSteps
}

// walk follows one routine, for one CALL.
type walk struct {
	l     *linter
	r     *routine
	args  []mib.Attr // what the parameters stand for
	exits map[*stmt]ways
	rets  map[int]ways
}

// attr is the attribute that r stands for, AttrNull if that is not known.
func (w *walk) attr(r ref) mib.Attr {
	switch {
	case r.param < 0:
		return r.attr
	case w.l.coarse:
		return mib.AttrNull
	}
	return w.args[r.param]
}

func (w *walk) stmts(list []*stmt, in ways) ways {
	for _, s := range list {
		if w.l.steps++; len(in) == 0 || !w.l.coarse && w.l.steps > maxLintSteps {
			return nil
		}
		w.l.reached[s] = true
		in = w.stmt(s, in)
	}
	return in
}

func (w *walk) stmt(s *stmt, in ways) ways {
	switch s.kind {
	case stmtIf:
		return w.ifStmt(s, in)
	case stmtBlock:
		out := w.stmts(s.body, in)
		return w.l.facts.join(out, w.exits[s])
	case stmtSave:
		return w.save(s, in)
	case stmtCount:
		w.l.count = true
	case stmtReturn:
		w.rets[s.ret] = w.l.facts.join(w.rets[s.ret], in)
	case stmtExit:
		w.exits[s.to] = w.l.facts.join(w.exits[s.to], in)
	case stmtCall:
		return w.call(s, in)
	case stmtEmpty:
		return in
	}
	return nil
}

// width warns of a SAVE of more bits than the addresses have that get there. A
// subroutine may be called for others too.
func (w *walk) width(s *stmt, a mib.Attr, in ways) {
	if w.l.coarse || w.r.name != "" || a != mib.AttrSourcePeerAddress && a != mib.AttrDestPeerAddress || len(in) == 0 {
		return
	}
	size, known := 0, true
	for i := range in {
		n := in[i].longest()
		size, known = max(size, n), known && n > 0
	}
	_, mask, _, err := s.op.place(a)
	if err != nil || mask == ruleset.FullMask(a) {
		return
	}
	switch longest := mib.PeerIPv6.AddressSize(); {
	case known && mask.Last() > size:
		w.l.c.warnf(s.op.at, "", "only %d bits are saved: the addresses that get here have no more", 8*size)
	case !in.peer() && mask.Last() > longest:
		w.l.c.warnf(s.op.at, "without a width the whole address is saved, whatever its length",
			"only %d bits are saved of IPv6 addresses, which have no more, and 32 of IPv4 ones", 8*longest)
	}
}

func (w *walk) save(s *stmt, in ways) ways {
	a := w.attr(s.ref)
	w.pairs(s, in)
	if s.op != nil && s.op.kind != wholeMask {
		w.address(a, s.at, in, "a SAVE of part of an address")
		w.width(s, a, in)
	}
	if !s.stored || w.l.coarse {
		return in
	}
	value, _, _, err := s.op.place(a)
	if err != nil {
		return in
	}
	return w.l.facts.store(in, a, value[0])
}

func (w *walk) ifStmt(s *stmt, in ways) ways {
	var out ways
	for _, a := range s.arms {
		yes, no := w.expr(a.test, in)
		if a.then != nil {
			yes = w.stmts([]*stmt{a.then}, yes)
		}
		out = w.l.facts.join(out, yes)
		in = no
	}
	return w.l.facts.join(out, w.stmts(s.body, in))
}

// expr returns what is known when x holds and when it does not.
func (w *walk) expr(x *expr, in ways) (yes, no ways) {
	switch {
	case len(in) == 0:
		return nil, nil
	case x.kind == exprTest:
		return w.test(x, in)
	case x.kind == exprAnd:
		yes = in
		for _, k := range x.kids {
			var n ways
			yes, n = w.expr(k, yes)
			no = w.l.facts.join(no, n)
		}
		return yes, no
	default:
		no = in
		for _, k := range x.kids {
			var y ways
			y, no = w.expr(k, no)
			yes = w.l.facts.join(yes, y)
		}
		return yes, no
	}
}

func (w *walk) test(x *expr, in ways) (yes, no ways) {
	a := w.attr(x.ref)
	w.address(a, x.at, in, "an address test")
	v := w.l.tests[x]
	if v == nil {
		v = &outcome{x: x, attr: a, holds: make([]bool, len(x.ops)), reasons: make([]reason, len(x.ops))}
		w.l.tests[x] = v
	}
	ops := w.l.patterns(x, a)
	w.l.steps += len(ops) * len(in)
	if ops == nil || !w.l.coarse && w.l.steps > maxLintSteps {
		for i := range v.holds {
			v.holds[i] = true
		}
		yes, no = in, in
	} else {
		yes, no = w.l.facts.test(x.at, a, ops, in, v)
	}
	// A parameter's name is no knowledge of what it stands for.
	if a.Slot() == mib.AttrSourcePeerType || w.l.coarse && x.ref.param >= 0 {
		yes = yes.withPeer()
	}
	return yes, no
}

// patterns are the operands of x for attribute a; nil if nothing is to be known
// of them.
func (l *linter) patterns(x *expr, a mib.Attr) []pattern {
	if l.coarse || a == mib.AttrNull {
		return nil
	}
	list := make([]pattern, len(x.ops))
	for i := range x.ops {
		value, mask, _, err := x.ops[i].place(a)
		if err != nil {
			return nil
		}
		list[i] = pattern{value, mask}
	}
	return list
}

// address notes a use of addresses where their family is not known.
func (w *walk) address(a mib.Attr, at place, in ways, what string) {
	if a != mib.AttrSourcePeerAddress && a != mib.AttrDestPeerAddress || in.peer() || w.l.seen[at] {
		return
	}
	w.l.seen[at] = true
	if w.l.what != "" {
		w.l.more++
		return
	}
	w.l.address, w.l.what = at, what
}

// call follows a subroutine with its arguments.
func (w *walk) call(s *stmt, in ways) ways {
	rets := w.enter(s, in)
	var out ways
	into := make([]ways, len(s.cases))
	for _, label := range sortedKeys(rets) {
		if i, ok := s.labels[label]; ok {
			into[i] = w.l.facts.join(into[i], rets[label])
		} else {
			out = w.l.facts.join(out, rets[label])
		}
	}
	for i, c := range s.cases {
		out = w.l.facts.join(out, w.stmts([]*stmt{c}, into[i]))
	}
	return out
}

// enter follows the subroutine of a CALL and returns what is known where it
// returns, by label.
func (w *walk) enter(s *stmt, in ways) map[int]ways {
	key := entry{s.callee, in.peer()}
	if rets, ok := w.l.saved[key]; ok && w.l.coarse {
		return rets
	}
	sub := &walk{l: w.l, r: s.callee, exits: make(map[*stmt]ways), rets: make(map[int]ways)}
	for _, a := range s.args {
		sub.args = append(sub.args, w.attr(a))
	}
	if out := sub.stmts(s.callee.body, in); len(out) > 0 {
		sub.rets[0] = w.l.facts.join(sub.rets[0], out)
		w.l.falls[s.callee] = true
	}
	w.l.saved[key] = sub.rets
	return sub.rets
}

func sortedKeys(m map[int]ways) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// differ reports whether the values differ in bits that both masks have.
func differ(va, vb, ma, mb ruleset.Octets) bool {
	for k := range va {
		if (va[k]^vb[k])&ma[k]&mb[k] != 0 {
			return true
		}
	}
	return false
}
