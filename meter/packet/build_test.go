package packet

import (
	"encoding/binary"
	enchex "encoding/hex"
	"strings"

	"netramet/sources/wire"
)

// Small builders: each returns one header, and join puts them in a row.

// hex reads octets in hexadecimal; white space counts nothing, and what
// follows a # in a line is a note.
func hex(s string) []byte {
	var clean strings.Builder
	for line := range strings.Lines(s) {
		line, _, _ = strings.Cut(line, "#")
		for _, word := range strings.Fields(line) {
			clean.WriteString(word)
		}
	}
	b, err := enchex.DecodeString(clean.String())
	if err != nil {
		panic(err)
	}
	return b
}

func join(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func zeros(n int) []byte { return make([]byte, n) }

func be(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }

const (
	macDest   = "02 00 00 00 00 0d"
	macSource = "02 00 00 00 00 05"
)

func ether(etherType uint16) []byte { return join(hex(macDest), hex(macSource), be(etherType)) }

func tag(tci, etherType uint16) []byte { return join(be(tci), be(etherType)) }

func label(n uint32, bottom bool) []byte {
	v := n<<12 | 64
	if bottom {
		v |= 1 << 8
	}
	return binary.BigEndian.AppendUint32(nil, v)
}

func pppoe(payload uint16) []byte { return join(hex("11 00 00 07"), be(payload)) }

// cookedHeaderV1 is a Linux cooked header with a 6-octet source address.
func cookedHeaderV1(hardware, protocol uint16) []byte {
	return join(be(0), be(hardware), be(6), hex(macSource), zeros(2), be(protocol))
}

func cookedHeaderV2(hardware, protocol uint16) []byte {
	return join(be(protocol), zeros(2), hex("00 00 00 03"), be(hardware), hex("00 06"), hex(macSource), zeros(2))
}

// ipv4 goes from 192.0.2.1 to 198.51.100.2 with DSCP 46, ECN 1.
func ipv4(proto uint8, total uint16) []byte { return ipv4Options(proto, total) }

func ipv4Options(proto uint8, total uint16, options ...byte) []byte {
	header := byte(0x45 + len(options)/4)
	return join([]byte{header, 46<<2 | 1}, be(total), hex("12 34 00 00 40"), []byte{proto},
		hex("00 00 c0 00 02 01 c6 33 64 02"), options)
}

// summed gives an IPv4 packet the checksum of its header.
func summed(packet []byte) []byte {
	b := join(packet)
	header := int(b[0]&15) * 4
	var sum uint32
	for i := 0; i < header; i += 2 {
		if i != 10 {
			sum += uint32(binary.BigEndian.Uint16(b[i:]))
		}
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum))
	return b
}

// fragment sets offset (in 8 octets) and the more-fragments bit.
func fragment(ip []byte, offset uint16, more bool) []byte {
	if more {
		offset |= 0x2000
	}
	binary.BigEndian.PutUint16(ip[6:], offset)
	return ip
}

// ipv6 goes from 2001:db8::1 to 2001:db8::2 with DSCP 46, ECN 1.
func ipv6(next uint8, payload uint16) []byte {
	return join(hex("6b 91 23 45"), be(payload), []byte{next, 64},
		hex("20010db8 00000000 00000000 00000001 20010db8 00000000 00000000 00000002"))
}

// extHeader is an extension header of size octets, a multiple of 8, filled
// with one padding option.
func extHeader(next uint8, size int) []byte {
	b := make([]byte, size)
	b[0], b[1] = next, byte(size/8-1)
	b[2], b[3] = 1, byte(size-4)
	return b
}

func fragHeader(next uint8, offset uint16, more bool) []byte {
	v := offset << 3
	if more {
		v |= 1
	}
	return join([]byte{next, 0}, be(v), hex("00 00 00 09"))
}

// authHeader has a check value of 12 octets.
func authHeader(next uint8) []byte { return join([]byte{next, 4}, zeros(22)) }

// tcpHeader has ports 1025 and 80, flags ACK and PSH, window 0x2000.
func tcpHeader() []byte {
	return hex("0401 0050 0000000a 0000000b 50 18 2000 0000 0000")
}

func udpHeader() []byte { return hex("0401 0035 0008 0000") }

func frame(link wire.LinkType, data []byte) wire.Frame {
	return wire.Frame{
		Time: 1_700_000_000_000_000_001,
		Data: data, WireLen: uint32(len(data)), LinkType: link, Interface: 4,
	}
}
