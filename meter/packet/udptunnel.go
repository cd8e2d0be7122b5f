package packet

import (
	"netramet/mib"
	"netramet/sources/wire"
)

// UDP ports of tunnels.
const (
	portL2TP     = 1701
	portGTPU     = 2152
	portGTP0     = 3386 // version 0
	portTeredo   = 3544
	portLISP     = 4341
	portGRE      = 4754 // RFC 8086
	portVXLAN    = 4789
	portVXLANGPE = 4790
	portAYIYA    = 5072 // IPv6 tunnel brokers
	portCAPWAP   = 5247 // data; control is another port's
	portGeneve   = 6081
	portMPLS     = 6635
	portVXLANOld = 8472 // VXLAN of old Linux, and OTV, which has the same header
)

// udpTunnel passes a UDP header, and goes on with the tunnel whose port is that of
// the destination or else of the source.
func (w *walker) udpTunnel() step {
	const header = 8
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	source, dest := w.word(0), w.word(2)
	w.off += header
	if !isTunnelPort(dest) {
		if !isTunnelPort(source) {
			return stepDone
		}
		dest = source
	}
	switch dest {
	case portVXLAN, portVXLANOld:
		return w.vxlan(false)
	case portVXLANGPE:
		return w.vxlan(true)
	case portGeneve:
		return w.geneve()
	case portGTPU:
		return w.gtpu()
	case portGTP0:
		return w.gtp0()
	case portAYIYA:
		return w.ayiya()
	case portL2TP:
		return w.l2tp()
	case portTeredo:
		return w.teredo()
	case portCAPWAP:
		return w.capwap()
	case portLISP:
		return w.behind(8, stepVersion)
	case portGRE:
		return w.gre()
	}
	return stepMPLS
}

func isTunnelPort(port uint16) bool {
	switch port {
	case portL2TP, portGTPU, portGTP0, portAYIYA, portTeredo, portLISP, portGRE, portVXLAN, portVXLANGPE, portCAPWAP, portGeneve,
		portMPLS, portVXLANOld:
		return true
	}
	return false
}

// vxlan passes a VXLAN header (RFC 7348); the generic extension tells what follows,
// in NSH's numbers, but for 0, which is Ethernet as in VXLAN itself.
func (w *walker) vxlan(generic bool) step {
	const header, nextAt = 8, 3
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	next := w.d[w.off+nextAt]
	w.off += header
	if !generic || next == 0 {
		next = nshEthernet
	}
	return w.nshNext(next)
}

// geneve passes a Geneve header and its options (RFC 8926).
func (w *walker) geneve() step {
	const header, version, options, word = 8, 0xc0, 0x3f, 4
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	first, kind := w.d[w.off], w.word(2)
	if first&version != 0 {
		return w.found(mib.PeerOther)
	}
	if s := w.behind(header+int(first&options)*word, stepDone); w.fault != FaultNone {
		return s
	}
	return w.greProtocol(kind, false)
}

// gtpu passes a GTP-U header of version 1 that carries a user's packet, and its
// extension headers (3GPP TS 29.281).
func (w *walker) gtpu() step {
	const (
		header, more          = 8, 4
		versionMask, version1 = 0xf0, 0x30 // and the bit that it is not GTP'
		extended, optional    = 0x04, 0x07 // flags
		packetUnit            = 255
		word, mostExtensions  = 4, 8
	)
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	flags, kind := w.d[w.off], w.d[w.off+1]
	if flags&versionMask != version1 || kind != packetUnit {
		return w.found(mib.PeerOther)
	}
	w.off += header
	if flags&optional == 0 {
		return stepVersion
	}
	if !w.have(more) {
		return w.stop(FaultLinkCut)
	}
	next := w.d[w.off+more-1]
	w.off += more
	if flags&extended == 0 {
		return stepVersion
	}
	for range mostExtensions {
		if next == 0 {
			return stepVersion
		}
		if !w.have(1) {
			return w.stop(FaultLinkCut)
		}
		n := int(w.d[w.off]) * word
		if n == 0 {
			return w.found(mib.PeerOther)
		}
		if s := w.behind(n, stepDone); w.fault != FaultNone {
			return s
		}
		next = w.d[w.off-1]
	}
	return w.stop(FaultLimit)
}

// gtp0 passes a header of GTP version 0 that carries a user's packet (3GPP TS
// 09.60).
func (w *walker) gtp0() step {
	const (
		header                = 20
		versionMask, version0 = 0xf0, 0x10
		packetUnit            = 255
	)
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	if w.d[w.off]&versionMask != version0 || w.d[w.off+1] != packetUnit {
		return w.found(mib.PeerOther)
	}
	return w.behind(header, stepVersion)
}

// ayiya passes a header of AYIYA that forwards a packet: an identity of 2^n octets
// and a signature of n words follow the fixed part.
func (w *walker) ayiya() step {
	const (
		fixed, word       = 8, 4
		operation, onward = 0x0f, 1
	)
	if !w.have(fixed) {
		return w.stop(FaultLinkCut)
	}
	b := w.d[w.off:]
	next := b[3]
	if b[2]&operation != onward || next != protoInIPv4 && next != protoInIPv6 {
		return w.found(mib.PeerOther)
	}
	return w.behind(fixed+1<<(b[0]>>4)+int(b[1]>>4)*word, stepVersion)
}

// teredo passes what may stand before a Teredo packet (RFC 4380 §5.1.1):
// authentication, then origin.
func (w *walker) teredo() step {
	const (
		authentication, origin = 0x0001, 0x0000
		fixed, nonce           = 4, 9 // nonce and confirmation
		originSize             = 8
	)
	if w.have(fixed) && w.word(0) == authentication {
		n := fixed + int(w.d[w.off+2]) + int(w.d[w.off+3]) + nonce
		if s := w.behind(n, stepDone); w.fault != FaultNone {
			return s
		}
	}
	if w.have(originSize) && w.word(0) == origin {
		w.off += originSize
	}
	if !w.have(1) {
		return w.stop(FaultLinkCut)
	}
	return w.found(mib.PeerIPv6)
}

// capwap passes a CAPWAP header of a data packet that is not encrypted (RFC 5415
// §4): Ethernet or the station's 802.11 frame. Of one in fragments the first has
// the inner header.
func (w *walker) capwap() step {
	const (
		header, preamble      = 8, 0xff // version 0, not encrypted
		lengthShift, word     = 3, 4
		binding, ieee80211    = 0x3e, 1 << 1
		native                = 0x01
		fragmented, keepAlive = 0x80, 0x08
		offsetMask            = 0xfff8
	)
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	b := w.d[w.off:]
	size := int(b[1]>>lengthShift) * word
	if b[0]&preamble != 0 || b[3]&keepAlive != 0 || b[3]&fragmented != 0 && w.word(6)&offsetMask != 0 || size < header {
		return w.found(mib.PeerOther)
	}
	isNative, is80211 := b[2]&native != 0, b[2]&binding == ieee80211
	switch {
	case !isNative:
		return w.enterAt(size, wire.LinkEthernet)
	case !is80211:
		return w.found(mib.PeerOther)
	}
	w.swapped = true // perhaps: see ieee80211
	return w.enterAt(size, wire.Link80211)
}
