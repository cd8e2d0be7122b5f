package sourcetest

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// TCPFlags are the flag octet of a TCP header.
type TCPFlags uint8

// The flags.
const (
	FIN TCPFlags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// TCP is a TCP header (RFC 9293). Src and Dst are ports.
type TCP struct {
	Src, Dst   uint16
	Seq, Ack   uint32
	Flags      TCPFlags
	Urgent     uint16
	Options    []byte // filled with zeros to a multiple of 4
	Window     *int   // override of 65535
	DataOffset *int   // override, in 32-bit words
	Checksum   *int   // override
}

func (TCP) numbers() numbers { return numbers{ip: protoTCP, overIP: true} }

func (p TCP) encode(s *stack, body []byte) ([]byte, error) {
	options := append([]byte(nil), p.Options...)
	for len(options)%4 != 0 {
		options = append(options, 0)
	}
	hlen := 20 + len(options)
	if hlen > 60 {
		return nil, fmt.Errorf("%d octets of options", len(options))
	}
	h := ports(p.Src, p.Dst)
	h = binary.BigEndian.AppendUint32(h, p.Seq)
	h = binary.BigEndian.AppendUint32(h, p.Ack)
	h = append(h, byte(pick(p.DataOffset, hlen/4)<<4), byte(p.Flags))
	h = binary.BigEndian.AppendUint16(h, uint16(pick(p.Window, 0xffff)))
	h = append(h, 0, 0)
	h = binary.BigEndian.AppendUint16(h, p.Urgent)
	h = append(append(h, options...), body...)
	return h, s.setChecksum(h, 16, p.Checksum, protoTCP, len(h))
}

func ports(src, dst uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, src), dst)
}

// UDP is a UDP header (RFC 768). Src and Dst are ports.
type UDP struct {
	Src, Dst uint16
	Length   *int // override
	Checksum *int // override; new(0) is "none"
}

func (UDP) numbers() numbers { return numbers{ip: protoUDP, overIP: true} }

func (p UDP) encode(s *stack, body []byte) ([]byte, error) {
	length := 8 + len(body)
	if length > 0xffff {
		length = 0 // only in a jumbogram (RFC 2675 §4)
	}
	h := binary.BigEndian.AppendUint16(ports(p.Src, p.Dst), uint16(pick(p.Length, length)))
	h = append(append(h, 0, 0), body...)
	return h, s.setChecksum(h, 6, p.Checksum, protoUDP, len(h))
}

// UDPLite is a UDP-Lite header (RFC 3828). Src and Dst are ports.
type UDPLite struct {
	Src, Dst uint16
	Coverage int  // octets the checksum covers; 0 is all
	Field    *int // override of the coverage field
	Checksum *int // override
}

func (UDPLite) numbers() numbers { return numbers{ip: protoUDPLite, overIP: true} }

func (p UDPLite) encode(s *stack, body []byte) ([]byte, error) {
	covered := p.Coverage
	if covered == 0 {
		covered = 8 + len(body)
	}
	if covered < 8 || covered > 8+len(body) {
		return nil, fmt.Errorf("coverage %d", covered)
	}
	h := binary.BigEndian.AppendUint16(ports(p.Src, p.Dst), uint16(pick(p.Field, p.Coverage)))
	h = append(append(h, 0, 0), body...)
	return h, s.setChecksum(h, 6, p.Checksum, protoUDPLite, covered)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SCTP is an SCTP common header (RFC 9260); chunks follow as Raw. Src and
// Dst are ports.
type SCTP struct {
	Src, Dst uint16
	Tag      uint32
	Checksum *int // override of the CRC32c
}

func (SCTP) numbers() numbers { return numbers{ip: protoSCTP, overIP: true} }

func (p SCTP) encode(_ *stack, body []byte) ([]byte, error) {
	h := binary.BigEndian.AppendUint32(ports(p.Src, p.Dst), p.Tag)
	h = append(append(h, 0, 0, 0, 0), body...)
	crc := crc32.Checksum(h, castagnoli)
	// The CRC is sent lowest octet first (RFC 9260, appendix A).
	binary.LittleEndian.PutUint32(h[8:], uint32(pick(p.Checksum, int(crc))))
	return h, nil
}

// DCCP is a DCCP header with 48-bit sequence numbers (RFC 4340). Src and Dst
// are ports.
type DCCP struct {
	Src, Dst uint16
	Type     uint8 // 0 request, 1 response, 2 data, 3 ack, 4 data-ack, 7 reset ...
	Seq, Ack uint64
	Service  uint32 // in requests and responses
	Offset   *int   // override of the data offset, in 32-bit words
	Checksum *int   // override
}

func (DCCP) numbers() numbers { return numbers{ip: protoDCCP, overIP: true} }

func (p DCCP) encode(s *stack, body []byte) ([]byte, error) {
	h := append(ports(p.Src, p.Dst), 0, 0, 0, 0, p.Type<<1|1, 0)
	h = binary.BigEndian.AppendUint16(h, uint16(p.Seq>>32))
	h = binary.BigEndian.AppendUint32(h, uint32(p.Seq))
	if p.Type != 0 && p.Type != 2 {
		h = binary.BigEndian.AppendUint64(h, p.Ack&(1<<48-1))
	}
	if p.Type == 0 || p.Type == 1 || p.Type == 7 {
		h = binary.BigEndian.AppendUint32(h, p.Service)
	}
	h[4] = byte(pick(p.Offset, len(h)/4))
	h = append(h, body...)
	return h, s.setChecksum(h, 6, p.Checksum, protoDCCP, len(h))
}

// ICMP is an ICMP header (RFC 792). ID and Seq are the four octets behind the
// checksum, as echo messages use them.
type ICMP struct {
	Type, Code uint8
	ID, Seq    uint16
	Checksum   *int
}

func (ICMP) numbers() numbers { return numbers{ip: protoICMP, overIP: true} }

func (p ICMP) encode(_ *stack, body []byte) ([]byte, error) {
	h := append([]byte{p.Type, p.Code, 0, 0}, ports(p.ID, p.Seq)...)
	h = append(h, body...)
	binary.BigEndian.PutUint16(h[2:], uint16(pick(p.Checksum, int(fold(sum(0, h))))))
	return h, nil
}

// ICMPv6 is an ICMPv6 header (RFC 4443), with the same fields as ICMP.
type ICMPv6 struct {
	Type, Code uint8
	ID, Seq    uint16
	Checksum   *int
}

func (ICMPv6) numbers() numbers { return numbers{ip: protoICMPv6, overIP: true} }

func (p ICMPv6) encode(s *stack, body []byte) ([]byte, error) {
	h := append([]byte{p.Type, p.Code, 0, 0}, ports(p.ID, p.Seq)...)
	h = append(h, body...)
	return h, s.setChecksum(h, 2, p.Checksum, protoICMPv6, len(h))
}
