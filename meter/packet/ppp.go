package packet

import "netramet/mib"

// PPP protocol numbers (RFC 1661 §2 and IANA).
const (
	pppIPv4      = 0x0021
	pppISO       = 0x0023
	pppDECnet    = 0x0027
	pppAppleTalk = 0x0029
	pppIPX       = 0x002b
	pppVines     = 0x0035
	pppIPv6      = 0x0057
	pppMPLS      = 0x0281
	pppMPLSMulti = 0x0283
	pppControl   = 0x8000 // from here on: NCPs, LCP, authentication
)

// Headers of HDLC framing, in octets, and the octet some captures put before it.
const (
	pppFraming  = 2
	chdlcHeader = 4
	direction   = 1
)

// Address octets of HDLC framing.
const (
	pppAddress     = 0xff
	pppUI          = 0x03 // control octet
	chdlcUnicast   = 0x0f
	chdlcBroadcast = 0x8f
)

// framing passes the address and control octets, which a link may have agreed
// to leave out. No protocol number begins with FF (RFC 1661 §6.5).
func (w *walker) framing() step {
	if w.have(1) && w.d[w.off] == pppAddress {
		if !w.have(2) {
			return w.stop(FaultLinkCut)
		}
		if w.d[w.off+1] == pppUI {
			w.off += 2
		}
	}
	return stepPPP
}

// ppp goes on with what a PPP protocol number announces. Its last octet is
// odd, all others are even, so a compressed number shows.
func (w *walker) ppp() step {
	if !w.have(1) {
		return w.stop(FaultLinkCut)
	}
	protocol := uint16(w.d[w.off])
	w.off++
	if protocol&1 == 0 {
		if !w.have(1) {
			return w.stop(FaultLinkCut)
		}
		protocol = protocol<<8 | uint16(w.d[w.off])
		w.off++
	}
	switch protocol {
	case pppIPv4:
		return w.found(mib.PeerIPv4)
	case pppIPv6:
		return w.found(mib.PeerIPv6)
	case pppMPLS, pppMPLSMulti:
		return stepMPLS
	case pppISO:
		return w.foundWith(mib.PeerNSAP, formISO)
	case pppIPX:
		return w.foundWith(mib.PeerIPX, formIPX)
	case pppAppleTalk:
		return w.foundWith(mib.PeerAppleTalk, formDDP)
	case pppDECnet:
		return w.found(mib.PeerDECnet)
	case pppVines:
		return w.found(mib.PeerVines)
	}
	if protocol >= pppControl {
		return w.found(mib.PeerPPP)
	}
	return w.found(mib.PeerOther)
}

// pppoe passes a PPPoE header (RFC 2516 §4). Any code but 0, session data,
// belongs to discovery.
func (w *walker) pppoe() step {
	const size = 6
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	if code := w.d[w.off+1]; code != 0 {
		return w.found(mib.PeerPPP)
	}
	w.off += size
	return stepPPP
}
