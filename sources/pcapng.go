package sources

import (
	"errors"
	"fmt"

	"netramet/sources/wire"
)

// Block types that matter here, and those known to hold no packet.
const (
	blockInterface   = 1
	blockPacket      = 2 // obsolete
	blockSimple      = 3
	blockNames       = 4
	blockStatistics  = 5
	blockEnhanced    = 6
	blockJournal     = 9
	blockSecrets     = 10
	blockCustom      = 0xbad
	blockCustomFixed = 0x40000bad
	blockSection     = 0x0a0d0d0a // the same in both byte orders

	byteOrderMagic = 0x1a2b3c4d
)

const (
	// blockFrame is a block's type and its length before and after the body.
	blockFrame = 12
	// MaxBlockLen is the longest pcapng block that is believed. Blocks
	// without packets are skipped, not kept, so it bounds time, not memory.
	MaxBlockLen = 16 << 20
	// maxOptionsLen bounds the options behind a packet.
	maxOptionsLen = 64 << 10
	// maxKeptBlock is the longest block that is kept to be read: a section
	// header, an interface or a packet.
	maxKeptBlock = blockFrame + 20 + MaxCapLen + maxOptionsLen
	// MaxSectionInterfaces is the most interfaces of one section, whether
	// they carry packets or not.
	MaxSectionInterfaces = 4096
	// MaxInterfaces is the most interfaces of a trace that carry packets.
	MaxInterfaces = wire.MaxInterfaces
)

var (
	errNoSection = errors.New("section header: byte-order magic is wrong")
	errTrailer   = errors.New("the block's two lengths differ")
	errShort     = errors.New("the block is too short for its type")
)

// pcapng parses the blocks of a pcapng trace. What does not hold packets is
// passed over: the section's length is not believed, blocks of unknown types
// are counted as skipped, options that make no sense are ignored and counted
// as odd. A packet that names an interface which its section has not described
// is damage: neither its link type nor its time can be known.
type pcapng struct {
	count      *wire.SourceStats
	order      byteOrder        // of the section
	interfaces []ngInterface    // of the section, by number
	numbers    []ngIdentity     // of the trace: of Interface first+n at n
	carrying   []wire.Interface // what was said of these
	section    wire.Section     // the first one
	sections   int
	fcs        FCS
	first      uint8
}

// startPcapNG looks at the section header, so that a trace that cannot be read
// is refused when it is opened.
func startPcapNG(t *trace) error {
	h, err := t.header(blockFrame + 4)
	if err != nil {
		return err
	}
	order, err := sectionOrder(h)
	if err == nil {
		err = knownVersion(order.u16(h[12:]), order.u16(h[14:]))
	}
	if err != nil {
		return t.fail(err)
	}
	if order == bigEndian {
		t.info.Variant = "big-endian"
	}
	t.parser = &pcapng{count: &t.count, fcs: t.fcs, first: t.first}
	return nil
}

// sectionOrder returns the byte order of a section header of 12 octets.
func sectionOrder(h []byte) (byteOrder, error) {
	for _, o := range []byteOrder{littleEndian, bigEndian} {
		if o.u32(h[8:]) == byteOrderMagic {
			return o, nil
		}
	}
	return littleEndian, errNoSection
}

// knownVersion refuses sections of unknown versions. Version 1.2 was written
// by mistake and is 1.0.
func knownVersion(major, minor uint16) error {
	if major != 1 || minor != 0 && minor != 2 {
		return unsupported(fmt.Sprintf("pcapng version %d.%d: not supported by this version", major, minor))
	}
	return nil
}

// parse implements parser.
func (p *pcapng) parse(b *wire.Batch, data []byte, _ bool) (used int64, need int, err error) {
	pos := 0
	for len(b.Frames) < wire.BatchSize {
		rest := data[pos:]
		if len(rest) < blockFrame {
			return int64(pos), blockFrame, nil
		}
		typ, total, err := p.block(rest)
		if err != nil {
			return int64(pos), 0, err
		}
		if p.passed(typ) && total > minRead {
			// Not worth keeping, so its second length is not looked at, even if
			// it happens to be there.
			if total > len(rest) && pos > 0 {
				return int64(pos), blockFrame, nil // it goes by itself
			}
			p.skipped(typ)
			if pos += total; pos > len(data) {
				return int64(pos), blockFrame, nil
			}
			continue
		}
		if len(rest) < total {
			return int64(pos), total, nil
		}
		blk := rest[:total:total]
		if p.order.u32(blk[total-4:]) != uint32(total) {
			return int64(pos), 0, errTrailer
		}
		if err := p.take(b, typ, blk[8:total-4]); err != nil {
			return int64(pos), 0, err
		}
		pos += total
	}
	return int64(pos), blockFrame, nil
}

// block reads a block's type and length, and checks the length. A section
// header sets the byte order from here on.
func (p *pcapng) block(h []byte) (typ uint32, total int, err error) {
	if littleEndian.u32(h) == blockSection {
		if p.order, err = sectionOrder(h); err != nil {
			return 0, 0, err
		}
	}
	typ, length := p.order.u32(h), p.order.u32(h[4:])
	if isPcapVersion(h) {
		return 0, 0, errHeader
	}
	limit := uint32(MaxBlockLen)
	if !p.passed(typ) {
		limit = maxKeptBlock
	}
	switch {
	case typ == 0 && length == 0:
		return 0, 0, errZeros
	case length < blockFrame || length%4 != 0:
		return 0, 0, fmt.Errorf("block length %d is impossible", length)
	case length > limit:
		return 0, 0, fmt.Errorf("block length %d is above the limit of %d for type %#x", length, limit, typ)
	}
	return typ, int(length), nil
}

