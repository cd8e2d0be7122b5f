package packet

import (
	"netramet/mib"
	"netramet/sources/wire"
)

// l2tp passes the header of an L2TP data message over UDP: of version 2 (RFC 2661),
// which carries PPP, or of version 3 (RFC 3931), which does not say what it carries.
func (w *walker) l2tp() step {
	const (
		control, hasLength, sequenced, padded = 0x8000, 0x4000, 0x0800, 0x0200
		version                               = 0x000f
		flagsSize, identifiers                = 2, 4
		lengthSize, sequenceSize, paddingSize = 2, 4, 2
		reserved                              = 2 // version 3
	)
	if !w.have(flagsSize) {
		return w.stop(FaultLinkCut)
	}
	flags := w.word(0)
	if flags&control != 0 {
		return w.found(mib.PeerOther)
	}
	switch flags & version {
	case 2:
	case 3:
		if s := w.behind(flagsSize+reserved, stepDone); w.fault != FaultNone {
			return s
		}
		return w.l2tpSession()
	default:
		return w.found(mib.PeerOther)
	}
	n := flagsSize + identifiers
	if flags&hasLength != 0 {
		n += lengthSize
	}
	if flags&sequenced != 0 {
		n += sequenceSize
	}
	if flags&padded != 0 {
		if !w.have(n + paddingSize) {
			return w.stop(FaultLinkCut)
		}
		n += paddingSize + int(w.word(n))
	}
	return w.behind(n, stepFramedPPP)
}

// l2tpSession passes the session's number of L2TP version 3, a cookie of 0, 4 or 8
// octets and perhaps a sublayer of 4. Only the ends know which: the link header
// is looked for behind each.
func (w *walker) l2tpSession() step {
	const session, word, words = 4, 4, 3
	if !w.have(session) {
		return w.stop(FaultLinkCut)
	}
	if w.word(0)|w.word(2) == 0 {
		return w.found(mib.PeerOther) // control
	}
	for i := range words + 1 {
		n := session + i*word
		if !w.have(n + word) {
			break
		}
		b := w.d[w.off+n:]
		switch {
		case w.ethernetAt(w.off+n) == looksRight:
			return w.enterAt(n, wire.LinkEthernet)
		case borneOut(b, w.frame, w.off+n):
			return w.behind(n, stepVersion)
		case b[0] == pppAddress && b[1] == pppUI:
			return w.behind(n, stepFramedPPP)
		case (b[0] == chdlcUnicast || b[0] == chdlcBroadcast) && b[1] == 0 && isIP(w.word(n+2)):
			return w.enterAt(n, wire.LinkCHDLC)
		}
	}
	return w.found(mib.PeerOther)
}

func isIP(etherType uint16) bool { return etherType == etherIPv4 || etherType == etherIPv6 }
