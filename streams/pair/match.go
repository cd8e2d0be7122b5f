package pair

import (
	"time"

	"netramet/meter/packet"
)

// Match takes a packet of the queue's stream, of direction dir there, at time t
// (Unix ns): it finds the request that the packet answers, and queues what it asks
// itself. It appends to events what comes of it.
func (p *Pool) Match(q Queue, dir packet.Direction, f *packet.Facts, t int64, events []Event) []Event {
	if q == 0 {
		return events
	}
	u := p.queues.At(uint32(q - 1))
	events = p.expire(u, t, events)
	if f.Kind == packet.FactsTCP {
		return p.tcp(u, dir, f, t, events)
	}
	kind := kindOf[f.Kind]
	events = p.message(u, kind, dir, f, t, events)
	if f.Kind.IsUDP() && u.kinds.Has(UDP) {
		if f.Role&packet.Asks == 0 || !u.kinds.Has(kind) {
			kind = 0
		}
		events = p.turn(u, dir, kind, t, events)
	}
	return events
}

// kindOf is the kind of messages that have identifiers; 0 of others.
var kindOf = [packet.FactsUDP + 1]Kind{packet.FactsICMP: ICMP, packet.FactsDNS: DNS, packet.FactsSNMP: SNMP, packet.FactsNTP: NTP}

// message matches messages that have identifiers.
func (p *Pool) message(u *queue, kind Kind, dir packet.Direction, f *packet.Facts, t int64, events []Event) []Event {
	if !u.kinds.Has(kind) {
		return events
	}
	if f.Role&packet.Answers != 0 {
		prev, at := p.find(u, kind, dir^1, f.Answered, f.Question)
		if at == 0 {
			p.stats.Unasked++
		} else {
			events = p.pair(u, dir^1, prev, at, t, events)
		}
	}
	if f.Role&packet.Asks != 0 {
		prev, at := p.find(u, kind, dir, f.ID, f.Question)
		if at == 0 || !p.again(u, dir, prev, at, t) {
			p.push(u, dir, request{kind: kind, time: t, id: f.ID, question: f.Question})
		}
	}
	return events
}

// turn matches any packets of UDP: a packet answers the first one the other way
// since the last pair, and one that has nothing to answer asks. also is the other kind of
// request that it is.
func (p *Pool) turn(u *queue, dir packet.Direction, also Kind, t int64, events []Event) []Event {
	if prev, at := p.find(u, UDP, dir^1, 0, 0); at != 0 {
		return p.pair(u, dir^1, prev, at, t, events)
	}
	if prev, at := p.find(u, UDP, dir, 0, 0); at == 0 || !p.again(u, dir, prev, at, t) {
		p.push(u, dir, request{kind: UDP, also: also, time: t})
	}
	return events
}

// find returns the earliest request of a kind, direction, identifier and, where both
// are known, question, and the one before it in its list; 0 if there is none.
func (p *Pool) find(u *queue, kind Kind, dir packet.Direction, id uint64, question uint32) (prev, at uint32) {
	for at = u.lists[dir].head; at != 0; {
		r := p.requests.At(at - 1)
		if r.kind == kind && r.id == id && (r.question == question || r.question == 0 || question == 0) {
			return prev, at
		}
		prev, at = at, r.next
	}
	return 0, 0
}

// staleAfter is how long a request takes its repeats for its own, or as long as its
// limit, if that is larger: identifiers come round.
const staleAfter = int64(time.Minute)

// again takes a request that comes at t while one of the same identifier waits at
// place at, behind prev, for a repeat of that. If that has waited too long, it goes
// instead, unanswered, and again reports false.
func (p *Pool) again(u *queue, dir packet.Direction, prev, at uint32, t int64) bool {
	r := p.requests.At(at - 1)
	if waited(r.time, t) > max(staleAfter, u.limit[dir]) {
		r.state |= lost // without a limit, nobody was told
		p.leave(r)
		p.remove(u, dir, prev, at)
		return false
	}
	p.stats.Repeats++
	if p.cfg.Measure == FromLast {
		r.time = max(r.time, t)
	}
	return true
}

// pair takes the request at place at, behind prev in the list of direction dir, out
// of the queue: a packet at t has answered it.
func (p *Pool) pair(u *queue, dir packet.Direction, prev, at uint32, t int64, events []Event) []Event {
	r := p.requests.At(at - 1)
	p.matched(r)
	events = p.tell(r, dir, t, events)
	p.remove(u, dir, prev, at)
	return events
}

// matched counts a request that is answered.
func (p *Pool) matched(r *request) {
	p.stats.Matched++
	p.stats.Waiting--
}

// tell tells of a pair.
func (p *Pool) tell(r *request, dir packet.Direction, t int64, events []Event) []Event {
	if t < r.time || waited(r.time, t) == Never {
		p.stats.Backwards++
		return events
	}
	p.stats.Pairs++
	return append(events, Event{What: Paired, Kind: r.kind, Dir: dir, Request: r.time, Reply: t, ID: r.name(), Also: r.also, AlreadyLost: r.state&lost != 0})
}
