package ruleset

import (
	"slices"

	"netramet/mib"
)

// This file follows all ways through a rule set, to find what no packet could
// show at load: rules that are never reached, tests that are made though they
// must not be, calls that call themselves, loops.
//
// A state is a rule together with the test indicator it is entered with. The
// states of a subroutine are followed once for each state it is entered in,
// whoever calls it; a Return leads to the rules after every Gosub that enters
// the subroutine so.

// maxSteps bounds the work on rule sets built to make it large (thousands of
// subroutines that share their rules). Beyond it, nothing is said about ways.
const maxSteps = 1 << 20

// state is twice a rule's index, plus 1 if its test is made.
type state int32

func stateOf(rule int, test bool) state {
	s := state(rule-1) << 1
	if test {
		s |= 1
	}
	return s
}

func (s state) rule() int  { return int(s>>1) + 1 }
func (s state) test() bool { return s&1 != 0 }

// How a rule was reached.
const (
	reachedOff    = 1 << iota // with its test off
	reachedOn                 // with its test on
	reachedJumped             // with its test on, not from the rule before it
)

// proc is a subroutine entered in one state, or the main program.
type proc struct {
	entry   state
	seen    map[state]struct{}
	returns []exit // one for each parameter of its Return rules
	known   map[uint16]struct{}
	callers []call
}

type call struct {
	from *proc
	rule int // the Gosub
}

// exit is a Return rule and its parameter.
type exit struct {
	par  uint16
	rule int
}

type work struct {
	p *proc
	s state
}

type walker struct {
	*checker
	reached []uint8 // by rule index
	procs   map[state]*proc
	order   []*proc
	pending []work
	steps   int
	lost    map[int]bool // Return rules with a message already
}

// checkFlow follows the rules and reports what it sees.
func (c *checker) checkFlow() {
	if len(c.rules) == 0 {
		c.add(Warning, 0, FieldRule, "", "there are no rules, nothing is ever counted")
		return
	}
	w := &walker{
		checker: c,
		reached: make([]uint8, len(c.rules)),
		procs:   make(map[state]*proc),
		lost:    make(map[int]bool),
	}
	if !w.walk() {
		return
	}
	w.reportRecursion()
	w.reportLoops()
	w.reportTests()
	if !w.failed { // what errors cut off is not worth a warning
		w.reportShadows()
		w.reportUnreached()
	}
}

// at returns a state's rule.
func (w *walker) at(s state) *Rule { return &w.rules[s>>1] }

// always reports whether a rule entered in state s succeeds whatever the
// packet (RFC 2722 §4.4): its test is off, its mask is empty, or it tests
// Null, for which a variable that no rule sets stands. An Assign makes no test,
// its value is what it assigns.
func (w *walker) always(s state) bool {
	r := w.at(s)
	return !s.test() || r.Selector == mib.AttrNull || r.Mask.IsZero() || r.assigns() ||
		r.Selector.IsVariable() && !w.set[r.Selector]
}

// never reports whether the test made in state s fails whatever the packet.
// That of a variable succeeds while it holds nothing.
func (w *walker) never(s state) bool {
	r := w.at(s)
	return !w.always(s) && !r.Selector.IsVariable() && r.Value.Outside(&r.Mask)
}

// walk visits all states; false if there are too many.
func (w *walker) walk() bool {
	main := w.enter(stateOf(1, true))
	w.reached[0] |= reachedJumped
	for len(w.pending) > 0 {
		last := len(w.pending) - 1
		next := w.pending[last]
		w.pending = w.pending[:last]
		w.step(next.p, next.s, next.p == main)
		if w.steps > maxSteps {
			return false
		}
	}
	return true
}

// enter returns the proc for an entry state. Main is entered first, as is; a
// Gosub to rule 1 with its test on makes a second proc of that entry.
func (w *walker) enter(s state) *proc {
	p := &proc{entry: s, seen: make(map[state]struct{}), known: make(map[uint16]struct{})}
	w.order = append(w.order, p)
	w.visit(p, s)
	return p
}

// visit notes that p gets to s.
func (w *walker) visit(p *proc, s state) {
	w.steps++
	if _, ok := p.seen[s]; ok {
		return
	}
	p.seen[s] = struct{}{}
	if s.test() {
		w.reached[s>>1] |= reachedOn
	} else {
		w.reached[s>>1] |= reachedOff
	}
	w.pending = append(w.pending, work{p, s})
}

// jump is a visit from another rule's action.
func (w *walker) jump(p *proc, s state) {
	if s.test() {
		w.reached[s>>1] |= reachedJumped
	}
	w.visit(p, s)
}

func (w *walker) step(p *proc, s state, isMain bool) {
	n := s.rule()
	if !w.always(s) && n < len(w.rules) {
		w.visit(p, stateOf(n+1, true))
	}
	if w.never(s) {
		return
	}
	switch r := w.at(s); {
	case r.Action.Ends():
	case r.Action == mib.ActionReturn:
		if isMain {
			if !w.lost[n] {
				w.lost[n] = true
				w.add(Error, n, FieldAction, "", "Return is reached without a Gosub")
			}
			return
		}
		if _, ok := p.known[r.Parameter]; ok {
			return
		}
		p.known[r.Parameter] = struct{}{}
		e := exit{r.Parameter, n}
		p.returns = append(p.returns, e)
		for _, c := range p.callers {
			w.comeBack(c, e)
		}
	case r.Action == mib.ActionGosub || r.Action == mib.ActionGosubAct:
		entry := stateOf(int(r.Parameter), r.Action.Tests())
		callee := w.procs[entry]
		if callee == nil {
			if entry.test() {
				w.reached[entry>>1] |= reachedJumped
			}
			callee = w.enter(entry)
			w.procs[entry] = callee
		}
		c := call{p, n}
		callee.callers = append(callee.callers, c)
		for _, e := range callee.returns {
			w.comeBack(c, e)
		}
	default:
		w.jump(p, stateOf(int(r.Parameter), r.Action.Tests()))
	}
}

