package sourcetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"

	"netramet/sources/wire"
)

// IP protocol numbers that layers write by themselves.
const (
	protoHopByHop   = 0
	protoICMP       = 1
	protoIPIP       = 4
	protoTCP        = 6
	protoUDP        = 17
	protoDCCP       = 33
	protoIPv6       = 41
	protoRouting    = 43
	protoFragment   = 44
	protoESP        = 50
	protoAH         = 51
	protoICMPv6     = 58
	protoNone       = 59
	protoDest       = 60
	protoSCTP       = 132
	protoUDPLite    = 136
	protoExperiment = 253 // RFC 3692, for a payload right behind IP
)

// IPv4 is an IPv4 header (RFC 791).
type IPv4 struct {
	Src, Dst string
	TOS      uint8
	ID       uint16
	TTL      uint8 // 0 stands for 64
	DF, MF   bool
	Offset   int    // fragment offset in octets, a multiple of 8
	Options  []byte // filled with zeros to a multiple of 4

	Proto    *int // override; else that of the next layer
	Version  *int // override of 4
	IHL      *int // override, in 32-bit words
	TotalLen *int // override
	Checksum *int // override
}

func (IPv4) numbers() numbers {
	return numbers{
		link: wire.LinkRaw, ether: etherIPv4, ppp: 0x0021, sap: 0x06,
		ip: protoIPIP, overIP: true, ipver: 4,
	}
}

func (p IPv4) addresses() (src, dst netip.Addr, err error) {
	if src, err = address(p.Src, "192.0.2.1", 4); err == nil {
		dst, err = address(p.Dst, "192.0.2.2", 4)
	}
	return src, dst, err
}

func (p IPv4) encode(s *stack, body []byte) ([]byte, error) {
	src, dst, err := p.addresses()
	if err != nil {
		return nil, err
	}
	options := append([]byte(nil), p.Options...)
	for len(options)%4 != 0 {
		options = append(options, 0)
	}
	hlen := 20 + len(options)
	total := hlen + len(body)
	switch {
	case hlen > 60:
		return nil, fmt.Errorf("%d octets of options", len(options))
	case total > 0xffff && p.TotalLen == nil:
		return nil, fmt.Errorf("total length %d", total)
	case p.Offset%8 != 0 || p.Offset < 0 || p.Offset > 0xfff8:
		return nil, fmt.Errorf("fragment offset %d", p.Offset)
	}
	if p.TTL == 0 {
		p.TTL = 64
	}
	frag := uint16(p.Offset / 8)
	if p.DF {
		frag |= 0x4000
	}
	if p.MF {
		frag |= 0x2000
	}
	h := []byte{byte(pick(p.Version, 4)<<4 | pick(p.IHL, hlen/4)&0xf), p.TOS}
	h = binary.BigEndian.AppendUint16(h, uint16(pick(p.TotalLen, total)))
	h = binary.BigEndian.AppendUint16(h, p.ID)
	h = binary.BigEndian.AppendUint16(h, frag)
	h = append(h, p.TTL, byte(pick(p.Proto, s.ipProto())), 0, 0)
	h = append(append(h, src.AsSlice()...), dst.AsSlice()...)
	h = append(h, options...)
	binary.BigEndian.PutUint16(h[10:], uint16(pick(p.Checksum, int(fold(sum(0, h))))))
	return append(h, body...), nil
}

// ipProto gives the protocol number an IP header writes for the next layer.
func (s *stack) ipProto() int {
	switch n := s.next(); {
	case n.overIP:
		return int(n.ip)
	case s.last():
		return protoNone
	default:
		return protoExperiment
	}
}

// IPv6 is an IPv6 header (RFC 8200); extension headers are layers of their own.
type IPv6 struct {
	Src, Dst string
	Class    uint8  // traffic class
	Label    uint32 // flow label, 20 bits
	HopLimit uint8  // 0 stands for 64

	Next       *int // override of the next header
	PayloadLen *int // override
	Version    *int // override of 6
}

