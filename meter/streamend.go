package meter

import (
	"cmp"
	"slices"

	"netramet/meter/packet"
	"netramet/streams"
)

// StreamEnd is a stream that has ended.
type StreamEnd struct {
	streams.Ends
	streams.Life
	Reason streams.Reason
}

// endedStream is a StreamEnd to be told when all lanes are through.
type endedStream struct {
	packet uint32 // in the round, of the one that ended it; noPacket: none did
	at     Uptime
	StreamEnd
}

const noPacket = 1 << 31

// initStreams makes the lanes note which streams end if somebody is told of it.
func (m *Meter) initStreams() {
	for i := range m.lanes {
		m.lanes[i].tells = m.cfg.StreamEnded != nil
	}
	m.measureStreams()
}

// measureStreams makes the tables measure streams while somebody is told of them, or a
// rule set has flows that may want to know what their streams were.
func (m *Meter) measureStreams() {
	pairs := m.cfg.Paired != nil
	on := m.cfg.StreamEnded != nil || pairs
	for _, r := range m.ruleSets {
		on = on || r != nil && r.dists.streams
		pairs = pairs || r != nil && r.dists.pairs
	}
	m.takesFacts(pairs)
	if m.needsTCP = on; on == m.lanes[0].streams.Measures() {
		return
	}
	for i := range m.lanes {
		m.lanes[i].streams.Measure(on)
		m.lanes[i].members = members{}
	}
	// There are none, but for those of flows that nobody sees any more.
	for i := range m.flows.dists.flows.Len() {
		d := m.flows.dists.flows.At(i)
		d.members, d.streams = 0, 0
	}
}

// noteStreams counts the lane's packets and tells their streams about them.
func (l *lane) noteStreams(r *round) {
	mine := r.of[l.number]
	for _, i := range mine {
		l.packets += r.pdus(i)
	}
	if l.streams.Measures() {
		l.measureStreams(r, mine)
		return
	}
	if l.observes {
		for k, i := range mine {
			l.observe(r, k, i)
		}
	}
	var s streams.Seen
	for k, i := range mine {
		if id := l.ids[k]; id != streams.NoStream {
			key := &r.keys[i]
			s.Uptime, s.Dir, s.TCPFlags = r.uptime(i), key.Dir, key.TCPFlags
			l.streams.Note(id, &s)
		}
	}
}

// measureStreams is noteStreams where streams are measured.
func (l *lane) measureStreams(r *round, mine []uint16) {
	var s streams.Seen
	for k, i := range mine {
		if id := l.ids[k]; id != streams.NoStream {
			r.seen(i, &s)
			l.streams.Note(id, &s)
			l.takeEvents(uint32(i))
		}
		if l.observes {
			l.observe(r, k, i)
		}
		if id := l.ids[k]; l.matches && id != streams.NoStream {
			l.matchPairs(r, i, id)
		}
	}
}

// seen fills s with what packet i of the round is to its stream.
func (r *round) seen(i uint16, s *streams.Seen) {
	a, p, k := r.amount(i), &r.packets[i], &r.keys[i]
	// One by one: a whole Seen would be made elsewhere and copied.
	s.Uptime, s.Dir, s.TCPFlags = a.uptime, k.Dir, k.TCPFlags
	s.First, s.Time, s.PDUs, s.Octets = p.Time, p.Time, a.pdus, a.octets
	s.HasTCP, s.TCPSeq, s.Payload = p.Flags&packet.HasTCP != 0, p.Rest.TCPSeq, p.Rest.PayloadLen
	if a.span > 0 {
		s.First = p.Time - a.span
	}
}

// takeEvents takes what has happened to the lane's streams with a packet of the
// round, or noPacket.
func (l *lane) takeEvents(packet uint32) {
	events := l.streams.TakeEvents()
	for i := range events {
		e := &events[i]
		if e.Kind == streams.Paired && l.tellsPairs {
			l.paired = append(l.paired, notedPair{packet, e.Pair})
		}
		if e.Kind != streams.Ended {
			l.pairEvent(packet, e)
			continue
		}
		l.streamEnded(packet, e)
		if l.tells {
			l.ended = append(l.ended, endedStream{packet, e.At, StreamEnd{l.streams.Ends(e.Stream), e.Life, e.Reason}})
		}
	}
}

// applyNoted applies and tells what the lanes noted of a round, nil if no packets were
// counted.
func (m *Meter) applyNoted(r *round) {
	m.applyObservations(r)
	m.tellPairs(r)
	m.tellEnds()
}

// tellEnds tells of the streams that ended since the last call, in an order that does
// not depend on the lanes: packet by packet, and then those that ended without one.
func (m *Meter) tellEnds() {
	if m.cfg.StreamEnded == nil {
		return
	}
	all := m.ended[:0]
	for i := range m.lanes {
		l := &m.lanes[i]
		all = append(all, l.ended...)
		l.ended = l.ended[:0]
	}
	slices.SortFunc(all, func(a, b endedStream) int {
		return cmp.Or(cmp.Compare(a.packet, b.packet), cmp.Compare(a.at, b.at), cmp.Compare(a.First, b.First), a.Ends.Compare(&b.Ends))
	})
	for i := range all {
		m.cfg.StreamEnded(&all[i].StreamEnd)
	}
	m.ended = all[:0]
}

// endStreams ends all streams, because metering ends.
func (m *Meter) endStreams() {
	m.flush()
	if !m.lanes[0].streams.Measures() {
		return
	}
	for i := range m.lanes {
		m.lanes[i].streams.EndAll(m.in.uptime)
		m.lanes[i].takeEvents(noPacket)
	}
	m.applyNoted(nil)
	m.countStreams()
}
