package sourcetest

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ARP is an ARP packet for IPv4 on Ethernet (RFC 826).
type ARP struct {
	Op             uint16 // 0 stands for 1, request; 2 is reply
	SrcMAC, DstMAC string
	SrcIP, DstIP   string
}

func (ARP) numbers() numbers { return numbers{ether: etherARP} }

func (a ARP) encode(_ *stack, body []byte) ([]byte, error) {
	if a.Op == 0 {
		a.Op = 1
	}
	out := []byte{0, 1, 8, 0, 6, 4}
	out = binary.BigEndian.AppendUint16(out, a.Op)
	for _, end := range [2]struct{ mac, mac0, ip, ip0 string }{
		{a.SrcMAC, "02:00:00:00:00:01", a.SrcIP, "192.0.2.1"},
		{a.DstMAC, "00:00:00:00:00:00", a.DstIP, "192.0.2.2"},
	} {
		m, err := mac(end.mac, end.mac0)
		if err != nil {
			return nil, err
		}
		ip, err := address(end.ip, end.ip0, 4)
		if err != nil {
			return nil, err
		}
		out = append(append(out, m...), ip.AsSlice()...)
	}
	return append(out, body...), nil
}

// IPXAddr is a Novell IPX address.
type IPXAddr struct {
	Net    uint32
	Node   string // MAC form
	Socket uint16
}

// IPX is an IPX header. Inside Ethernet II, in LLC (SAP E0), in SNAP, or in
// 802.3 without LLC (Ethernet.Length).
type IPX struct {
	Src, Dst IPXAddr
	Type     uint8
	Length   *int // override
}

func (IPX) numbers() numbers { return numbers{ether: etherIPX, ppp: 0x002b, sap: 0xe0} }

func (p IPX) encode(_ *stack, body []byte) ([]byte, error) {
	out := []byte{0xff, 0xff} // no checksum
	out = binary.BigEndian.AppendUint16(out, uint16(pick(p.Length, 30+len(body))))
	out = append(out, 0, p.Type)
	for i, a := range [2]IPXAddr{p.Dst, p.Src} {
		node, err := mac(a.Node, [2]string{"02:00:00:00:00:02", "02:00:00:00:00:01"}[i])
		if err != nil {
			return nil, err
		}
		out = append(binary.BigEndian.AppendUint32(out, a.Net), node...)
		out = binary.BigEndian.AppendUint16(out, a.Socket)
	}
	return append(out, body...), nil
}

// DECnetAddr is a DECnet Phase IV address: area 1..63, node 1..1023.
type DECnetAddr struct{ Area, Node uint16 }

// DECnet is a DECnet Phase IV long data packet.
type DECnet struct {
	Src, Dst DECnetAddr
	Padding  int  // octets of padding before the header, 0..127
	Length   *int // override of the length field in front
}

func (DECnet) numbers() numbers { return numbers{ether: etherDECnet, ppp: 0x0027} }

func (p DECnet) encode(_ *stack, body []byte) ([]byte, error) {
	if p.Padding < 0 || p.Padding > 127 {
		return nil, fmt.Errorf("%d octets of padding", p.Padding)
	}
	pad := make([]byte, p.Padding)
	if p.Padding > 0 {
		pad[0] = 0x80 | byte(p.Padding)
	}
	h := append(pad, 0x26) // long format, intra-Ethernet
	for _, a := range [2]DECnetAddr{p.Dst, p.Src} {
		if a.Area > 63 || a.Node > 1023 {
			return nil, fmt.Errorf("DECnet address %d.%d", a.Area, a.Node)
		}
		h = append(h, 0, 0, 0xaa, 0, 4, 0) // area, sub-area, and the HIORD octets of the identifier
		h = binary.LittleEndian.AppendUint16(h, a.Area<<10|a.Node)
	}
	h = append(h, 0, 0, 0, 0) // next-level router, visits, service class, protocol type
	n := pick(p.Length, len(h)+len(body))
	return append(append([]byte{byte(n), byte(n >> 8)}, h...), body...), nil
}

// DDPAddr is an AppleTalk address.
type DDPAddr struct {
	Net          uint16
	Node, Socket uint8
}

// AppleTalk is a long DDP header: inside LLC and SNAP (phase 2), or inside
// Ethernet II with a LocalTalk header before it (phase 1).
type AppleTalk struct {
	Src, Dst DDPAddr
	Type     uint8
	LLAP     bool // with the three octets of the LocalTalk header
	Length   *int // override
}

