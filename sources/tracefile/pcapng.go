package tracefile

import (
	"encoding/binary"
	"math"

	"netramet/sources/internal/layout"
	"netramet/sources/wire"
)

// maxText is how much of a text is written.
const maxText = 1024

// pcapng is the format with nanoseconds, little-endian. An interface is described
// before its first packet, once for each link type of its packets.
type pcapng struct {
	opt    Options
	b      layout.Blocks
	begun  bool
	offset int64 // seconds that times of the section count from
	known  []ngInterface
}

// ngInterface is an interface of the section.
type ngInterface struct {
	number uint8
	link   wire.LinkType
	snap   uint32
}

func newPcapng(opt Options) *pcapng {
	return &pcapng{opt: opt, b: layout.Blocks{Order: binary.LittleEndian}}
}

// earliest is the offset from which 64 bits of nanoseconds hold every time.
const earliest = math.MinInt64/1_000_000_000 - 1

// frame implements encoder.
func (p *pcapng) frame(buf []byte, f *wire.Frame) ([]byte, error) {
	if f.LinkType == wire.LinkATM {
		return buf, errATM
	}
	p.b.Buf = buf
	if f.Time < 0 && f.Time != wire.NoTime && p.offset == 0 {
		p.offset, p.begun = earliest, false
	}
	if !p.begun {
		p.section()
	}
	id := p.interfaceOf(f)
	data, onWire := known(f)
	ticks := uint64(f.Time) - uint64(p.offset)*1_000_000_000 // modulo 2^64, and less than that
	if f.Time == wire.NoTime {
		ticks = math.MaxUint64 // too far away to be a time
	}
	if f.Time == wire.NoTime && p.fitsSimple(id, f) {
		p.b.Begin(layout.BlockSimple)
		p.b.U32(f.WireLen)
	} else {
		p.b.Begin(layout.BlockEnhanced)
		p.b.U32(uint32(id))
		p.b.U32(uint32(ticks >> 32))
		p.b.U32(uint32(ticks))
		p.b.U32(uint32(len(data)))
		p.b.U32(onWire)
	}
	p.b.Octets(data)
	p.b.End()
	return p.b.Buf, nil
}

// fitsSimple reports whether a block without a time says all of a frame: it is of
// the section's first interface, and the captured length that follows from the two
// others is right.
func (p *pcapng) fitsSimple(id int, f *wire.Frame) bool {
	captured := f.WireLen
	if snap := p.known[id].snap; snap > 0 {
		captured = min(captured, snap)
	}
	return id == 0 && f.Flags&wire.NoFrameLen == 0 && captured == uint32(len(f.Data))
}

// section begins a section, in which interfaces have the numbers that they had in
// the one before.
func (p *pcapng) section() {
	p.begun = true
	about, all := p.opt.About()
	p.b.Begin(layout.BlockSection)
	p.b.U32(layout.ByteOrderMagic)
	p.b.U16(1)
	p.b.U16(0)
	p.b.U64(math.MaxUint64) // its length is not told
	p.b.Text(layout.OptComment, limit(about.Comment))
	p.b.Text(layout.OptHardware, limit(about.Hardware))
	p.b.Text(layout.OptSystem, limit(about.System))
	p.b.Text(layout.OptApplication, limit(p.opt.Application))
	p.b.Option(layout.OptEnd, nil)
	p.b.End()
	for _, k := range p.known { // in an earlier section
		p.describe(k, all)
	}
}

// interfaceOf is the number in the section of a frame's interface, which is
// described if it is new.
func (p *pcapng) interfaceOf(f *wire.Frame) int {
	for i, k := range p.known {
		if k.number == f.Interface && k.link == f.LinkType {
			return i
		}
	}
	_, all := p.opt.About()
	k := ngInterface{f.Interface, f.LinkType, p.opt.SnapLen}
	if snap := aboutInterface(k.number, all).SnapLen; snap > 0 && (k.snap == 0 || k.snap > snap) {
		k.snap = snap
	}
	p.known = append(p.known, k)
	p.describe(k, all)
	return len(p.known) - 1
}

// aboutInterface is what the trace says of an interface.
func aboutInterface(number uint8, all []wire.Interface) (about wire.Interface) {
	if number > 0 && int(number) <= len(all) {
		return all[number-1]
	}
	return about
}

// describe appends the description of an interface.
func (p *pcapng) describe(k ngInterface, all []wire.Interface) {
	about := aboutInterface(k.number, all)
	p.b.Begin(layout.BlockInterface)
	p.b.U16(uint16(k.link))
	p.b.U16(0)
	p.b.U32(k.snap)
	p.b.Text(layout.OptComment, limit(about.Comment))
	p.b.Text(layout.OptName, limit(about.Name))
	p.b.Text(layout.OptDescription, limit(about.Description))
	p.b.Option(layout.OptResolution, []byte{9})
	if p.offset != 0 {
		p.b.Option(layout.OptOffset, p.b.Order.AppendUint64(nil, uint64(p.offset)))
	}
	p.b.Option(layout.OptEnd, nil)
	p.b.End()
}

// empty implements encoder.
func (p *pcapng) empty(buf []byte) []byte {
	p.b.Buf = buf
	p.section()
	return p.b.Buf
}

func limit(text string) string { return text[:min(len(text), maxText)] }
