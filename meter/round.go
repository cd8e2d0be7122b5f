package meter

import (
	"netramet/meter/packet"
	"netramet/sources/wire"
	"netramet/streams"
)

// How many packets are decoded and looked up together. One lane takes so few
// that they stay in the processor's nearest cache; with several lanes a round
// is worth the trouble of sharing it out.
const (
	aloneRound  = 64
	sharedRound = 1024
)

// round is so many packets in the order in which they came, between the reading
// stage and the lanes. All slices have one index.
type round struct {
	n       int
	packets []packet.Packet
	facts   []packet.Facts // nil unless packets are matched in pairs
	counted []counted
	amounts []amount      // of those that are records of many; nil before the first one
	keys    []streams.Key // the zero Key where a packet has no stream
	of      [][]uint16    // by lane, its packets
	swept   Uptime        // streams that time out by then end before; 0: none do
	begun   Uptime        // of its first packet
	waiting waiting       // streams of its packets, if packets may overtake it
}

// counted is what a packet adds to a flow, and its uptime less the round's. Lanes on other
// processors wait for each line of memory that the reading stage writes, so it is small.
type counted struct{ octets, after uint32 }

// isRecord stands in the place of a time: the amount has all.
const isRecord = 1 << 31

// amount is what a packet, or a record of many, adds to a flow, and when.
type amount struct {
	pdus, octets uint64
	uptime       Uptime
	// Of the first and the last packet, and the time between them in nanoseconds:
	// uptime, and none, but for records.
	first, last Uptime
	span        int64
	isRecord    bool
}

func newRound(size, lanes int) *round {
	r := &round{
		packets: make([]packet.Packet, size),
		counted: make([]counted, size),
		keys:    make([]streams.Key, size),
		of:      make([][]uint16, lanes),
	}
	for i := range r.of {
		r.of[i] = make([]uint16, 0, size)
	}
	return r
}

func (r *round) full() bool { return r.n == len(r.packets) }

// clear makes the round empty.
func (r *round) clear() {
	r.n, r.swept, r.waiting = 0, 0, waiting{}
	for i := range r.of {
		r.of[i] = r.of[i][:0]
	}
}

// stage decodes one frame, of the record rec if it is not nil, into the round; t is
// its time, or NoTime if nobody believes it. The frame's data is not needed any more
// afterwards.
func (m *Meter) stage(f *wire.Frame, rec *wire.Record, t int64) {
	pdus := pdusOf(rec)
	m.counts.Packets += pdus
	if !m.interfaces.sampled(f, rec) {
		m.counts.SampledOut += pdus
		return
	}
	r := m.filling
	i := r.n
	p := &r.packets[i]
	p.DecodeTo(f, m.cfg.Depth)
	p.Time = t
	if rec != nil {
		p.TakeRecord(rec)
	}
	switch {
	case m.needsRest:
		p.DecodeRest(f)
	case m.needsTCP:
		p.DecodeTCP(f)
	}
	if m.needsFacts {
		r.facts[i] = packet.Facts{}
		if rec == nil {
			p.DecodeFacts(f, &m.cfg.PairPorts, &r.facts[i])
		}
	}
	m.counts.Octets += m.measure(r, p, rec)
	if p.Fault != packet.FaultNone {
		m.counts.Faults[p.Fault] += pdus
		if p.Fault == packet.FaultLinkType {
			m.counts.Unsupported += pdus
			return
		}
	}
	k := &r.keys[i]
	if p.Flags&packet.IsStream != 0 {
		m.lanes[0].streams.KeyOf(p, k)
	} else {
		*k = streams.Key{}
	}
	if m.way.direct {
		m.meterDirect(r)
	} else {
		if m.way.overtakes {
			m.noteWaiting(f, k)
		}
		lane := k.Lane(len(m.lanes))
		r.of[lane] = append(r.of[lane], uint16(i))
		if r.n++; r.full() {
			m.turn()
		}
	}
	m.noteStaged(1)
}

// noteStaged counts packets; one of boundEvery may have made a stream too many.
func (m *Meter) noteStaged(packets int) {
	if m.staged += packets; m.staged >= boundEvery {
		rest := m.staged - boundEvery
		m.boundStreams()
		m.staged = rest
	}
}

// measure says what the packet behind the last one of the round counts, and returns its
// octets.
func (m *Meter) measure(r *round, p *packet.Packet, rec *wire.Record) (octets uint64) {
	if r.n == 0 {
		r.begun = m.in.uptime
	}
	octets = m.cfg.octets(p.FrameOctets, p.PeerOctets)
	c := &r.counted[r.n]
	if rec == nil {
		*c = counted{uint32(octets), uint32(m.in.uptime - r.begun)}
		return octets
	}
	*c = counted{after: isRecord}
	if r.amounts == nil {
		r.amounts = make([]amount, len(r.packets))
	}
	a := &r.amounts[r.n]
	*a = one(octets, m.in.uptime)
	m.in.measureRecord(a, p, rec)
	return a.octets
}

// one is the amount of one packet.
func one(octets uint64, at Uptime) amount {
	return amount{pdus: 1, octets: octets, uptime: at, first: at, last: at}
}

// amount is that of packet i of the round.
func (r *round) amount(i uint16) amount {
	c := r.counted[i]
	if c.after == isRecord {
		return r.amounts[i]
	}
	return one(uint64(c.octets), r.begun+Uptime(c.after))
}

// uptime is that of packet i of the round.
func (r *round) uptime(i uint16) Uptime {
	c := r.counted[i]
	if c.after == isRecord {
		return r.amounts[i].uptime
	}
	return r.begun + Uptime(c.after)
}

// pdus is how many packets packet i of the round stands for.
func (r *round) pdus(i uint16) uint64 {
	if r.counted[i].after == isRecord {
		return r.amounts[i].pdus
	}
	return 1
}