// comeBack continues after a Gosub: Return, par leads to the action of the
// par-th rule after it.
func (w *walker) comeBack(c call, e exit) {
	w.steps++
	n := c.rule + int(e.par)
	if n <= len(w.rules) {
		w.visit(c.from, stateOf(n, false))
		return
	}
	if !w.lost[e.rule] {
		w.lost[e.rule] = true
		w.add(Error, e.rule, FieldParameter, "", "Return, %d from the Gosub of rule %d leads behind the last rule", e.par, c.rule)
	}
}

// reportRecursion finds calls of a subroutine from within itself: the depth
// first order of the call graph, with an own stack.
func (w *walker) reportRecursion() {
	callees := make(map[*proc][]call) // by caller; from is the callee here
	for _, p := range w.order {
		for _, c := range p.callers {
			callees[c.from] = append(callees[c.from], call{p, c.rule})
		}
	}
	const inside, done = 1, 2
	mark := make(map[*proc]uint8)
	told := make(map[int]bool)
	for _, root := range w.order {
		if mark[root] != 0 {
			continue
		}
		mark[root] = inside
		stack := []*proc{root}
		for len(stack) > 0 {
			p := stack[len(stack)-1]
			rest := callees[p]
			if len(rest) == 0 {
				mark[p] = done
				stack = stack[:len(stack)-1]
				continue
			}
			next := rest[0]
			callees[p] = rest[1:]
			switch mark[next.from] {
			case 0:
				mark[next.from] = inside
				stack = append(stack, next.from)
			case inside:
				if !told[next.rule] {
					told[next.rule] = true
					w.add(Error, next.rule, FieldParameter, "",
						"the subroutine at rule %d calls itself here", next.from.entry.rule())
				}
			}
		}
	}
}

// successors appends the states that follow s inside its subroutine. leaves
// says that a packet's match may also end, return or call there.
func (w *walker) successors(to []state, s state) (succ []state, leaves bool) {
	n := s.rule()
	if !w.always(s) {
		if n < len(w.rules) {
			to = append(to, stateOf(n+1, true))
		} else {
			leaves = true
		}
	}
	r := w.at(s)
	switch {
	case w.never(s):
	case r.Action.Goes() && r.Action != mib.ActionGosub && r.Action != mib.ActionGosubAct:
		to = append(to, stateOf(int(r.Parameter), r.Action.Tests()))
	default:
		leaves = true
	}
	return to, leaves
}

// states calls f for each state that was reached, in order.
func (w *walker) states(f func(state)) {
	for i, how := range w.reached {
		if how&reachedOff != 0 {
			f(state(i) << 1)
		}
		if how&reachedOn != 0 {
			f(state(i)<<1 | 1)
		}
	}
}

// reportLoops finds states from which no way leads out: loops that a packet
// never leaves.
func (w *walker) reportLoops() {
	size := 2 * len(w.rules)
	before := make([][]state, size)
	leaves := make([]bool, size) // some way leads out
	var pending, to []state
	w.states(func(s state) {
		var out bool
		to, out = w.successors(to[:0], s)
		for _, t := range to {
			before[t] = append(before[t], s)
		}
		if out {
			leaves[s] = true
			pending = append(pending, s)
		}
	})
	for len(pending) > 0 {
		s := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		for _, b := range before[s] {
			if !leaves[b] {
				leaves[b] = true
				pending = append(pending, b)
			}
		}
	}
	walked := make([]int, size) // number of the walk that came by
	walk := 0
	w.states(func(s state) {
		if leaves[s] || walked[s] != 0 {
			w.reportSelfJump(s, leaves[s])
			return
		}
		walk++
		var path []state
		for ; walked[s] == 0; s = to[0] {
			walked[s] = walk
			path = append(path, s)
			to, _ = w.successors(to[:0], s) // never none: then it would leave
		}
		if walked[s] == walk {
			first := slices.Min(path[slices.Index(path, s):])
			w.add(Error, first.rule(), FieldRule, "", "an endless loop: from here no packet ever gets to Count, Ignore, NoMatch or Return")
		}
	})
}

// reportSelfJump finds the loop of one rule that is left only by packets that
// do not match: those that do stay for ever. A Pop is left alone, it may
// change what its own test sees.
func (w *walker) reportSelfJump(s state, leaves bool) {
	r := w.at(s)
	if leaves && s.test() && !w.never(s) && r.Action.Goes() && r.Action.Tests() &&
		int(r.Parameter) == s.rule() && r.Action != mib.ActionGosub && r.Action != mib.ActionPopTo {
		w.add(Error, s.rule(), FieldParameter, "", "an endless loop: the rule goes to itself, and will succeed again")
	}
}
