package ruleset

import "netramet/mib"

// A Graph is every way that execution may go through rules, subroutine by
// subroutine. Tests are taken to succeed or fail freely, unless the rule alone
// decides it. Rule sets have this one control-flow graph: the verifier, the
// checks of rule text and the optimiser of SRL all ask it.
//
// The nodes of a subroutine are followed once for each node it is entered in,
// whoever calls it; a Return leads to the rules after every Gosub that enters
// the subroutine so. One place past the last rule is the end of the match
// (NoMatch), for jumps, calls and Returns alike.
type Graph struct {
	n     int
	rule  func(i int) (r *Rule, target int)
	fate  []uint8   // of the test of each rule: alwaysSucceeds, neverSucceeds or 0
	ways  []Ways    // by rule index
	set   [256]bool // variables that a rule assigns to
	procs []*proc   // procs[0] is the main program
	byWay map[node]*proc
	lost  []lostReturn // Returns that lead nowhere

	callees []*proc // callees before their callers; valid once reportRecursion has looked

	first   []*proc // of each node, the subroutine that came by first
	others  map[work]struct{}
	pending []work
	steps   int
	limit   int
}

// Ways is a set of ways into a rule.
type Ways uint8

// The ways into a rule.
const (
	Acting  Ways = 1 << iota // its test is off
	Testing                  // its test is made
	Jumped                   // its test is made, and another than the rule before it leads here
)

const (
	alwaysSucceeds = 1 + iota
	neverSucceeds
)

// minSteps bounds the work on rules built to make it large (thousands of
// subroutines that share their rules). What is not seen then is left to the
// limits of a match.
const (
	minSteps     = 1 << 19
	stepsPerRule = 8
)

// node is a rule and the test indicator it is entered with: twice the rule's
// index, plus 1 if its test is made.
type node int32

func nodeOf(index int, test bool) node {
	if test {
		return node(2*index + 1)
	}
	return node(2 * index)
}

func (at node) index() int { return int(at >> 1) }
func (at node) rule() int  { return int(at>>1) + 1 }
func (at node) test() bool { return at&1 != 0 }

// proc is a subroutine entered in one node, or the main program.
type proc struct {
	entry   node
	nodes   []node // reached in it, the entry first
	returns []exit // one for each parameter of its Returns
	known   map[uint16]struct{}
	callers []call
	calls   []call // in it; from is the callee

	mark  progress // of the walk through the calls
	depth int      // of the deepest chain of Gosubs in it

	// What it pushes, see queue.go.
	pushed   span   // when it is entered
	sums     []span // from there to each of returns
	sites    []site // its pushes
	callings []site // its calls
}

type call struct {
	from *proc
	at   node // the Gosub
}

// exit is a Return: its parameter, and the rule that has it.
type exit struct {
	par  uint16
	rule int
}

type work struct {
	p  *proc
	at node
}

// lostReturn is a Return that a match without a Gosub comes to, or that leads
// too far from the Gosub of rule gosub.
type lostReturn struct {
	exit
	gosub int // 0: none
}

// NewGraph follows n rules. rule gives the rule of index i and, iff its action
// goes somewhere, the index of its target, n at most. The graph keeps rule.
func NewGraph(n int, rule func(i int) (r *Rule, target int)) *Graph {
	g := &Graph{
		n: n, rule: rule, fate: make([]uint8, n), ways: make([]Ways, n),
		byWay: make(map[node]*proc), first: make([]*proc, 2*n), others: make(map[work]struct{}),
		limit: minSteps + stepsPerRule*n,
	}
	for i := range n {
		if r, _ := rule(i); r.Assigns() {
			g.set[r.Selector] = true
		}
	}
	for i := range n {
		switch r, _ := rule(i); {
		case r.Always() || r.Selector.IsVariable() && !g.set[r.Selector]:
			g.fate[i] = alwaysSucceeds
		case r.Never():
			g.fate[i] = neverSucceeds
		}
	}
	if n > 0 {
		g.walk()
	}
	return g
}

func graphOf(rules []Rule) *Graph {
	return NewGraph(len(rules), func(i int) (*Rule, int) { return &rules[i], int(rules[i].Parameter) - 1 })
}

// Complete reports whether all ways were followed; if not, there were too many
// of them, and Ways tells of some only.
func (g *Graph) Complete() bool { return g.steps <= g.limit }

// Ways returns how rule index i may be reached.
func (g *Graph) Ways(i int) Ways { return g.ways[i] }

// always reports whether a rule so entered succeeds whatever the packet.
func (g *Graph) always(at node) bool { return !at.test() || g.fate[at.index()] == alwaysSucceeds }

