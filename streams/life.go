package streams

import (
	"bytes"
	"cmp"
	"encoding/binary"

	"netramet/internal/slab"
	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources/wire"
	"netramet/streams/pair"
)

// Event is what happened to a stream of a table that measures.
type Event struct {
	Kind   Kind
	Reason Reason // of Ended
	Stream ID
	// At is the uptime at which it happened. A stream times out, or ends for having
	// been closed, when it could: that is looked for at ticks only, which may come later.
	At   packet.Uptime
	Life Life       // of Ended
	Pair pair.Event // of Paired and Lost; its direction is that of Key.Dir
}

// Kind says what happened.
type Kind uint8

// The kinds of event.
const (
	// Ended: the stream is over. Its ID may be that of a new one from then on, to
	// which the packet belongs that made the event.
	Ended Kind = iota
	// Paired: a packet of the stream is the reply to a request in it.
	Paired
	// Lost: a request has waited for its reply longer than the stream's limit.
	Lost
)

// Reason is why a stream ended.
type Reason uint8

// The reasons.
const (
	ReasonTimeout Reason = iota // it was idle for too long
	ReasonClose                 // TCP closed it
	ReasonSYN                   // a SYN of another connection came
	ReasonEvicted               // there were too many
	ReasonCut                   // metering ended
	NumReasons    = iota
)

var reasonNames = [NumReasons]string{"timeout", "close", "syn", "evicted", "cut"}

// String is the reason's name in files.
func (r Reason) String() string { return reasonNames[r] }

// Life is what a stream was. Both directions are those of Key.Dir.
type Life struct {
	First, Last  int64 // Unix ns of its first and its latest packet; wire.NoTime if none had a time
	PDUs, Octets [2]uint64
	Source       packet.Direction // of the first packet
}

// life is a Life in the making.
type life struct {
	first, last  int64
	pdus, octets [2]uint64
	next         [2]uint32 // TCP sequence number that each end sends next, valid iff known
	source       uint8
	known        uint8 // bit set of directions
	opened       uint8 // bit set of directions that have sent more than SYNs
	_            uint8
	queue        pair.Queue // of requests that wait for their replies
}

const lifeSize = 64

// Measures reports whether the table measures streams.
func (t *Table) Measures() bool { return t.measuring }

// Measure makes the table measure streams from now on, or no more. A stream that is
// there is measured from its next packet on.
func (t *Table) Measure(on bool) {
	if on == t.measuring {
		return
	}
	t.measuring, t.lives, t.events = on, slab.Slab[life]{}, nil
	t.newPairs(on)
	if on {
		t.lives.Extend(t.hot.Len())
	}
}

// TakeEvents returns the events since the last call, in the order in which they
// happened. They are valid until Note, Sweep, Bound or EndAll is called.
func (t *Table) TakeEvents() []Event {
	e := t.events
	t.events = e[:0]
	return e
}

// EndAll ends all streams, because metering ends at uptime now.
func (t *Table) EndAll(now packet.Uptime) {
	for slot := range t.hot.Len() {
		if t.hot.At(slot).seen != 0 {
			t.remove(slot, ReasonCut, now)
		}
	}
}

// Cut ends a stream at uptime now if its last packet came at uptime since or before,
// because nobody waits for more.
func (t *Table) Cut(id ID, since, now packet.Uptime) {
	if seen := t.hot.At(uint32(id)).seen; seen != 0 && packet.Uptime(seen>>timeShift) <= since {
		t.remove(uint32(id), ReasonCut, now)
	}
}

// end tells that a stream ends. One that TCP had closed ends for that, whatever
// comes first.
func (t *Table) end(slot uint32, why Reason, now packet.Uptime) {
	if t.hot.At(slot).seen&isClosed != 0 {
		why = ReasonClose
	}
	t.stats.Ended[why]++
	if !t.measuring {
		return
	}
	l := t.lives.At(slot)
	t.endQueue(slot, l, why, now)
	if l.pdus != [2]uint64{} {
		t.events = append(t.events, Event{Kind: Ended, Reason: why, Stream: ID(slot), At: now, Life: l.public()})
	}
	*l = life{}
}