// octets are those that count of a packet, of its frame's and its network layer's.
func (c *Config) octets(frame, peer uint32) uint64 {
	if c.Octets == PeerOctets || frame == 0 {
		return uint64(peer)
	}
	return uint64(frame)
}

// measureRecord is measure for a record. Its times lie between the meter's start
// and the clock.
func (in *intake) measureRecord(a *amount, p *packet.Packet, rec *wire.Record) {
	a.isRecord = true
	if a.pdus = pdusOf(rec); rec.Octets != wire.OctetsOfFrame {
		a.octets = rec.Octets
	} else {
		a.octets *= a.pdus
	}
	if !in.begun {
		return
	}
	within := func(t int64) int64 { return max(min(t, in.clock), in.start) }
	last := in.clock
	if rec.LastTime != wire.NoTime {
		last = within(rec.LastTime)
	}
	first := last
	if rec.FirstTime != wire.NoTime {
		first = min(within(rec.FirstTime), last)
	}
	a.first, a.last, a.span = in.uptimeAt(first), in.uptimeAt(last), last-first
	p.Time = last
}

// rounds are the rounds under way. While one is filled, the lanes count what is
// decided about the one before the last and judge the last one.
type rounds struct {
	filling  *round
	judged   *round // in the lanes' hands, or to be admitted; nil: none
	admitted *round // to be counted; nil: none
	free     []*round
	crew     crew
	live     int // streams before judged
	staged   int // packets since the last look at the number of streams
}

func (m *Meter) initRounds(lanes int) {
	size, n := aloneRound, 1
	if lanes > 1 {
		size, n = sharedRound, 3
	}
	for range n {
		m.free = append(m.free, newRound(size, lanes))
	}
	m.filling, m.free = m.free[0], m.free[1:]
	m.crew.init(lanes, m.laneStep)
}

// laneStep is what a lane does at a time: it counts one round, ends the streams
// that have timed out since, and judges the next round.
func (m *Meter) laneStep(i int) {
	l := &m.lanes[i]
	if r := m.admitted; r != nil {
		l.count(r)
	}
	if r := m.judged; r != nil {
		if r.swept > 0 {
			l.sweep(r.swept)
		}
		l.judge(r)
	}
}

// turn gives the round that was filled to the lanes, and admits what they could
// not place of the one before. So the result is that of one packet after the
// other, whatever the lanes and the rounds.
func (m *Meter) turn() {
	if len(m.lanes) == 1 {
		m.alone()
		return
	}
	m.settleJudged()
	m.judged = m.filling
	m.filling, m.free = m.free[0], m.free[1:]
	m.step(m.judged.n)
}

// alone is the whole life of a round where there is one lane.
func (m *Meter) alone() {
	r, l := m.filling, &m.lanes[0]
	l.judge(r)
	m.admit(r)
	l.count(r)
	m.applyNoted(r)
	r.clear()
}

// settleJudged ends what the lanes do, and admits what they leave.
func (m *Meter) settleJudged() {
	m.crew.wait()
	m.applyNoted(m.admitted)
	if r := m.admitted; r != nil {
		r.clear()
		m.free = append(m.free, r)
	}
	m.countStreams()
	m.admitted, m.judged = m.judged, nil
	if m.admitted != nil {
		m.admit(m.admitted)
	}
}

// worthSharing is how many packets are worth the trouble of sharing them out.
const worthSharing = 64

// step lets the lanes do theirs with n packets, beside the caller if that pays.
func (m *Meter) step(n int) {
	if n >= worthSharing {
		m.crew.start()
		return
	}
	for i := range m.lanes {
		m.laneStep(i)
	}
}

// flush meters all packets staged, so that the state is that after the last one.
func (m *Meter) flush() {
	if m.filling.n > 0 {
		m.turn()
	}
	for m.judged != nil || m.admitted != nil {
		m.settleJudged()
		if m.admitted != nil {
			m.step(m.admitted.n)
		}
	}
	if at := m.filling.swept; at > 0 {
		m.filling.swept = 0
		for i := range m.lanes {
			m.lanes[i].sweep(at)
		}
		m.applyNoted(nil)
	}
}

// boundEvery is how many packets come between two looks at the number of
// streams, where ticks are further between: so many may be over the limit.
const boundEvery = 4096

// boundStreams ends those streams that have been idle longest, if there are more
// than the limit. When it is called depends on the packets alone.
func (m *Meter) boundStreams() {
	m.staged = 0
	if m.judged == nil && m.admitted == nil {
		m.countStreams()
	}
	if m.live+m.underWay() <= m.cfg.Streams.MaxStreams {
		return // even if each packet under way has made a stream
	}
	m.flush()
	tables := make([]*streams.Table, len(m.lanes))
	for i := range tables {
		tables[i] = m.lanes[i].streams
	}
	streams.Bound(tables, m.cfg.Streams.MaxStreams, m.in.uptime)
	for i := range m.lanes {
		m.lanes[i].takeEvents(noPacket)
	}
	m.applyNoted(nil)
	m.countStreams()
}

// nothingUnderWay reports whether no packet is under way, nor the end of a stream.
func (m *Meter) nothingUnderWay() bool {
	return m.filling.n == 0 && m.filling.swept == 0 && m.judged == nil && m.admitted == nil
}

// underWay is how many packets may still make streams and flows.
func (m *Meter) underWay() int {
	n := m.filling.n
	if m.judged != nil {
		n += m.judged.n
	}
	return n
}

// countStreams notes how many streams there are while no lane is at work.
func (m *Meter) countStreams() {
	m.live = 0
	for i := range m.lanes {
		m.live += int(m.lanes[i].streams.Stats().Live)
	}
}
