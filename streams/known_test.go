package streams

import (
	"math/rand/v2"
	"testing"

	"netramet/meter/packet"
	"netramet/mib"
)

// TestSought: what a Seeker makes finds the stream of a packet, and its direction and lane,
// as the packet's Key and a Glance do.
func TestSought(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	lanes := NewLanes(Config{}, 3)
	seeker := lanes[0].Seeker()
	known := 0
	for range 5000 {
		p := &packet.Packet{PeerType: mib.PeerIPv4, TransType: 17, Flags: packet.IsStream}
		octets := 4
		if rnd.IntN(2) == 0 {
			p.PeerType, octets = mib.PeerIPv6, 16
		}
		for side := range p.PeerAddress {
			p.PeerAddress[side][rnd.IntN(octets)] = byte(rnd.IntN(3))
			p.TransAddress[side] = uint16(rnd.IntN(2)) * 0x8001
		}
		var key Key
		lanes[0].KeyOf(p, &key)
		g := glanceOf(p)
		var k Sought
		var wide Wide
		w0, w1, w2, w3, w4, dir := Words(&g)
		lane := seeker.Seek(&k, &wide, w0, w1, w2, w3, w4, len(lanes))
		if lane != key.Lane(len(lanes)) {
			t.Fatalf("lane %d, want %d", lane, key.Lane(len(lanes)))
		}
		table := lanes[lane]
		s, ok := table.Sought(&k, &wide)
		byGlance, glanceDir, glanceOK := table.Known(&g)
		id, there := table.Look(&key)
		if ok != there || ok != glanceOK || ok && (s.ID != id || s != byGlance || dir != key.Dir || dir != glanceDir) {
			t.Fatalf("%+v: %v %v %v, by the key %v %v %v", g, s.ID, dir, ok, id, key.Dir, there)
		}
		if ok {
			known++
		}
		id, _ = table.FindOne(&key)
		table.Note(id, &Seen{Uptime: 1, Dir: key.Dir})
	}
	if known < 1000 {
		t.Errorf("%d packets of streams that were there", known)
	}
}

// glanceOf is the Glance of a packet.
func glanceOf(p *packet.Packet) packet.Glance {
	le := func(b []byte) (n uint64) {
		for i := range 8 {
			n |= uint64(b[i]) << (8 * i)
		}
		return n
	}
	s, d := p.PeerAddress[packet.Source][:], p.PeerAddress[packet.Dest][:]
	return packet.Glance{
		Source: [2]uint64{le(s), le(s[8:])}, Dest: [2]uint64{le(d), le(d[8:])},
		Ports:    uint32(p.TransAddress[0])<<16 | uint32(p.TransAddress[1]),
		PeerType: p.PeerType, TransType: p.TransType,
	}
}
