package meter

import (
	"netramet/meter/packet"
	"netramet/meter/pme"
	"netramet/mib"
	"netramet/streams"
)

// traits are those attributes of a packet that its stream does not fix and that a
// remembered verdict may depend on (decision 11): from the top, interface,
// DSCodePoint, ECNCodeBits, Priority and VLANid. Of packets that were Exported the
// interfaces and the origin may be any: the top bit says that no verdict on such a
// packet is believed again, if it depends on these.
type traits uint32

// Where they lie.
const (
	vlanShift      = 0
	priorityShift  = 12
	ecnShift       = 15
	dscpShift      = 17
	interfaceShift = 23
	exported       = 1 << 31
)

// traitsOf returns the traits of a packet whose Rest is valid, or of which only the
// interface matters.
func traitsOf(p *packet.Packet) traits {
	r := &p.Rest
	t := traits(p.Interface[0]) << interfaceShift
	if p.Flags&packet.Exported != 0 {
		t = exported
	}
	return t | traits(r.DSCodePoint)<<dscpShift | traits(r.ECNCodeBits)<<ecnShift |
		traits(r.Priority)<<priorityShift | traits(r.VLANid)<<vlanShift
}

// dependsOn returns the traits that a program's verdicts depend on; ok is false if
// they depend on more, adjacent addresses, so that they are not remembered. records
// says that packets may be Exported.
func dependsOn(p *pme.Program, records bool) (mask traits, ok bool) {
	if records && p.Needs()&pme.NeedsOrigin != 0 {
		mask |= exported
	}
	for _, a := range p.Varying() {
		switch a {
		case mib.AttrSourceInterface, mib.AttrDestInterface:
			mask |= 0xff<<interfaceShift | exported
		case mib.AttrDSCodePoint:
			mask |= 0x3f << dscpShift
		case mib.AttrECNCodeBits:
			mask |= 3 << ecnShift
		case mib.AttrPriority:
			mask |= 7 << priorityShift
		case mib.AttrVLANid:
			mask |= 0xfff << vlanShift
		default:
			return 0, false
		}
	}
	return mask, true
}

// sideTraits are the traits of the packets, one of each direction, for which one
// rule set's words of a stream hold.
type sideTraits [2]traits

const sideTraitsSize = 8

// memory says where the streams of a lane remember the verdicts of a rule set.
type memory struct {
	words   int    // which of a stream's words are its own; -1: not remembered
	depends traits // what its verdicts depend on, 0: nothing but the stream
	traits  int    // which of a stream's sideTraits are its own, if they do
}

// remembers reports whether a stream knows a verdict on a packet of one of its
// directions that counts for this packet too, if it holds.
func (l *lane) remembers(run *laneRun, id streams.ID, dir packet.Direction, p *packet.Packet) bool {
	return run.depends == 0 || l.sameTraits(run, id, dir, p) // small enough to be inlined
}

func (l *lane) sameTraits(run *laneRun, id streams.ID, dir packet.Direction, p *packet.Packet) bool {
	t := traitsOf(p) & run.depends
	return t&exported == 0 && t == l.traits.at(run.traits, id)[dir]
}

// noteTraits notes for which packets of a stream's direction a verdict holds.
func (l *lane) noteTraits(run *laneRun, id streams.ID, dir packet.Direction, p *packet.Packet) {
	if run.depends != 0 {
		l.traits.at(run.traits, id)[dir] = traitsOf(p) & run.depends
	}
}
