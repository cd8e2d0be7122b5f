package streams

import (
	"netramet/internal/index"
	"netramet/meter/packet"
	"netramet/mib"
)

// Sought is what a stream is looked for by. It is small, for it comes from another processor.
type Sought struct {
	addresses [2]uint32 // of IPv4, in the key's order; of IPv6, see Wide, a part
	ports     uint32    // likewise
	hash      uint32
	kind      uint16 // upper half of the key's last word
}

// Wide are the addresses of a Sought of IPv6.
type Wide [4]uint64

// Seeker says by what streams of tables that share lanes are looked for. It depends on
// nothing that ever changes, so it is for other goroutines than the one that has the
// tables, too.
type Seeker struct{ secret index.Secret }

// Seeker returns the table's.
func (t *Table) Seeker() Seeker { return Seeker{t.secret} }

// Words are the words of the key of the packet that g is of, and the packet's direction in its
// stream, as Key.Dir. They are no array, so that they stay in registers.
func Words(g *packet.Glance) (w0, w1, w2, w3, w4 uint64, dir packet.Direction) {
	w0, w1, w2, w3, w4, back := order(g.Source[0], g.Source[1], g.Dest[0], g.Dest[1],
		uint64(g.Ports>>16), uint64(g.Ports&0xffff), kind(g.PeerType, g.TransType))
	return w0, w1, w2, w3, w4, packet.Direction(back)
}

// Seek fills k, and wide for IPv6, with what the stream of a key of these words is looked for
// by. It returns the number, below lanes, of the lane whose table has it.
func (s *Seeker) Seek(k *Sought, wide *Wide, w0, w1, w2, w3, w4 uint64, lanes int) int {
	k.addresses, k.ports, k.kind = [2]uint32{uint32(w0), uint32(w2)}, uint32(w4), uint16(w4>>32)
	if k.IsWide() {
		*wide = Wide{w0, w1, w2, w3}
	}
	h, spread := s.secret.Both5(w0, w1, w2, w3, w4)
	k.hash = h
	return laneBy(spread, lanes)
}

// Is reports whether it is the stream of a key of these words; of IPv6, whether it may be: its
// Wide says whether it is.
func (k *Sought) Is(w0, w2, w4 uint64) bool {
	return uint64(k.addresses[0]^uint32(w0))|uint64(k.addresses[1]^uint32(w2))|(uint64(k.kind)<<32|uint64(k.ports))^w4 == 0
}

// IsWide reports whether a Wide belongs to it.
func (k *Sought) IsWide() bool { return mib.PeerType(k.kind>>8) != mib.PeerIPv4 }

// Stream is a stream that is there, and where it lies: good as long as its ID is.
type Stream struct {
	ID
	r *record
}

// Attached is Table.Attached.
func (s Stream) Attached() *[2]uint64 { return &s.r.attached }

// Known finds the stream of the packet that g is of, if it is there, and the packet's
// direction in it, as Key.Dir. It makes no Key: words and hash stay in registers, which is
// most of what a look-up near the processor costs.
func (t *Table) Known(g *packet.Glance) (s Stream, dir packet.Direction, ok bool) {
	w0, w1, w2, w3, w4, dir := Words(g)
	s, ok = t.withKey(t.secret.Words5(w0, w1, w2, w3, w4), w0, w1, w2, w3, w4)
	return s, dir, ok
}

// Sought is Known by what a Seeker has made.
func (t *Table) Sought(k *Sought, wide *Wide) (s Stream, ok bool) {
	w0, w1, w2, w3 := uint64(k.addresses[0]), uint64(0), uint64(k.addresses[1]), uint64(0)
	if k.IsWide() {
		w0, w1, w2, w3 = wide[0], wide[1], wide[2], wide[3]
	}
	return t.withKey(k.hash, w0, w1, w2, w3, uint64(k.kind)<<32|uint64(k.ports))
}

// withKey finds the stream of a key of these words, which has this hash.
func (t *Table) withKey(hash uint32, w0, w1, w2, w3, w4 uint64) (s Stream, ok bool) {
	slot, c, found := t.index.First(hash)
	for found {
		r := t.hot.At(slot)
		if k := &r.key; k[0]^w0|k[1]^w1|k[2]^w2|k[3]^w3|k[4]^w4 == 0 {
			return Stream{ID(slot), r}, true
		}
		slot, c, found = t.index.Next(hash, c)
	}
	return Stream{}, false
}

// IsPlain reports that a packet with these flags neither begins nor ends a connection of TCP.
func IsPlain(tcpFlags uint8) bool { return tcpFlags&(flagFIN|flagSYN|flagRST) == 0 }

// NoteKnown is Note of one packet for a stream that is known, in a table that does not
// measure.
func (t *Table) NoteKnown(s Stream, at packet.Uptime, dir packet.Direction, tcpFlags uint8) {
	if !s.r.next(at, tcpFlags) {
		t.note(uint32(s.ID), s.r, &Seen{Uptime: at, Dir: dir, TCPFlags: tcpFlags})
	}
}

// TakesMany reports whether so many plain packets can be noted by NoteMany: of a stream that has
// had two and is not about to end.
func (s Stream) TakesMany(n uint64) bool {
	pdus := s.r.seen & (1<<timeShift - 1)
	return pdus >= 2 && pdus+n <= pdusMask
}

// NoteMany is NoteKnown of so many plain packets, the last of which came at an uptime.
func (s Stream) NoteMany(n uint64, at packet.Uptime) {
	s.r.seen = uint64(at)<<timeShift | s.r.seen&(1<<timeShift-1) + n
}
