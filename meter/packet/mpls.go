package packet

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/sources/wire"
)

// mpls passes one label stack entry (RFC 3032 §2.1).
func (w *walker) mpls() step {
	const size, bottom = 4, 1
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	last := w.d[w.off+2]&bottom != 0
	w.off += size
	w.within = true
	if last {
		return stepLabelled
	}
	return stepMPLS
}

// labelled finds IP behind the bottom label. Nothing there says what follows,
// and an Ethernet frame may begin with 4 or 6 as well. So what the header bears
// out, as far as it is captured, is IP; else what looks like a pseudowire is one;
// and then the version decides, for lengths and checksums are often broken by
// those who make traces anonymous.
func (w *walker) labelled() step {
	if !w.have(1) {
		return w.stop(FaultLinkCut)
	}
	b := w.d[w.off:]
	if borneOut(b, w.frame, w.off) {
		return w.version()
	}
	if w.depth&NoPseudowires != 0 {
		return w.found(mib.PeerOther)
	}
	if s := w.pseudowire(); w.peer != mib.PeerOther {
		return s
	}
	if b[0]>>4 == 6 || b[0]>>4 == 4 && b[0]&15 >= ipv4Header/4 {
		return w.version()
	}
	return w.found(mib.PeerOther)
}

// borneOut reports whether b, off octets into the frame and not empty, begins
// like an IP header.
func borneOut(b []byte, f *wire.Frame, off int) bool {
	return b[0]>>4 == 4 && borneOut4(b) || b[0]>>4 == 6 && borneOut6(b, f, off)
}

// borneOut4 reports whether b begins like an IPv4 header: its length is
// possible and its checksum right. Of a header that is cut only the length is
// known.
func borneOut4(b []byte) bool {
	header := int(b[0]&15) * 4
	if header < ipv4Header {
		return false
	}
	if len(b) < header {
		return true
	}
	var sum uint32
	for i := 0; i < header; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	sum = sum>>16 + sum&0xffff
	return sum == 0xffff || sum>>16+sum&0xffff == 0xffff
}

// borneOut6 reports whether b, off octets into the frame, begins like an IPv6
// header: its length is what the frame holds, which may have a check sequence
// behind it or be padded to Ethernet's least length. Where the length is cut, or
// the frame's is not known, the version is all there is. Length 0 is a jumbo
// payload, segmentation offload or nothing.
func borneOut6(b []byte, f *wire.Frame, off int) bool {
	const leastFrame, trailer = 64, 4
	if len(b) < 6 || f.Flags&wire.NoFrameLen != 0 {
		return true
	}
	held := behindLink(f, off)
	payload := uint32(binary.BigEndian.Uint16(b[4:]))
	if payload == 0 && held > 0xffff {
		return true
	}
	octets := ipv6Header + payload
	return octets <= held && (f.WireLen <= leastFrame || held-octets <= trailer)
}
