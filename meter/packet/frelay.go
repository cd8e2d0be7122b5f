package packet

import (
	"netramet/mib"
	"netramet/sources/wire"
)

// Network layer protocol identifiers (ISO/IEC TR 9577, RFC 2427) beside OSI's.
const (
	nlpidSNAP = 0x80
	nlpidIPv6 = 0x8e
	nlpidIPv4 = 0xcc
	nlpidPPP  = 0xcf
)

// frameRelay passes a Q.922 address of two to four octets, and then what RFC 2427
// has, a control octet and an identifier, or Cisco's EtherType. Signalling, on
// DLCI 0, has control octets of its own.
func (w *walker) frameRelay() step {
	const most, extended = 4, 1
	n, signalling := 0, true
	for more := true; more; n++ {
		if !w.have(n + 1) {
			return w.stop(FaultLinkCut)
		}
		b := w.d[w.off+n]
		if more = b&extended == 0; more && n == most-1 || !more && n == 0 {
			return w.found(mib.PeerOther) // no address
		}
		if b&dlciBits[n] != 0 {
			signalling = false
		}
	}
	w.off += n
	if !w.have(1) {
		return w.stop(FaultLinkCut)
	}
	if w.d[w.off] != llcUI && !signalling {
		if w.have(2) && w.word(0) < etherLeastType {
			return w.found(mib.PeerOther)
		}
		return w.typed(2, 0)
	}
	if !w.have(2) {
		return w.stop(FaultLinkCut)
	}
	if w.d[w.off+1] == 0 {
		return w.behind(2, stepNLPID) // padding
	}
	return w.behind(1, stepNLPID)
}

// dlciBits are the bits of each octet of an address that are the DLCI's.
var dlciBits = [4]byte{0xfc, 0xf0, 0xfe, 0xfc}

// nlpid goes on with what a network layer protocol identifier announces.
func (w *walker) nlpid() step { return w.nlpidOr(mib.PeerOther) }

// nlpidOr is nlpid where identifiers that are not known count as other.
func (w *walker) nlpidOr(other mib.PeerType) step {
	if !w.have(1) {
		return w.stop(FaultLinkCut)
	}
	switch w.d[w.off] {
	case nlpidIPv4:
		w.off++
		return w.found(mib.PeerIPv4)
	case nlpidIPv6:
		w.off++
		return w.found(mib.PeerIPv6)
	case nlpidSNAP:
		w.off++
		return w.snap(0)
	case nlpidPPP:
		return w.behind(1, stepFramedPPP)
	case nlpidCLNP, nlpidESIS, nlpidISIS:
		return w.iso()
	}
	if other == mib.PeerNSAP {
		return w.iso()
	}
	return w.found(other)
}

// multiFrameRelay passes the header of FRF.16. Only whole frames and first
// fragments have one of frame relay behind it.
func (w *walker) multiFrameRelay() step {
	const header, begin, control = 2, 0x80, 0x20
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	if w.d[w.off]&(begin|control) != begin {
		return w.found(mib.PeerOther)
	}
	return w.enterAt(header, wire.LinkFrameRelay)
}
