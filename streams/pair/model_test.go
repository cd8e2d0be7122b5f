package pair

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"netramet/meter/packet"
)

// model is the rules again, with neither queues nor limits: it looks at all there was.
type model struct {
	measure Measure
	limit   int64
	asked   []*asked
	sent    [2]map[uint32]*octet // TCP, by sequence number
	acked   [2]uint32            // what the other end has acknowledged
	hasAck  [2]bool
	events  []string
}

type asked struct {
	kind     Kind
	dir      packet.Direction
	id       uint64
	question uint32
	time     int64
	lost     bool
	gone     bool
}

// octet is an octet that TCP sent; ends is set if it was the last one of a segment
// when it was sent first.
type octet struct {
	times          int
	ends, answered bool
	first          *asked
}

func (m *model) tell(a *asked, t int64) {
	if t >= a.time {
		m.events = append(m.events, Event{What: Paired, Kind: a.kind, Dir: a.dir, ID: a.id, Request: a.time, Reply: t, AlreadyLost: a.lost}.String())
	}
}

func (m *model) ask(a asked) *asked {
	m.asked = append(m.asked, &a)
	return &a
}

// waiting are the requests that a packet may repeat or answer.
func (m *model) waiting(kind Kind, dir packet.Direction, id uint64, question uint32) *asked {
	for _, a := range m.asked {
		same := a.question == question || a.question == 0 || question == 0
		if !a.gone && a.kind == kind && a.dir == dir && a.id == id && same {
			return a
		}
	}
	return nil
}

func (m *model) request(kind Kind, dir packet.Direction, id uint64, question uint32, t int64) {
	a := m.waiting(kind, dir, id, question)
	switch {
	case a == nil:
		m.ask(asked{kind: kind, dir: dir, id: id, question: question, time: t})
	case t-a.time > max(60e9, m.limit):
		a.gone = true
		m.ask(asked{kind: kind, dir: dir, id: id, question: question, time: t})
	case m.measure == FromLast:
		a.time = max(a.time, t)
	}
}

func (m *model) answer(kind Kind, dir packet.Direction, id uint64, question uint32, t int64) bool {
	a := m.waiting(kind, dir^1, id, question)
	if a == nil {
		return false
	}
	a.gone = true
	m.tell(a, t)
	return true
}

func (m *model) match(dir packet.Direction, f *packet.Facts, t int64) []string {
	m.events = nil
	for _, a := range m.asked {
		if m.limit > 0 && !a.gone && !a.lost && t-a.time > m.limit {
			a.lost = true
			m.events = append(m.events, Event{What: Lost, Kind: a.kind, Dir: a.dir, ID: a.id, Request: a.time}.String())
		}
	}
	kinds := map[packet.FactsKind]Kind{packet.FactsICMP: ICMP, packet.FactsDNS: DNS, packet.FactsSNMP: SNMP, packet.FactsNTP: NTP}
	if f.Kind == packet.FactsTCP {
		m.tcp(dir, f, t)
		return m.events
	}
	if kind := kinds[f.Kind]; kind != 0 {
		if f.Role&packet.Answers != 0 {
			m.answer(kind, dir, f.Answered, f.Question, t)
		}
		if f.Role&packet.Asks != 0 {
			m.request(kind, dir, f.ID, f.Question, t)
		}
	}
	if f.Kind.IsUDP() && !m.answer(UDP, dir, 0, 0, t) {
		m.request(UDP, dir, 0, 0, t)
	}
	return m.events
}

