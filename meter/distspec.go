package meter

import (
	"fmt"

	"netramet/meter/pme"
	"netramet/mib"
	"netramet/streams/dist"
	"netramet/streams/pair"
)

// distSpec is a distribution that flows of a rule set can have.
type distSpec struct {
	pme.Distribution
	limits  dist.Limits
	measure measure
	dir     uint8     // of the flow: 0 To, 1 From
	pairing pair.Kind // 0 where it is not of pairs
	period  Uptime    // of a rate, between two samples
	seconds uint64    // the same
	octets  [12]byte  // mask and value of the rule
}

// counters is how many a distribution has: one more for overflow.
func (s *distSpec) counters() int { return len(s.limits) + 1 }

// measure is what a distribution counts.
type measure uint8

const (
	measuresSize         measure = iota // of a packet
	measuresInterarrival                // between two packets of one direction
	measuresTurnaround                  // between two packets of opposite directions
	measuresBitRate
	measuresPDURate
	measuresPair   // between two packets of a stream that belong together
	measuresStream // what a stream was when it ended
)

// newDistSpec works out what a program's distribution says.
func newDistSpec(d pme.Distribution) distSpec {
	spec := dist.SpecOf(d.Mask, d.Value)
	s := distSpec{Distribution: d, limits: spec.Limits(), measure: measureOf(d.Attr), dir: distDir(d.Attr)}
	copy(s.octets[:6], d.Mask[:])
	copy(s.octets[6:], d.Value[:])
	switch {
	case d.Attr.IsRate():
		s.seconds = uint64(spec.Parameter1)
		s.period = Uptime(s.seconds) * 100
	case d.Attr.IsTurnaround():
		if s.pairing = pair.Kind(spec.Parameter1); s.pairing != 0 {
			s.measure = measuresPair
		}
	}
	return s
}

func measureOf(a mib.Attr) measure {
	switch a {
	case mib.AttrToPacketSize, mib.AttrFromPacketSize:
		return measuresSize
	case mib.AttrToInterarrivalTime, mib.AttrFromInterarrivalTime:
		return measuresInterarrival
	case mib.AttrToBitRate, mib.AttrFromBitRate:
		return measuresBitRate
	case mib.AttrToPDURate, mib.AttrFromPDURate:
		return measuresPDURate
	}
	if a.IsTurnaround() {
		return measuresTurnaround
	}
	return measuresStream
}

// distDir is the direction that an attribute speaks of.
func distDir(a mib.Attr) uint8 {
	if a.IsFrom() {
		return 1
	}
	return 0
}

// Attributes that are distributions are bits of a word, as attribute 65 has them.
type distSet uint32

const firstDist = mib.AttrToPacketSize

func distBit(a mib.Attr) distSet { return 1 << (a - firstDist) }

// distSpecs are the distributions of a rule set's flows, under all the programs that
// it has had. Their numbers stay.
type distSpecs struct {
	list    []distSpec
	present []uint16 // of the present program's, by their bit in pme.Key
	rates   bool     // some are rates
	streams bool     // some are of streams or their pairs
	pairs   bool     // some are of pairs
}

// maxDistSpecs bounds what programs that are exchanged again and again leave.
const maxDistSpecs = 1 << 12

// room returns an error if a program's distributions may not find room.
func (x *distSpecs) room(p *pme.Program) error {
	if x != nil && len(x.list)+len(p.Distributions()) > maxDistSpecs {
		return fmt.Errorf("more than %d different distributions since the rule set was created: destroy it first", maxDistSpecs)
	}
	return nil
}

// use makes the specifications of a program, in order, the present ones.
func (x *distSpecs) use(specs []distSpec) {
	x.present = x.present[:0]
	for i := range specs {
		x.present = append(x.present, x.number(&specs[i]))
	}
}

func (x *distSpecs) number(s *distSpec) uint16 {
	for n := range x.list {
		if x.list[n].Distribution == s.Distribution {
			return uint16(n)
		}
	}
	x.list = append(x.list, *s)
	x.rates = x.rates || s.period > 0
	x.pairs = x.pairs || s.measure == measuresPair
	x.streams = x.streams || wantsOf(s.measure) != wantsPackets
	return uint16(len(x.list) - 1)
}

// attrs are the attributes of distributions that a match saved.
func (x *distSpecs) attrs(saved uint64) (set distSet) {
	for bit, n := range x.present {
		if saved>>bit&1 != 0 {
			set |= distBit(x.list[n].Attr)
		}
	}
	return set
}

// specsOf works out the distributions of a program.
func specsOf(p *pme.Program) (specs []distSpec) {
	for _, d := range p.Distributions() {
		specs = append(specs, newDistSpec(d))
	}
	return specs
}
