package sourcetest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// errNoIP: a transport checksum needs the addresses of an IP header.
var errNoIP = errors.New("checksum needs an IP header outside it; give Checksum")

// sum adds data to an Internet checksum in progress (RFC 1071).
func sum(acc uint32, data []byte) uint32 {
	for ; len(data) >= 2; data = data[2:] {
		acc += uint32(binary.BigEndian.Uint16(data))
		acc = acc&0xffff + acc>>16
	}
	if len(data) == 1 {
		acc += uint32(data[0]) << 8
	}
	return acc&0xffff + acc>>16
}

// fold ends an Internet checksum.
func fold(acc uint32) uint16 {
	acc = acc&0xffff + acc>>16
	return ^uint16(acc&0xffff + acc>>16)
}

// pseudo sums the pseudo-header of the nearest IP header outside the present
// layer (RFC 793 §3.1, RFC 8200 §8.1): with a routing header that is not yet
// used up, the destination is the last address of its list.
func (s *stack) pseudo(proto uint8, length int) (uint32, error) {
	var final string
	for i := s.at - 1; i >= 0; i-- {
		var src, dst netip.Addr
		var err error
		switch ip := s.layers[i].(type) {
		case Routing:
			if ip.SegmentsLeft > 0 && len(ip.Addrs) > 0 {
				final = ip.Addrs[len(ip.Addrs)-1]
			}
			continue
		case IPv4:
			src, dst, err = ip.addresses()
		case IPv6:
			if final != "" {
				ip.Dst = final
			}
			src, dst, err = ip.addresses()
		default:
			continue
		}
		if err != nil {
			return 0, err
		}
		acc := sum(0, src.AsSlice())
		acc = sum(acc, dst.AsSlice())
		acc = sum(acc, binary.BigEndian.AppendUint32(nil, uint32(length)))
		return acc + uint32(proto), nil
	}
	return 0, errNoIP
}

// setChecksum writes the checksum of segment with its pseudo-header at offset
// at, or the override. covered is how much of the segment it covers.
func (s *stack) setChecksum(segment []byte, at int, override *int, proto uint8, covered int) error {
	if override != nil {
		binary.BigEndian.PutUint16(segment[at:], uint16(*override))
		return nil
	}
	acc, err := s.pseudo(proto, len(segment))
	if err != nil {
		return err
	}
	c := fold(sum(acc, segment[:covered]))
	if c == 0 && (proto == protoUDP || proto == protoUDPLite) {
		c = 0xffff // 0 says "no checksum" (RFC 768)
	}
	binary.BigEndian.PutUint16(segment[at:], c)
	return nil
}

// address reads an IP address of the given size, "" being the default.
func address(text, otherwise string, octets int) (netip.Addr, error) {
	if text == "" {
		text = otherwise
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return a, fmt.Errorf("address %q: %w", text, err)
	}
	if a.BitLen() != 8*octets {
		return a, fmt.Errorf("address %q has the wrong family", text)
	}
	return a, nil
}
