package packet

import (
	"netramet/mib"
	"netramet/sources/wire"
)

// isJuniper reports whether a link type is one of Juniper's, which begin with one
// header.
func isJuniper(t wire.LinkType) bool {
	switch t {
	case wire.LinkJuniperMLPPP, wire.LinkJuniperMLFR, wire.LinkJuniperES, wire.LinkJuniperGGSN,
		wire.LinkJuniperMFR, wire.LinkJuniperATM2, wire.LinkJuniperServices, wire.LinkJuniperATM1,
		wire.LinkJuniperMonitor, wire.LinkJuniperPPPoE, wire.LinkJuniperPPPoEATM, wire.LinkJuniperEther,
		wire.LinkJuniperPPP, wire.LinkJuniperFRelay, wire.LinkJuniperCHDLC, wire.LinkJuniperVP,
		wire.LinkJuniperISM, wire.LinkJuniperST, wire.LinkJuniperVS, wire.LinkJuniperSRX,
		wire.LinkJuniperFC, wire.LinkJuniperATMCEMIC:
		return true
	}
	return false
}

// juniperCookie is the length in octets of what an interface card puts behind the
// header, if its first octet says nothing else; 0 if it has none.
func juniperCookie(t wire.LinkType) int {
	switch t {
	case wire.LinkJuniperMLPPP, wire.LinkJuniperMLFR:
		return 2
	case wire.LinkJuniperATM1, wire.LinkJuniperMFR:
		return 4
	case wire.LinkJuniperATM2, wire.LinkJuniperGGSN, wire.LinkJuniperMonitor, wire.LinkJuniperServices:
		return 8
	}
	return 0
}

// First octets of cookies of service cards, which have lengths of their own.
const (
	cookieLS      = 0x54 // link services: two octets more than others
	cookieAS      = 0x47 // adaptive services
	cookieASSize  = 8
	cookieMore    = 2
	mfrChildLinks = 0xc0 // the first two bits of frames on them, which have none
)

// juniper passes the header that all of Juniper's link types have, and the cookie,
// and goes on with what the link type says (as tcpdump reads them).
func (w *walker) juniper() step {
	const (
		magic      = 0x4d4743
		header     = 4
		extended   = 0x80 // flags: an extension follows, with its length
		noLink     = 0x02 // no link header
		lengthSize = 2
		protocol   = 4 // octets before a packet without link header
	)
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	b := w.d[w.off:]
	if uint32(b[0])<<16|uint32(b[1])<<8|uint32(b[2]) != magic {
		return w.found(mib.PeerOther)
	}
	flags, n := b[3], header
	if flags&extended != 0 {
		if !w.have(n + lengthSize) {
			return w.stop(FaultLinkCut)
		}
		n += lengthSize + int(w.word(n))
	}
	if flags&noLink != 0 {
		return w.behindGuessed(n + protocol)
	}
	if s := w.behind(n, stepDone); w.fault != FaultNone {
		return s
	}
	at, size := w.off, juniperCookie(w.link)
	if size > 0 && w.have(1) {
		switch first := w.d[w.off]; {
		case first == cookieLS:
			size += cookieMore
		case first == cookieAS:
			size = cookieASSize
		case w.link == wire.LinkJuniperMFR && first&mfrChildLinks == mfrChildLinks:
			size = 0
		}
	}
	if s := w.behind(size, stepDone); w.fault != FaultNone {
		return s
	}
	return w.juniperCard(w.d[at:at+size], flags)
}

// juniperCard goes on behind a cookie.
func (w *walker) juniperCard(cookie []byte, flags byte) step {
	const incoming = 0x01
	switch w.link {
	case wire.LinkJuniperEther, wire.LinkJuniperPPPoE:
		return w.enter(wire.LinkEthernet)
	case wire.LinkJuniperPPP:
		return stepFramedPPP
	case wire.LinkJuniperFRelay:
		return w.enter(wire.LinkFrameRelay)
	case wire.LinkJuniperCHDLC:
		return w.enter(wire.LinkCHDLC)
	case wire.LinkJuniperPPPoEATM:
		return w.typed(2, 0)
	case wire.LinkJuniperGGSN:
		return w.juniperGGSN(cookie)
	case wire.LinkJuniperES:
		return w.juniperES()
	case wire.LinkJuniperMLPPP, wire.LinkJuniperMLFR, wire.LinkJuniperMFR:
		return w.juniperBundle(cookie)
	case wire.LinkJuniperATM1:
		return w.juniperATM(cookie[0] == 0x80, false)
	case wire.LinkJuniperATM2:
		const cells, gap = 0x70, 0x3f
		return w.juniperATM(cookie[7]&cells != 0, flags&incoming == 0 && cookie[3]&gap != 0)
	case wire.LinkJuniperVP:
		return w.behindGuessed(18)
	}
	return w.behindGuessed(0)
}