func (IPv6) numbers() numbers {
	return numbers{
		link: wire.LinkRaw, ether: etherIPv6, ppp: 0x0057,
		ip: protoIPv6, overIP: true, ipver: 6,
	}
}

func (p IPv6) addresses() (src, dst netip.Addr, err error) {
	if src, err = address(p.Src, "2001:db8::1", 16); err == nil {
		dst, err = address(p.Dst, "2001:db8::2", 16)
	}
	return src, dst, err
}

func (p IPv6) encode(s *stack, body []byte) ([]byte, error) {
	src, dst, err := p.addresses()
	if err != nil {
		return nil, err
	}
	length := len(body)
	if !s.last() {
		if _, jumbo := s.layers[s.at+1].(Jumbo); jumbo {
			length = 0 // RFC 2675 §3
		}
	}
	if length > 0xffff && p.PayloadLen == nil {
		return nil, fmt.Errorf("payload length %d without Jumbo", length)
	}
	if p.HopLimit == 0 {
		p.HopLimit = 64
	}
	h := binary.BigEndian.AppendUint32(nil,
		uint32(pick(p.Version, 6))<<28|uint32(p.Class)<<20|p.Label&0xfffff)
	h = binary.BigEndian.AppendUint16(h, uint16(pick(p.PayloadLen, length)))
	h = append(h, byte(pick(p.Next, s.ipProto())), p.HopLimit)
	h = append(append(h, src.AsSlice()...), dst.AsSlice()...)
	return append(h, body...), nil
}

// Fragments builds a datagram and splits it as IP does: the parts must hold
// an IPv4 or IPv6 layer, and each fragment carries up to size octets of what
// is inside it (less, to make it a multiple of 8). In IPv6 the fragment
// header follows the IPv6 header and any hop-by-hop and routing headers. The
// transport checksum is right for the whole datagram. id identifies it.
func Fragments(size int, id uint32, parts ...Part) ([]wire.Frame, error) {
	var layers []layer
	var others []Part
	for _, p := range parts {
		if l, ok := p.(layer); ok {
			layers = append(layers, l)
		} else {
			others = append(others, p)
		}
	}
	cut, err := fragmentPoint(layers)
	if err != nil {
		return nil, err
	}
	size &^= 7
	if size < 8 {
		return nil, errors.New("sourcetest: fragments of less than 8 octets")
	}
	body, err := encode(layers, cut)
	if err != nil {
		return nil, err
	}
	proto := (&stack{layers: layers, at: cut - 1}).ipProto()
	var frames []wire.Frame
	for off := 0; off < len(body) || off == 0; off += size {
		end := min(off+size, len(body))
		piece := append([]Part(nil), others...)
		for _, l := range layers[:cut] {
			if ip, ok := l.(IPv4); ok {
				ip.ID, ip.Offset, ip.MF, ip.Proto = uint16(id), off, end < len(body), &proto
				l = ip
			}
			piece = append(piece, l)
		}
		if !isIPv4(layers[:cut]) {
			piece = append(piece, Fragment{Offset: off, More: end < len(body), ID: id, Next: &proto})
		}
		f, err := Build(append(piece, Raw(body[off:end]))...)
		if err != nil {
			return nil, err
		}
		frames = append(frames, f)
	}
	return frames, nil
}

// fragmentPoint gives the index of the first layer that is split.
func fragmentPoint(layers []layer) (int, error) {
	for i, l := range layers {
		switch l.(type) {
		case IPv4:
			return i + 1, nil
		case IPv6:
			i++
			for i < len(layers) {
				if n := layers[i].numbers(); !n.overIP || n.ip != protoHopByHop && n.ip != protoRouting {
					break
				}
				i++
			}
			return i, nil
		}
	}
	return 0, errors.New("sourcetest: fragments of a frame without IP")
}

func isIPv4(layers []layer) bool {
	for _, l := range layers {
		switch l.(type) {
		case IPv4:
			return true
		case IPv6:
			return false
		}
	}
	return false
}
