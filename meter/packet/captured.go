package packet

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/sources/wire"
)

// pktap passes a header of Apple's packet tap, which tells the link type. On a
// link type that is anybody's it must look like one.
func (w *walker) pktap() step {
	const (
		fixed, header = 12, 108
		longest       = 1024
		kindPacket    = 1
	)
	if !w.have(fixed) {
		return w.stop(FaultLinkCut)
	}
	b := w.d[w.off:]
	size, kind := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if size < header || size > longest || kind != kindPacket {
		if w.link == wire.LinkUser2 && w.off == 0 {
			return w.stop(FaultLinkType)
		}
		return w.found(mib.PeerOther)
	}
	return w.enterStored(int(size), binary.LittleEndian.Uint32(b[8:]))
}

// nflog passes a header of Linux's netfilter log: family, version and group, and
// attributes of which one is the packet. Their numbers are in the byte order of
// the machine that wrote them, which the first type shows, being a small one.
func (w *walker) nflog() step {
	const header, attribute, payload = 4, 4, 9
	if !w.have(header + attribute) {
		return w.stop(FaultLinkCut)
	}
	family := uint32(w.d[w.off])
	w.off += header
	big := w.d[w.off+2] == 0 && w.d[w.off+3] != 0
	for w.have(attribute) && w.off <= maxLinkOctets {
		size, kind := int(binary.LittleEndian.Uint16(w.d[w.off:])), binary.LittleEndian.Uint16(w.d[w.off+2:])
		if big {
			size, kind = int(w.word(0)), w.word(2)
		}
		switch {
		case size < attribute:
			return w.found(mib.PeerOther)
		case kind == payload:
			w.off += attribute
			if family != familyInet && family != familyInet6Linux {
				return w.found(mib.PeerOther)
			}
			return w.byFamily(family)
		}
		if s := w.behind((size+3)&^3, stepDone); w.fault != FaultNone {
			return s
		}
	}
	return w.stop(FaultLinkCut)
}

// ipnet passes the header of Solaris's observability devices.
func (w *walker) ipnet() step {
	const size = 24
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	family := uint32(w.d[w.off+1])
	w.off += size
	return w.byFamily(family)
}
