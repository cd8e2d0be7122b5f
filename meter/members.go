package meter

import (
	"netramet/internal/slab"
	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources/wire"
	"netramet/streams"
)

// A stream and a flow that wants to know of its streams are members of each other from
// the first packet of the stream that counts in the flow until the stream ends. A stream
// may have several flows: those of several rule sets, and two of one.
//
// The lane of a stream finds its members, makes new ones and takes them from it. All that
// concerns the flow is done between rounds.

// member is a stream and a flow that belong together.
type member struct {
	flow   uint32 // place of its flowDists, or noFlow
	stream streams.ID
	next   uint32  // place+1 of the stream's next one, or of the next free one; 0: none
	lane   uint8   // of the stream
	to     uint8   // direction of the stream that is the flow's To
	asked  distSet // by the flow, when its wishes for pairs were told to the stream
	_      uint32  // one size on all machines
	// Of the flow's other members:
	after, before memberRef
}

// noFlow is the flow of members whose flow has gone before their stream.
const noFlow = 1<<32 - 1

// memberRef names a member: lane, and place+1 there. 0 names none.
type memberRef uint64

func refOfMember(lane uint8, at uint32) memberRef { return memberRef(lane)<<32 | memberRef(at) }

// members are those of a lane's streams.
type members struct {
	all   slab.Slab[member]
	first slab.Slab[uint32] // by stream, place+1 of its first one; 0: none
	free  uint32            // place+1; 0: none
	fed   slab.Slab[fed]    // by stream
}

func (x *members) memory() int {
	return memberSize*int(x.all.Len()) + 4*int(x.first.Len()) + fedSize*int(x.fed.Len())
}

const (
	memberSize = 40
	fedSize    = 24
)

// fed remembers that a stream and the flow that a verdict names are members of each
// other, and that the flow wants to know nothing else of the stream's packets. It holds
// as long as no flow has asked for more.
type fed struct {
	words [2]word // by direction
	asks  uint32  // distTable.asks at that time
	run   uint32
}

// isFed reports whether a verdict of run j on a direction of a stream is one that
// nothing more has to be done for.
func (l *lane) isFed(id streams.ID, dir packet.Direction, j int, w word) bool {
	if uint32(id) >= l.members.fed.Len() {
		return false
	}
	f := l.members.fed.At(uint32(id))
	return f.words[dir&1] == w && f.asks == l.flows.dists.asks && f.run == uint32(j)
}

// setFed makes isFed say so. A stream remembers one run's verdicts.
func (l *lane) setFed(id streams.ID, dir packet.Direction, j int, w word) {
	x := &l.members.fed
	x.Extend(uint32(id) + 1)
	f, asks := x.At(uint32(id)), l.flows.dists.asks
	if f.asks != asks || f.words == [2]word{} {
		*f = fed{asks: asks, run: uint32(j)}
	}
	if f.run == uint32(j) {
		f.words[dir&1] = w
	}
}

// of is the place+1 of a stream's first member, 0 if it has none.
func (x *members) of(id streams.ID) uint32 {
	if uint32(id) >= x.first.Len() {
		return 0
	}
	return *x.first.At(uint32(id))
}

// member returns a member by name.
func (m *Meter) member(ref memberRef) *member {
	return m.lanes[ref>>32].members.all.At(uint32(ref) - 1)
}

// join makes a stream and a flow members of each other if they are not yet. to is the
// direction of the stream that is the flow's To.
func (l *lane) join(packet uint32, id streams.ID, flow uint32, to uint8) *member {
	x := &l.members
	for at := x.of(id); at != 0; {
		mb := x.all.At(at - 1)
		if mb.flow == flow {
			return mb
		}
		at = mb.next
	}
	at := x.free
	if at != 0 {
		x.free = x.all.At(at - 1).next
	} else {
		at = x.all.Grow() + 1
	}
	x.first.Extend(uint32(id) + 1)
	first := x.first.At(uint32(id))
	mb := x.all.At(at - 1)
	*mb = member{flow: flow, stream: id, next: *first, lane: l.number, to: to}
	*first = at
	l.observations = append(l.observations, observation{packet: packet, what: observedJoin, flow: flow, value: uint64(refOfMember(l.number, at))})
	return mb
}

