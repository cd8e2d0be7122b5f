package sourcetest

import (
	"encoding/binary"
	"fmt"
	"net"

	"netramet/sources/wire"
)

// EtherTypes that layers write by themselves.
const (
	etherIPv4       = 0x0800
	etherARP        = 0x0806
	etherDECnet     = 0x6003
	etherAppleTalk  = 0x809b
	etherVLAN       = 0x8100
	etherIPX        = 0x8137
	etherIPv6       = 0x86dd
	etherMPLS       = 0x8847
	etherDiscovery  = 0x8863
	etherSession    = 0x8864
	etherQinQ       = 0x88a8
	etherExperiment = 0x88b5 // IEEE's local experimental one, for anything else
	etherLLDP       = 0x88cc
	etherLoop       = 0x9000
)

// Ethernet is an Ethernet II header, or an 802.3 one where LLC follows.
type Ethernet struct {
	Src, Dst string
	Type     *int // override of the type or length field
	Length   bool // 802.3 without LLC: the field is a length (Novell's "raw" IPX)
}

// Ether is an Ethernet header with these addresses.
func Ether(src, dst string) Ethernet { return Ethernet{Src: src, Dst: dst} }

func (Ethernet) numbers() numbers { return numbers{link: wire.LinkEthernet} }

func (e Ethernet) encode(s *stack, body []byte) ([]byte, error) {
	dst, err := mac(e.Dst, "02:00:00:00:00:02")
	if err != nil {
		return nil, err
	}
	src, err := mac(e.Src, "02:00:00:00:00:01")
	if err != nil {
		return nil, err
	}
	out := append(append(make([]byte, 0, 14+len(body)), dst...), src...)
	field := s.etherType(body)
	if e.Length {
		field = len(body)
	}
	out = binary.BigEndian.AppendUint16(out, uint16(pick(e.Type, field)))
	return append(out, body...), nil
}

// etherType gives what an Ethernet type or length field says of the next layer.
func (s *stack) etherType(body []byte) int {
	switch n := s.next(); {
	case n.llc:
		return len(body)
	case n.ether != 0:
		return int(n.ether)
	default:
		return etherExperiment
	}
}

// mac reads a MAC address, "" being the default.
func mac(text, otherwise string) ([]byte, error) {
	if text == "" {
		text = otherwise
	}
	a, err := net.ParseMAC(text)
	if err != nil {
		return nil, err
	}
	if len(a) != 6 {
		return nil, fmt.Errorf("address %q is no MAC address", text)
	}
	return a, nil
}

// Tag is an 802.1Q or 802.1ad tag.
type Tag struct {
	TPID     uint16 // EtherType in front of the tag; 0 stands for 0x8100
	ID       uint16 // VLAN identifier, 12 bits
	Priority uint8  // 802.1p, 3 bits
	DEI      bool   // drop eligible
	Type     *int   // override of the type or length field behind the tag
}

// VLAN is an 802.1Q tag.
func VLAN(id uint16) Tag { return Tag{ID: id} }

// QinQ is an 802.1ad service tag, the outer one of a stack.
func QinQ(id uint16) Tag { return Tag{TPID: etherQinQ, ID: id} }

func (v Tag) numbers() numbers {
	if v.TPID != 0 {
		return numbers{ether: v.TPID}
	}
	return numbers{ether: etherVLAN}
}

func (v Tag) encode(s *stack, body []byte) ([]byte, error) {
	tci := uint16(v.Priority&7)<<13 | v.ID&0xfff
	if v.DEI {
		tci |= 1 << 12
	}
	out := binary.BigEndian.AppendUint16(nil, tci)
	out = binary.BigEndian.AppendUint16(out, uint16(pick(v.Type, s.etherType(body))))
	return append(out, body...), nil
}

// LLC is an 802.2 header; with one octet of control (unnumbered frames).
type LLC struct {
	DSAP, SSAP *int // override; else the SAP of the next layer
	Control    *int // override; else 3, unnumbered information
}

func (LLC) numbers() numbers { return numbers{llc: true} }

func (l LLC) encode(s *stack, body []byte) ([]byte, error) {
	sap := int(s.next().sap)
	out := []byte{byte(pick(l.DSAP, sap)), byte(pick(l.SSAP, sap)), byte(pick(l.Control, 3))}
	return append(out, body...), nil
}

// SNAP is the sub-network access protocol header, inside LLC.
type SNAP struct {
	OUI  *int // override; else 0, or Apple's for AppleTalk
	Type *int // override; else the EtherType of the next layer
}

func (SNAP) numbers() numbers { return numbers{sap: 0xaa} }

func (p SNAP) encode(s *stack, body []byte) ([]byte, error) {
	oui := pick(p.OUI, int(s.next().oui))
	out := []byte{byte(oui >> 16), byte(oui >> 8), byte(oui)}
	out = binary.BigEndian.AppendUint16(out, uint16(pick(p.Type, s.etherType(body))))
	return append(out, body...), nil
}

// Label is an MPLS label stack entry. The bottom-of-stack bit is set unless
// another Label follows.
type Label struct {
	Label  uint32 // 20 bits
	TC     uint8  // traffic class, 3 bits
	TTL    uint8  // 0 stands for 64
	Bottom *int   // override of the bottom-of-stack bit
}

// MPLS is an MPLS label stack entry.
func MPLS(label uint32) Label { return Label{Label: label} }

func (Label) numbers() numbers {
	return numbers{ether: etherMPLS, ppp: 0x0281, ip: 137, overIP: true}
}

func (m Label) encode(s *stack, body []byte) ([]byte, error) {
	bottom := 1
	if !s.last() {
		if _, more := s.layers[s.at+1].(Label); more {
			bottom = 0
		}
	}
	ttl := m.TTL
	if ttl == 0 {
		ttl = 64
	}
	w := m.Label<<12 | uint32(m.TC&7)<<9 | uint32(pick(m.Bottom, bottom)&1)<<8 | uint32(ttl)
	return append(binary.BigEndian.AppendUint32(nil, w), body...), nil
}
