package srl

import (
	"fmt"
	"slices"

	"netramet/mib"
	"netramet/ruleset"
)

// linter finds what is allowed but hardly meant.
type linter struct {
	c      *compiler
	prog   *program
	here   *routine
	counts bool
	saved  map[lintKey]map[int]flowState // what each routine leaves behind
	peers  map[*routine][]peerUse
	told   map[*stmt]bool

	compared int // pairs of operands, against maxCompared

	address place // the first address test without one of PeerType
	what    string
	more    int
	seen    map[place]bool
}

// maxCompared bounds the pairs of operands that are compared for a warning.
const maxCompared = 1 << 18

type lintKey struct {
	r    *routine
	peer bool
}

// flowState is what is known where control arrives.
type flowState struct {
	live bool // control can arrive
	peer bool // a test of PeerType has succeeded on every way here
}

func (s flowState) join(o flowState) flowState {
	if !s.live || !o.live {
		return flowState{s.live || o.live, s.live && s.peer || o.live && o.peer}
	}
	return flowState{true, s.peer && o.peer}
}

// peerUse is what a parameter may stand for in some call.
type peerUse struct{ address, family bool }

// lint reports warnings about a program without errors, and notes which
// subroutines return by their end.
func (c *compiler) lint(prog *program) {
	l := &linter{
		c: c, prog: prog, here: prog.main, told: make(map[*stmt]bool), seen: make(map[place]bool),
		saved: make(map[lintKey]map[int]flowState), peers: make(map[*routine][]peerUse),
	}
	for _, r := range callOrder(prog) {
		l.uses(r)
	}
	w := &walk{l: l, r: prog.main, exits: make(map[*stmt]flowState)}
	w.stmts(prog.main.body, flowState{live: true})
	for _, s := range prog.subs {
		if s.callers == 0 {
			c.warnf(s.at, "", "subroutine %s is never called", s.name)
		}
	}
	if !l.counts {
		c.warnf(place{}, "flows are made by COUNT", "the program has no COUNT that can be reached: it counts nothing")
	}
	if l.what != "" {
		more := ""
		if l.more > 0 {
			more = fmt.Sprintf(" (and %d more)", l.more)
		}
		c.warnf(l.address, "IPv4 and IPv6 addresses can begin alike: test SourcePeerType first",
			"%s is reached without a test of PeerType%s", l.what, more)
	}
}

// uses notes what the parameters of the routines that r calls may stand for.
func (l *linter) uses(r *routine) {
	for _, call := range r.calls {
		to := l.peers[call.callee]
		if to == nil {
			to = make([]peerUse, len(call.args))
			l.peers[call.callee] = to
		}
		for i, a := range call.args {
			u := l.use(r, a)
			to[i].address = to[i].address || u.address
			to[i].family = to[i].family || u.family
		}
	}
}

func (l *linter) use(r *routine, a ref) peerUse {
	if a.param >= 0 {
		if u := l.peers[r]; a.param < len(u) {
			return u[a.param]
		}
		return peerUse{}
	}
	return peerUse{
		address: a.attr == mib.AttrSourcePeerAddress || a.attr == mib.AttrDestPeerAddress,
		family:  a.attr == mib.AttrSourcePeerType || a.attr == mib.AttrDestPeerType,
	}
}

// walk follows one routine.
type walk struct {
	l     *linter
	r     *routine
	exits map[*stmt]flowState
	rets  map[int]flowState
}

func (w *walk) stmts(list []*stmt, in flowState) flowState {
	for _, s := range list {
		if !in.live {
			if !w.l.told[s] && s.kind != stmtEmpty {
				w.l.told[s] = true
				w.l.c.warnf(s.at, "", "this statement can never be reached")
			}
			return in
		}
		in = w.stmt(s, in)
	}
	return in
}

func (w *walk) stmt(s *stmt, in flowState) flowState {
	switch s.kind {
	case stmtIf:
		return w.ifStmt(s, in)
	case stmtBlock:
		out := w.stmts(s.body, in)
		return out.join(w.exits[s])
	case stmtSave:
		if s.op != nil && s.op.kind != wholeMask {
			w.address(s.ref, s.at, in, "a SAVE of part of an address")
		}
		return in
	case stmtCount:
		w.l.counts = true
	case stmtReturn:
		w.rets[s.ret] = w.rets[s.ret].join(in)
	case stmtExit:
		w.exits[s.to] = w.exits[s.to].join(in)
	case stmtCall:
		return w.call(s, in)
	case stmtEmpty:
		return in
	}
	return flowState{}
}

