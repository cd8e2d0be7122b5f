package pair

import "netramet/meter/packet"

// sender is what is known of the octets that one end of a TCP connection sends. All
// comparisons of sequence numbers are of their difference, so that they may come
// round.
type sender struct {
	next  uint32 // behind the highest octet seen, or acknowledged
	low   uint32 // octets before it were sent before, or nobody knows any more
	acked uint32 // the last acknowledgement by the other end; valid iff hasAck
	// known: next and low are valid. unordered: the requests of its list do not lie
	// in the order of their last octets.
	known, hasAck, unordered bool
}

// window is the largest window of TCP (RFC 7323 §2.2): what is further away is of
// another connection, or wrong.
const window = 1 << 30

// before reports that sequence number a comes before b.
func before(a, b uint32) bool { return int32(a-b) < 0 }

// begin makes next and low known, at a segment that begins with seq.
func (s *sender) begin(seq uint32) {
	if !s.known {
		s.known, s.next, s.low = true, seq, seq-window
	}
}

// advance notes that the octets before behind were sent.
func (s *sender) advance(behind uint32) {
	if before(s.next, behind) {
		s.next = behind
	}
	if before(s.low, s.next-window) {
		s.low = s.next - window
	}
}

// forget makes the octets before behind ones that were sent before.
func (s *sender) forget(behind uint32) {
	if before(s.low, behind) {
		s.low = behind
	}
}

// tcp takes a segment: first what it acknowledges, then what it sends.
func (p *Pool) tcp(u *queue, dir packet.Direction, f *packet.Facts, t int64, events []Event) []Event {
	const syn, rst, ack = packet.TCPSyn, packet.TCPRst, packet.TCPAck
	if u.kinds.Has(TCPSyn) {
		switch flags := f.TCPFlags; {
		case flags&ack != 0 && flags&(syn|rst) != 0:
			events = p.synAnswered(u, dir, f.Ack, t, events)
		case flags&(syn|ack|rst) == syn:
			p.syn(u, dir, f, t)
		}
	}
	if u.kinds.Has(TCPData) {
		if f.TCPFlags&ack != 0 {
			events = p.ack(u, dir^1, f, t, events)
		}
		if f.TCPFlags&rst == 0 {
			p.segment(u, dir, f, t)
		}
	}
	return events
}

// syn queues a SYN. With the same initial sequence number, it is the same one again.
func (p *Pool) syn(u *queue, dir packet.Direction, f *packet.Facts, t int64) {
	id := uint64(f.Seq)<<32 | uint64(f.Seq+1+f.PayloadLen)
	prev, at := p.find(u, TCPSyn, dir, id, 0)
	if at == 0 || !p.again(u, dir, prev, at, t) {
		p.push(u, dir, request{kind: TCPSyn, time: t, id: id})
	}
}

// synAnswered looks for the SYN that a SYN-ACK, or a refusal, of direction dir
// acknowledges, perhaps with some of the data that it carried (RFC 7413).
func (p *Pool) synAnswered(u *queue, dir packet.Direction, ack uint32, t int64, events []Event) []Event {
	prev := uint32(0)
	for at := u.lists[dir^1].head; at != 0; {
		r := p.requests.At(at - 1)
		if r.kind == TCPSyn && before(r.first(), ack) && !before(r.behind(), ack) {
			return p.pair(u, dir^1, prev, at, t, events)
		}
		prev, at = at, r.next
	}
	return events
}

// segment queues a segment with data. Its last octet counts, which is what an
// acknowledgement names: was that sent before, the segment is a repeat, be it a
// retransmission, a keep-alive or a window probe. A segment that fills a gap is not,
// nor is one that goes on behind old octets. A FIN behind data is acknowledged with
// them; SYN and FIN alone are no data.
func (p *Pool) segment(u *queue, dir packet.Direction, f *packet.Facts, t int64) {
	s, first := &u.tcp[dir], f.Seq
	if f.TCPFlags&packet.TCPSyn != 0 {
		p.begun(u, dir, f)
		return
	}
	behind := first + f.PayloadLen
	if f.TCPFlags&packet.TCPFin != 0 {
		behind++
	}
	if behind == first {
		return
	}
	s.begin(first)
	if f.PayloadLen > 0 && !p.sentBefore(u, dir, first, behind) {
		if !before(s.next, behind) {
			s.unordered = true
		}
		p.push(u, dir, request{kind: TCPData, time: t, id: uint64(first)<<32 | uint64(behind)})
	}
	s.advance(behind)
}

