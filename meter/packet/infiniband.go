package packet

import "netramet/mib"

// Headers of InfiniBand, in octets: local and global route, base and datagram
// transport, and what IP puts before its packets.
const (
	lrhHeader   = 8
	grhHeader   = 40
	bthHeader   = 12
	dethHeader  = 8
	ipoibHeader = 4
)

// infiniBand passes the headers of an InfiniBand datagram to IP in it (RFC 4391).
// What is no datagram, or carries something else, is of no network.
func (w *walker) infiniBand() step {
	const (
		next              = 0x03 // of the local route header's second octet
		rawIPv6           = 1
		local, global     = 2, 3
		sendOnly          = 0x64 // unreliable datagram
		sendOnlyImmediate = 0x65
		immediate         = 4
	)
	if !w.have(lrhHeader) {
		return w.stop(FaultLinkCut)
	}
	n := lrhHeader
	switch w.d[w.off+1] & next {
	case rawIPv6:
		w.off += n
		return w.found(mib.PeerIPv6)
	case global:
		n += grhHeader
	case local:
	default:
		return w.found(mib.PeerOther)
	}
	if !w.have(n + bthHeader) {
		return w.stop(FaultLinkCut)
	}
	opcode := w.d[w.off+n]
	n += bthHeader + dethHeader
	switch opcode {
	case sendOnly:
	case sendOnlyImmediate:
		n += immediate
	default:
		return w.found(mib.PeerOther)
	}
	if !w.have(n + ipoibHeader) {
		return w.stop(FaultLinkCut)
	}
	switch w.word(n) {
	case etherIPv4, etherIPv6, etherARP, etherRARP:
		if w.word(n+2) == 0 {
			return w.typed(n+ipoibHeader, n)
		}
	}
	return w.found(mib.PeerOther)
}