// passed says that a block holds nothing for us.
func (p *pcapng) passed(typ uint32) bool {
	switch typ {
	case blockSection, blockInterface, blockPacket, blockSimple, blockEnhanced:
		return false // statistics are read where they are short
	}
	return true
}

// skipped counts a block that may hold packets in a way not known here.
func (p *pcapng) skipped(typ uint32) {
	switch typ {
	case blockNames, blockStatistics, blockJournal, blockSecrets, blockCustom, blockCustomFixed:
	default:
		p.count.Skipped++
	}
}

// take reads the body of a whole block. It changes nothing if it fails.
func (p *pcapng) take(b *wire.Batch, typ uint32, body []byte) error {
	switch typ {
	case blockSection:
		if len(body) < 16 {
			return errShort
		}
		if err := knownVersion(p.order.u16(body[4:]), p.order.u16(body[6:])); err != nil {
			return err
		}
		p.interfaces = p.interfaces[:0]
		if p.sections++; p.sections == 1 {
			p.section = p.readSection(body[16:])
		}
	case blockInterface:
		return p.describe(body)
	case blockEnhanced, blockPacket:
		return p.packet(b, typ, body)
	case blockSimple:
		return p.simple(b, body)
	case blockStatistics:
		p.statistics(body)
	default:
		p.skipped(typ)
	}
	return nil
}

// packet reads an enhanced packet block, or the packet block that came before
// it, whose interface number has two octets and shares its place with a drop
// count.
func (p *pcapng) packet(b *wire.Batch, typ uint32, body []byte) error {
	const fixed = 20
	if len(body) < fixed {
		return errShort
	}
	o := p.order
	id := o.u32(body)
	if typ == blockPacket {
		id = uint32(o.u16(body))
	}
	in, err := p.owner(id)
	if err != nil {
		return err
	}
	captured, onWire := o.u32(body[12:]), o.u32(body[16:])
	padded := (uint64(captured) + 3) &^ 3
	if padded > uint64(len(body)-fixed) || captured > MaxCapLen {
		return fmt.Errorf("captured length %d is more than the block holds", captured)
	}
	fcs := in.fcs
	if drops := o.u16(body[2:]); typ == blockPacket && drops != unknownDrops {
		p.lost(in, in.told+uint64(drops), in.counted)
	}
	if opts := body[fixed+padded:]; len(opts) > 0 {
		if n, ok := p.packetOptions(in, opts); ok {
			fcs = n
		}
	}
	at := in.time(uint64(o.u32(body[4:]))<<32 | uint64(o.u32(body[8:])))
	if at == wire.NoTime {
		p.count.Odd++
	}
	return p.add(b, in, at, body[fixed:fixed+captured], onWire, fcs)
}

// simple reads a simple packet block: interface 0, no time, and a captured
// length that follows from the snapshot length.
func (p *pcapng) simple(b *wire.Batch, body []byte) error {
	if len(body) < 4 {
		return errShort
	}
	in, err := p.owner(0)
	if err != nil {
		return err
	}
	onWire := p.order.u32(body)
	captured := onWire
	held := uint32(len(body) - 4)
	switch {
	case onWire <= held && held-onWire >= 4:
		captured = held // more is there than was on the wire
	case onWire > held && in.snap != 0:
		captured = min(captured, in.snap)
	}
	if captured > held || captured > MaxCapLen {
		return fmt.Errorf("captured length %d is more than the block holds", captured)
	}
	return p.add(b, in, wire.NoTime, body[4:4+captured], onWire, in.fcs)
}

// owner returns the interface a packet came from.
func (p *pcapng) owner(id uint32) (*ngInterface, error) {
	if uint64(id) >= uint64(len(p.interfaces)) {
		return nil, fmt.Errorf("packet of interface %d, of which the section has described %d", id, len(p.interfaces))
	}
	return &p.interfaces[id], nil
}

// add hands a frame over.
func (p *pcapng) add(b *wire.Batch, in *ngInterface, at int64, data []byte, onWire, fcs uint32) error {
	if in.number == 0 {
		n, err := p.number(in)
		if err != nil {
			return err
		}
		in.number = n
	}
	if uint32(len(data)) > onWire {
		p.count.Odd++
	}
	link, said := in.identity.link, onWire
	fcs = p.fcs.of(link, fcs)
	keep := withoutFCS(uint32(len(data)), onWire, fcs)
	data = data[:keep:keep]
	onWire -= min(fcs, onWire)
	b.Frames = b.Frames[:len(b.Frames)+1]
	f := &b.Frames[len(b.Frames)-1]
	f.Time = at
	f.Data = data
	f.WireLen = onWire
	f.LinkType, f.Interface, f.Flags, f.VLAN = link, in.number, 0, 0
	if f.LinkType == wire.LinkERF && !insideERF(f, p.fcs, p.count) {
		b.Frames = b.Frames[:len(b.Frames)-1]
		return nil
	}
	if link != wire.LinkERF {
		p.count.Stored += storedOctets(link, said)
	}
	p.count.Octets += uint64(f.WireLen)
	return nil
}
