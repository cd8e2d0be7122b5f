package meter

import (
	"cmp"
	"slices"
	"time"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/streams"
	"netramet/streams/pair"
)

// Pair is a request and its reply.
type Pair struct {
	pair.Event
	PeerType mib.PeerType
	// Address and Port are those of the end that asked and of the one that replied.
	// Addresses are as in packet.Packet; ports are 0 where there are none.
	Address [2][16]byte
	Port    [2]uint16
}

// notedPair is a pair that a lane found.
type notedPair struct {
	packet uint32 // in the round: the reply
	event  pair.Event
}

// pairPatience is how long a stream lives on for a reply where Config.Paired is told of it,
// whatever the distributions that rules ask for.
const pairPatience = time.Minute

// initPairs makes the lanes match all packets if somebody is told of pairs.
func (m *Meter) initPairs() {
	for i := range m.lanes {
		m.lanes[i].tellsPairs = m.cfg.Paired != nil
	}
}

// takesFacts makes the facts of packets be decoded, or no more.
func (m *Meter) takesFacts(on bool) {
	m.needsFacts = on
	for i := range m.lanes {
		m.lanes[i].matches = on
	}
	for _, r := range m.everyRound() {
		switch {
		case !on:
			r.facts = nil
		case r.facts == nil:
			r.facts = make([]packet.Facts, len(r.packets))
		}
	}
}

// everyRound returns all rounds, in use or not.
func (m *Meter) everyRound() []*round {
	all := append([]*round{m.filling}, m.free...)
	for _, r := range []*round{m.judged, m.admitted} {
		if r != nil {
			all = append(all, r)
		}
	}
	return all
}

// matchPairs matches packet i of the round with those of its stream.
func (l *lane) matchPairs(r *round, i uint16, id streams.ID) {
	facts := &r.facts[i]
	if facts.Kind == packet.NoFacts {
		return
	}
	if l.tellsPairs {
		l.streams.Want(id, pair.AllKinds, [2]int64{})
	}
	l.streams.Match(id, r.keys[i].Dir, facts, r.packets[i].Time)
	l.takeEvents(uint32(i))
}

// tellPairs tells of the pairs of a round, in the order of the replies.
func (m *Meter) tellPairs(r *round) {
	if m.cfg.Paired == nil {
		return
	}
	all := m.paired[:0]
	for i := range m.lanes {
		l := &m.lanes[i]
		all = append(all, l.paired...)
		l.paired = l.paired[:0]
	}
	// Pairs of one packet are of one lane, and stay in the order in which they were found.
	slices.SortStableFunc(all, func(a, b notedPair) int { return cmp.Compare(a.packet, b.packet) })
	told := &m.told
	for i := range all {
		p := &r.packets[all[i].packet]
		*told = Pair{Event: all[i].event, PeerType: p.PeerType, Port: [2]uint16{p.TransAddress[1], p.TransAddress[0]}}
		for end := range told.Address {
			told.Address[end] = [16]byte(p.PeerAddress[1-end][:16])
		}
		m.cfg.Paired(told)
	}
	m.paired = all[:0]
}
