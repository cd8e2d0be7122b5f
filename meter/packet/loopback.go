package packet

import (
	"encoding/binary"

	"netramet/mib"
)

// Address families of the headers that BSD systems put before packets. IPv6 has
// one number per system.
const (
	familyInet         = 2
	familyISO          = 7
	familyInet6Linux   = 10
	familyAppleTalk    = 16
	familyIPX          = 23
	familyInet6        = 24 // NetBSD, OpenBSD, BSD/OS
	familyInet6Solaris = 26
	familyInet6FreeBSD = 28
	familyInet6Darwin  = 30
)

// family passes the BSD loopback header: an address family in the byte order
// of the machine that wrote it. Some systems write an EtherType in network order
// instead.
func (w *walker) family() step {
	const size = 4
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	family := w.hostOrder()
	w.etherType = w.word(2)
	w.off += size
	if s := w.byFamily(family); w.peer != mib.PeerOther {
		return s
	}
	w.peer = mib.PeerNone
	if w.etherType >= etherLeastType {
		return stepEtherType
	}
	return w.found(mib.PeerOther)
}

// hostOrder is the next number of 32 bits, a small one, in the byte order of the
// machine that wrote it: as it is small, the order shows.
func (w *walker) hostOrder() uint32 {
	n := binary.BigEndian.Uint32(w.d[w.off:])
	if n > 0xffff {
		n = binary.LittleEndian.Uint32(w.d[w.off:])
	}
	return n
}

// byFamily goes on with what an address family says.
func (w *walker) byFamily(family uint32) step {
	switch family {
	case familyInet:
		return w.found(mib.PeerIPv4)
	case familyInet6, familyInet6FreeBSD, familyInet6Darwin, familyInet6Linux, familyInet6Solaris:
		return w.found(mib.PeerIPv6)
	case familyISO:
		return w.foundWith(mib.PeerNSAP, formISO)
	case familyAppleTalk:
		return w.foundWith(mib.PeerAppleTalk, formDDP)
	case familyIPX:
		return w.foundWith(mib.PeerIPX, formIPX)
	}
	return w.found(mib.PeerOther)
}

// enc passes the header of OpenBSD's enc interface: family, index and flags, four
// octets each.
func (w *walker) enc() step {
	const size = 12
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	family := w.hostOrder()
	w.off += size
	return w.byFamily(family)
}

// pflog passes the header of a packet filter's log: its length, padded to four
// octets, and the address family.
func (w *walker) pflog() step {
	if !w.have(2) {
		return w.stop(FaultLinkCut)
	}
	size, family := int(w.d[w.off]), uint32(w.d[w.off+1])
	if s := w.behind((size+3)&^3, stepDone); w.fault != FaultNone {
		return s
	}
	return w.byFamily(family)
}

// The header of BSD/OS, in octets, and where PPP's protocol is in it; and the
// header of SLIP on the other systems.
const (
	slipHeader    = 16
	bsdosHeader   = 24
	bsdosProtocol = 5
)

// slipBSDOS passes the header of SLIP on BSD/OS, of which some say that it is as
// long as that of other systems.
func (w *walker) slipBSDOS() step {
	if !w.have(slipHeader + ipv4Header) {
		return w.stop(FaultLinkCut)
	}
	if borneOut(w.d[w.off+slipHeader:], w.frame, w.off+slipHeader) {
		return w.behind(slipHeader, stepVersion)
	}
	return w.behind(bsdosHeader, stepVersion)
}

// pppBSDOS passes the header that BSD/OS puts before PPP's payload.
func (w *walker) pppBSDOS() step {
	if !w.have(bsdosHeader) {
		return w.stop(FaultLinkCut)
	}
	end := w.off + bsdosHeader
	w.off += bsdosProtocol
	s := w.ppp()
	w.off = end
	return s
}
