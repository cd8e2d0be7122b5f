package meter

import (
	"netramet/meter/packet"
	"netramet/meter/pme"
	"netramet/sources/wire"
)

// amount is what a packet, or a record of many, adds to a flow, and when.
type amount struct {
	pdus, octets uint64
	uptime       Uptime
	first        Uptime // of the first packet: uptime, but for records
}

// stage decodes one frame, of the record r if it is not nil, into the round.
// The frame's data is not needed any more afterwards.
func (m *Meter) stage(f *wire.Frame, r *wire.Record) {
	if !m.interfaces.sampled(f, r) {
		m.counts.Packets += pdusOf(r)
		m.counts.SampledOut += pdusOf(r)
		return
	}
	p := &m.packets[m.staged]
	p.DecodeNet(f)
	if m.needsRest {
		p.DecodeRest(f)
	}
	a := &m.amounts[m.staged]
	*a = amount{pdus: 1, octets: uint64(p.FrameOctets), uptime: m.in.uptime, first: m.in.uptime}
	switch {
	case r != nil:
		a.pdus, a.octets = pdusOf(r), r.Octets
		if r.FirstTime != wire.NoTime && m.in.begun {
			a.first = min(m.in.uptimeAt(max(r.FirstTime, m.in.start)), a.uptime)
		}
	case m.cfg.Octets == PeerOctets || a.octets == 0:
		a.octets = uint64(p.PeerOctets)
	}
	m.staged++
	if m.staged == roundSize {
		m.round()
	}
}

// round meters the staged packets, in order. The first passes only find
// streams, run rules ahead and read the memory that the last one needs, so
// that the cache misses of the whole round overlap; what is remembered is
// judged, and flows are made, in the last pass, one packet after the other, as
// RFC 2722 §4.3 has it.
func (m *Meter) round() {
	n := m.staged
	if n == 0 {
		return
	}
	m.staged = 0
	if m.remembering > 0 {
		m.findStreams(n)
	}
	if len(m.running) > 0 {
		m.matchAhead(m.running[0], n)
	}
	for i := range n {
		m.meterPacket(i)
	}
}

// findStreams finds or makes the stream of each packet of the round.
func (m *Meter) findStreams(n int) {
	k := 0
	for i := range n {
		p := &m.packets[i]
		m.keyed[i] = -1
		if p.Flags&packet.IsStream != 0 {
			m.streams.KeyOf(p, &m.keys[k])
			m.keyed[i] = int8(k)
			k++
		}
	}
	m.streams.Warm(m.keys[:k])
	for i := range n {
		if m.keyed[i] < 0 {
			continue
		}
		id, isNew, ok := m.streams.Add(&m.keys[m.keyed[i]], m.amounts[i].uptime)
		if isNew {
			m.forgetSide(id)
		}
		m.ids[i] = id
		if !ok {
			m.keyed[i] = -1
		}
	}
}

// matchAhead prepares the round for the first rule set: where a packet's
// verdict is remembered it reads the flow, elsewhere it runs the rules and
// reads what the search for the flow is going to need. Each pass does one
// thing, so that the processor has the reads of many packets in flight.
func (m *Meter) matchAhead(rs *ruleSet, n int) {
	var sum uint64
	unknown, known := m.unknown[:0], m.known[:0]
	for i := range n {
		m.outcomes[i].valid = false
		if rs.remembered && m.keyed[i] >= 0 {
			w := *m.word(rs, m.ids[i], m.keys[m.keyed[i]].Dir)
			if m.holds(w) {
				if slot, ok := w.flow(); ok {
					known = append(known, slot)
				}
				continue
			}
		}
		unknown = append(unknown, uint8(i))
	}
	for _, slot := range known {
		sum += m.flows.part(slot).pdus[0]
	}
	for _, i := range unknown {
		if m.packets[i].Fault != packet.FaultLinkType {
			m.match(rs.matcher, rs.shapes, &m.packets[i], &m.outcomes[i])
		}
	}
	for _, i := range unknown {
		sum += m.flows.index.Touch(m.outcomes[i].hash)
	}
	for _, i := range unknown {
		sum += m.flows.touch(m.outcomes[i].hash)
	}
	m.sink = sum
}