func (w *walk) ifStmt(s *stmt, in flowState) flowState {
	var out flowState
	for _, a := range s.arms {
		yes, no := w.expr(a.test, in)
		if a.then != nil {
			yes = w.stmts([]*stmt{a.then}, yes)
		}
		out = out.join(yes)
		in = no
	}
	if last := s.arms[len(s.arms)-1]; !last.save && last.then.kind == stmtEmpty && len(s.body) == 0 {
		w.l.c.warnf(last.then.at, "", "this IF does nothing when its condition holds")
	}
	return out.join(w.stmts(s.body, in))
}

// expr returns what is known when x holds and when it does not.
func (w *walk) expr(x *expr, in flowState) (yes, no flowState) {
	switch x.kind {
	case exprTest:
		w.address(x.ref, x.at, in, "an address test")
		yes = in
		if w.l.use(w.r, x.ref).family {
			yes.peer = true
		}
		return yes, in
	case exprAnd:
		w.contradiction(x)
		yes = in
		for _, k := range x.kids {
			var n flowState
			yes, n = w.expr(k, yes)
			no = no.join(n)
		}
		return yes, no
	default:
		no = in
		for _, k := range x.kids {
			var y flowState
			y, no = w.expr(k, no)
			yes = yes.join(y)
		}
		return yes, no
	}
}

// address notes a use of addresses where their family is not known.
func (w *walk) address(r ref, at place, in flowState, what string) {
	if in.peer || !w.l.use(w.r, r).address || w.l.seen[at] {
		return
	}
	w.l.seen[at] = true
	if w.l.what != "" {
		w.l.more++
		return
	}
	w.l.address, w.l.what = at, what
}

// contradiction warns of tests of one attribute that cannot both succeed.
func (w *walk) contradiction(x *expr) {
	const most = 16 // a longer conjunction is no slip of the pen
	for i, b := range x.kids[:min(most, len(x.kids))] {
		for _, a := range x.kids[:i] {
			w.l.compared += len(a.ops) * len(b.ops)
			if a.kind == exprTest && b.kind == exprTest && a.ref == b.ref && a.ref.param < 0 &&
				w.l.compared < maxCompared && disjoint(a, b) {
				w.l.c.warnf(b.at, "", "this test can never succeed after the one before it: %s has one value", a.ref.attr)
				return
			}
		}
	}
}

func disjoint(a, b *expr) bool {
	for i := range a.ops {
		va, ma, _, _ := a.ops[i].place(a.ref.attr)
		for j := range b.ops {
			vb, mb, _, _ := b.ops[j].place(b.ref.attr)
			if !differ(va, vb, ma, mb) {
				return false
			}
		}
	}
	return true
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

// call follows a subroutine, once for each state it is entered in.
func (w *walk) call(s *stmt, in flowState) flowState {
	key := lintKey{s.callee, in.peer}
	rets, ok := w.l.saved[key]
	if !ok {
		sub := &walk{l: w.l, r: s.callee, exits: make(map[*stmt]flowState), rets: make(map[int]flowState)}
		if out := sub.stmts(s.callee.body, in); out.live {
			w.l.c.warnf(s.callee.end, "write RETURN", "subroutine %s ends without a RETURN", s.callee.name)
			sub.rets[0] = sub.rets[0].join(out)
			if !slices.Contains(s.callee.slots, 0) {
				s.callee.slots = slices.Insert(s.callee.slots, 0, 0)
			}
		}
		rets = sub.rets
		w.l.saved[key] = rets
	}
	var out flowState
	into := make([]flowState, len(s.cases))
	for label, st := range rets {
		if i, ok := s.labels[label]; ok {
			into[i] = into[i].join(st)
		} else {
			out = out.join(st)
		}
	}
	for i, c := range s.cases {
		out = out.join(w.stmts([]*stmt{c}, into[i]))
	}
	return out
}