func (AppleTalk) numbers() numbers {
	return numbers{ether: etherAppleTalk, ppp: 0x0029, oui: 0x080007}
}

func (p AppleTalk) encode(_ *stack, body []byte) ([]byte, error) {
	length := 13 + len(body)
	if length > 599 {
		return nil, fmt.Errorf("DDP length %d", length)
	}
	var out []byte
	if p.LLAP {
		out = append(out, p.Dst.Node, p.Src.Node, 2)
	}
	out = binary.BigEndian.AppendUint16(out, uint16(pick(p.Length, length)))
	out = append(out, 0, 0) // no checksum
	out = binary.BigEndian.AppendUint16(out, p.Dst.Net)
	out = binary.BigEndian.AppendUint16(out, p.Src.Net)
	out = append(out, p.Dst.Node, p.Src.Node, p.Dst.Socket, p.Src.Socket, p.Type)
	return append(out, body...), nil
}

// CLNS is an ISO 8473 data PDU without segmentation.
type CLNS struct {
	Src, Dst []byte // NSAP addresses, up to 20 octets
	Header   *int   // override of the length indicator
}

func (CLNS) numbers() numbers { return numbers{ppp: 0x0023, sap: 0xfe} }

func (p CLNS) encode(_ *stack, body []byte) ([]byte, error) {
	if len(p.Src) > 20 || len(p.Dst) > 20 {
		return nil, errors.New("an NSAP address of more than 20 octets")
	}
	hlen := 11 + len(p.Dst) + len(p.Src)
	out := []byte{0x81, byte(pick(p.Header, hlen)), 1, 64, 0x1c} // DT, no error reports, no segmentation
	out = binary.BigEndian.AppendUint16(out, uint16(hlen+len(body)))
	out = append(out, 0, 0, byte(len(p.Dst)))
	out = append(append(out, p.Dst...), byte(len(p.Src)))
	return append(append(out, p.Src...), body...), nil
}

// LLDP is a link layer discovery PDU with the three mandatory TLVs.
type LLDP struct {
	Chassis string // MAC address
	Port    string
	TTL     uint16 // seconds
}

func (LLDP) numbers() numbers { return numbers{ether: etherLLDP} }

func (p LLDP) encode(_ *stack, body []byte) ([]byte, error) {
	m, err := mac(p.Chassis, "02:00:00:00:00:01")
	if err != nil {
		return nil, err
	}
	if len(p.Port) > 255 {
		return nil, errors.New("a port name of more than 255 octets")
	}
	out := append([]byte{1 << 1, 7, 4}, m...)
	out = append(append(out, 2<<1, byte(1+len(p.Port)), 5), p.Port...)
	out = append(out, 3<<1, 2, byte(p.TTL>>8), byte(p.TTL), 0, 0)
	return append(out, body...), nil
}

// STP is an 802.1D configuration BPDU, inside LLC.
type STP struct {
	Root, Bridge string // MAC addresses
	Cost         uint32
	Port         uint16
	Hello        uint8 // seconds; 0 stands for 2
}

func (STP) numbers() numbers { return numbers{sap: 0x42} }

func (p STP) encode(_ *stack, body []byte) ([]byte, error) {
	root, err := mac(p.Root, "02:00:00:00:00:01")
	if err != nil {
		return nil, err
	}
	bridge, err := mac(p.Bridge, "02:00:00:00:00:01")
	if err != nil {
		return nil, err
	}
	if p.Hello == 0 {
		p.Hello = 2
	}
	out := append([]byte{0, 0, 0, 0, 0, 0x80, 0}, root...)
	out = binary.BigEndian.AppendUint32(out, p.Cost)
	out = append(append(out, 0x80, 0), bridge...)
	out = binary.BigEndian.AppendUint16(out, p.Port)
	out = append(out, 0, 0, 20, 0, p.Hello, 0, 15, 0) // ages, in 1/256 s
	return append(out, body...), nil
}

// CTP is an Ethernet configuration test (loopback) message.
type CTP struct{}

func (CTP) numbers() numbers { return numbers{ether: etherLoop} }

func (CTP) encode(_ *stack, body []byte) ([]byte, error) {
	return append([]byte{0, 0, 1, 0, 0, 0}, body...), nil // skip count 0, reply, receipt 0
}
