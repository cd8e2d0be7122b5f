package streams

import (
	"encoding/binary"
	"math/bits"

	"netramet/meter/packet"
	"netramet/mib"
)

// Key is a stream's key as one packet gives it. The zero Key is that of a packet
// which belongs to no stream.
type Key struct {
	words  [5]uint64
	hash   uint32 // where it is in its table
	spread uint32 // what its lane goes by
	given  bool
	// Dir is the packet's direction in the stream: Source if the packet's
	// source is the end point that comes first in the key.
	Dir packet.Direction
	// TCPFlags are the packet's, 0 if it has none.
	TCPFlags uint8
}

// set makes k the key of p.
func (k *Key) set(p *packet.Packet) {
	s, d := &p.PeerAddress[packet.Source], &p.PeerAddress[packet.Dest]
	s0, s1 := binary.LittleEndian.Uint64(s[0:]), binary.LittleEndian.Uint64(s[8:])
	d0, d1 := binary.LittleEndian.Uint64(d[0:]), binary.LittleEndian.Uint64(d[8:])
	// A query of ICMP has no ports: its identifier stands for both.
	sp, dp := uint64(p.TransAddress[0]|p.QueryID), uint64(p.TransAddress[1]|p.QueryID)

	w := &k.words
	var back uint64
	w[0], w[1], w[2], w[3], w[4], back = order(s0, s1, d0, d1, sp, dp, kind(p.PeerType, p.TransType))
	k.Dir = packet.Direction(back)
	k.TCPFlags = p.TCPFlags
}

// is reports whether the words of a key are k's. Comparing the arrays would be a call.
func (k *Key) is(w *[5]uint64) bool {
	return k.words[0]^w[0]|k.words[1]^w[1]|k.words[2]^w[2]|k.words[3]^w[3]|k.words[4]^w[4] == 0
}

// kind is the part of a key that is no end point's.
func kind(peer mib.PeerType, trans uint8) uint64 { return uint64(trans)<<32 | uint64(peer)<<40 }

// order orders the two end points, source and dest, by number and packs them with the
// kind. The order is that of the address octets as little-endian words, then of the
// ports: of no meaning, but the same for both directions. back is 1 if dest comes first.
// No branch depends on the packet, since half of all packets would mispredict it.
func order(s0, s1, d0, d1, sp, dp, kind uint64) (w0, w1, w2, w3, w4, back uint64) {
	// swap is all ones iff dest < source, as 144-bit numbers.
	_, less := bits.Sub64(dp, sp, 0)
	_, less = bits.Sub64(d0, s0, less)
	_, less = bits.Sub64(d1, s1, less)
	swap := -less

	x0, x1, xp := (s0^d0)&swap, (s1^d1)&swap, (sp^dp)&swap
	return s0 ^ x0, s1 ^ x1, d0 ^ x0, d1 ^ x1, (sp^xp)<<16 | (dp ^ xp) | kind, less
}
