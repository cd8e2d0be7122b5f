package streams

import (
	"encoding/binary"
	"math/bits"

	"netramet/meter/packet"
)

// Key is a stream's key as one packet gives it. The zero Key is that of a packet
// which belongs to no stream.
type Key struct {
	words [5]uint64
	hash  uint32 // where it is in its table
	// spread is the other half of the hash: the lane must say nothing of the
	// bucket, or tables would fill in stripes.
	spread uint32
	given  bool
	// Dir is the packet's direction in the stream: Source if the packet's
	// source is the end point that comes first in the key.
	Dir packet.Direction
	// TCPFlags are the packet's, 0 if it has none.
	TCPFlags uint8
}

// set orders the two end points by number and packs them. The order is that
// of the address octets as little-endian words, then of the ports: of no
// meaning, but the same for both directions. No branch depends on the packet,
// since half of all packets would mispredict it.
func (k *Key) set(p *packet.Packet) {
	s0 := binary.LittleEndian.Uint64(p.PeerAddress[0][0:])
	s1 := binary.LittleEndian.Uint64(p.PeerAddress[0][8:])
	d0 := binary.LittleEndian.Uint64(p.PeerAddress[1][0:])
	d1 := binary.LittleEndian.Uint64(p.PeerAddress[1][8:])
	// A query of ICMP has no ports: its identifier stands for both.
	sp, dp := uint64(p.TransAddress[0]|p.QueryID), uint64(p.TransAddress[1]|p.QueryID)

	// swap is all ones iff dest < source, as 144-bit numbers.
	_, less := bits.Sub64(dp, sp, 0)
	_, less = bits.Sub64(d0, s0, less)
	_, less = bits.Sub64(d1, s1, less)
	swap := -less

	x0, x1, xp := (s0^d0)&swap, (s1^d1)&swap, (sp^dp)&swap
	k.words[0] = s0 ^ x0
	k.words[1] = s1 ^ x1
	k.words[2] = d0 ^ x0
	k.words[3] = d1 ^ x1
	k.words[4] = (sp^xp)<<16 | (dp ^ xp) | uint64(p.TransType)<<32 | uint64(p.PeerType)<<40
	k.Dir, k.TCPFlags = packet.Direction(less), p.TCPFlags
}
