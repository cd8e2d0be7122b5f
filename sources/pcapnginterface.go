package sources

import (
	"fmt"
	"math"
	"math/bits"

	"netramet/sources/wire"
)

// Option codes that matter here.
const (
	optEnd           = 0
	optComment       = 1
	optIfName        = 2
	optIfDescription = 3
	optIfTsResol     = 9
	optIfFCSLen      = 13
	optIfTsOffset    = 14
	optFlags         = 2 // epb_flags and pack_flags
	optDropCount     = 4 // epb_dropcount
)

// maxInterfaceName is how much of a name distinguishes interfaces.
const maxInterfaceName = 255

// ngIdentity distinguishes interfaces. Sections that describe the same interface
// again, as rotated and concatenated traces do, mean the same one.
type ngIdentity struct {
	index int // in its section
	name  string
	link  wire.LinkType
}

// ngInterface is an interface description.
type ngInterface struct {
	identity ngIdentity
	snap     uint32 // 0 without limit
	fcs      uint32 // octets at the end of a frame
	number   uint8  // Interface of its frames, 0 before the first
	text     wire.Interface
	told     uint64 // packets lost, by what packets say
	counted  uint64 // by its statistics
	unit     tsUnit
	offset   int64 // seconds to add
}

// number returns the Interface of an identity, a new one at its first frame
// (decision 14).
func (p *pcapng) number(in *ngInterface) (uint8, error) {
	id := in.identity
	for i, known := range p.numbers {
		if known == id {
			return p.first + uint8(i), nil
		}
	}
	n := int(p.first) + len(p.numbers)
	if n > MaxInterfaces {
		return 0, unsupported(fmt.Sprintf("more than %d interfaces carry packets", MaxInterfaces))
	}
	p.numbers = append(p.numbers, id)
	about := in.text
	about.Name, about.LinkType, about.SnapLen = id.name, id.link, in.snap
	p.carrying = append(p.carrying, about)
	return uint8(n), nil
}

// about implements describer.
func (p *pcapng) about(number uint8) Interface {
	id := p.numbers[number-p.first]
	return Interface{id.index, id.name, id.link}
}

// describe reads an interface description block.
func (p *pcapng) describe(body []byte) error {
	const fixed = 8
	if len(body) < fixed {
		return errShort
	}
	if len(p.interfaces) == MaxSectionInterfaces {
		return fmt.Errorf("more than %d interfaces in a section", MaxSectionInterfaces)
	}
	in := ngInterface{
		identity: ngIdentity{index: len(p.interfaces), link: wire.Stored(p.order.u16(body))},
		snap:     p.order.u32(body[4:]),
		unit:     newTsUnit(6),
	}
	for o := (options{p.order, body[fixed:]}); ; {
		code, v, more, bad := o.next()
		if bad {
			p.count.Odd++
		}
		if !more {
			break
		}
		switch {
		case code == optIfName:
			in.identity.name = string(v[:min(len(v), maxInterfaceName)])
		case code == optIfDescription:
			in.text.Description = ngText(v)
		case code == optComment:
			in.text.Comment = ngText(v)
		case code == optIfTsResol && len(v) >= 1:
			in.unit = newTsUnit(v[0])
		case code == optIfTsOffset && len(v) >= 8:
			in.offset = int64(p.order.u64(v))
		case code == optIfFCSLen && len(v) >= 1:
			in.fcs = fcsOctets(v[0])
		}
	}
	p.interfaces = append(p.interfaces, in)
	return nil
}

// fcsOctets reads if_fcslen. The format says bits, many writers store octets;
// no frame check sequence has less than 8 bits or 8 octets.
func fcsOctets(v uint8) uint32 {
	if v < 8 {
		return uint32(v)
	}
	return uint32(v) / 8
}

