package packet

import (
	"netramet/mib"
	"netramet/sources/wire"
)

// maxTunnels is how many tunnels in each other are followed.
const maxTunnels = 8

// IP protocol numbers of tunnels.
const (
	protoInIPv4  = 4  // IPv4 in IP, RFC 2003
	protoInIPv6  = 41 // IPv6 in IP, RFC 2473 and RFC 4213
	protoGRE     = 47
	protoEtherIP = 97  // RFC 3378
	protoL2TP    = 115 // version 3, RFC 3931
	protoMPLS    = 137 // RFC 4023
)

// inTunnels decodes the innermost IP packet that tunnels carry in the one that p
// has: p becomes that packet, but for facts of the frame. A tunnel that carries
// something else, or whose inner packet is cut or contradicts itself, leaves p at
// the layer it has reached; so does what is encrypted, and a fragment that is not
// the first.
func (p *Packet) inTunnels(f *wire.Frame, depth Depth) {
	g := *f
	for range maxTunnels {
		if p.Flags&(IsStream|NotFirst) != IsStream || p.TransOff == 0 {
			return
		}
		limit(&g, p)
		w := walker{d: g.Data, frame: &g, off: int(p.TransOff), depth: depth}
		w.run(w.tunnel(p))
		if w.fault != FaultNone {
			return
		}
		outer := *p
		switch w.peer {
		case mib.PeerIPv4:
			p.ipv4(&g, w.off)
		case mib.PeerIPv6:
			p.ipv6(&g, w.off)
		default:
			return
		}
		if p.Flags&IsStream == 0 {
			*p = outer
			return
		}
		p.TunnelOff = outer.NetOff
		p.Flags |= Tunnelled
	}
}

// limit takes off the frame g what lies behind the packet that p has: padding,
// trailers, check sequences.
func limit(g *wire.Frame, p *Packet) {
	end := uint64(p.NetOff) + uint64(p.PeerOctets)
	g.Data = g.Data[:min(end, uint64(len(g.Data)))]
	if g.Flags&wire.NoFrameLen == 0 {
		g.WireLen = uint32(min(end, max(uint64(g.WireLen), uint64(len(g.Data)))))
	}
}

// tunnel goes on with what the packet that p has carries, at its transport header.
// If that is no tunnel, nothing is found.
func (w *walker) tunnel(p *Packet) step {
	proto := p.TransType
	if proto == protoAH && p.PeerType == mib.PeerIPv4 {
		if !w.have(2) {
			return stepDone
		}
		proto = w.d[w.off]
		if s := w.behind(extensionSize(protoAH, w.d[w.off+1]), stepDone); w.fault != FaultNone {
			return s
		}
	}
	switch proto {
	case protoInIPv4:
		return w.found(mib.PeerIPv4)
	case protoInIPv6:
		return w.found(mib.PeerIPv6)
	case protoUDP:
		return w.udpTunnel()
	case protoGRE:
		return w.gre()
	case protoMPLS:
		return stepMPLS
	case protoEtherIP:
		return w.enterAt(2, wire.LinkEthernet)
	case protoL2TP:
		return w.l2tpSession()
	}
	return stepDone
}

// tunnelEnds fills the adjacent attributes of a packet in a tunnel: the ends of the
// innermost one (RFC 2720, AdjacentType).
func (r *Rest) tunnelEnds(f *wire.Frame, off int) {
	d := f.Data[off:]
	r.AdjacentAddress = [2][MaxPeer]byte{}
	r.AdjacentType, r.AdjacentLen = mib.AdjacentType(mib.PeerIPv4), 4
	source := 12
	if d[0]>>4 == 6 {
		r.AdjacentType, r.AdjacentLen = mib.AdjacentType(mib.PeerIPv6), 16
		source = 8
	}
	n := int(r.AdjacentLen)
	copy(r.AdjacentAddress[Source][:n], d[source:])
	copy(r.AdjacentAddress[Dest][:n], d[source+n:])
}