// behindGuessed passes n octets; what follows is IP by its version, an Ethernet
// frame, or nothing that we know.
func (w *walker) behindGuessed(n int) step {
	if !w.have(n + 1) {
		return w.stop(FaultLinkCut)
	}
	w.off += n
	b := w.d[w.off:]
	if borneOut(b, w.frame, w.off) {
		return stepVersion
	}
	switch w.ethernetAt(w.off) {
	case looksRight:
		return w.enter(wire.LinkEthernet)
	case looksCut:
		return w.stop(FaultLinkCut)
	}
	if v := b[0] >> 4; v == 4 || v == 6 {
		return stepVersion
	}
	return w.found(mib.PeerOther)
}

// juniperGGSN: the cookie tells the protocol.
func (w *walker) juniperGGSN(cookie []byte) step {
	const protocol, ipv4, ipv6 = 2, 2, 6
	switch cookie[protocol] {
	case ipv4:
		return w.found(mib.PeerIPv4)
	case ipv6:
		return w.found(mib.PeerIPv6)
	}
	return w.found(mib.PeerOther)
}

// juniperES passes the header of a security association, which for some kinds
// stands before the packet, for others in it.
func (w *walker) juniperES() step {
	const kindAt, header, bundles, kinds = 3, 16, 2, 5
	if !w.have(kindAt + 1) {
		return w.stop(FaultLinkCut)
	}
	switch kind := w.d[w.off+kindAt]; {
	case kind == 0 || kind > kinds:
		return w.found(mib.PeerOther)
	case kind <= bundles:
		return w.behindGuessed(0)
	}
	return w.behindGuessed(header)
}

// juniperBundle goes on in a bundle of PPP or frame relay links.
func (w *walker) juniperBundle(cookie []byte) step {
	const (
		protocol, toRouter = 5, 4 // offsets in the cookie of adaptive services
		fromEngine         = 0x03
		osi                = 0xfefe
	)
	ppp := w.link == wire.LinkJuniperMLPPP
	switch {
	case len(cookie) == 0:
		return w.multiFrameRelay()
	case len(cookie) == cookieASSize:
		if ppp && cookie[toRouter] == fromEngine {
			return stepFramedPPP
		}
		return w.juniperQueued(cookie[protocol])
	case ppp && cookie[0] == pppISO>>8 && cookie[1] == pppISO&0xff:
		w.off -= len(cookie) // there was none
		return stepPPP
	case ppp:
		return stepFramedPPP
	}
	if !w.have(2) {
		return w.stop(FaultLinkCut)
	}
	switch kind := w.word(0); {
	case kind == osi:
		return stepLLC
	case kind == llcUI, kind == llcUI<<8:
		return w.behind(2, stepNLPID)
	case kind>>8 == llcUI:
		return w.behind(1, stepNLPID)
	}
	return w.found(mib.PeerOther)
}

// juniperQueued goes on with the protocol that adaptive services tell.
func (w *walker) juniperQueued(protocol byte) step {
	const mask, ipv4, ipv6, mpls, osi = 0x70, 0x00, 0x10, 0x20, 0x30
	switch protocol & mask {
	case ipv4:
		return w.found(mib.PeerIPv4)
	case ipv6:
		return w.found(mib.PeerIPv6)
	case mpls:
		return stepMPLS
	case osi:
		return w.foundWith(mib.PeerNSAP, formISO)
	}
	return w.found(mib.PeerOther)
}

// juniperATM goes on with a frame of an ATM card: cells of management have none,
// and a frame may be a bridged one.
func (w *walker) juniperATM(management, bridged bool) step {
	if management {
		return w.found(mib.PeerOther)
	}
	if !w.have(3) {
		return w.stop(FaultLinkCut)
	}
	b := w.d[w.off:]
	llc := b[2] == llcUI && (b[0] == sapSNAP && b[1] == sapSNAP || b[0] == sapISO && b[1] == sapISO)
	switch {
	case bridged && !llc:
		return w.enter(wire.LinkEthernet)
	case w.link == wire.LinkJuniperATM2 && (w.word(0) == pppIPv4 || w.word(0) == pppIPv6 || w.word(0) == pppISO ||
		w.word(0) == pppMPLS || w.word(0) == pppMPLSMulti || w.word(0)&0xff01 >= pppControl && b[0] >= 0x80 && b[0] < sapSNAP):
		return stepPPP
	}
	return stepAAL5
}
