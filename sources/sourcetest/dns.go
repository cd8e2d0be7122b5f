package sourcetest

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// DNS is a DNS message with one question (RFC 1035), inside UDP.
type DNS struct {
	ID       uint16
	Response bool
	RCode    uint8
	Name     string // "" stands for example.org
	Type     uint16 // 0 stands for 1 (A); 28 is AAAA
	Answers  int    // addresses in the answer section
}

func (DNS) numbers() numbers { return numbers{} }

func (d DNS) encode(_ *stack, body []byte) ([]byte, error) {
	if d.Name == "" {
		d.Name = "example.org"
	}
	if d.Type == 0 {
		d.Type = 1
	}
	flags := uint16(1) << 8 // recursion desired
	if d.Response {
		flags |= 1<<15 | 1<<7 | uint16(d.RCode&0xf)
	}
	out := ports(d.ID, flags)
	out = append(out, 0, 1, byte(d.Answers>>8), byte(d.Answers), 0, 0, 0, 0)
	for label := range strings.SplitSeq(strings.TrimSuffix(d.Name, "."), ".") {
		if label == "" || len(label) > 63 {
			return nil, fmt.Errorf("domain name %q", d.Name)
		}
		out = append(append(out, byte(len(label))), label...)
	}
	out = append(append(out, 0), ports(d.Type, 1)...)
	size := 4
	if d.Type == 28 {
		size = 16
	}
	for i := range d.Answers {
		out = append(append(out, 0xc0, 12), ports(d.Type, 1)...)
		out = binary.BigEndian.AppendUint32(out, 300)
		out = binary.BigEndian.AppendUint16(out, uint16(size))
		addr := make([]byte, size)
		addr[0], addr[size-1] = 0x20, byte(i+1)
		out = append(out, addr...)
	}
	return append(out, body...), nil
}
