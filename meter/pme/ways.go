package pme

import (
	"encoding/binary"
	"slices"

	"netramet/mib"
)

// Which rules a match runs, and what they push, follows from the outcomes of its tests of the
// packet: so a matcher remembers its ways through the rules. They are a tree of tests whose
// leaves say how a match ends and how its key is put together. What lies between two tests,
// jumps, subroutines, variables, pushes and tests of what rules have pushed, is not gone
// through again. A way that is new is learnt while the rules run.

// maxWays bounds the tests and ends that are remembered. Whoever has more ways than that runs
// the rules each time.
const maxWays = 1 << 12

// maxKids is how many outcomes of a look-up are told apart before its ways are given up.
const maxKids = 16

// ways are what a matcher remembers.
type ways struct {
	nodes []node // the first is the root
	kids  []kid
	ends  []end
	plans int  // of all ends
	full  bool // nothing is remembered any more

	noting bool // a match is being learnt
	trail  []outcome
}

// node is a test, or an end. Node 0 stands for one that is not known yet.
type node struct {
	mask, value uint64
	yes, no     int32  // the nodes behind it; of a look-up yes is the first kid plus 1; of an end, its place
	rule        uint32 // that tests so
	kind        uint8
	reg         uint8
}

const (
	nodeUnknown = iota
	nodeWord
	nodeWords
	nodeLookup
	nodeEnd
)

// kid is an outcome of a look-up.
type kid struct {
	effect uint32
	node   int32
	next   int32 // place+1; 0: none
}

// outcome is that of a test on the way that is being learnt.
type outcome struct {
	rule, at uint32
	probes   uint64
	kind     uint8
	reg      uint8
	ok       bool
}

// end is how a match ends.
type end struct {
	verdict         Verdict
	rules           uint64 // run on the way
	lookups, probes uint64 // of what rules pushed: those of the packet are made again
	plans           []plan // by lengths of addresses, if the verdict is Count
}

// plan says how to put a key together. Its moves are in the order of the key's octets: what one
// writes beyond its value is zero, and the next one overwrites it, or it lies behind the key.
type plan struct {
	lens      lengths
	keyLen    uint8
	shape     uint16
	back      uint16 // shape of the key reversed
	dists     uint64
	moves     []wordMove
	backMoves []wordMove // of the key reversed
}

// wordMove puts 8 octets into a key: those of a register under the mask, and the value.
type wordMove struct {
	mask, value uint64
	off, reg    uint8
}

// note notes the outcome of a test of rule pc on the register, which says that rule at goes
// on. What rules push is no surprise.
func (w *ways) note(kind uint8, pc uint32, reg uint8, at uint32, ok bool, probes uint64) {
	if reg < regComputed {
		w.trail = append(w.trail, outcome{rule: pc, at: at, probes: probes, kind: kind, reg: reg, ok: ok})
	}
}

// follow goes the way of the packet in the registers; nil: it is not known.
func (m *Matcher) follow() *end {
	w := &m.ways
	for at := int32(0); ; {
		n := &w.nodes[at]
		var to int32
		switch n.kind {
		case nodeWord:
			if to = n.no; m.regs[n.reg]&n.mask == n.value {
				to = n.yes
			}
		case nodeWords:
			if to = n.no; m.equal(&m.code[n.rule], n.reg) {
				to = n.yes
			}
		case nodeLookup:
			rule, ok := m.lookup(&m.code[n.rule], n.reg)
			to = w.behind(n, m.effect(rule, ok))
		case nodeEnd:
			return &w.ends[n.yes]
		}
		if to == 0 {
			return nil
		}
		if to == at+1 {
			at++ // mostly so, and then the processor need not wait for what it has read
			continue
		}
		at = to
	}
}

// behind is the node behind an outcome of a look-up, 0 if it is not known.
func (w *ways) behind(n *node, effect uint32) int32 {
	for i := n.yes; i != 0; {
		k := &w.kids[i-1]
		if k.effect == effect {
			return k.node
		}
		i = k.next
	}
	return 0
}

// finish ends a match that went a known way, if the key of such a packet is known.
func (m *Matcher) finish(e *end, lens lengths, key *Key) bool {
	if e.verdict == Count {
		p := e.plan(lens)
		if p == nil {
			return false
		}
		m.built = p
		m.put(key, p.shape, p.keyLen, p.moves)
		key.Distributions = p.dists
	}
	c := &m.Counters
	c.Matches++
	c.Rules += e.rules
	c.Lookups += e.lookups
	c.Probes += e.probes
	return true
}

func (e *end) plan(lens lengths) *plan {
	for i := range e.plans {
		if e.plans[i].lens == lens {
			return &e.plans[i]
		}
	}
	return nil
}

func (m *Matcher) put(key *Key, shape uint16, size uint8, moves []wordMove) {
	key.Buf[0], key.Buf[1], key.Buf[2] = m.number, byte(shape>>8), byte(shape)
	for i := range moves {
		c := &moves[i]
		binary.LittleEndian.PutUint64(key.Buf[c.off:], m.regs[c.reg]&c.mask|c.value)
	}
	key.Len = int(size)
}

// Reverse writes the reverse of the key that the last match gave to out, as Shapes.Reverse does.
func (m *Matcher) Reverse(key *Key, out *Key) {
	if p := m.built; p != nil {
		m.put(out, p.back, p.keyLen, p.backMoves)
		return
	}
	m.shapes.Reverse(key.Bytes(), out)
}