// meterPacket counts packet i of the round under every running rule set.
func (m *Meter) meterPacket(i int) {
	p := &m.packets[i]
	a := &m.amounts[i]
	m.counts.Packets += a.pdus
	m.counts.Octets += a.octets
	if p.Fault != packet.FaultNone {
		m.counts.Faults[p.Fault] += a.pdus
		if p.Fault == packet.FaultLinkType {
			m.counts.Unsupported += a.pdus
			return
		}
	}
	for j, rs := range m.running {
		remembered := rs.remembered && m.keyed[i] >= 0
		var w *word
		if remembered {
			w = m.word(rs, m.ids[i], m.keys[m.keyed[i]].Dir)
			if m.recall(*w, rs, a) {
				continue
			}
		}
		o := &m.outcomes[i]
		if j > 0 || !o.valid {
			o = &m.outcomes[roundSize]
			m.match(rs.matcher, rs.shapes, p, o)
		}
		if o.verdict == pme.Unshaped {
			m.matchAnew(rs.matcher, rs.shapes, p, o)
		}
		verdict := m.settle(rs, o, a)
		if remembered {
			*w = verdict
		}
	}
}

// outcome is what a rule set says of a packet: a pure function of the two,
// whatever flows there are.
type outcome struct {
	valid   bool
	verdict pme.Verdict
	order   pme.Order // that gave the verdict
	hash    uint32    // of key and back
	key     pme.Key   // valid iff Count
	back    pme.Key   // key with source and dest exchanged
}

// match runs the rules over a packet in wire order and, if they do not match,
// reversed.
func (m *Meter) match(with *pme.Matcher, shapes *pme.Shapes, p *packet.Packet, o *outcome) {
	o.valid, o.order = true, pme.WireOrder
	o.verdict = with.MatchKnown(p, pme.WireOrder, &o.key)
	if o.verdict == pme.NoMatch {
		o.order = pme.Reversed
		o.verdict = with.MatchKnown(p, pme.Reversed, &o.key)
	}
	m.reverse(shapes, o)
}

// matchAnew makes a match again whose key's shape was missing, and the shape.
func (m *Meter) matchAnew(with *pme.Matcher, shapes *pme.Shapes, p *packet.Packet, o *outcome) {
	o.verdict = with.Match(p, o.order, &o.key)
	m.reverse(shapes, o)
}

// reverse completes an outcome that counts.
func (m *Meter) reverse(shapes *pme.Shapes, o *outcome) {
	if o.verdict == pme.Count {
		shapes.Reverse(o.key.Bytes(), &o.back)
		o.hash = m.flows.hash(o.key.Bytes(), o.back.Bytes())
	}
}

// settle finds or makes the flow of an outcome and counts: RFC 2722 §4.3. It
// returns the verdict for the packet's stream to remember.
func (m *Meter) settle(rs *ruleSet, o *outcome, a *amount) word {
	switch o.verdict {
	case pme.Ignore:
		rs.counts.Ignored += a.pdus
		return m.ignoreWord()
	case pme.NoMatch:
		rs.counts.NotMatched += a.pdus
		return m.noMatchWord()
	}
	// A packet that matched with its addresses exchanged travels from the
	// flow's dest to its source.
	dir := packet.Direction(o.order)
	key := o.key.Bytes()
	if slot, ok := m.flows.find(o.hash, key); ok {
		return m.countIn(rs, slot, dir, a)
	}
	back, opposed := m.flows.find(o.hash, o.back.Bytes())
	if opposed && o.order == pme.WireOrder {
		return m.countIn(rs, back, packet.Dest, a)
	}
	verdict := m.createAndCount(rs, o.hash, key, dir, a)
	if opposed && verdict != 0 {
		// Streams that count in the opposite flow because this one was
		// missing have to look again.
		m.forgetFlow(back)
	}
	return verdict
}

// countRefusal counts a packet that got no flow: in flood mode, or, if it was
// admitted, because the table is full.
func (m *Meter) countRefusal(rs *ruleSet, a *amount, admitted bool) {
	c, at := &rs.counts, &m.counts.FullAt
	c.RefusedPDUs += a.pdus
	c.RefusedOctets += a.octets
	if !admitted {
		c.FloodedPDUs += a.pdus
		c.FloodedOctets += a.octets
		at = &m.counts.FloodedAt
	}
	if *at == 0 {
		*at = a.uptime
	}
}

func (m *Meter) createAndCount(rs *ruleSet, h uint32, key []byte, dir packet.Direction, a *amount) word {
	admitted := m.admits(rs)
	slot, ok := uint32(0), false
	if admitted {
		if m.allHidden > 0 && m.flows.full() {
			m.freeOne(a.uptime)
		}
		slot, ok = m.flows.create(h, key, a.uptime, a.first)
	}
	if !ok {
		m.countRefusal(rs, a, admitted)
		return 0
	}
	m.created(rs, slot)
	return m.countIn(rs, slot, dir, a)
}

// countIn counts a packet in a flow: source to dest are the flow's To
// counters, the other direction its From counters.
func (m *Meter) countIn(rs *ruleSet, slot uint32, dir packet.Direction, a *amount) word {
	rs.counts.PDUs += a.pdus
	m.flows.count(slot, dir, a)
	return m.flowWord(slot, m.flows.part(slot).generation, dir)
}
