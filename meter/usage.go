package meter

import "math"

// DefaultRuleSet is the rule set that makes new flows in flood mode too (RFC
// 2720 flowFloodMode).
const DefaultRuleSet = 1

// usage are the levels of the flow table's usage at which something happens
// (RFC 2722 §4.6), in flows.
type usage struct {
	flooded bool // flood mode
	floodAt int  // flows above which flood mode begins

	watchAt int // flows above which the watcher is called; notWatched: never
	watcher func(*Engine)
}

const notWatched = math.MaxInt

func (u *usage) init(maxFlows int) {
	u.floodAt, u.watchAt = maxFlows, notWatched
}

func (u *usage) watched() bool { return u.watchAt != notWatched }

// admits reports whether a rule set may make a new flow.
func (m *Meter) admits(rs *ruleSet) bool { return !m.usage.flooded || rs.number == DefaultRuleSet }

// created notes a new flow of a rule set. The flood level works at once.
func (m *Meter) created(rs *ruleSet, slot uint32) {
	rs.counts.Flows++
	rs.counts.Created++
	m.blocks.add(slot, rs.number)
	if m.flowsInUse() > m.usage.floodAt {
		m.usage.flooded = true
	}
}

// checkUsage calls the watcher if its level is passed. It is called at ticks,
// never within a round.
func (m *Meter) checkUsage() {
	if u := &m.usage; u.watched() && m.flowsInUse() > u.watchAt {
		u.watcher(&Engine{State{m}})
	}
}

// FloodMode reports whether the flood level was passed, so that only
// DefaultRuleSet makes new flows.
func (s *State) FloodMode() bool { return s.m.usage.flooded }

// SetFloodMode begins or ends flood mode. It begins by itself, and ends only so.
func (s *Engine) SetFloodMode(on bool) { s.m.usage.flooded = on }

// SetFloodLevel makes flood mode begin as soon as there are more flows than
// that. MaxFlows is no level.
func (s *Engine) SetFloodLevel(flows int) { s.m.usage.floodAt = flows }

// Watch has f called at each tick at which there are more flows than that, by
// the goroutine that feeds; f works on the Engine that it is given, enters
// neither View nor Update, and calls Watch or Unwatch before it returns.
func (s *Engine) Watch(flows int, f func(*Engine)) {
	s.m.usage.watchAt, s.m.usage.watcher = flows, f
}

// Unwatch ends a Watch.
func (s *Engine) Unwatch() { s.Watch(notWatched, nil) }