// begun takes a SYN or SYN-ACK for the data that follow it. Those it carries are
// sent again if the other end does not take them, so they are not measured.
func (p *Pool) begun(u *queue, dir packet.Direction, f *packet.Facts) {
	s, behind := &u.tcp[dir], f.Seq+1+f.PayloadLen
	if s.known && before(behind, s.next) && !before(behind, s.next-window) {
		return // again, after data
	}
	s.known, s.next, s.low = true, behind, behind
}

// sentBefore reports whether the last octet of a segment was sent before, and marks
// those that wait whose last octet it sends again.
func (p *Pool) sentBefore(u *queue, dir packet.Direction, first, behind uint32) bool {
	s := &u.tcp[dir]
	if !before(first, s.next) {
		return false
	}
	old := !before(s.low, behind)
	last := behind - 1
	for at := u.lists[dir].head; at != 0; {
		r := p.requests.At(at - 1)
		at = r.next
		if r.kind != TCPData {
			continue
		}
		if end := r.behind() - 1; !before(end, first) && !before(last, end) {
			r.state |= sentAgain
		}
		if !before(last, r.first()) && before(last, r.behind()) {
			old = true
			if before(first, r.first()) { // a gap before r is filled, too
				r.id = uint64(first)<<32 | uint64(r.behind())
			}
		}
	}
	if old {
		p.stats.Repeats++
	}
	return old
}

// ack takes the acknowledgement, and the selective ones, of what the end of
// direction dir has sent.
func (p *Pool) ack(u *queue, dir packet.Direction, f *packet.Facts, t int64, events []Event) []Event {
	s := &u.tcp[dir]
	if s.known && before(s.next+window, f.Ack) {
		return events // of another connection
	}
	if !s.hasAck || s.acked != f.Ack {
		if !s.known {
			s.known, s.next, s.low = true, f.Ack, f.Ack
		}
		s.hasAck, s.acked = true, f.Ack
		events = p.acknowledged(u, dir, f.Ack, t, events)
		s.forget(f.Ack)
		s.advance(f.Ack)
	}
	for i := range f.SACKs {
		events = p.received(u, dir, f.SACK[i], t, events)
	}
	return events
}

// acknowledged takes the segments out of the queue whose octets all come before ack.
// The one that ends there is measured; a retransmission would tell nothing, since
// nobody knows which of the two was acknowledged (Karn's rule, RFC 6298 §3).
func (p *Pool) acknowledged(u *queue, dir packet.Direction, ack uint32, t int64, events []Event) []Event {
	s, prev, left := &u.tcp[dir], uint32(0), false
	for at := u.lists[dir].head; at != 0; {
		r := p.requests.At(at - 1)
		switch {
		case r.kind != TCPData:
			prev, at = at, r.next
		case before(ack, r.behind()):
			if !s.unordered {
				return events
			}
			left = true
			prev, at = at, r.next
		default:
			if r.waits() {
				p.matched(r)
				if r.behind() == ack && r.state&sentAgain == 0 {
					events = p.tell(r, dir, t, events)
				}
			}
			at = p.remove(u, dir, prev, at)
		}
	}
	if !left {
		s.unordered = false
	}
	return events
}

// received takes a block of a selective acknowledgement: segments whose last octet
// lies in it have arrived, and the one that ends with it is measured. They stay in
// the queue, so that their octets are known if they are sent again.
func (p *Pool) received(u *queue, dir packet.Direction, block [2]uint32, t int64, events []Event) []Event {
	left, right := block[0], block[1]
	if !before(left, right) {
		return events
	}
	for at := u.lists[dir].head; at != 0; {
		r := p.requests.At(at - 1)
		at = r.next
		if r.kind != TCPData || !r.waits() || before(right, r.behind()) || !before(left, r.behind()) {
			continue
		}
		p.matched(r)
		if r.behind() == right && r.state&sentAgain == 0 {
			events = p.tell(r, dir, t, events)
		}
		r.state |= answered
	}
	return events
}
