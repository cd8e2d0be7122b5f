package sourcetest

import (
	"encoding/binary"
	"errors"

	"netramet/sources/wire"
)

// PPPoE is a PPPoE header (RFC 2516). In a session (Code 0) PPP follows; any
// other code is discovery, and tags follow as Raw.
type PPPoE struct {
	Code    uint8
	Session uint16
	Length  *int // override of the payload length
}

func (p PPPoE) numbers() numbers {
	n := numbers{link: wire.LinkPPPEther, ether: etherSession}
	if p.Code != 0 {
		n.ether = etherDiscovery
	}
	return n
}

func (p PPPoE) encode(_ *stack, body []byte) ([]byte, error) {
	out := []byte{0x11, p.Code}
	out = binary.BigEndian.AppendUint16(out, p.Session)
	out = binary.BigEndian.AppendUint16(out, uint16(pick(p.Length, len(body))))
	return append(out, body...), nil
}

// PPP is a PPP protocol field, perhaps with what may stand before it.
type PPP struct {
	Framed    bool // FF 03 first: HDLC-like framing (RFC 1662)
	Short     bool // protocol field of one octet (compressed, RFC 1661 §6.5)
	Direction *int // a direction octet first: link type 204
	Proto     *int // override; else that of the next layer
}

func (p PPP) numbers() numbers {
	if p.Direction != nil {
		return numbers{link: wire.LinkPPPWithDir}
	}
	return numbers{link: wire.LinkPPP}
}

func (p PPP) encode(s *stack, body []byte) ([]byte, error) {
	var out []byte
	if p.Direction != nil {
		out = append(out, byte(*p.Direction))
	}
	if p.Framed {
		out = append(out, 0xff, 0x03)
	}
	proto := pick(p.Proto, int(s.next().ppp))
	switch {
	case !p.Short:
		out = binary.BigEndian.AppendUint16(out, uint16(proto))
	case proto > 0xff || proto&1 == 0:
		return nil, errors.New("this PPP protocol cannot be compressed")
	default:
		out = append(out, byte(proto))
	}
	return append(out, body...), nil
}

// CHDLC is a Cisco HDLC header.
type CHDLC struct {
	Address uint8 // 0 stands for 0x0f, unicast
	Proto   *int  // override; else the EtherType of the next layer
}

func (CHDLC) numbers() numbers { return numbers{link: wire.LinkCHDLC} }

func (c CHDLC) encode(s *stack, body []byte) ([]byte, error) {
	if c.Address == 0 {
		c.Address = 0x0f
	}
	out := []byte{c.Address, 0}
	out = binary.BigEndian.AppendUint16(out, uint16(pick(c.Proto, s.etherType(body))))
	return append(out, body...), nil
}

// Null is the BSD loopback header: the address family in the writer's byte
// order, little-endian unless BigEndian.
type Null struct {
	Family    *int // override; else 2 for IPv4, 30 for IPv6
	BigEndian bool
}

func (Null) numbers() numbers { return numbers{link: wire.LinkNull} }

func (n Null) encode(s *stack, body []byte) ([]byte, error) {
	f := uint32(pick(n.Family, s.family(30)))
	out := binary.LittleEndian.AppendUint32(nil, f)
	if n.BigEndian {
		out = binary.BigEndian.AppendUint32(nil, f)
	}
	return append(out, body...), nil
}

// Loop is the OpenBSD loopback header: the family in network byte order.
type Loop struct {
	Family *int // override; else 2 for IPv4, 24 for IPv6
}

func (Loop) numbers() numbers { return numbers{link: wire.LinkLoop} }

func (l Loop) encode(s *stack, body []byte) ([]byte, error) {
	f := uint32(pick(l.Family, s.family(24)))
	return append(binary.BigEndian.AppendUint32(nil, f), body...), nil
}

// family gives the BSD address family of the next layer; inet6 is the
// system's number for IPv6, the one thing BSDs do not agree on.
func (s *stack) family(inet6 int) int {
	switch s.next().ipver {
	case 4:
		return 2
	case 6:
		return inet6
	}
	return 0
}

// SLL is a Linux cooked header, version 1.
type SLL struct {
	PacketType uint16 // 0 to us, 4 from us
	ARPType    uint16 // ARPHRD_ of the interface; 0 stands for 1, Ethernet
	Addr       string // MAC address of the sender
	Proto      *int   // override; else the EtherType, or 4 for LLC
}

func (SLL) numbers() numbers { return numbers{link: wire.LinkLinuxSLL} }

func (l SLL) encode(s *stack, body []byte) ([]byte, error) {
	addr, err := mac(l.Addr, "02:00:00:00:00:01")
	if err != nil {
		return nil, err
	}
	if l.ARPType == 0 {
		l.ARPType = 1
	}
	out := binary.BigEndian.AppendUint16(nil, l.PacketType)
	out = binary.BigEndian.AppendUint16(out, l.ARPType)
	out = binary.BigEndian.AppendUint16(out, uint16(len(addr)))
	out = append(append(out, addr...), 0, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(pick(l.Proto, s.cookedProto(body))))
	return append(out, body...), nil
}

// SLL2 is a Linux cooked header, version 2.
type SLL2 struct {
	IfIndex    uint32
	PacketType uint8
	ARPType    uint16 // 0 stands for 1, Ethernet
	Addr       string
	Proto      *int
}

func (SLL2) numbers() numbers { return numbers{link: wire.LinkLinuxSLL2} }

func (l SLL2) encode(s *stack, body []byte) ([]byte, error) {
	addr, err := mac(l.Addr, "02:00:00:00:00:01")
	if err != nil {
		return nil, err
	}
	if l.ARPType == 0 {
		l.ARPType = 1
	}
	out := binary.BigEndian.AppendUint16(nil, uint16(pick(l.Proto, s.cookedProto(body))))
	out = append(out, 0, 0)
	out = binary.BigEndian.AppendUint32(out, l.IfIndex)
	out = binary.BigEndian.AppendUint16(out, l.ARPType)
	out = append(out, l.PacketType, byte(len(addr)))
	out = append(append(out, addr...), 0, 0)
	return append(out, body...), nil
}

// cookedProto is etherType, but LLC is named (LINUX_SLL_P_802_2), not measured.
func (s *stack) cookedProto(body []byte) int {
	if s.next().llc {
		return 4
	}
	return s.etherType(body)
}