// learn remembers the way of a match which has ended by no limit, given what the counters
// were before it.
func (m *Matcher) learn(verdict Verdict, queued, stepsLeft int, lens lengths, before *Counters) {
	w := &m.ways
	e := end{verdict: verdict, rules: m.Counters.Rules - before.Rules, lookups: m.Counters.Lookups - before.Lookups, probes: m.Counters.Probes - before.Probes}
	steps := m.maxSteps - stepsLeft
	for i := range w.trail {
		if o := &w.trail[i]; o.kind == nodeLookup {
			e.lookups--
			e.probes -= o.probes
			steps += int(m.groups.groups[m.code[o.rule].group].after - o.rule)
		}
	}
	if steps > m.maxSteps {
		return // with another outcome of a look-up a limit might end it
	}
	if len(w.nodes)+w.plans+len(w.trail) >= maxWays {
		m.ways = ways{full: true}
		return
	}
	at := int32(0)
	for i := range w.trail {
		if at = w.grow(m, at, &w.trail[i]); at < 0 {
			m.ways = ways{full: true}
			return
		}
	}
	n := &w.nodes[at]
	if n.kind == nodeUnknown {
		n.kind, n.yes = nodeEnd, int32(len(w.ends))
		w.ends = append(w.ends, e)
	}
	if verdict == Count {
		known := &w.ends[n.yes]
		known.plans = append(known.plans, m.planOf(queued, lens))
		w.plans++
	}
}

// grow returns the node behind an outcome of the test at a node, made if it is new; -1: there
// are too many.
func (w *ways) grow(m *Matcher, at int32, o *outcome) int32 {
	n := &w.nodes[at]
	if n.kind == nodeUnknown {
		in := &m.code[o.rule]
		*n = node{mask: in.mask[0], value: in.value[0], rule: o.rule, kind: o.kind, reg: o.reg}
	}
	fresh := int32(len(w.nodes))
	switch {
	case o.kind == nodeLookup:
		effect := m.effect(o.at, o.ok)
		if to := w.behind(n, effect); to != 0 {
			return to
		}
		kids := 0
		for i := n.yes; i != 0; i = w.kids[i-1].next {
			kids++
		}
		if kids == maxKids {
			return -1
		}
		w.kids = append(w.kids, kid{effect: effect, node: fresh, next: n.yes})
		n.yes = int32(len(w.kids))
	case o.ok && n.yes == 0:
		n.yes = fresh
	case !o.ok && n.no == 0:
		n.no = fresh
	case o.ok:
		return n.yes
	default:
		return n.no
	}
	w.nodes = append(w.nodes, node{})
	return fresh
}

// planOf works out how to put together the key of the first n entries of the pattern queue.
func (m *Matcher) planOf(n int, lens lengths) plan {
	pa := m.findPath(n, lens)
	sh := &m.shapes.list[pa.shape-1]
	p := plan{lens: lens, keyLen: pa.keyLen, shape: pa.shape, back: sh.partner, dists: pa.dists}
	for i := range pa.copies {
		p.moves = m.appendMoves(p.moves, &pa.copies[i], pa.copies[i].off, sh.slots[i].size)
	}
	for _, sl := range m.shapes.list[sh.partner-1].slots {
		i := slices.IndexFunc(sh.slots, func(from slot) bool { return from.attr.Reverse().Slot() == sl.attr })
		p.backMoves = m.appendMoves(p.backMoves, &pa.copies[i], sl.off, sl.size)
	}
	return p
}

// appendMoves appends a move to off, of a value of so many octets, word by word.
func (m *Matcher) appendMoves(moves []wordMove, c *move, off, size uint8) []wordMove {
	for i := range (size + 7) / 8 {
		w := wordMove{mask: c.mask[i], off: off + 8*i, reg: c.reg + i}
		if c.entry >= 0 {
			w.value, w.mask = m.code[m.queue[c.entry].rule].value[i]&c.mask[i], 0
		} else if c.reg >= regComputed {
			w.value, w.mask = m.regs[c.reg]&c.mask[0], 0
		}
		moves = append(moves, w)
	}
	return moves
}

// noEffect stands for a look-up that finds nothing.
const noEffect = 1<<32 - 1

// effect is the first rule of a group of which it does not matter whether it or the one that a
// look-up found goes on.
func (p *Program) effect(rule uint32, found bool) uint32 {
	if !found {
		return noEffect
	}
	return p.effects[rule]
}

// effectsOf finds, for each rule of a group, the first one in it of the same effect.
func effectsOf(code []instr, groups []group, heads []uint32) []uint32 {
	type effect struct {
		next, save uint32
		action     mib.Action
	}
	var all []uint32
	for i, g := range groups {
		if all == nil {
			all = make([]uint32, len(code))
		}
		first := make(map[effect]uint32)
		for rule := heads[i]; rule < g.after; rule++ {
			in := &code[rule]
			all[rule] = rule
			if in.save&saveRule != 0 || in.action == mib.ActionGosub || in.action == mib.ActionGosubAct {
				continue // what it pushes is its own, or where it comes back to
			}
			e := effect{in.next, in.save, in.action}
			if same, ok := first[e]; ok {
				all[rule] = same
			} else {
				first[e] = rule
			}
		}
	}
	return all
}
