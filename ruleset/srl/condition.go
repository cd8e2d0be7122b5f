package srl

import (
	"netramet/mib"
	"netramet/ruleset"
)

// condition writes the test of an IF: to label then with what IF SAVE saves
// pushed, to label next with nothing pushed.
//
// Conditions are evaluated from left to right and no further than needed.
// With SAVE, what a part has pushed before the whole turned out false must be
// popped, and how much that is depends on the way there: (a || b && c) && d
// reaches d with one or with two pushes. The code of d is then written once
// for each number, so a condition of n tests needs at most n*n of them, where
// the usual disjunctive normal form may need 2^n.
func (e *emitter) condition(a *arm, then, next int32) {
	g := &conditioner{e: e, save: a.save, pops: make(map[int32][]int32)}
	g.gen(a.test, 0, func(int) int32 { return then }, next)
	for _, to := range g.popTo {
		for i := len(g.pops[to]) - 1; i >= 0; i-- {
			e.bind(g.pops[to][i])
			if i > 0 {
				e.do(mib.ActionPopTo, g.pops[to][i-1])
			} else {
				e.do(mib.ActionPopTo, to)
			}
		}
	}
}

type conditioner struct {
	e    *emitter
	save bool

	// pops[l][i] is a label that drops i+1 pushes and goes to label l; popTo
	// lists those l in order.
	pops  map[int32][]int32
	popTo []int32
}

// pop is a label that drops the last n pushes and goes to label to.
func (g *conditioner) pop(n int, to int32) int32 {
	if n == 0 {
		return to
	}
	if g.pops[to] == nil {
		g.popTo = append(g.popTo, to)
	}
	for len(g.pops[to]) < n {
		g.pops[to] = append(g.pops[to], g.e.label())
	}
	return g.pops[to][n-1]
}

// gen writes x at this place. n is how much has been pushed by the condition
// so far; yes gives the label to go to when x holds and so much is pushed; no
// is the label for when it does not, with n pushed again.
func (g *conditioner) gen(x *expr, n int, yes func(int) int32, no int32) {
	if g.e.full {
		return
	}
	switch x.kind {
	case exprTest:
		g.test(x, n, yes, no)
	case exprOr:
		for i, k := range x.kids {
			if i == len(x.kids)-1 {
				g.gen(k, n, yes, no)
				break
			}
			other := g.e.label()
			g.gen(k, n, yes, other)
			g.e.bind(other)
		}
	case exprAnd:
		g.and(x.kids, n, n, yes, no)
	}
}

// and writes the conjunction of kids, with n pushed here and base pushed where
// the whole conjunction began.
func (g *conditioner) and(kids []*expr, base, n int, yes func(int) int32, no int32) {
	if g.e.full {
		return
	}
	fail := g.pop(n-base, no)
	if len(kids) == 1 {
		g.gen(kids[0], n, yes, fail)
		return
	}
	rest := make(map[int]int32) // the code of what follows, by what is pushed
	var ways []int
	g.gen(kids[0], n, func(m int) int32 {
		if _, ok := rest[m]; !ok {
			rest[m] = g.e.label()
			ways = append(ways, m)
		}
		return rest[m]
	}, fail)
	for _, m := range ways {
		g.e.bind(rest[m])
		g.and(kids[1:], base, m, yes, no)
	}
}

// test writes one rule for each operand, and the way on when none matches.
func (g *conditioner) test(x *expr, n int, yes func(int) int32, no int32) {
	g.e.here = x.at
	sel, kind := g.e.sel(x.ref)
	act := mib.ActionGoto
	if g.save {
		n++
		act = mib.ActionPushRuleTo
		if !kind.Is(mib.UseSave) {
			g.e.c.errorf(x.at, "", "in subroutine %s, called with %s: it cannot be saved", g.e.v.r.name, kind)
		}
	}
	to := yes(n)
	if g.e.work += len(x.ops); g.e.work > maxWork {
		g.e.full = true
		return
	}
	list := make([]pattern, 0, len(x.ops))
	for i := range x.ops {
		value, mask := g.e.place(&x.ops[i], kind)
		list = append(list, pattern{value, mask})
	}
	if g.e.level >= 2 {
		list = order(list, g.save, &g.e.order)
	}
	for _, p := range list {
		g.e.add(ruleset.Rule{Selector: sel, Action: act, Mask: p.mask, Value: p.value}, to)
	}
	g.e.do(mib.ActionGoto, no)
}
