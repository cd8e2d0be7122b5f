package streams

import (
	"netramet/meter/packet"
	"netramet/sources/wire"
	"netramet/streams/pair"
)

// A table that measures can match the packets of its streams in pairs. A stream has a
// queue from the first Want until it ends.

// Want makes the packets of a stream be matched in some more ways, and says after how
// many nanoseconds a request of each direction (of Key.Dir) is lost at the latest, 0 if
// it may wait for ever.
func (t *Table) Want(id ID, kinds pair.Kinds, limit [2]int64) {
	l := t.lives.At(uint32(id))
	l.queue = t.pairs.Want(l.queue, kinds, limit)
}

// Match matches a packet of a stream whose packets are to be, after Note: facts are
// the packet's, dir is that of its Key, and time is Unix ns. A packet without a time
// is not matched.
func (t *Table) Match(id ID, dir packet.Direction, facts *packet.Facts, time int64) {
	q := t.lives.At(uint32(id)).queue
	if q == 0 || facts.Kind == packet.NoFacts || time == wire.NoTime {
		return
	}
	if facts.Role == packet.Answers && t.hasOneEnd(id) {
		dir ^= 1
	}
	t.matched = t.pairs.Match(q, dir, facts, time, t.matched[:0])
	if len(t.matched) > 0 {
		t.tellPairs(id, packet.Uptime(t.hot.At(uint32(id)).seen>>timeShift))
	}
}

// hasOneEnd reports that both ends of a stream are the same: a host that talks to itself,
// whose packets all have one direction, so that what they say decides.
func (t *Table) hasOneEnd(id ID) bool {
	w := &t.hot.At(uint32(id)).key
	return w[0] == w[2] && w[1] == w[3] && uint16(w[4]>>16) == uint16(w[4])
}

// Pairs are the counts of requests and replies since the table was made.
func (t *Table) Pairs() pair.Stats {
	s := t.pairsBefore
	if t.pairs != nil {
		s.Add(t.pairs.Stats())
	}
	return s
}

// newPairs begins with empty queues, or ends all of them.
func (t *Table) newPairs(on bool) {
	s := t.Pairs()
	s.Dropped, s.Waiting = s.Dropped+s.Waiting, 0
	t.pairsBefore, t.pairs = s, nil
	if on {
		t.pairs = pair.New(t.cfg.Pairs)
	}
}

// tellPairs makes events of what was matched.
func (t *Table) tellPairs(id ID, at packet.Uptime) {
	for i := range t.matched {
		e := Event{Kind: Paired, Stream: id, At: at, Pair: t.matched[i]}
		if e.Pair.What == pair.Lost {
			e.Kind = Lost
		}
		t.events = append(t.events, e)
	}
}

// unixAt is the time, in Unix ns, at an uptime after the last packet of a stream; false
// if no packet of it had one.
func (t *Table) unixAt(slot uint32, l *life, now packet.Uptime) (int64, bool) {
	if l.last == wire.NoTime {
		return 0, false
	}
	idle := now - packet.Uptime(t.hot.At(slot).seen>>timeShift)
	return l.last + int64(max(idle, 0))*int64(packet.Centisecond), true
}

// waitFor tells of the requests of a stream that are lost by now, and returns when it
// ends if no packet comes: at uptime due, or when the last limit of a request has
// passed, if it is to end by being idle.
func (t *Table) waitFor(slot uint32, due, now packet.Uptime) packet.Uptime {
	l := t.lives.At(slot)
	if l.queue == 0 {
		return due
	}
	unix, ok := t.unixAt(slot, l, now)
	if !ok {
		return due
	}
	// Uptimes are rounded down: up to a centisecond less may have passed, and what came too
	// early would be lost although its reply is in time.
	unix = max(unix-int64(packet.Centisecond), l.last)
	var until int64
	until, t.matched = t.pairs.Expire(l.queue, unix, t.matched[:0])
	t.tellPairs(ID(slot), now)
	if until < unix || until == pair.Never || t.hot.At(slot).seen&isClosed != 0 {
		return due
	}
	return max(due, now+packet.Uptime((until-unix)/int64(packet.Centisecond))+1)
}

// endQueue ends the queue of a stream that ends at uptime now.
func (t *Table) endQueue(slot uint32, l *life, why Reason, now packet.Uptime) {
	if l.queue == 0 {
		return
	}
	unix, ok := t.unixAt(slot, l, now)
	if !ok {
		unix = l.first
	}
	t.matched = t.pairs.End(l.queue, unix, why == ReasonCut, t.matched[:0])
	t.tellPairs(ID(slot), now)
	l.queue = 0
}
