package packet

import "netramet/mib"

// Tags that switches add to what goes to their processor, in octets: without an
// EtherType, and with one.
const (
	dsaTag  = 4
	edsaTag = 8
)

// switchTag passes an Ethernet header with a tag of n octets behind the addresses.
func (w *walker) switchTag(n int) step {
	w.addresses(mib.AdjacentEthernet, w.off, w.off+macSize)
	return w.typed(etherHeader+n, 2*macSize+n)
}

// What a network service header says comes next (RFC 8300 §2.2).
const (
	nshIPv4     = 1
	nshIPv6     = 2
	nshEthernet = 3
	nshNSH      = 4
	nshMPLS     = 5
)

// nsh passes a network service header, its path and its metadata.
func (w *walker) nsh() step {
	const least, lengthBits, word = 8, 0x3f, 4
	if !w.have(least) {
		return w.stop(FaultLinkCut)
	}
	size, next := int(w.d[w.off+1]&lengthBits)*word, w.d[w.off+3]
	if size < least {
		return w.found(mib.PeerOther)
	}
	if s := w.behind(size, stepDone); w.fault != FaultNone {
		return s
	}
	w.within = true
	return w.nshNext(next)
}

// nshNext goes on with what NSH, or VXLAN's generic extension, says comes next.
func (w *walker) nshNext(next byte) step {
	switch next {
	case nshIPv4:
		return w.found(mib.PeerIPv4)
	case nshIPv6:
		return w.found(mib.PeerIPv6)
	case nshEthernet:
		return w.typed(etherHeader, 2*macSize)
	case nshNSH:
		return stepNSH
	case nshMPLS:
		return stepMPLS
	}
	return w.found(mib.PeerOther)
}
