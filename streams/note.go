package streams

import "netramet/meter/packet"

// Seen is what a stream is told of a packet, or of a record of many.
type Seen struct {
	Uptime   packet.Uptime
	Dir      packet.Direction // of the packet's Key
	TCPFlags uint8            // 0 where there are none

	// Tables that measure look at the rest.

	First, Time  int64 // Unix ns of the first packet and of the last; wire.NoTime if nobody knows
	PDUs, Octets uint64
	HasTCP       bool   // what follows is valid
	TCPSeq       uint32 //
	Payload      uint32 // octets behind the TCP header
}

// Note adds a packet to its stream. One that comes too late for a stream that was
// closed, or opens another connection, ends the stream and begins a new one in its
// place: with the same ID and the same attached words.
func (t *Table) Note(id ID, s *Seen) {
	r := t.hot.At(uint32(id))
	if r.next(s.Uptime, s.TCPFlags) {
		if t.measuring {
			t.lives.At(uint32(id)).add(s)
		}
		return
	}
	t.note(uint32(id), r, s)
}

// next adds a packet of one uptime to a stream, if it is neither one of the first nor
// about the end, as nearly all are.
func (r *record) next(at packet.Uptime, tcpFlags uint8) bool {
	n := r.seen & (1<<timeShift - 1)
	if n-2 >= pdusMask-2 || tcpFlags&(flagFIN|flagSYN|flagRST) != 0 {
		return false
	}
	r.seen = uint64(at)<<timeShift | (n + 1)
	return true
}

func (t *Table) note(slot uint32, r *record, s *Seen) {
	if r.seen != 0 {
		if t.begins(slot, r, s) {
			t.end(slot, ReasonSYN, s.Uptime)
			t.stats.Created++
			r.seen = 0
		}
	}
	pdus, closing := r.seen&pdusMask, r.seen&closingMask
	switch {
	case pdus == 0:
		t.armBy(slot, t.cfg.firstDue(s.Uptime), s.Uptime)
	case closing&isClosed != 0: // its cold says when it ends
		pdus = min(pdus, pdusMask-1)
	case pdus == 1:
		c := t.cold.At(slot)
		c.setFirstTime(packet.Uptime(r.seen >> timeShift))
		c.rounds = 0
	case pdus == pdusMask:
		t.cold.At(slot).rounds++
		pdus = 1
	}
	r.seen = uint64(s.Uptime)<<timeShift | closing | (pdus + 1)
	if t.measuring {
		t.lives.At(slot).add(s)
	}
	if closing&isClosed == 0 && (closing != 0 || s.TCPFlags&(flagFIN|flagRST) != 0) {
		t.closeBy(slot, r, s)
	}
}

// begins reports whether a packet that came to a stream begins another one.
func (t *Table) begins(slot uint32, r *record, s *Seen) bool {
	closed := r.seen&isClosed != 0
	if closed && s.Uptime >= t.cold.At(slot).firstTime() {
		return true
	}
	if s.TCPFlags&(flagSYN|flagRST) != flagSYN {
		return false
	}
	return closed && s.TCPFlags&flagACK == 0 || t.measuring && s.HasTCP && !t.lives.At(slot).mayHaveSent(s)
}