// packetOptions reads the frame check sequence's length, in octets, from a packet's
// flags, ok if it is told, and how many packets were lost before it.
func (p *pcapng) packetOptions(in *ngInterface, opts []byte) (n uint32, ok bool) {
	o := options{p.order, opts}
	for {
		code, v, more, bad := o.next()
		if bad {
			p.count.Odd++
		}
		if !more {
			return n, ok
		}
		if code == optFlags && len(v) == 4 {
			n = p.order.u32(v) >> 5 & 0xf
			ok = n != 0
		}
		if code == optDropCount && len(v) == 8 {
			p.lost(in, in.told+p.order.u64(v), in.counted)
		}
	}
}

// options reads a block's options one by one.
type options struct {
	order byteOrder
	rest  []byte
}

// next returns the next option, none if more is false. Bad says that the
// options do not fit the block.
func (o *options) next() (code uint16, value []byte, more, bad bool) {
	if len(o.rest) == 0 {
		return 0, nil, false, false
	}
	if len(o.rest) < 4 {
		return 0, nil, false, true
	}
	code = o.order.u16(o.rest)
	n := int(o.order.u16(o.rest[2:]))
	if code == optEnd {
		return 0, nil, false, false
	}
	if n > len(o.rest)-4 {
		return 0, nil, false, true
	}
	value = o.rest[4 : 4+n]
	o.rest = o.rest[min(4+(n+3)&^3, len(o.rest)):]
	return code, value, true, false
}

// tsUnit is the length of one count of a time stamp: 10^-n or 2^-n seconds.
type tsUnit struct {
	binary bool
	exp    uint8  // n
	mul    uint64 // nanoseconds of one count; 0 if it is no whole number
	div    uint64 // counts of a second, or of a nanosecond if mul is 0; 0 if more than 64 bits hold
}

// newTsUnit reads an if_tsresol octet.
func newTsUnit(resol uint8) tsUnit {
	u := tsUnit{binary: resol&0x80 != 0, exp: resol & 0x7f}
	switch {
	case u.binary:
	case u.exp <= 9:
		u.mul, u.div = pow10(9-u.exp), pow10(u.exp)
	default:
		u.div = pow10(u.exp - 9)
	}
	return u
}

// pow10 returns 10^n, 0 if it does not fit.
func pow10(n uint8) uint64 {
	if n > 19 {
		return 0
	}
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

// split returns the whole seconds and the nanoseconds, cut and not rounded, of
// a count. It is exact for every resolution.
func (u tsUnit) split(count uint64) (seconds, nanos uint64) {
	const second = 1_000_000_000
	switch {
	case u.binary && u.exp < 64:
		fraction := count & (1<<u.exp - 1)
		hi, lo := bits.Mul64(fraction, second)
		if u.exp == 0 {
			return count, 0
		}
		return count >> u.exp, hi<<(64-u.exp) | lo>>u.exp
	case u.binary:
		hi, _ := bits.Mul64(count, second)
		return 0, hi >> (u.exp - 64)
	case u.mul != 0:
		return count / u.div, count % u.div * u.mul
	case u.div == 0:
		return 0, 0
	}
	ns := count / u.div
	return ns / second, ns % second
}

// time returns the time of a stamp, NoTime if it is more than 292 years away
// from 1970.
func (in *ngInterface) time(count uint64) int64 {
	if in.offset == 0 && in.unit.mul != 0 {
		// The usual case, without a division.
		if hi, lo := bits.Mul64(count, in.unit.mul); hi == 0 && lo <= math.MaxInt64 {
			return int64(lo)
		}
		return wire.NoTime
	}
	seconds, nanos := in.unit.split(count)
	// The sum has 65 bits and a sign: carry and sign make the upper half.
	sum, carry := bits.Add64(seconds, uint64(in.offset), 0)
	upper := int64(carry) + in.offset>>63
	const limit = math.MaxInt64 / 1_000_000_000 // exclusive, so that nanos fit
	s := int64(sum)
	if upper != s>>63 || s <= -limit || s >= limit {
		return wire.NoTime
	}
	return s*1_000_000_000 + int64(nanos)
}
