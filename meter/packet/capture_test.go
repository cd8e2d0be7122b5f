package packet

import (
	"encoding/binary"

	"netramet/sources/wire"
)

// eachFrame hands over the frames of a plain pcap or pcapng file, numbered
// from 1, up to the first damage, and reports whether it is one. It is for these tests only and
// believes what it reads.
func eachFrame(file string, do func(number uint64, f *wire.Frame)) bool {
	b, err := unpacked(file)
	if err != nil || len(b) < 24 {
		return false
	}
	var n uint64
	hand := func(data []byte, wireLen, link uint32) {
		n++
		do(n, &wire.Frame{Data: data, WireLen: wireLen, LinkType: wire.LinkType(link), Interface: 1})
	}
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(b) {
		case 0xa1b2c3d4, 0xa1b23c4d:
			eachPcap(b, order, hand)
			return true
		case 0x0a0d0d0a:
			if order.Uint32(b[8:]) == 0x1a2b3c4d {
				eachPcapng(b, order, hand)
				return true
			}
		}
	}
	return false
}

func eachPcap(b []byte, order binary.ByteOrder, hand func([]byte, uint32, uint32)) {
	link := order.Uint32(b[20:]) & 0xffff
	for b = b[24:]; len(b) >= 16; {
		captured, wireLen := order.Uint32(b[8:]), order.Uint32(b[12:])
		if b = b[16:]; uint64(captured) > uint64(len(b)) {
			return
		}
		hand(b[:captured:captured], wireLen, link)
		b = b[captured:]
	}
}

func eachPcapng(b []byte, order binary.ByteOrder, hand func([]byte, uint32, uint32)) {
	const section, describe, enhanced = 0x0a0d0d0a, 1, 6
	var links []uint32
	for len(b) >= 12 {
		kind, size := order.Uint32(b), order.Uint32(b[4:])
		if size < 12 || size%4 != 0 || uint64(size) > uint64(len(b)) {
			return
		}
		body := b[8 : size-4]
		switch {
		case kind == section:
			links = nil
		case kind == describe && len(body) >= 8:
			links = append(links, uint32(order.Uint16(body)))
		case kind == enhanced && len(body) >= 20:
			face, captured := order.Uint32(body), order.Uint32(body[12:])
			if uint64(face) >= uint64(len(links)) || uint64(captured) > uint64(len(body)-20) {
				return
			}
			hand(body[20:20+captured:20+captured], order.Uint32(body[16:]), links[face])
		}
		b = b[size:]
	}
}
