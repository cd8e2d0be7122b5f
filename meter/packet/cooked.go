package packet

import (
	"netramet/mib"
	"netramet/sources/wire"
)

// cookedHeader is the layout of a Linux cooked capture header: offsets of its
// fields (of the address length, its last octet) and its size, in octets.
type cookedHeader struct {
	protocol, hardware, addressLen, address, size int
}

var (
	cookedV1 = cookedHeader{protocol: 14, hardware: 2, addressLen: 5, address: 6, size: 16}
	cookedV2 = cookedHeader{protocol: 0, hardware: 8, addressLen: 11, address: 12, size: 20}
)

// ARPHRD numbers of Linux. With the last three the protocol is no EtherType: it
// is netlink's own, or says nothing of the header that follows, which is that of
// the link.
const (
	hardwareEthernet   = 1
	hardwarePPP        = 512
	hardwareFrameRelay = 770
	hardwareRadiotap   = 803
	hardwareNetlink    = 824
)

// cooked passes a Linux cooked header. Below the EtherTypes its protocol is a
// number of Linux.
func (w *walker) cooked(h cookedHeader) step {
	const (
		rawIPX   = 0x0001
		linuxLLC = 0x0004
		linuxPPP = 0x0007
	)
	if !w.have(h.size) {
		return w.stop(FaultLinkCut)
	}
	hardware := w.word(h.hardware)
	w.etherType = w.word(h.protocol)
	w.off += h.size
	switch hardware {
	case hardwareFrameRelay:
		return w.enter(wire.LinkFrameRelay)
	case hardwareRadiotap:
		return w.enter(wire.LinkRadiotap)
	case hardwareNetlink:
		return w.found(mib.PeerOther)
	}
	switch {
	case w.etherType == rawIPX, w.etherType == linuxLLC:
		return stepLLC
	case w.etherType == linuxPPP:
		return stepFramedPPP
	case w.etherType < etherLeastType:
		return w.found(mib.PeerOther)
	}
	return stepEtherType
}
