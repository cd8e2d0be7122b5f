package meter

// Uptimes are uptimes by rule set.
type Uptimes [ruleset255]Uptime

// collected says which changes of flows all readers have: no flow is recovered
// before (RFC 2722 §4.5).
type collected struct {
	read   bool // somebody reads some rule set's flows
	before Uptimes
}

// AlwaysCollected is an uptime after all changes: nobody waits for them.
const AlwaysCollected Uptime = 1 << 62

func (c *collected) init() {
	for i := range c.before {
		c.before[i] = AlwaysCollected
	}
}

// SetCollected says that the readers of a rule set's flows have collected every
// change before an uptime, AlwaysCollected where it has no reader. nil says that
// there are no readers at all.
func (s *Engine) SetCollected(before *Uptimes) {
	c := &s.m.collected
	if c.read = before != nil; c.read {
		c.before = *before
		return
	}
	c.init()
}

// anyCollected reports whether some flow may be recovered at all.
func (m *Meter) anyCollected() bool {
	if !m.collected.read {
		return true
	}
	for i, r := range m.ruleSets {
		if r != nil && m.collected.before[i] > 0 && (r.counts.Flows > 0 || r.running && m.underWay() > 0) {
			return true
		}
	}
	return false
}
