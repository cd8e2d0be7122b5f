package meter

import (
	"netramet/meter/packet"
	"netramet/sources/wire"
	"netramet/streams"
)

// Where tables lie near the processor, packets are metered directly: each one wholly
// before the next one is looked at, in whatever lane it is. That takes less time than
// the passes of a round, which wait for memory together, if there is little to wait for;
// and less than it takes to hand a packet to another processor, so lanes do not work side
// by side then. Flows that keep distributions are not metered so: what they observe is
// applied round by round.

// DefaultNear is the default of Config.Near, some 100 octets each. Where packets of a
// flow follow each other it could be more for one lane; where they are scattered, as on
// no link, half a million flows cost a fifth more without the passes that wait together.
const DefaultNear = 1 << 18

// Values of Config.Near that are no numbers.
const (
	NeverNear   = -1 // all packets go through rounds
	StreamsNear = -2 // streams always lie near, and flows never do
)

// way is how packets are metered. It changes nothing in what comes out.
type way struct {
	direct bool // one after the other
	// glance says that streams remember the verdicts of all rule sets, whatever else
	// their packets bear, so that a Glance is enough for those that are known.
	glance bool
	// overtakes says that packets metered at a glance do not wait for those that are in the
	// round: where streams lie near, but flows do not. See overtake.go.
	overtakes bool
	looked    *wire.Frame // whose stream meterKnown was the last to look for
	reach     int64       // ns that trains may take beyond a tick; 0: none goes beyond one
}

// chooseWay does so while no packet is under way; what it looks at changes at no other time.
func (m *Meter) chooseWay() {
	if !m.nothingUnderWay() {
		return
	}
	l := &m.lanes[0]
	m.way = way{}
	if m.flows.own.kept || l.observes || l.streams.Measures() || len(l.runs) == 0 {
		return
	}
	glance := m.cfg.Depth&packet.InTunnels == 0
	for j := range l.runs {
		if run := &l.runs[j]; run.words < 0 || run.depends != 0 {
			glance = false
		}
	}
	mayOvertake := glance && l.alone
	streams, flows := m.near(mayOvertake)
	m.way.direct = streams && flows
	m.way.reach = m.reach()
	m.way.overtakes = mayOvertake && streams && !flows
	m.way.glance = glance && (m.way.direct || m.way.overtakes)
}

// overtakenFrom is the part of Config.Near from which on it takes less time to have known
// packets overtake the others than to meter all of them directly.
const overtakenFrom = 4

// near reports whether the streams lie near, and whether the flows do besides.
func (m *Meter) near(mayOvertake bool) (hasStreams, hasFlows bool) {
	if m.cfg.Near == StreamsNear {
		return true, false
	}
	n := 0
	for i := range m.lanes {
		n += int(m.lanes[i].streams.Slots())
	}
	all, limit := n+int(m.flows.records.Len())/len(m.lanes[0].runs), m.cfg.Near
	if mayOvertake {
		limit /= overtakenFrom
	}
	return n <= m.cfg.Near, all <= limit
}

// takeKnown meters frames of the batch, from the next one on, as long as a glance at
// them is enough.
func (m *Meter) takeKnown(b *wire.Batch) {
	if m.in.held.n > 0 || m.in.ended {
		return
	}
	for m.in.fed < len(b.Frames) && m.way.glance && m.meterKnown(&b.Frames[m.in.fed]) {
		m.in.fed++
	}
}

// meterKnown meters a packet of a stream that is there and remembers what all rule sets
// say of it, if it comes within the present tick. Nothing has happened if it is not such
// a one.
func (m *Meter) meterKnown(f *wire.Frame) bool {
	var g packet.Glance
	tap := &m.interfaces.taps[f.Interface]
	if !m.in.isInTick(f.Time) || tap.rate != 1 || tap.packets == 0 || !g.Of(f) {
		return false
	}
	l, stream, dir, ok := m.known(&g)
	if !ok || !l.knows(stream, dir, m.way.overtakes) || m.way.overtakes && m.filling.waiting.has(stream.ID) {
		return m.stays(f, stream, ok)
	}
	m.in.pass(f.Time)
	tap.count(1, f.WireLen)
	m.countKnown(l, stream, dir, g.TCPFlags, m.cfg.octets(f.WireLen, g.PeerOctets))
	return true
}

// known finds the stream of a packet, the lane that has it, and the packet's direction in it.
func (m *Meter) known(g *packet.Glance) (l *lane, stream streams.Stream, dir packet.Direction, ok bool) {
	if l = &m.lanes[0]; len(m.lanes) == 1 {
		stream, dir, ok = l.streams.Known(g)
		return l, stream, dir, ok
	}
	var k streams.Sought
	var wide streams.Wide
	w0, w1, w2, w3, w4, dir := streams.Words(g)
	l = &m.lanes[m.seeker.Seek(&k, &wide, w0, w1, w2, w3, w4, len(m.lanes))]
	stream, ok = l.streams.Sought(&k, &wide)
	return l, stream, dir, ok
}

