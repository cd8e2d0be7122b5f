package meter

import (
	"netramet/meter/packet"
	"netramet/mib"
	"netramet/streams"
	"netramet/streams/pair"
)

// Pairs of packets are matched by the stream table, for the streams that feed flows which
// asked for turnaround times of pairs. What they give belongs to all such flows of the
// stream, in the direction in which the request travelled in each.

// pairWish is what a flow asked for.
type pairWish struct {
	kinds [2]pair.Kinds // by direction of the request in the flow
	_     uint32        // one size on all machines
	limit [2]int64      // ns: the largest upper limit of its distributions; 0: none is asked for
}

func (w *pairWish) any() bool { return w.kinds[0]|w.kinds[1] != 0 }

func (w *pairWish) add(s *distSpec) {
	w.kinds[s.dir] |= s.pairing.Set()
	w.limit[s.dir] = max(w.limit[s.dir], s.limit())
}

// limit is the largest time, in nanoseconds, whose whole microseconds are no overflow.
func (s *distSpec) limit() int64 {
	const most = 1<<63 - 1
	return int64(min(s.limits[len(s.limits)-1], most/1000-1))*1000 + 999
}

// wantPairs has pairs matched in a stream, as its member's flow wishes.
func (l *lane) wantPairs(mb *member, d *flowDists) {
	if mb.asked == d.asked {
		return
	}
	mb.asked = d.asked
	if w := &d.pairs; w.any() {
		limit := [2]int64{w.limit[mb.to], w.limit[1-mb.to]} // by direction of the stream
		l.streams.Want(mb.stream, w.kinds[0]|w.kinds[1], limit)
	}
}

// pairEvent tells the flows of a stream of a pair, or of a request that is lost.
func (l *lane) pairEvent(in uint32, e *streams.Event) {
	o := observation{packet: in, what: observedPairTo, of: uint8(e.Pair.Kind), at: e.At}
	if e.Pair.What == pair.Lost {
		o.what = observedLostTo
	} else {
		o.value, o.lost = uint64(e.Pair.Turnaround()), e.Pair.AlreadyLost
	}
	x := &l.members
	for at := x.of(e.Stream); at != 0; {
		mb := x.all.At(at - 1)
		at = mb.next
		if mb.flow == noFlow {
			continue
		}
		dir := uint8(e.Pair.Dir) ^ mb.to
		kinds := l.flows.dists.flows.At(mb.flow).pairs.kinds[dir]
		if !kinds.Has(e.Pair.Kind) {
			continue
		}
		of := o
		of.flow, of.what = mb.flow, o.what+observed(dir)
		if kinds.Has(e.Pair.Also) { // as that it is lost, and a packet is lost once
			if e.Pair.What == pair.Lost {
				continue
			}
			of.lost = true
		}
		l.observations = append(l.observations, of)
	}
}

// addPair adds the time between request and reply to a flow's distributions. A reply
// later than all of them hold is of a lost request too (decision 32).
func (m *Meter) addPair(d *flowDists, dir packet.Direction, o *observation) {
	if m.flows.hidden(m.flows.record(d.slot)) {
		return
	}
	t, specs := &m.flows.dists, m.ruleSets[d.ruleSet].dists
	for at := d.histograms; at != 0; {
		h := t.histograms.At(at - 1)
		if s := &specs.list[h.spec]; h.measure == measuresPair && packet.Direction(h.dir) == dir && s.pairing == pair.Kind(o.of) {
			m.sample(h, s, o.value/1000, 1)
		}
		at = h.next
	}
	if o.value/1000 > uint64(d.pairs.limit[dir])/1000 && !o.lost {
		d.lost[dir]++
	}
	m.distChanged(d, o.at)
}

// lostPair counts a request that nobody has answered within its limit.
func (m *Meter) lostPair(d *flowDists, dir packet.Direction, at Uptime) {
	if m.flows.hidden(m.flows.record(d.slot)) {
		return
	}
	d.lost[dir]++
	m.distChanged(d, at)
}

// lostOf is how many requests of a flow were lost.
func (f *Flow) lostOf(a mib.Attr) uint64 {
	if f.dists == nil {
		return 0
	}
	return f.dists.lost[a-mib.AttrToLostPDUs]
}
