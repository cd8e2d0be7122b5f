package packet

import "netramet/sources/wire"

// The header of an ATM cell without the octet that checks it, and the header of
// its own that Solaris puts in its place: flags, VPI, VCI.
const atmHeader = 4

// Kinds of traffic in the low four bits of SunATM's flags.
const (
	sunATMLANE   = 1 // LAN emulation: an Ethernet frame behind two octets
	sunATMLLC    = 2
	laneEmulator = 2
)

// sunATM passes the header of SunATM.
func (w *walker) sunATM() step {
	if !w.have(atmHeader) {
		return w.stop(FaultLinkCut)
	}
	kind := w.d[w.off] & 0x0f
	w.off += atmHeader
	switch kind {
	case sunATMLANE:
		return w.enterAt(laneEmulator, wire.LinkEthernet)
	case sunATMLLC:
		return stepLLC
	}
	return stepAAL5
}

// aal5 goes on with an AAL5 frame as RFC 2684 fills it: LLC, or on a channel of
// its own IP, or a bridged Ethernet frame behind two octets of padding. LLC begins
// with an even octet above those of IP's versions. Cisco's routers may leave its
// first two octets out.
func (w *walker) aal5() step {
	const padding = 2
	if !w.have(1) {
		return w.stop(FaultLinkCut)
	}
	b := w.d[w.off:]
	switch {
	case b[0]>>4 == 4 || b[0]>>4 == 6:
		return stepVersion
	case b[0] == llcUI:
		return w.behind(1, stepNLPID)
	case b[0] != 0:
		return stepLLC
	}
	switch w.ethernetAt(w.off + padding) {
	case looksRight:
		return w.enterAt(padding, wire.LinkEthernet)
	case looksCut:
		return w.stop(FaultLinkCut)
	}
	return stepLLC
}
