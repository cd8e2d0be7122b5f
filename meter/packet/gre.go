package packet

import (
	"netramet/mib"
	"netramet/sources/wire"
)

// EtherTypes that only GRE has.
const (
	greERSPAN  = 0x88be // types I and II
	greERSPAN3 = 0x22eb
	greBridged = 0x6558 // Ethernet
	greOSI     = 0x00fe
	greWCCP    = 0x883e
	greFrames  = 0x6559 // frame relay, RFC 1701
	// Aruba's access points send 802.11 frames, by queues with numbers of their own.
	greAruba     = 0x8200
	greArubaLast = 0x8370
)

// gre passes a GRE header of version 0 (RFC 2784, RFC 2890, the routes of RFC 1701)
// or 1 (PPTP, RFC 2637), and goes on with what it says comes next.
func (w *walker) gre() step {
	const (
		checksum, routing, key, sequence = 0x8000, 0x4000, 0x2000, 0x1000
		acknowledge                      = 0x0080 // version 1
		version, pptp                    = 0x0007, 1
		header, option                   = 4, 4
	)
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	flags, kind := w.word(0), w.word(2)
	n := header
	if flags&(checksum|routing) != 0 {
		n += option
	}
	if flags&key != 0 {
		n += option
	}
	if flags&sequence != 0 {
		n += option
	}
	switch flags & version {
	case 0:
	case pptp:
		if flags&acknowledge != 0 {
			n += option
		}
		if kind != etherPPP {
			return w.found(mib.PeerOther)
		}
		return w.behind(n, stepFramedPPP)
	default:
		return w.found(mib.PeerOther)
	}
	if s := w.behind(n, stepDone); w.fault != FaultNone {
		return s
	}
	if flags&routing != 0 {
		if s := w.greRoutes(); w.fault != FaultNone {
			return s
		}
	}
	return w.greProtocol(kind, flags&sequence != 0)
}

// greRoutes passes the source routes of RFC 1701, up to the empty one.
func (w *walker) greRoutes() step {
	const header, most = 4, 16
	for range most {
		if !w.have(header) {
			return w.stop(FaultLinkCut)
		}
		family, size := w.word(0), int(w.d[w.off+3])
		if s := w.behind(header+size, stepDone); w.fault != FaultNone {
			return s
		}
		if family == 0 && size == 0 {
			return stepDone
		}
	}
	return w.stop(FaultLimit)
}

// greProtocol goes on with what GRE carries.
func (w *walker) greProtocol(kind uint16, sequenced bool) step {
	switch kind {
	case greBridged:
		return w.enter(wire.LinkEthernet)
	case greERSPAN, greERSPAN3:
		return w.erspan(kind, sequenced)
	case greFrames:
		return w.enter(wire.LinkFrameRelay)
	case etherPPP:
		return stepFramedPPP
	case greOSI:
		return stepNLPID
	case greWCCP:
		// Version 2 has a header of its own before the packet.
		if w.have(1) && w.d[w.off]>>4 != 4 {
			w.off += 4
		}
		if !w.have(1) {
			return w.stop(FaultLinkCut)
		}
		return w.found(mib.PeerIPv4)
	}
	switch {
	case kind < etherLeastType:
		return w.found(mib.PeerOther)
	case kind >= greAruba && kind <= greArubaLast:
		return w.enter(wire.Link80211)
	}
	w.etherType = kind
	return stepEtherType
}

// erspan passes an ERSPAN header. Type I has none, and its packets no sequence
// number; the others tell their version.
func (w *walker) erspan(kind uint16, sequenced bool) step {
	const (
		header2, header3, more = 8, 12, 8
		kindMask, packet       = 0x7c, 2 << 2 // octet 10: what it carries
		subheader              = 0x01         // octet 11: there is more
		type2, type3           = 1, 2
	)
	if kind == greERSPAN && !sequenced {
		return w.enter(wire.LinkEthernet)
	}
	if !w.have(header2) {
		return w.stop(FaultLinkCut)
	}
	switch w.d[w.off] >> 4 {
	case type2:
		return w.enterAt(header2, wire.LinkEthernet)
	case type3:
	default:
		return w.found(mib.PeerOther)
	}
	if !w.have(header3) {
		return w.stop(FaultLinkCut)
	}
	n, flags := header3, w.d[w.off+10:]
	if flags[1]&subheader != 0 {
		n += more
	}
	if flags[0]&kindMask == packet {
		return w.behind(n, stepVersion)
	}
	return w.enterAt(n, wire.LinkEthernet)
}
