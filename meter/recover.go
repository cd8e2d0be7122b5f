package meter

import (
	"fmt"
	"time"

	"netramet/meter/packet"
)

// collector recovers idle flows (RFC 2722 §4.5; the digest's §5): a flow's
// record is freed when the flow has been idle for the inactivity time and
// every reader of its rule set has collected its last change. It also frees
// the flows of destroyed rule sets.
type collector struct {
	cursor uint32 // slot that is looked at next

	allHidden uint64                  // flows of destroyed rule sets that are still in the table
	hiddenOf  [ruleset255 / 64]uint64 // bit set of the numbers that these rule sets had
	freeing   uint32                  // slot that is looked at next for them
}

// Budget of one tick: enough slots that the whole table is walked within 3.2
// seconds of packet time, and a small table at once.
const (
	recoverAtLeast = 256
	recoverShare   = 32
)

// stretch is how many flows are looked at before a guest may come in.
const stretch = 1 << 12

// tick is the work of one grid point that is left to do: a step of time over
// many grid points can make it long, so it is done in pieces.
type tick struct {
	now     Uptime
	streams bool  // streams may have timed out
	rates   bool  // intervals of rates may have ended
	recover int64 // slots to look at for idle flows
	free    int64 // slots to look at for hidden ones
}

// advance does the periodic work of the grid point at uptime now; passed grid
// points have gone by since the last one. Guests who wait are let in between
// two pieces, unless packets are counted that have not come yet.
func (m *Meter) advance(now Uptime, passed int64) {
	if passed == 1 && len(m.lanes) > 1 && !m.way.direct && !m.dueAtTick(now) {
		m.cut(now)
		return
	}
	m.flush()
	budget := recoverBudget(m.flows.records.Len(), passed)
	t := tick{now: now, streams: true, rates: true, recover: budget, free: budget}
	for !m.work(&t) {
		if m.in.counted <= m.in.clock {
			m.door.pass()
		}
	}
	m.boundStreams()
	m.checkUsage()
	m.chooseWay() // guests may have changed something
}

// dueAtTick reports whether a grid point has to do with flows, or the one before it is
// still to be worked off, for no packet has come since.
func (m *Meter) dueAtTick(now Uptime) bool {
	return m.filling.swept > 0 && m.filling.n == 0 || m.allHidden > 0 || m.mayRecover(now) || m.usage.watched() || m.mayEndRates(now)
}

// cut ends a round at a grid point whose work is the lanes' alone: they do it
// before they judge the next round.
func (m *Meter) cut(now Uptime) {
	if m.filling.n > 0 {
		m.turn()
	}
	m.filling.swept = now
	m.boundStreams()
}

// work does a piece of a tick and answers whether that was the rest.
func (m *Meter) work(t *tick) (done bool) {
	if t.streams {
		t.streams = false
		for i := range m.lanes {
			t.streams = !m.lanes[i].sweepSome(t.now) || t.streams
		}
		if t.streams {
			return false
		}
		m.applyNoted(nil)
	}
	if t.rates {
		if t.rates = !m.endRates(t.now); t.rates {
			return false
		}
	}
	// Which slot was freed first decides on FlowIndexes: one walk is over
	// before the other begins.
	if t.recover > 0 && m.mayRecover(t.now) {
		n := min(t.recover, stretch)
		m.recoverFlows(t.now, n)
		if t.recover -= n; t.recover > 0 {
			return false
		}
	}
	t.recover = 0
	n := min(t.free, stretch)
	m.freeSome(t.now, n, m.allHidden)
	t.free -= n
	return t.free == 0 || m.allHidden == 0
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

// Inactivity is the time without packets after which a flow is idle.
func (s *State) Inactivity() time.Duration { return s.m.cfg.Inactivity }

// SetInactivity sets the time after which a flow is idle; 0 is at once.
func (s *Engine) SetInactivity(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("inactivity time-out %v is negative", d)
	}
	s.m.cfg.Inactivity = d
	return nil
}

func (m *Meter) inactivity() Uptime { return Uptime(m.cfg.Inactivity / packet.Centisecond) }