func (l *life) public() Life {
	return Life{First: l.first, Last: l.last, PDUs: l.pdus, Octets: l.octets, Source: packet.Direction(l.source)}
}

// add adds a packet. Stamps that go back do not make a life shorter.
func (l *life) add(s *Seen) {
	if l.pdus == [2]uint64{} {
		l.source, l.first, l.last = uint8(s.Dir), s.First, s.Time
	}
	if l.first == wire.NoTime || s.First < min(l.first, s.Time) && s.First != wire.NoTime { // of a record
		l.first = s.First
	}
	l.last = max(l.last, s.Time)
	l.pdus[s.Dir] += s.PDUs
	l.octets[s.Dir] += s.Octets
	if s.HasTCP {
		l.sent(s)
	}
}

// sent notes what a segment says of the sequence numbers.
func (l *life) sent(s *Seen) {
	next, dir := s.TCPSeq+s.Payload, uint8(1)<<s.Dir
	switch {
	case s.TCPFlags&flagSYN != 0:
		next = s.TCPSeq + 1 // what it carries counts when it is acknowledged
	case s.TCPFlags&flagFIN != 0:
		next++
		fallthrough
	default:
		l.opened |= dir
	}
	if l.known&dir == 0 {
		l.known |= dir
	} else if int32(next-l.next[s.Dir]) < 0 {
		return
	}
	l.next[s.Dir] = next
}

// farthest is how far in advance of the last octet a segment may lie once the other end
// has spoken: a window that is not scaled.
const farthest = 1<<16 - 1

// mayHaveSent reports whether a SYN can be one of the stream's own, sent again or late
// (decision 35). Behind a SYN alone it is the same number. Later it lies between the first
// octet that the sender can have sent, given how much was metered, and the last one, or, if
// the other end has spoken, one window beyond that.
func (l *life) mayHaveSent(s *Seen) bool {
	answers := s.TCPFlags&flagACK != 0 && l.pdus[1-s.Dir] > 0 // another number of it matters to the ends alone
	if l.known>>s.Dir&1 == 0 || answers {
		return true
	}
	behind := uint64(l.next[s.Dir] - s.TCPSeq)
	if l.opened>>s.Dir&1 == 0 {
		return behind == 1
	}
	ahead := s.TCPSeq - l.next[s.Dir]
	return behind <= min(l.octets[s.Dir]+1, 1<<31) || l.known == 3 && ahead <= farthest
}

// Ends are the two end points of a stream.
type Ends struct {
	PeerType mib.PeerType
	Protocol uint8
	Address  [2][16]byte // as in packet.Packet; of packets of direction Source, the first is the sender's
	// Port is 0 where there are none. Streams of ICMP queries have the identifier
	// as the port of both ends.
	Port [2]uint16
}

// Compare orders end points; it returns 0 only for the same ones.
func (e *Ends) Compare(o *Ends) int {
	for i := range e.Address {
		if c := cmp.Or(bytes.Compare(e.Address[i][:], o.Address[i][:]), cmp.Compare(e.Port[i], o.Port[i])); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(e.Protocol, o.Protocol), cmp.Compare(e.PeerType, o.PeerType))
}

// Ends are the end points of a stream; also of one that has ended, as long as its
// Event is valid.
func (t *Table) Ends(id ID) (e Ends) {
	w := &t.hot.At(uint32(id)).key
	for i := range e.Address {
		binary.LittleEndian.PutUint64(e.Address[i][:], w[2*i])
		binary.LittleEndian.PutUint64(e.Address[i][8:], w[2*i+1])
	}
	e.Port = [2]uint16{uint16(w[4] >> 16), uint16(w[4])}
	e.Protocol, e.PeerType = uint8(w[4]>>32), mib.PeerType(w[4]>>40)
	return e
}
