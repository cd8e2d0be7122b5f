package meter

import "time"

// collector recovers idle flows (RFC 2722 §4.5; the digest's §5): a flow's
// record is freed when the flow has been idle for the inactivity time and
// every reader of its rule set has collected its last change. It also frees
// the flows of destroyed rule sets.
type collector struct {
	cursor uint32 // slot that is looked at next

	allHidden uint64 // flows of destroyed rule sets that are still in the table
	freeing   uint32 // slot that is looked at next
}

// Budget of one tick: enough slots that the whole table is walked within 3.2
// seconds of packet time, and a small table at once.
const (
	recoverAtLeast = 256
	recoverShare   = 32
)

// advance does the periodic work of the grid point at uptime now; passed grid
// points have gone by since the last one.
func (m *Meter) advance(now Uptime, passed int64) {
	m.streams.Advance(now)
	m.recoverFlows(now, passed)
	m.freeSome(now, recoverBudget(m.flows.parts.Len(), passed))
	m.checkHighWater()
}

// recoverBudget is how many slots a walk looks at, at most all.
func recoverBudget(slots uint32, passed int64) int64 {
	budget := int64(slots)
	perTick := recoverAtLeast + int64(slots)/recoverShare
	if passed <= budget/perTick {
		budget = min(budget, passed*perTick)
	}
	return budget
}

// recoverFlows walks the flow table by index, so that what is freed when
// depends on packets and collections alone.
func (m *Meter) recoverFlows(now Uptime, passed int64) {
	idle := Uptime(m.cfg.Inactivity / (10 * time.Millisecond))
	n := m.flows.parts.Len()
	if n == 0 || now <= idle || !m.anyCollected() {
		return
	}
	safe := m.safeTimes()
	for budget := recoverBudget(n, passed); budget > 0; budget-- {
		if m.cursor >= n {
			m.cursor = 0
		}
		p := m.flows.part(m.cursor)
		if p.keyLen != 0 && now-p.last >= idle && p.last < safe[p.ruleSet] && !m.flows.hidden(p) {
			m.ruleSets[p.ruleSet].counts.Recovered++
			m.removeFlow(m.cursor, now)
		}
		m.cursor++
	}
}

func (m *Meter) removeFlow(slot uint32, now Uptime) {
	if p := m.flows.part(slot); m.flows.hidden(p) {
		m.allHidden--
	} else {
		m.ruleSets[p.ruleSet].counts.Flows--
	}
	m.flows.remove(slot, now)
	m.forgetFlow(slot)
}

// hide takes the flows of a rule set, that many, out of everybody's sight.
func (m *Meter) hide(ruleSet int, flows uint64) {
	if flows == 0 {
		return
	}
	if m.allHidden == 0 {
		m.freeing = 0
	}
	m.allHidden += flows
	life := &m.flows.lives[ruleSet]
	if *life++; *life == noLife {
		// Its lives come round again: no flow of an earlier one may be left.
		m.freeSome(m.in.uptime, int64(m.flows.parts.Len()))
		*life = 0
	}
}

// freeSome frees hidden flows among the next slots.
func (m *Meter) freeSome(now Uptime, slots int64) {
	for ; slots > 0 && m.allHidden > 0; slots-- {
		if m.freeing >= m.flows.parts.Len() {
			m.freeing = 0
		}
		if p := m.flows.part(m.freeing); p.keyLen != 0 && m.flows.hidden(p) {
			m.removeFlow(m.freeing, now)
		}
		m.freeing++
	}
}

// freeOne frees one hidden flow, of which there is one, to make room for
// another flow. No slot is looked at twice for one destroyed rule set.
func (m *Meter) freeOne(now Uptime) {
	for before := m.allHidden; m.allHidden == before; {
		m.freeSome(now, 1)
	}
}

// flowsInUse is how many flows anybody sees.
func (m *Meter) flowsInUse() int { return m.flows.inUse - int(m.allHidden) }
