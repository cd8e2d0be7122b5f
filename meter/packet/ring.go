package packet

import "netramet/mib"

// fcHeader is the network header of RFC 2625, in octets.
const fcHeader = 16

// fddi passes an FDDI header. Management frames are of no network.
func (w *walker) fddi() step {
	const (
		header, addresses = 13, 1
		kind, llc         = 0x70, 0x50 // of the frame control, whatever the class
	)
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	control := w.d[w.off]
	w.addresses(mib.AdjacentFDDI, w.off+addresses, w.off+addresses+macSize)
	w.off += header
	if control&kind != llc {
		return w.found(mib.PeerOther)
	}
	return stepLLC
}

// sourceRouted is the bit of a token ring source address that says routes follow.
const sourceRouted = 0x80

// tokenRing passes an IEEE 802.5 header and the routes of source routing.
func (w *walker) tokenRing() step {
	const (
		header, addresses = 14, 2
		kind, llc         = 0xc0, 0x40 // of the frame control
		routeLength       = 0x1f       // octets of all routing information
	)
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	control, source := w.d[w.off+1], w.off+addresses+macSize
	w.addresses(mib.AdjacentTokenRing, w.off+addresses, source)
	w.off += header
	if w.d[source]&sourceRouted != 0 {
		if !w.have(1) {
			return w.stop(FaultLinkCut)
		}
		if s := w.behind(int(w.d[w.off]&routeLength), stepDone); w.fault != FaultNone {
			return s
		}
	}
	if control&kind != llc {
		return w.found(mib.PeerOther)
	}
	return stepLLC
}

// ARCNET's packet types.
const (
	arcVines     = 0x08
	arcDiagnose  = 0x80
	arcIPv6      = 0xc4
	arcIPv4      = 0xd4
	arcARP       = 0xd5
	arcRARP      = 0xd6
	arcAppleTalk = 0xdd
	arcOldIPv4   = 0xf0 // RFC 1051: no fragments, and no header for them
	arcOldARP    = 0xf1
	arcIPX       = 0xfa
)

// Headers of ARCNET, in octets: addresses and type, and what RFC 1201 adds.
const (
	arcHeader    = 3
	arcLinux     = 5 // with the offset in the card's buffer
	arcFragment  = 3
	arcException = 4 // more, of an exception packet
)

// arcnet passes an ARCNET header as it was on the wire. Of a packet in fragments
// the first one has the network header.
func (w *walker) arcnet() step {
	const exception = 0xff
	if !w.have(arcHeader) {
		return w.stop(FaultLinkCut)
	}
	kind := w.d[w.off+arcHeader-1]
	w.off += arcHeader
	if arcOld(kind) {
		return w.arcType(kind)
	}
	if !w.have(arcFragment) {
		return w.stop(FaultLinkCut)
	}
	if w.d[w.off] == exception {
		if s := w.behind(arcException, stepDone); w.fault != FaultNone {
			return s
		}
		if !w.have(arcFragment) {
			return w.stop(FaultLinkCut)
		}
	}
	split := w.d[w.off]
	w.off += arcFragment
	if split != 0 && split&1 == 0 {
		return w.found(mib.PeerOther)
	}
	return w.arcType(kind)
}

// arcnetLinux passes the header of ARCNET on Linux, which puts fragments together
// first.
func (w *walker) arcnetLinux() step {
	if !w.have(arcLinux) {
		return w.stop(FaultLinkCut)
	}
	kind := w.d[w.off+arcLinux-1]
	w.off += arcLinux
	if !arcOld(kind) {
		if s := w.behind(arcFragment, stepDone); w.fault != FaultNone {
			return s
		}
	}
	return w.arcType(kind)
}

// arcOld reports whether packets of a type come without a header for fragments.
func arcOld(kind byte) bool { return kind == arcOldIPv4 || kind == arcOldARP || kind == arcDiagnose }

// arcType goes on with what a packet type announces.
func (w *walker) arcType(kind byte) step {
	switch kind {
	case arcIPv4, arcOldIPv4:
		return w.found(mib.PeerIPv4)
	case arcIPv6:
		return w.found(mib.PeerIPv6)
	case arcARP, arcOldARP, arcRARP:
		return w.found(mib.PeerARP)
	case arcAppleTalk:
		return w.foundWith(mib.PeerAppleTalk, formDDP)
	case arcIPX:
		return w.foundWith(mib.PeerIPX, formIPX)
	case arcVines:
		return w.found(mib.PeerVines)
	}
	return w.found(mib.PeerOther)
}