func (m *model) tcp(dir packet.Direction, f *packet.Facts, t int64) {
	if m.sent[0] == nil {
		m.sent[0], m.sent[1] = map[uint32]*octet{}, map[uint32]*octet{}
	}
	for i := -1; i < int(f.SACKs); i++ {
		from, to := f.Ack-1<<20, f.Ack
		if i >= 0 {
			from, to = f.SACK[i][0], f.SACK[i][1]
		}
		for n, o := range m.sent[dir^1] {
			if o.answered || !o.ends || n-from >= to-from || to-from >= 1<<31 {
				continue
			}
			o.answered, o.first.gone = true, true
			if n == to-1 && o.times == 1 {
				m.tell(o.first, t)
			}
		}
		if i < 0 && (!m.hasAck[dir^1] || int32(f.Ack-m.acked[dir^1]) > 0) {
			m.acked[dir^1], m.hasAck[dir^1] = f.Ack, true
		}
	}
	for n := f.Seq; n != f.Seq+f.PayloadLen; n++ {
		o := m.sent[dir][n]
		if o == nil {
			o = &octet{}
			m.sent[dir][n] = o
		}
		o.times++
		old := m.hasAck[dir] && int32(n-m.acked[dir]) < 0
		if o.times == 1 && n == f.Seq+f.PayloadLen-1 && !old {
			o.ends = true
			o.first = m.ask(asked{kind: TCPData, dir: dir, id: uint64(n + 1), time: t})
		}
	}
}

// anyFacts draws packets that have to do with each other.
func anyFacts(t *rapid.T, base uint32) packet.Facts {
	id := uint64(rapid.IntRange(1, 3).Draw(t, "id"))
	question := uint32(rapid.IntRange(0, 2).Draw(t, "question"))
	kind := rapid.SampledFrom([]packet.FactsKind{packet.FactsICMP, packet.FactsDNS, packet.FactsSNMP, packet.FactsNTP, packet.FactsUDP, packet.FactsTCP, packet.FactsTCP, packet.FactsTCP}).Draw(t, "kind")
	switch kind {
	case packet.FactsUDP:
		return udp
	case packet.FactsNTP:
		return symmetric(id, uint64(rapid.IntRange(0, 3).Draw(t, "origin")))
	case packet.FactsDNS:
		return message(kind, rapid.SampledFrom([]packet.Role{packet.Asks, packet.Answers}).Draw(t, "role"), id, question)
	case packet.FactsTCP:
		number := func(what string) uint32 { return base + uint32(rapid.IntRange(0, 40).Draw(t, what)) }
		f := segment("A", number("seq"), uint32(rapid.IntRange(0, 12).Draw(t, "length")), number("ack"))
		f.SACKs = uint8(rapid.IntRange(0, 2).Draw(t, "blocks"))
		for i := range f.SACKs {
			f.SACK[i] = [2]uint32{number("left"), number("right")}
		}
		return f
	}
	return message(kind, rapid.SampledFrom([]packet.Role{packet.Asks, packet.Answers}).Draw(t, "role"), id, 0)
}

// TestModel: what the pool finds in any packets, the model finds too.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		measure := rapid.SampledFrom([]Measure{FromFirst, FromLast}).Draw(t, "measure")
		limit := rapid.SampledFrom([]int64{0, 5e6, 90e9}).Draw(t, "limit")
		base := rapid.SampledFrom([]uint32{0, 1000, 1<<31 - 20, 1<<32 - 20}).Draw(t, "base")
		p := New(Config{MaxTCP: MaxQueue, MaxOther: MaxQueue, Measure: measure})
		q, m, now := p.Want(0, AllKinds, [2]int64{limit, limit}), model{measure: measure, limit: limit}, int64(0)
		for range rapid.IntRange(1, 60).Draw(t, "packets") {
			now += rapid.SampledFrom([]int64{0, 1e6, 1e6, 3e6, 7e6, 31e9, -2e6}).Draw(t, "step")
			dir, f := packet.Direction(rapid.IntRange(0, 1).Draw(t, "dir")), anyFacts(t, base)
			var got []string
			for _, e := range p.Match(q, dir, &f, now, nil) {
				got = append(got, e.String())
			}
			want := m.match(dir, &f, now)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("at %d, dir %d, %+v:\n%s\nthe model has\n%s", now, dir, f, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}
