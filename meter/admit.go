package meter

import (
	"sort"

	"netramet/meter/packet"
	"netramet/meter/pme"
)

// admit goes through the packets of the round that the lanes could not place, in
// the order in which they came and, for each, in that of its rule sets; it makes
// the flows that are missing (RFC 2722 §4.3), gives them their FlowIndexes, and
// counts. The lanes stand still.
func (m *Meter) admit(r *round) {
	m.made = made{}
	for {
		l := m.nextPending()
		if l == nil {
			return
		}
		if l.next%admittedTogether == 0 {
			l.approachIndex()
		}
		p := &l.pending[l.next]
		l.next++
		if m.settle(l, r, p) == unsettling {
			m.admitInOrder(r, p.packet)
			return
		}
	}
}

// admittedTogether is for how many pending packets of a lane the index is read
// before they are admitted: the lane has read it, but that was another
// processor's cache.
const admittedTogether = 32

func (l *lane) approachIndex() {
	var sum uint64
	for i := l.next; i < min(l.next+admittedTogether, len(l.pending)); i++ {
		sum += l.flows.index.Touch(l.pending[i].hash)
	}
	l.sink = sum
}

// nextPending returns the lane whose next pending packet is the first of all,
// nil if there is none.
func (m *Meter) nextPending() (first *lane) {
	for i := range m.lanes {
		l := &m.lanes[i]
		if l.next < len(l.pending) && (first == nil || l.pending[l.next].before(&first.pending[first.next])) {
			first = l
		}
	}
	return first
}

// admitInOrder is admit for the packets of the round behind one that has made
// verdicts which name a flow not hold any more, so each is looked at in its turn.
func (m *Meter) admitInOrder(r *round, behind uint16) {
	l := &m.lanes[r.keys[behind].Lane(len(m.lanes))]
	for ; l.next < len(l.pending) && l.pending[l.next].packet == behind; l.next++ {
		m.settle(l, r, &l.pending[l.next])
	}
	places := make([]int, len(m.lanes)) // of the next packet in each lane
	for i := range m.lanes {
		mine := r.of[i]
		places[i] = sort.Search(len(mine), func(k int) bool { return mine[k] > behind })
	}
	for i := int(behind) + 1; i < r.n; i++ {
		n := r.keys[i].Lane(len(m.lanes))
		l = &m.lanes[n]
		for j := range l.runs {
			m.settleInOrder(l, r, j, places[n], uint16(i))
		}
		places[n]++
	}
}

// settleInOrder settles packet i, at a place of its lane, under one rule set,
// if its verdict has to be found, or found again.
func (m *Meter) settleInOrder(l *lane, r *round, j, place int, i uint16) {
	if l.next < len(l.pending) {
		if p := &l.pending[l.next]; p.packet == i && int(p.run) == j {
			l.next++
			m.settle(l, r, p)
			return
		}
	}
	run := &l.runs[j]
	w := run.verdicts[place]
	if m.epoch.holds(w) && (!w.isFlow() || m.flows.names(w)) {
		return
	}
	run.verdicts[place] = 0
	n := len(l.pending)
	l.match(r, j, place, i)
	if len(l.pending) > n {
		p := l.pending[n]
		l.pending = l.pending[:n]
		m.settle(l, r, &p)
		if p.verdict != 0 {
			l.toStream(r, run, place, i, p.verdict)
		}
	}
}

// effect is what the settling of a packet does to other packets.
type effect bool

// unsettling: a flow was made whose reverse was there, and packets that counted in
// that one because this one was missing count in this one from now on; or a flow
// keeps distributions from now on.
const unsettling effect = true

// settle finds or makes the flow of a pending packet and counts it:
// RFC 2722 §4.3.
func (m *Meter) settle(l *lane, r *round, p *pending) effect {
	run := &l.runs[p.run]
	if !p.shaped {
		if run.work.matcher.Match(&r.packets[p.packet], p.order, &l.matched) != pme.Count {
			// There was no room for the shape of its key.
			l.remember(r, run, int(p.place), p.packet, m.epoch.noFlowWord(ignored))
			return false
		}
		l.keep(p, run.work.matcher)
	}
	key, back := l.keysOf(p)
	other, isOpposed := uint32(0), false
	if !p.absent || m.made.mayHave(p.hash) {
		if slot, dir, ok := m.flows.place(p.hash, key, back, p.order); ok {
			began := m.ask(l, p, slot)
			if began {
				m.forgetFlow(slot)
			}
			m.countHere(l, r, p, slot, dir)
			return effect(began)
		}
		// A flow of the packet's reverse that it does not count in: place has looked for
		// one in wire order.
		if p.order == pme.Reversed {
			other, isOpposed = m.flows.find(p.hash, back)
		}
	}
	a := r.amount(p.packet)
	slot, ok := m.create(run.rules, l, p.hash, key, &a)
	if !ok {
		return false
	}
	m.ask(l, p, slot)
	m.countHere(l, r, p, slot, packet.Direction(p.order))
	if isOpposed {
		m.forgetFlow(other)
	}
	return effect(isOpposed)
}

// create makes a flow of a lane, if it is admitted.
func (m *Meter) create(rs *ruleSet, l *lane, h uint32, key []byte, a *amount) (slot uint32, ok bool) {
	admitted := m.admits(rs)
	if admitted {
		if m.allHidden > 0 && m.flows.full() {
			m.freeOne(a.uptime)
		}
		slot, ok = m.flows.create(h, key, l.number, a.uptime, a.first)
	}
	if !ok {
		m.countRefusal(rs, a, admitted)
		return 0, false
	}
	m.made.add(h)
	m.created(rs, slot)
	return slot, true
}

// made are the hashes of the flows that were made since the admission of a round began, and
// some others: those that the lanes cannot have met.
type made [64]uint64

func (s *made) add(h uint32) { s[h>>26] |= 1 << (h >> 20 & 63) }

func (s *made) mayHave(h uint32) bool { return s[h>>26]>>(h>>20&63)&1 != 0 }

// countRefusal counts a packet that got no flow: in flood mode, or, if it was
// admitted, because the table is full.
func (m *Meter) countRefusal(rs *ruleSet, a *amount, admitted bool) {
	c, at := &rs.counts, &m.counts.FullAt
	c.RefusedPDUs += a.pdus
	c.RefusedOctets += a.octets
	if !admitted {
		c.FloodedPDUs += a.pdus
		c.FloodedOctets += a.octets
		at = &m.counts.FloodedAt
	}
	if *at == 0 {
		*at = a.uptime
	}
}

// countHere counts a pending packet in a flow, of which its lane gets a part if
// it has none.
func (m *Meter) countHere(l *lane, r *round, p *pending, slot uint32, dir packet.Direction) {
	ref, ok := m.flows.refOf(slot, l.number)
	if !ok {
		ref = m.flows.addPart(slot, l.number)
	}
	run := &l.runs[p.run]
	p.verdict = m.flows.flowWord(&m.epoch, slot, ref, dir, p.order)
	run.observeLater(p.place, p.verdict)
	l.countBy(r, run, p.verdict, p.packet)
}