// streamEnded tells the flows of a stream that it has ended, with a packet of the round
// or noPacket.
func (l *lane) streamEnded(packet uint32, e *streams.Event) {
	x := &l.members
	at := x.of(e.Stream)
	if at == 0 {
		return
	}
	*x.first.At(uint32(e.Stream)) = 0
	if uint32(e.Stream) < x.fed.Len() {
		*x.fed.At(uint32(e.Stream)) = fed{}
	}
	for at != 0 {
		mb := x.all.At(at - 1)
		if mb.flow != noFlow {
			l.addPoints(packet, mb, e)
		}
		l.observations = append(l.observations, observation{packet: packet, what: observedLeave, flow: mb.flow, at: e.At, value: uint64(refOfMember(l.number, at))})
		at = mb.next
	}
}

// addPoints notes what a stream was, for the distributions of a flow.
func (l *lane) addPoints(packet uint32, mb *member, e *streams.Event) {
	asked, life, to := l.flows.dists.flows.At(mb.flow).asked, &e.Life, mb.to&1
	add := func(a mib.Attr, value uint64) {
		if asked&distBit(a) != 0 {
			l.observations = append(l.observations, observation{packet: packet, what: observedPoint, of: uint8(a), flow: mb.flow, at: e.At, value: value})
		}
	}
	if life.First != wire.NoTime && life.Last != wire.NoTime {
		add(mib.AttrFlowTime, uint64(life.Last-life.First)/1000)
	}
	add(mib.AttrToFlowPDUs, life.PDUs[to])
	add(mib.AttrFromFlowPDUs, life.PDUs[1-to])
	add(mib.AttrToFlowOctets, life.Octets[to])
	add(mib.AttrFromFlowOctets, life.Octets[1-to])
}

// joined puts a member among those of its flow.
func (m *Meter) joined(d *flowDists, ref memberRef) {
	mb := m.member(ref)
	if mb.after = d.members; mb.after != 0 {
		m.member(mb.after).before = ref
	}
	d.members = ref
	d.streams++
}

// left frees a member whose stream has ended.
func (m *Meter) left(ref memberRef) {
	mb := m.member(ref)
	if mb.flow != noFlow {
		d := m.flows.dists.flows.At(mb.flow)
		if mb.after != 0 {
			m.member(mb.after).before = mb.before
		}
		if mb.before != 0 {
			m.member(mb.before).after = mb.after
		} else {
			d.members = mb.after
		}
		d.streams--
	}
	x := &m.lanes[mb.lane].members
	mb.next, x.free = x.free, uint32(ref)
}

// leaveAll takes a flow that goes from the streams it still has.
func (m *Meter) leaveAll(slot uint32) {
	_, d := m.flows.dists.find(slot)
	if d == nil {
		return
	}
	for ref := d.members; ref != 0; {
		mb := m.member(ref)
		mb.flow, ref = noFlow, mb.after
	}
	d.members, d.streams = 0, 0
}

// endStreamsOf ends the streams of a flow that have been idle since an uptime: a flow that
// is about to be recovered has their points before it is collected for the last time
// (decision 31).
func (m *Meter) endStreamsOf(d *flowDists, since, now Uptime) {
	for ref := d.members; ref != 0; {
		mb := m.member(ref)
		ref = mb.after
		m.lanes[mb.lane].streams.Cut(mb.stream, since, now)
	}
	for i := range m.lanes {
		m.lanes[i].takeEvents(noPacket)
	}
	m.applyNoted(nil)
	m.countStreams()
}
