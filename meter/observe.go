package meter

import (
	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources/wire"
	"netramet/streams"
)

// Distributions depend on the order of packets, also of those that several lanes
// count. So a lane only notes what happened to flows that keep distributions, and
// when all lanes are through with a round it is applied in the order of the packets.

// observation is something that happened to a flow which keeps distributions, or
// began to.
type observation struct {
	packet uint32 // in the round, that it came with; noPacket: none
	flow   uint32 // place of its flowDists
	what   observed
	of     uint8  // attribute of a point, kind of a pair
	lost   bool   // the request of a pair has been told as lost
	at     Uptime // where there is no packet
	value  uint64
}

// observed is what happened.
type observed uint8

const (
	observedTo     observed = iota // a packet counted in the flow's To counters
	observedFrom                   // or in its From counters
	observedAsk                    // a match asked for the distributions of value, bits as in pme.Key
	observedJoin                   // a stream began to feed the flow: value is the memberRef
	observedLeave                  // and ended
	observedPoint                  // a stream that ended gives value to distribution of
	observedPairTo                 // a request To and its reply, value ns apart
	observedPairFrom
	observedLostTo // a request To that was not answered in time
	observedLostFrom
)

// ask is what a match asked for that its flow did not have yet.
type ask struct {
	packet uint16
	run    uint8
	flow   uint32 // place of its flowDists
	saved  uint64
}

// observeLater notes what a pending packet counts in, for observe.
func (run *laneRun) observeLater(place uint16, w word) {
	if run.observed != nil {
		run.observed[place] = w
	}
}

// observe notes what the lane's packet, at a place of the lane, does to flows that
// keep distributions.
func (l *lane) observe(r *round, place int, i uint16) {
	for j := range l.runs {
		run := &l.runs[j]
		if run.observed == nil {
			continue
		}
		for ; l.asked < len(l.asks); l.asked++ {
			a := &l.asks[l.asked]
			if a.packet != i || int(a.run) != j {
				break
			}
			l.observations = append(l.observations, observation{packet: uint32(i), what: observedAsk, flow: a.flow, value: a.saved})
		}
		w := run.verdicts[place]
		if w == 0 {
			w = run.observed[place]
		}
		if w.kind() < kindAskedTo {
			continue
		}
		id, dir := l.ids[place], r.keys[i].Dir
		if id != streams.NoStream && l.isFed(id, dir, j, w) {
			continue
		}
		flow, d := l.flows.dists.find(l.flows.slotOf(w.ref()))
		if d.wants&wantsStreams != 0 && id != streams.NoStream {
			l.wantPairs(l.join(uint32(i), id, flow, uint8(dir^w.dir())), d)
			if d.wants&wantsPackets == 0 {
				l.setFed(id, dir, j, w)
			}
		}
		if d.wants&wantsPackets != 0 {
			l.observations = append(l.observations, observation{packet: uint32(i), what: observed(w.kind() - kindAskedTo), flow: flow})
		}
	}
}

// applyObservations applies what the lanes noted of a round, which is nil if no packets
// were counted.
func (m *Meter) applyObservations(r *round) {
	for {
		l := m.nextObserved()
		if l == nil {
			break
		}
		o := &l.observations[l.applied]
		l.applied++
		m.apply(r, o)
	}
	for i := range m.lanes {
		l := &m.lanes[i]
		l.observations, l.applied = l.observations[:0], 0
	}
}

// nextObserved returns the lane whose next observation is the first of all, nil if
// there is none.
func (m *Meter) nextObserved() (first *lane) {
	for i := range m.lanes {
		l := &m.lanes[i]
		if l.applied < len(l.observations) && (first == nil || l.observations[l.applied].packet < first.observations[first.applied].packet) {
			first = l
		}
	}
	return first
}

func (m *Meter) apply(r *round, o *observation) {
	var d *flowDists
	if o.flow != noFlow {
		d = m.flows.dists.flows.At(o.flow)
	}
	switch o.what {
	case observedTo, observedFrom:
		a := r.amount(uint16(o.packet))
		m.observePacket(d, packet.Direction(o.what-observedTo), r.packets[o.packet].Time, &a)
	case observedAsk:
		m.keep(d, o.flow, o.value, r.uptime(uint16(o.packet)))
	case observedJoin:
		m.joined(d, memberRef(o.value))
	case observedLeave:
		m.left(memberRef(o.value))
	case observedPoint:
		m.addPoint(d, mib.Attr(o.of), o.value, o.at)
	case observedPairTo, observedPairFrom:
		m.addPair(d, packet.Direction(o.what-observedPairTo), o)
	case observedLostTo, observedLostFrom:
		m.lostPair(d, packet.Direction(o.what-observedLostTo), o.at)
	}
}