// never reports whether a rule so entered fails whatever the packet.
func (g *Graph) never(at node) bool { return at.test() && g.fate[at.index()] == neverSucceeds }

// walk visits all nodes, until there are too many.
func (g *Graph) walk() {
	main := g.enter(nodeOf(0, true))
	g.ways[0] |= Jumped
	for len(g.pending) > 0 && g.Complete() {
		last := len(g.pending) - 1
		next := g.pending[last]
		g.pending = g.pending[:last]
		g.step(next.p, next.at, next.p == main)
	}
}

// enter adds a proc for an entry. Main is entered first, as is; a Gosub to
// rule 1 with its test on makes a second proc of that entry.
func (g *Graph) enter(at node) *proc {
	p := &proc{entry: at, known: make(map[uint16]struct{})}
	g.procs = append(g.procs, p)
	g.visit(p, at)
	return p
}

// visit notes that p gets to a node.
func (g *Graph) visit(p *proc, at node) {
	g.steps++
	if at.index() >= g.n {
		return
	}
	switch g.first[at] {
	case p:
		return
	case nil:
		g.first[at] = p
	default:
		if _, ok := g.others[work{p, at}]; ok {
			return
		}
		g.others[work{p, at}] = struct{}{}
	}
	if at.test() {
		g.ways[at.index()] |= Testing
	} else {
		g.ways[at.index()] |= Acting
	}
	p.nodes = append(p.nodes, at)
	g.pending = append(g.pending, work{p, at})
}

// jump is a visit from another rule's action.
func (g *Graph) jump(p *proc, at node) {
	if at.test() && at.index() < g.n {
		g.ways[at.index()] |= Jumped
	}
	g.visit(p, at)
}

// step visits what may run after a node.
func (g *Graph) step(p *proc, at node, isMain bool) {
	i := at.index()
	if !g.always(at) {
		g.visit(p, nodeOf(i+1, true))
	}
	if g.never(at) {
		return
	}
	switch r, target := g.rule(i); {
	case r.Action.Ends():
	case r.Action == mib.ActionReturn:
		g.goBack(p, exit{r.Parameter, i + 1}, isMain)
	case r.Calls():
		g.call(p, at, nodeOf(target, r.Action.Tests()))
	default:
		g.jump(p, nodeOf(target, r.Action.Tests()))
	}
}

func (g *Graph) goBack(p *proc, e exit, isMain bool) {
	if isMain {
		g.lost = append(g.lost, lostReturn{exit: e})
		return
	}
	if _, ok := p.known[e.par]; ok {
		return
	}
	p.known[e.par] = struct{}{}
	p.returns = append(p.returns, e)
	for _, c := range p.callers {
		g.comeBack(c, e)
	}
}

func (g *Graph) call(p *proc, at, entry node) {
	if entry.index() >= g.n {
		return // past the last rule, which ends the match
	}
	callee := g.byWay[entry]
	if callee == nil {
		if entry.test() {
			g.ways[entry.index()] |= Jumped
		}
		callee = g.enter(entry)
		g.byWay[entry] = callee
	}
	c := call{p, at}
	callee.callers = append(callee.callers, c)
	p.calls = append(p.calls, call{callee, at})
	for _, e := range callee.returns {
		g.comeBack(c, e)
	}
}

// comeBack continues after a Gosub: Return, par leads to the action of the
// par-th rule after it.
func (g *Graph) comeBack(c call, e exit) {
	i := c.at.index() + int(e.par)
	if i > g.n {
		g.steps++
		g.lost = append(g.lost, lostReturn{e, c.at.rule()})
		return
	}
	g.visit(c.from, nodeOf(i, false))
}

// successors appends the nodes that follow at inside its subroutine. leaves
// says that a match may also end, return or call there.
func (g *Graph) successors(to []node, at node) (succ []node, leaves bool) {
	add := func(next node) {
		if next.index() < g.n {
			to = append(to, next)
		} else {
			leaves = true
		}
	}
	if !g.always(at) {
		add(nodeOf(at.index()+1, true))
	}
	r, target := g.rule(at.index())
	switch {
	case g.never(at):
	case r.Action.Goes() && !r.Calls():
		add(nodeOf(target, r.Action.Tests()))
	default:
		leaves = true
	}
	return to, leaves
}

// nodes calls f for each node that was reached, in order.
func (g *Graph) nodes(f func(node)) {
	for i, how := range g.ways {
		if how&Acting != 0 {
			f(nodeOf(i, false))
		}
		if how&Testing != 0 {
			f(nodeOf(i, true))
		}
	}
}
