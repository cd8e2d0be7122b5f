package sourcetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"netramet/sources/wire"
)

// StartTime is the Time of a frame built without At or AtTime, in Unix
// nanoseconds: 2001-09-09 01:46:40 UTC.
const StartTime int64 = 1_000_000_000 * 1e9

// Part is one argument of Frame: a layer (Ether, IPv4, TCP, Payload ...) or a
// fact of the frame as a whole (At, On, Snap, Pad ...). The facts may stand
// anywhere; the layers stand from the outermost to the innermost.
type Part interface{ numbers() numbers }

// layer is a Part that has octets. encode returns the layer's octets followed
// by body, the encoded layers inside it.
type layer interface {
	Part
	encode(s *stack, body []byte) ([]byte, error)
}

// numbers are the ways other layers name a layer: what the layer outside it
// writes into its "next protocol" field.
type numbers struct {
	link  wire.LinkType // link type if the layer is the outermost one
	ether uint16        // EtherType, 0 if it has none
	ppp   uint16        // PPP protocol number, 0 if it has none
	oui   uint32        // organisation of the SNAP header before it
	sap   uint8         // LLC service access point, 0 if it has none
	ip    uint8         // IP protocol number, valid iff overIP
	ipver uint8         // 4 or 6 for the IP layers themselves
	// overIP: the layer has an IP protocol number (0 is hop-by-hop options).
	overIP bool
	// llc: the layer is an LLC header, so that a length stands before it.
	llc bool
}

// stack is what a layer sees of the others while it is encoded.
type stack struct {
	layers []layer
	at     int
}

// next gives the numbers of the layer inside the present one.
func (s *stack) next() numbers {
	if s.last() {
		return numbers{}
	}
	return s.layers[s.at+1].numbers()
}

// last reports whether the present layer is the innermost one.
func (s *stack) last() bool { return s.at+1 >= len(s.layers) }

// draft is a frame being built.
type draft struct {
	frame   wire.Frame
	layers  []layer
	link    *wire.LinkType
	snap    int
	wireLen *uint32
	pad     int
	trailer []byte
}

// option is a Part without octets.
type option func(*draft)

func (option) numbers() numbers { return numbers{} }

// At sets the frame's time to d after StartTime.
func At(d time.Duration) Part {
	return option(func(b *draft) { b.frame.Time = StartTime + int64(d) })
}

// AtTime sets the frame's time.
func AtTime(t time.Time) Part {
	return option(func(b *draft) { b.frame.Time = t.UnixNano() })
}

// NoTime makes a frame whose source does not know its time.
func NoTime() Part {
	return option(func(b *draft) { b.frame.Time = wire.NoTime })
}

// On sets the interface number, 1..255; without it, it is 1.
func On(n uint8) Part { return option(func(b *draft) { b.frame.Interface = n }) }

// Snap cuts the captured octets to at most n; WireLen keeps the full length.
func Snap(n int) Part { return option(func(b *draft) { b.snap = max(n, 0) }) }

// WireLen makes the frame lie about its length on the wire.
func WireLen(n uint32) Part { return option(func(b *draft) { b.wireLen = &n }) }

// NoFrameLen makes a frame whose source does not know its length.
func NoFrameLen() Part {
	return option(func(b *draft) { b.frame.Flags |= wire.NoFrameLen; b.wireLen = new(uint32(0)) })
}

// Link sets the link type where it does not follow from the first layer.
func Link(t wire.LinkType) Part { return option(func(b *draft) { b.link = &t }) }

// Pad fills the frame with zeros up to n octets, as Ethernet senders do up to
// 60: no length field counts the padding.
func Pad(n int) Part { return option(func(b *draft) { b.pad = n }) }

// Trailer adds octets behind everything, outside all length fields.
func Trailer(octets ...byte) Part { return option(func(b *draft) { b.trailer = octets }) }

// StrippedVLAN gives the frame the tag control information of a tag that a
// capture ring has taken out of the octets.
func StrippedVLAN(tci uint16) Part {
	return option(func(b *draft) { b.frame.Flags |= wire.HasVLAN; b.frame.VLAN = tci })
}

// Frame builds a frame; a mistake in the parts (an address that is none, a
// length that does not fit) ends the test.
func Frame(t testing.TB, parts ...Part) wire.Frame {
	t.Helper()
	f, err := Build(parts...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Build is Frame for callers without a test. The caller owns the frame's Data.
func Build(parts ...Part) (wire.Frame, error) {
	b := draft{snap: -1, frame: wire.Frame{Time: StartTime, Interface: 1}}
	for _, p := range parts {
		switch p := p.(type) {
		case option:
			p(&b)
		case layer:
			b.layers = append(b.layers, p)
		}
	}
	if len(b.layers) == 0 && b.link == nil {
		return wire.Frame{}, errors.New("sourcetest: a frame without layers")
	}
	data, err := encode(b.layers, 0)
	if err != nil {
		return wire.Frame{}, err
	}
	data = append(data, make([]byte, max(0, b.pad-len(data)))...)
	data = append(data, b.trailer...)
	f := b.frame
	f.WireLen = uint32(len(data))
	if b.wireLen != nil {
		f.WireLen = *b.wireLen
	}
	if b.snap >= 0 && b.snap < len(data) {
		data = data[:b.snap:b.snap]
	}
	f.Data = data
	if b.link != nil {
		f.LinkType = *b.link
	} else {
		f.LinkType = b.layers[0].numbers().link
	}
	return f, nil
}

// encode gives the octets of layers from index first inwards. The layers
// before first are not encoded but still seen: a transport header takes its
// pseudo-header from them.
func encode(layers []layer, first int) ([]byte, error) {
	var body []byte
	for i := len(layers) - 1; i >= first; i-- {
		out, err := layers[i].encode(&stack{layers: layers, at: i}, body)
		if err != nil {
			return nil, fmt.Errorf("sourcetest: layer %d (%T): %w", i+1, layers[i], err)
		}
		body = out
	}
	return body, nil
}

// pick gives the override where there is one, else the right value.
func pick(override *int, right int) int {
	if override != nil {
		return *override
	}
	return right
}

// Raw is a layer of octets given as they are.
type Raw []byte

func (Raw) numbers() numbers { return numbers{} }

func (r Raw) encode(_ *stack, body []byte) ([]byte, error) {
	return append(append([]byte(nil), r...), body...), nil
}

// Payload is a layer of n octets of user data, the same ones every time.
func Payload(n int) Part {
	p := make(Raw, max(n, 0))
	for i := range p {
		p[i] = byte('a' + i%26)
	}
	return p
}