// addPoint adds a value to one of a flow's distributions.
func (m *Meter) addPoint(d *flowDists, a mib.Attr, value uint64, at Uptime) {
	if m.flows.hidden(m.flows.record(d.slot)) {
		return
	}
	if h, s := m.histogram(d, a); h != nil {
		m.sample(h, s, value, 1)
		m.distChanged(d, at)
	}
}

// ask makes a flow keep the distributions that the match of a pending packet saved,
// and reports whether it did not keep any before.
func (m *Meter) ask(l *lane, p *pending, slot uint32) (began bool) {
	rs, t := l.runs[p.run].rules, &m.flows.dists
	set := rs.dists.attrs(p.saved)
	if set == 0 || t.has(slot, set) {
		return false
	}
	place, d := t.find(slot)
	if began = d == nil; began {
		place, d = t.begin(slot, uint8(rs.number))
	} else {
		t.asks++
	}
	for bit, n := range rs.dists.present {
		s := &rs.dists.list[n]
		if p.saved>>bit&1 != 0 && d.asked&distBit(s.Attr) == 0 {
			d.asked |= distBit(s.Attr)
			d.wants |= wantsOf(s.measure)
			if s.measure == measuresPair {
				d.pairs.add(s)
			}
		}
	}
	l.asks = append(l.asks, ask{packet: p.packet, run: p.run, flow: place, saved: p.saved})
	return began
}

// keep gives a flow those distributions of a match that it does not keep yet: of one
// attribute the first specification counts.
func (m *Meter) keep(d *flowDists, place uint32, saved uint64, now Uptime) {
	t, specs := &m.flows.dists, m.ruleSets[d.ruleSet].dists
	for bit, n := range specs.present {
		s := &specs.list[n]
		if saved>>bit&1 == 0 || d.kept&distBit(s.Attr) != 0 {
			continue
		}
		at := t.add(place, n, s)
		if s.period > 0 {
			first := m.flows.record(d.slot).first
			t.histograms.At(at - 1).end = first + (now-first)/s.period*s.period + s.period
			t.armRate(at)
		}
	}
}

// observePacket adds a packet to the distributions of a flow, in which it travelled
// in direction dir at time t (Unix ns; wire.NoTime if nobody knows). A record of
// packets says nothing of the times of single ones, nor of their sizes unless it is
// of one: rates have it, when it comes.
func (m *Meter) observePacket(d *flowDists, dir packet.Direction, t int64, a *amount) {
	dists, specs := &m.flows.dists, m.ruleSets[d.ruleSet].dists
	other := 1 - dir
	for at := d.histograms; at != 0; {
		h := dists.histograms.At(at - 1)
		s := &specs.list[h.spec]
		switch here := packet.Direction(h.dir) == dir; h.measure {
		case measuresSize:
			if here && a.pdus == 1 {
				m.sample(h, s, a.octets, 1)
			}
		case measuresInterarrival:
			if here && !a.isRecord {
				m.sampleTime(h, s, d.last[dir], t)
			}
		case measuresTurnaround:
			if !here && !a.isRecord && d.seen && packet.Direction(d.latest) == other {
				m.sampleTime(h, s, d.last[other], t)
			}
		case measuresBitRate, measuresPDURate:
			m.observeRate(d, at, here, a)
		}
		at = h.next
	}
	d.active = a.uptime
	if !a.isRecord {
		d.last[dir], d.latest, d.seen = t, uint8(dir), true
	}
}

// observeRate adds a packet to a rate, in whose direction it may travel.
func (m *Meter) observeRate(d *flowDists, at uint32, here bool, a *amount) {
	t := &m.flows.dists
	h := t.histograms.At(at - 1)
	s := &m.ruleSets[d.ruleSet].dists.list[h.spec]
	m.endIntervals(d, h, s, a.uptime)
	if !h.armed {
		t.armRate(at)
	}
	switch {
	case !here:
	case h.measure == measuresBitRate:
		h.sum += a.octets
	default:
		h.sum += a.pdus
	}
}

// sampleTime adds the microseconds between two packets, unless the clock of their
// source went back between them.
func (m *Meter) sampleTime(h *histogram, s *distSpec, from, to int64) {
	switch {
	case from == wire.NoTime || to == wire.NoTime:
	case to < from:
		m.counts.Backward++
	default:
		m.sample(h, s, uint64(to-from)/1000, 1)
	}
}
