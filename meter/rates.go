package meter

import "math"

// Rates are sampled at the end of each interval of Parameter-1 seconds, counted from
// the flow's FirstTime: how much came in it, zero too (RFC 2724 §3.2). An interval
// without packets gives a sample unless the flow was idle at its end (decision 34).

// rateWheel holds the rates that have an interval to end, by the tick at which it
// ends: intervals are of 255 seconds at most.
type rateWheel struct {
	ticks []uint32 // by tick, place+1 of the first histogram; none made until there is a rate
	tick  int64    // the last one that was worked off
	armed int
}

const wheelTicks = 1 << 12

// tickOf is the number of the first grid point at or after an uptime.
func tickOf(at Uptime) int64 { return (int64(at) - 1 + tickCs - 1) / tickCs }

// due reports whether an interval ends at the tick of an uptime.
func (w *rateWheel) due(now Uptime) bool {
	return w.armed > 0 && w.ticks[tickOf(now)%wheelTicks] != 0
}

func (w *rateWheel) memory() int { return 4 * len(w.ticks) }

// armRate has a rate looked at when its interval ends.
func (t *distTable) armRate(at uint32) {
	w, h := &t.rates, t.histograms.At(at-1)
	if w.ticks == nil {
		w.ticks = make([]uint32, wheelTicks)
	}
	first := &w.ticks[tickOf(h.end)%wheelTicks]
	h.timer, *first = *first, at
	h.armed = true
	w.armed++
}

// mayEndRates reports whether an interval can end at a tick.
func (m *Meter) mayEndRates(now Uptime) bool {
	if m.flows.dists.rates.due(now) {
		return true
	}
	if m.filling.n > 0 || m.judged != nil || m.admitted != nil { // packets that may begin one
		for i := range m.lanes[0].runs {
			if m.lanes[0].runs[i].rules.dists.rates {
				return true
			}
		}
	}
	return false
}

// endRates ends the intervals that are over at a tick, or some of them: it answers
// whether none is left.
func (m *Meter) endRates(now Uptime) (done bool) {
	w, last := &m.flows.dists.rates, tickOf(now)
	left := stretch
	for tick := max(w.tick+1, last-wheelTicks+1); tick <= last && w.armed > 0; tick++ {
		if left = m.endRatesOf(tick, now, left); left == 0 {
			w.tick = tick - 1
			return false
		}
	}
	w.tick = last
	return true
}

// endLastRates ends the intervals that are over at the end of the trace, which may be
// between two ticks.
func (m *Meter) endLastRates(now Uptime) {
	if w := &m.flows.dists.rates; w.armed > 0 {
		m.endRatesOf(tickOf(now), now, w.armed+1)
	}
}

// endRatesOf is endRates for those that are to be looked at in one tick, at most so
// many; it returns how many more it could have looked at.
func (m *Meter) endRatesOf(tick int64, now Uptime, left int) int {
	t := &m.flows.dists
	w := &t.rates
	first := &w.ticks[tick%wheelTicks]
	at := *first
	*first = 0
	for ; at != 0; left-- {
		if left == 0 {
			*first = at
			return 0
		}
		h := t.histograms.At(at - 1)
		next := h.timer
		h.armed = false
		w.armed--
		if h.owner == 0 {
			t.freeHistogram(at)
		} else {
			m.endRate(at, now)
		}
		at = next
	}
	return left
}

// endRate ends the intervals of one rate that are over, and has it looked at again
// if there will be another sample without a packet.
func (m *Meter) endRate(at uint32, now Uptime) {
	t := &m.flows.dists
	h := t.histograms.At(at - 1)
	d := t.flows.At(h.owner - 1)
	if m.flows.hidden(m.flows.record(d.slot)) {
		return
	}
	s := &m.ruleSets[d.ruleSet].dists.list[h.spec]
	if m.endIntervals(d, h, s, now) {
		m.distChanged(d, now)
	}
	if m.sampled(d, h, s) {
		t.armRate(at)
	}
}

// sampled reports whether the interval under way gives a sample even if no packet
// comes any more.
func (m *Meter) sampled(d *flowDists, h *histogram, s *distSpec) bool {
	return d.active+s.period >= h.end || h.end <= d.active+m.inactivity()
}

// endIntervals ends those intervals of a rate that are over, and reports whether
// there was a sample. The flow's last packet came before.
func (m *Meter) endIntervals(d *flowDists, h *histogram, s *distSpec, now Uptime) (any bool) {
	if now < h.end {
		return false
	}
	if any = m.sampled(d, h, s); any {
		m.sample(h, s, rate(h.sum, s), 1)
	}
	h.sum = 0
	passed := (now - h.end) / s.period
	if idle := d.active + m.inactivity(); idle > h.end {
		if zeros := min(passed, (idle-h.end)/s.period); zeros > 0 {
			m.sample(h, s, 0, uint64(zeros))
			any = true
		}
	}
	h.end += (passed + 1) * s.period
	return any
}

// rate is so much in an interval as a rate for each second, rounded down.
func rate(sum uint64, s *distSpec) uint64 {
	if s.measure == measuresBitRate {
		if sum > math.MaxUint64/8 {
			return math.MaxUint64 / s.seconds
		}
		sum *= 8
	}
	return sum / s.seconds
}
