package packet

// The header of an ATM cell without the octet that checks it, and the header of
// its own that Solaris puts in its place: flags, VPI, VCI.
const atmHeader = 4

// Kinds of traffic in the low four bits of SunATM's flags.
const (
	sunATMLANE   = 1 // LAN emulation: an Ethernet frame behind two octets
	sunATMLLC    = 2
	laneEmulator = 2
)

// behind passes n octets and goes on with a step.
func (w *walker) behind(n int, next step) step {
	if !w.have(n) {
		return w.stop(FaultLinkCut)
	}
	w.off += n
	return next
}

// sunATM passes the header of SunATM.
func (w *walker) sunATM() step {
	if !w.have(atmHeader) {
		return w.stop(FaultLinkCut)
	}
	kind := w.d[0] & 0x0f
	w.off = atmHeader
	switch kind {
	case sunATMLANE:
		if s := w.behind(laneEmulator, stepDone); w.fault != FaultNone {
			return s
		}
		return w.typed(etherHeader, 12)
	case sunATMLLC:
		return stepLLC
	}
	return stepAAL5
}

// aal5 goes on with an AAL5 frame as RFC 2684 fills it: LLC, or IP alone on a
// channel of its own. LLC begins with an even octet above those of IP's versions.
func (w *walker) aal5() step {
	if !w.have(1) {
		return w.stop(FaultLinkCut)
	}
	if v := w.d[w.off] >> 4; v == 4 || v == 6 {
		return stepVersion
	}
	return stepLLC
}
