package sources

import "netramet/sources/wire"

// Option codes of sections and of interface statistics.
const (
	optHardware    = 2
	optSystem      = 3
	optApplication = 4

	optIfDrop = 5 // packets lost by the interface
	optOSDrop = 7 // and by the system
)

const (
	// maxText is how much of a text is kept.
	maxText = 1024
	// unknownDrops is what old packet blocks say where nobody has counted.
	unknownDrops = 0xffff
)

func ngText(v []byte) string { return string(v[:min(len(v), maxText)]) }

// tell implements teller.
func (p *pcapng) tell(d *Info) {
	d.Section = p.section
	d.Interfaces = append(d.Interfaces, p.carrying[len(d.Interfaces):]...)
}

// readSection reads the options of a section header.
func (p *pcapng) readSection(opts []byte) (s wire.Section) {
	for o := (options{p.order, opts}); ; {
		code, v, more, bad := o.next()
		if bad {
			p.count.Odd++
		}
		if !more {
			return s
		}
		switch code {
		case optComment:
			s.Comment = ngText(v)
		case optHardware:
			s.Hardware = ngText(v)
		case optSystem:
			s.System = ngText(v)
		case optApplication:
			s.Application = ngText(v)
		}
	}
}

// statistics reads what an interface has lost since the capture began. They hold
// no packets, so what is wrong with them is no damage.
func (p *pcapng) statistics(body []byte) {
	const fixed = 12
	if len(body) < fixed {
		return
	}
	in, err := p.owner(p.order.u32(body))
	if err != nil {
		return
	}
	lost := uint64(0)
	for o := (options{p.order, body[fixed:]}); ; {
		code, v, more, _ := o.next()
		if !more {
			break
		}
		if (code == optIfDrop || code == optOSDrop) && len(v) == 8 {
			lost += p.order.u64(v)
		}
	}
	p.lost(in, in.told, lost)
}

// lost takes down what an interface has lost, by what its packets and by what its
// statistics say: they say the same of the same packets, so the larger counts.
func (p *pcapng) lost(in *ngInterface, told, counted uint64) {
	told, counted = max(told, in.told), max(counted, in.counted) // not past the largest number
	p.count.Dropped += max(told, counted) - max(in.told, in.counted)
	in.told, in.counted = told, counted
}