// mayRecover reports whether any flow can be idle and collected.
func (m *Meter) mayRecover(now Uptime) bool { return now > m.inactivity() && m.anyCollected() }

// recoverFlows looks at so many slots, by index, so that what is freed when
// depends on packets and collections alone.
func (m *Meter) recoverFlows(now Uptime, slots int64) {
	idle, n := m.inactivity(), m.flows.records.Len()
	safe := &m.collected.before
	walk := blockWalk{blocks: m.blocks, slots: n}
	for range slots {
		if m.cursor >= n {
			m.cursor = 0
		}
		walk.at(m.cursor)
		p := m.flows.record(m.cursor)
		switch {
		case p.keyLen == 0:
		case m.recoverable(m.cursor, now-idle, safe[p.ruleSet], now):
			m.ruleSets[p.ruleSet].counts.Recovered++
			m.removeFlow(m.cursor, now)
		default:
			walk.meet(p.ruleSet)
		}
		walk.leave(m.cursor)
		m.cursor++
	}
}

// recoverable reports whether a flow is idle and no stream feeds it any more. Its
// streams that are as idle end.
func (m *Meter) recoverable(slot uint32, since, safe, now Uptime) bool {
	if !m.idle(slot, since, safe) {
		return false
	}
	_, d := m.flows.dists.find(slot)
	if d == nil || d.streams == 0 {
		return true
	}
	m.endStreamsOf(d, since, now)
	return d.streams == 0 && m.idle(slot, since, safe)
}

// idle reports whether a flow has had no packet since an uptime and not changed
// since all readers collected it, before safe.
func (m *Meter) idle(slot uint32, since, safe Uptime) bool {
	p := m.flows.record(slot)
	if p.last > since || p.last >= safe || m.flows.hidden(p) {
		return false
	}
	return m.flows.lastActive(slot) <= since && m.flows.changed(slot) < safe
}

func (m *Meter) removeFlow(slot uint32, now Uptime) {
	if p := m.flows.record(slot); m.flows.hidden(p) {
		m.allHidden--
	} else {
		m.ruleSets[p.ruleSet].counts.Flows--
	}
	m.forgetFlow(slot)
	m.leaveAll(slot)
	m.flows.remove(slot, now)
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
	m.hiddenOf[ruleSet/64] |= 1 << (ruleSet % 64)
	life := &m.flows.lives[ruleSet]
	if *life++; *life == noLife {
		// Its lives come round again: no flow of an earlier one may be left.
		m.freeSome(m.in.uptime, int64(m.flows.records.Len()), m.allHidden)
		*life = 0
	}
}

// freeSome frees hidden flows among the next slots, at most that many. Blocks
// in which none can be are passed over.
func (m *Meter) freeSome(now Uptime, slots int64, flows uint64) {
	n := m.flows.records.Len()
	walk := blockWalk{blocks: m.blocks, slots: n}
	for slots > 0 && flows > 0 && m.allHidden > 0 {
		if m.freeing >= n {
			m.freeing = 0
		}
		if block := m.freeing >> blockShift; m.freeing == block<<blockShift && !m.blocks.hasAny(block, &m.hiddenOf) {
			skip := min(n-m.freeing, 1<<blockShift, uint32(min(slots, 1<<blockShift)))
			m.freeing += skip
			slots -= int64(skip)
			continue
		}
		walk.at(m.freeing)
		switch p := m.flows.record(m.freeing); {
		case p.keyLen == 0:
		case m.flows.hidden(p):
			m.removeFlow(m.freeing, now)
			flows--
		default:
			walk.meet(p.ruleSet)
		}
		walk.leave(m.freeing)
		m.freeing++
		slots--
	}
	if m.allHidden == 0 {
		m.hiddenOf = [ruleset255 / 64]uint64{}
	}
}

// freeOne frees one hidden flow, of which there is one, to make room for
// another flow. No slot is looked at twice for one destroyed rule set.
func (m *Meter) freeOne(now Uptime) { m.freeSome(now, int64(m.flows.records.Len()), 1) }

// flowsInUse is how many flows anybody sees.
func (m *Meter) flowsInUse() int { return m.flows.inUse - int(m.allHidden) }
