package sourcetest

import (
	"encoding/binary"
	"fmt"
)

// Extension is an IPv6 extension header of the common form: next header,
// length in units of 8 octets, data. Hop-by-hop (0) and destination options
// (60) are filled with PadN, others (mobility 135, HIP 139, Shim6 140) with
// zeros.
type Extension struct {
	Proto uint8  // the header's own protocol number
	Data  []byte // what follows the length octet
	Next  *int   // override of the next header
	Len   *int   // override of the length field, in 8 octets less 1
}

// HopByHop is a hop-by-hop options header with these options.
func HopByHop(options ...byte) Extension { return Extension{Proto: protoHopByHop, Data: options} }

// DestOptions is a destination options header with these options.
func DestOptions(options ...byte) Extension { return Extension{Proto: protoDest, Data: options} }

func (e Extension) numbers() numbers { return numbers{ip: e.Proto, overIP: true} }

func (e Extension) encode(s *stack, body []byte) ([]byte, error) {
	h := append([]byte{byte(pick(e.Next, s.ipProto())), 0}, e.Data...)
	fill := -len(h) & 7
	if (e.Proto == protoHopByHop || e.Proto == protoDest) && fill > 0 {
		pad := make([]byte, fill) // one octet: Pad1; more: PadN
		if fill > 1 {
			pad[0], pad[1] = 1, byte(fill-2)
		}
		h = append(h, pad...)
	} else {
		h = append(h, make([]byte, fill)...)
	}
	return extend(h, e.Len, body)
}

// extend sets the length field of an extension header and adds the body.
func extend(h []byte, override *int, body []byte) ([]byte, error) {
	n := len(h)/8 - 1
	if n > 255 {
		return nil, fmt.Errorf("extension header of %d octets", len(h))
	}
	h[1] = byte(pick(override, n))
	return append(h, body...), nil
}

// Jumbo is a hop-by-hop header with the jumbo payload option (RFC 2675); the
// IPv6 layer before it writes payload length 0.
type Jumbo struct {
	Len *int // override of the payload length
}

func (Jumbo) numbers() numbers { return numbers{ip: protoHopByHop, overIP: true} }

func (j Jumbo) encode(s *stack, body []byte) ([]byte, error) {
	h := []byte{byte(s.ipProto()), 0, 0xc2, 4}
	h = binary.BigEndian.AppendUint32(h, uint32(pick(j.Len, 8+len(body))))
	return append(h, body...), nil
}

// Routing is a routing header.
type Routing struct {
	Type         uint8
	SegmentsLeft uint8
	Addrs        []string // IPv6 addresses still to visit, and visited
	Next         *int
	Len          *int
}

func (Routing) numbers() numbers { return numbers{ip: protoRouting, overIP: true} }

func (r Routing) encode(s *stack, body []byte) ([]byte, error) {
	h := []byte{byte(pick(r.Next, s.ipProto())), 0, r.Type, r.SegmentsLeft, 0, 0, 0, 0}
	for _, text := range r.Addrs {
		a, err := address(text, "", 16)
		if err != nil {
			return nil, err
		}
		h = append(h, a.AsSlice()...)
	}
	return extend(h, r.Len, body)
}

// Fragment is an IPv6 fragment header. See Fragments for whole datagrams.
type Fragment struct {
	Offset int // in octets, a multiple of 8
	More   bool
	ID     uint32
	Next   *int
}

func (Fragment) numbers() numbers { return numbers{ip: protoFragment, overIP: true} }

func (f Fragment) encode(s *stack, body []byte) ([]byte, error) {
	if f.Offset%8 != 0 || f.Offset < 0 || f.Offset > 0xfff8 {
		return nil, fmt.Errorf("fragment offset %d", f.Offset)
	}
	off := uint16(f.Offset)
	if f.More {
		off |= 1
	}
	h := []byte{byte(pick(f.Next, s.ipProto())), 0}
	h = binary.BigEndian.AppendUint16(h, off)
	h = binary.BigEndian.AppendUint32(h, f.ID)
	return append(h, body...), nil
}

// AH is an authentication header (RFC 4302), for IPv4 and IPv6.
type AH struct {
	SPI, Seq uint32
	ICV      []byte // 12 octets of zero if nil; a multiple of 4
	Next     *int
	Len      *int // override, in 4 octets less 2
}

func (AH) numbers() numbers { return numbers{ip: protoAH, overIP: true} }

func (a AH) encode(s *stack, body []byte) ([]byte, error) {
	if a.ICV == nil {
		a.ICV = make([]byte, 12)
	}
	if len(a.ICV)%4 != 0 || len(a.ICV) > 1016 {
		return nil, fmt.Errorf("ICV of %d octets", len(a.ICV))
	}
	h := []byte{byte(pick(a.Next, s.ipProto())), byte(pick(a.Len, 1+len(a.ICV)/4)), 0, 0}
	h = binary.BigEndian.AppendUint32(h, a.SPI)
	h = binary.BigEndian.AppendUint32(h, a.Seq)
	return append(append(h, a.ICV...), body...), nil
}

// ESP is an encapsulating security payload header (RFC 4303); what follows
// stands for the encrypted part.
type ESP struct{ SPI, Seq uint32 }

func (ESP) numbers() numbers { return numbers{ip: protoESP, overIP: true} }

func (e ESP) encode(_ *stack, body []byte) ([]byte, error) {
	h := binary.BigEndian.AppendUint32(nil, e.SPI)
	h = binary.BigEndian.AppendUint32(h, e.Seq)
	return append(h, body...), nil
}
