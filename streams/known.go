package streams

import "netramet/meter/packet"

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
	h := t.secret.Words5(w0, w1, w2, w3, w4)
	slot, c, found := t.index.First(h)
	for found {
		r := t.hot.At(slot)
		if k := &r.key; k[0]^w0|k[1]^w1|k[2]^w2|k[3]^w3|k[4]^w4 == 0 {
			return Stream{ID(slot), r}, packet.Direction(back), true
		}
		slot, c, found = t.index.Next(h, c)
	}
	return Stream{}, 0, false
}

// LaneOf is Key.Lane of the packet that g is of, without a Key.
func (t *Table) LaneOf(g *packet.Glance, n int) int {
	ports := uint64(g.Ports>>16) + uint64(g.Ports&0xffff)
	return laneBy(t.spread(g.Source[0]+g.Dest[0], g.Source[1]+g.Dest[1], ports, kind(g.PeerType, g.TransType)>>32), n)
}

// NoteKnown is Note of one packet for a stream that is known, in a table that does not
// measure.
func (t *Table) NoteKnown(s Stream, at packet.Uptime, dir packet.Direction, tcpFlags uint8) {
	if !s.r.next(at, tcpFlags) {
		t.note(uint32(s.ID), s.r, &Seen{Uptime: at, Dir: dir, TCPFlags: tcpFlags})
	}
}
