package packet

import (
	"encoding/binary"

	"netramet/mib"
	"netramet/sources/wire"
)

// ieee80211 passes the header of an IEEE 802.11 data frame, padded to a multiple
// of align octets if that is not 0. Other frames, and those that are encrypted,
// are of no network that we can see. Some controllers of access points exchange
// the octets of frame control.
func (w *walker) ieee80211(align int) step {
	const (
		kind, data            = 0x0f, 0x08 // of frame control's first octet, version 0
		noData, qos           = 0x40, 0x80
		toDS, fromDS          = 0x01, 0x02 // of the second
		protected, order      = 0x40, 0x80
		header, fourth        = 24, 6
		qosControl, htControl = 2, 4
		aggregated            = 0x80 // of QoS control
		address1, address2    = 4, 10
		address3, address4    = 16, 24
	)
	if !w.have(2) {
		return w.stop(FaultLinkCut)
	}
	first, second := w.d[w.off], w.d[w.off+1]
	if w.swapped && first&kind != data {
		first, second = second, first
	}
	if first&kind != data {
		return w.found(mib.PeerOther)
	}
	size, dest, source := header, address1, address2
	switch second & (toDS | fromDS) {
	case fromDS:
		source = address3
	case toDS:
		dest = address3
	case toDS | fromDS:
		size, dest, source = header+fourth, address3, address4
	}
	qosAt := size
	if first&qos != 0 {
		size += qosControl
		if second&order != 0 {
			size += htControl
		}
	}
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	w.addresses(mib.Adjacent80211, w.off+dest, w.off+source)
	if first&noData != 0 || second&protected != 0 {
		return w.found(mib.PeerOther)
	}
	subframes := first&qos != 0 && w.d[w.off+qosAt]&aggregated != 0
	if align > 0 {
		size = (size + align - 1) / align * align
	}
	if subframes {
		size += etherHeader // addresses and length of the first one
	}
	return w.behind(size, stepLLC)
}

// radiotap passes a radiotap header, of which only one flag matters: whether the
// 802.11 header is padded. It lies behind the words that say which fields are
// there and the time, which is aligned.
func (w *walker) radiotap() step {
	const (
		header, words           = 8, 4
		more                    = 1 << 31
		hasTime, hasFlags       = 1 << 0, 1 << 1
		timeSize, timeAlignment = 8, 8
		padded, alignment       = 0x20, 4
	)
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	size := int(binary.LittleEndian.Uint16(w.d[w.off+2:]))
	if size < header {
		return w.found(mib.PeerOther)
	}
	if !w.have(size) {
		return w.stop(FaultLinkCut)
	}
	b := w.d[w.off : w.off+size]
	present, at := binary.LittleEndian.Uint32(b[words:]), words+4
	for last := present; last&more != 0 && at+4 <= size; at += 4 {
		last = binary.LittleEndian.Uint32(b[at:])
	}
	if present&hasTime != 0 {
		at = (at+timeAlignment-1)/timeAlignment*timeAlignment + timeSize
	}
	w.off += size
	if present&hasFlags != 0 && at < size && b[at]&padded != 0 {
		return w.ieee80211(alignment)
	}
	return w.enter(wire.Link80211)
}

// prism passes a Prism header, or an AVS header that came as one.
func (w *walker) prism() step {
	const header, avsMagic = 144, 0x80211000
	if w.have(4) && binary.BigEndian.Uint32(w.d[w.off:])&^0xff == avsMagic {
		return w.avs()
	}
	return w.enterAt(header, wire.Link80211)
}

// avs passes an AVS header, which tells its length.
func (w *walker) avs() step {
	if !w.have(8) {
		return w.stop(FaultLinkCut)
	}
	size := binary.BigEndian.Uint32(w.d[w.off+4:])
	if size > uint32(len(w.d)) {
		return w.stop(FaultLinkCut)
	}
	return w.enterAt(int(size), wire.Link80211)
}

// ppi passes a header of per-packet information, which tells the link type.
func (w *walker) ppi() step {
	const header = 8
	if !w.have(header) {
		return w.stop(FaultLinkCut)
	}
	size := int(binary.LittleEndian.Uint16(w.d[w.off+2:]))
	if size < header {
		return w.found(mib.PeerOther)
	}
	return w.enterStored(size, binary.LittleEndian.Uint32(w.d[w.off+4:]))
}

// enterStored goes on with a link type that a header of size octets tells, as the
// system that wrote it numbers them.
func (w *walker) enterStored(size int, dlt uint32) step {
	if dlt > 0xffff {
		return w.found(mib.PeerOther)
	}
	return w.enterAt(size, wire.Stored(uint16(dlt)))
}
