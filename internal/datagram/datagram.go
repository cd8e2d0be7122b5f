// Package datagram finds UDP datagrams in frames, whatever their link.
//
// It knows nothing of what they hold, and puts no fragments together. The commands use
// it where a trace holds what was sent to a collector.
package datagram

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/sources/wire"
)

const (
	protoUDP  = 17
	headerUDP = 8
)

// Finder finds those that go to some ports. It is for one goroutine, but for Partial.
type Finder struct {
	Ports   map[uint16]bool
	p       packet.Packet
	partial atomic.Uint64
}

// Partial returns how many datagrams to the ports were not found, since the frame has
// not all of them: it was cut, or is the first one of fragments.
func (x *Finder) Partial() uint64 { return x.partial.Load() }

// Find returns what a frame's datagram holds, which is the frame's, and where it comes
// from; false if the frame has none to one of the ports, or not all of it.
func (x *Finder) Find(f *wire.Frame) (from netip.AddrPort, data []byte, ok bool) {
	p := &x.p
	p.DecodeNet(f)
	if p.TransType != protoUDP || p.Flags&packet.HasPorts == 0 || !x.Ports[p.TransAddress[packet.Dest]] {
		return from, nil, false
	}
	b := f.Data[p.TransOff:]
	if len(b) < headerUDP || p.Flags&packet.IsFragment != 0 {
		x.partial.Add(1)
		return from, nil, false
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	switch {
	case n < headerUDP:
		return from, nil, false
	case n > len(b):
		x.partial.Add(1)
		return from, nil, false
	}
	a := &p.PeerAddress[packet.Source]
	addr := netip.AddrFrom16([16]byte(a[:16]))
	if p.PeerType == mib.PeerIPv4 {
		addr = netip.AddrFrom4([4]byte(a[:4]))
	}
	return netip.AddrPortFrom(addr, p.TransAddress[packet.Source]), b[headerUDP:n], true
}
