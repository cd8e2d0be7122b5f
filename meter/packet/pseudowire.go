package packet

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/sources/wire"
)

// pseudowire passes a control word, if there is one, to the Ethernet frame that
// MPLS carries as a link (RFC 4448). Neither is announced. A frame directly behind
// the label is looked for first, for its address may look like a control word
// (RFC 4385 §3: the first four bits are 0), while a frame behind one that is
// none does not begin with addresses and a type. What looks like no frame is
// PeerOther, which is no fault.
func (w *walker) pseudowire() step {
	const controlWord = 4
	first := w.ethernetAt(w.off)
	behind := looksWrong
	if first == looksWrong && w.d[w.off]>>4 == 0 {
		behind = w.ethernetAt(w.off + controlWord)
	}
	switch {
	case first == looksRight:
		return w.enter(wire.LinkEthernet)
	case behind == looksRight:
		return w.enterAt(controlWord, wire.LinkEthernet)
	case first == looksCut, behind == looksCut:
		return w.stop(FaultLinkCut)
	}
	return w.found(mib.PeerOther)
}

// looks is what an Ethernet header seems to be.
type looks uint8

const (
	looksWrong looks = iota
	looksRight
	looksCut // what is captured does not tell
)

// ethernetAt reports whether an Ethernet frame seems to begin off octets into the
// frame: its source is one station, and what its type announces is there.
func (w *walker) ethernetAt(off int) looks {
	const (
		group = 1 // bit of a MAC address's first octet
		shown = etherHeader + llcUIHeader
	)
	if off > len(w.d) {
		return w.looksShort(off, etherHeader)
	}
	b := w.d[off:]
	if len(b) <= macSize || b[macSize]&group == 0 && len(b) < etherHeader {
		return w.looksShort(off, etherHeader)
	}
	if b[macSize]&group != 0 {
		return looksWrong
	}
	right := false
	switch t := binary.BigEndian.Uint16(b[2*macSize:]); {
	case isCarried(t):
		right = true
	case t >= etherLeastType && t != etherIPv4 && t != etherIPv6:
	case len(b) < shown:
		return w.looksShort(off, shown)
	case t == etherIPv4:
		right = b[etherHeader]>>4 == 4 && b[etherHeader]&15 >= ipv4Header/4
	case t == etherIPv6:
		right = b[etherHeader]>>4 == 6
	case uint32(t) <= behindLink(w.frame, off+etherHeader):
		l := b[etherHeader:shown]
		right = l[0] == 0xff && l[1] == 0xff || l[0] == l[1] && l[2] == llcUI
	}
	if right {
		return looksRight
	}
	return looksWrong
}

// looksShort says what a header is that begins at off and needs n octets, which are
// not captured.
func (w *walker) looksShort(off, n int) looks {
	if behindLink(w.frame, off) >= uint32(n) {
		return looksCut
	}
	return looksWrong
}

// isCarried reports whether frames of an EtherType may be expected in other
// networks. IP is not among them, for its header shows more.
func isCarried(t uint16) bool {
	switch t {
	case etherARP, etherRARP, etherMPLS, etherMPLSMulti, etherDiscovery,
		etherSession, etherLLDP, etherLoop, etherITag, etherIPX, etherIPXOld, etherDDP, etherAARP, etherDECnet:
		return true
	}
	return isTag(t)
}