// countKnown counts a packet of a stream that knows all verdicts on it, at the clock.
func (m *Meter) countKnown(l *lane, stream streams.Stream, dir packet.Direction, tcpFlags uint8, octets uint64) {
	m.counts.Packets++
	m.counts.Octets += octets
	l.packets++
	l.streams.NoteKnown(stream, m.in.uptime, dir, tcpFlags)
	for j := range l.runs {
		l.countKnown(&l.runs[j], dir, 1, octets, m.in.uptime)
	}
	m.noteStaged(1)
}

// isInTick reports whether a packet of time t moves the clock to a time before the next
// grid point, or, being one of a live source that is a little behind, not at all.
func (in *intake) isInTick(t int64) bool {
	if t < in.clock {
		return in.cfg.Live && t > badStamp && !in.late(t) && in.shown <= in.clock
	}
	return t < in.tickAt && t-in.clock <= int64(in.cfg.MaxGap) && in.shown <= in.clock
}

// pass moves the clock to the time of a packet that isInTick.
func (in *intake) pass(t int64) {
	in.busy = true
	if t > in.clock {
		in.set(t)
	}
}

// knows reports whether a stream remembers verdicts of all rule sets, which are all
// remembered, on packets of one of its directions, and they hold; for packets that overtake
// others, also if those make flows.
func (l *lane) knows(stream streams.Stream, dir packet.Direction, overtakes bool) bool {
	side := l.side.of(stream.ID)
	for j := range l.runs {
		run := &l.runs[j]
		var w word
		if run.words == 0 {
			w = word(stream.Attached()[dir])
		} else {
			w = word(side[run.words-1][dir])
		}
		if !l.epoch.holds(w) {
			return false
		}
		var ta *tally
		if w.isFlow() {
			if ta = l.flows.tally(w.ref()); ta.generation != w.generation() || overtakes && run.mayFail && w.kind() == kindReverse {
				return false
			}
		}
		run.known[dir&1], run.tally[dir&1] = w, ta
	}
	return true
}

// countKnown counts packets by the verdict that knows has found on their direction.
func (l *lane) countKnown(run *laneRun, dir packet.Direction, pdus, octets uint64, at Uptime) {
	w, ta := run.known[dir&1], run.tally[dir&1]
	if ta == nil {
		run.work.countOther(w, pdus)
		return
	}
	run.work.pdus += pdus
	ta.pdus[w.dir()&1] += pdus
	ta.octets[w.dir()&1] += octets
	ta.last = max(ta.last, at)
	newest := &l.flows.newest[l.number][l.flows.slotOf(w.ref())>>blockShift]
	*newest = max(*newest, at)
}

// meterDirect meters the packet that is staged in the first place of the round.
func (m *Meter) meterDirect(r *round) {
	key := &r.keys[0]
	l := &m.lanes[key.Lane(len(m.lanes))]
	l.packets += r.pdus(0)
	id, fresh := l.streams.FindOne(key)
	l.ids = l.ids[:1]
	l.ids[0] = id
	if id != streams.NoStream {
		if fresh {
			l.forgetSide(id)
		}
		s := streams.Seen{Uptime: r.uptime(0), Dir: key.Dir, TCPFlags: key.TCPFlags}
		l.streams.Note(id, &s)
	}
	l.pending, l.keys = l.pending[:0], l.keys[:0]
	for j := range l.runs {
		w := l.recallDirect(r, j, id)
		if w == 0 {
			w = l.matchDirect(r, j)
		}
		if w != 0 {
			l.countBy(r, &l.runs[j], w, 0)
		}
	}
	m.settleDirect(l, r)
}

// recallDirect is the verdict that stream id remembers of a rule set on the packet that
// is staged; 0 if there is none that holds.
func (l *lane) recallDirect(r *round, j int, id streams.ID) word {
	run, dir := &l.runs[j], r.keys[0].Dir
	if id == streams.NoStream || run.words < 0 {
		return 0
	}
	w := *l.word(run, id, dir)
	if l.epoch.holds(w) && l.remembers(run, id, dir, &r.packets[0]) && (!w.isFlow() || l.flows.names(w)) {
		return w
	}
	return 0
}

// matchDirect runs the rules of a rule set over the packet that is staged. It leaves it
// pending, and the verdict 0, if it counts in a flow.
func (l *lane) matchDirect(r *round, j int) word {
	run := &l.runs[j]
	run.verdicts[0] = 0
	run.work.ruled += r.pdus(0)
	l.match(r, j, 0, 0)
	return run.verdicts[0]
}

// settleDirect settles what is pending of the packet that is staged. Flows of several
// rule sets are far from each other, so the reads of all wait for memory together.
func (m *Meter) settleDirect(l *lane, r *round) {
	if len(l.pending) > 1 {
		l.approachFlows(l.pending)
	}
	for i := range l.pending {
		p := &l.pending[i]
		run := &l.runs[p.run]
		m.settle(l, r, p)
		if p.verdict != 0 {
			l.toStream(r, run, 0, 0, p.verdict)
		} else if w := run.verdicts[0]; w != 0 {
			l.countBy(r, run, w, 0)
		}
	}
}
