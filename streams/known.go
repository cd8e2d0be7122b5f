package streams

import (
	"netramet/internal/index"
	"netramet/meter/packet"
	"netramet/mib"
)

// Sought is what a stream is looked for by, and what it is told of the packet. It is small,
// for it comes from another processor.
type Sought struct {
	addresses [2]uint32 // of IPv4, in the key's order; those of IPv6 are wide
	ports     uint32    // likewise
	hash      uint32
	trans     uint8
	peer      mib.PeerType
	dir       packet.Direction // as Key.Dir
	tcpFlags  uint8
}

// Wide are the addresses of a Sought of IPv6.
type Wide [4]uint64

// Seeker says by what streams of tables that share lanes are looked for. It depends on
// nothing that ever changes, so it is for other goroutines than the one that has the
// tables, too.
type Seeker struct{ secret index.Secret }

// Seeker returns the table's.
func (t *Table) Seeker() Seeker { return Seeker{t.secret} }

// Seek fills k, and wide for IPv6, with what the stream of the packet that g is of is looked
// for by. It returns the number, below lanes, of the lane whose table has it.
func (s *Seeker) Seek(g *packet.Glance, k *Sought, wide *Wide, lanes int) int {
	w0, w1, w2, w3, w4, back := order(g.Source[0], g.Source[1], g.Dest[0], g.Dest[1],
		uint64(g.Ports>>16), uint64(g.Ports&0xffff), kind(g.PeerType, g.TransType))
	if g.PeerType == mib.PeerIPv4 {
		k.addresses = [2]uint32{uint32(w0), uint32(w2)}
	} else {
		*wide = Wide{w0, w1, w2, w3}
	}
	h, spread := s.secret.Both5(w0, w1, w2, w3, w4)
	k.ports, k.hash = uint32(w4), h
	k.trans, k.peer, k.dir, k.tcpFlags = g.TransType, g.PeerType, packet.Direction(back), g.TCPFlags
	return laneBy(spread, lanes)
}

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
	w0, w1, w2, w3, w4, back := order(g.Source[0], g.Source[1], g.Dest[0], g.Dest[1],
		uint64(g.Ports>>16), uint64(g.Ports&0xffff), kind(g.PeerType, g.TransType))
	s, ok = t.withKey(t.secret.Words5(w0, w1, w2, w3, w4), w0, w1, w2, w3, w4)
	return s, packet.Direction(back), ok
}

// Sought is Known by what a Seeker has made.
func (t *Table) Sought(k *Sought, wide *Wide) (s Stream, dir packet.Direction, ok bool) {
	w0, w1, w2, w3 := uint64(k.addresses[0]), uint64(0), uint64(k.addresses[1]), uint64(0)
	if k.peer != mib.PeerIPv4 {
		w0, w1, w2, w3 = wide[0], wide[1], wide[2], wide[3]
	}
	s, ok = t.withKey(k.hash, w0, w1, w2, w3, uint64(k.ports)|kind(k.peer, k.trans))
	return s, k.dir, ok
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

// TCPFlags are the packet's, 0 if it has none.
func (k *Sought) TCPFlags() uint8 { return k.tcpFlags }

// NoteKnown is Note of one packet for a stream that is known, in a table that does not
// measure.
func (t *Table) NoteKnown(s Stream, at packet.Uptime, dir packet.Direction, tcpFlags uint8) {
	if !s.r.next(at, tcpFlags) {
		t.note(uint32(s.ID), s.r, &Seen{Uptime: at, Dir: dir, TCPFlags: tcpFlags})
	}
}
