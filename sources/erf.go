package sources

import (
	"encoding/binary"
	"fmt"

	"netramet/sources/wire"
)

// The record types of Endace's Extensible Record Format (ERF) that matter here,
// without the bit that says that extension headers follow.
const (
	erfHDLC           = 1
	erfEthernet       = 2
	erfATM            = 3
	erfAAL5           = 4
	erfMCHDLC         = 5
	erfMCRaw          = 6
	erfMCATM          = 7
	erfMCRawChannel   = 8
	erfMCAAL5         = 9
	erfColourHDLC     = 10
	erfColourEthernet = 11
	erfMCAAL2         = 12
	erfIPCounter      = 13
	erfTCPCounter     = 14
	erfDSMHDLC        = 15
	erfDSMEthernet    = 16
	erfColourMCHDLC   = 17
	erfAAL2           = 18
	erfHashHDLC       = 19
	erfHashEthernet   = 20
	erfInfiniBand     = 21
	erfIPv4           = 22
	erfIPv6           = 23
	erfRawLink        = 24
	erfIBLink         = 25
	erfMeta           = 27 // provenance
	erfOPASNC         = 28
	erfOPA9B          = 29
	erfPad            = 48

	erfExtension = 0x80 // in the type: extension headers follow
)

const (
	erfHeaderLen = 16
	// erfMultiChannel is the length of the header of multi-channel records.
	erfMultiChannel = 4
	// erfEthernetPad is the offset and pad before an Ethernet frame.
	erfEthernetPad = 2
	// erfMaxExtensions is the most extension headers of a record, which have
	// eight octets each.
	erfMaxExtensions = 16
)

// erfKind says how a type of records carries packets.
type erfKind struct {
	known   bool
	link    wire.LinkType
	carries erfCarries
	before  uint8 // octets between the headers and what is carried
	colour  bool  // the loss counter's place holds something else
}

type erfCarries uint8

const (
	erfNothing erfCarries = iota // no packet, or none that can be told
	erfFrame                     // a frame of the link type
	erfFramed                    // PPP or Cisco HDLC, by the first octet
	erfCell                      // an ATM cell, without the header's check octet
	erfUnread                    // packets that are not read
)

// erfKinds is the table of types.
var erfKinds = [128]erfKind{
	erfHDLC:           {known: true, carries: erfFramed},
	erfEthernet:       {known: true, carries: erfFrame, link: wire.LinkEthernet, before: erfEthernetPad},
	erfATM:            {known: true, carries: erfCell},
	erfAAL5:           {known: true, carries: erfFrame, link: wire.LinkATM},
	erfMCHDLC:         {known: true, carries: erfFramed, before: erfMultiChannel},
	erfMCRaw:          {known: true, carries: erfUnread},
	erfMCATM:          {known: true, carries: erfCell, before: erfMultiChannel},
	erfMCRawChannel:   {known: true, carries: erfUnread},
	erfMCAAL5:         {known: true, carries: erfFrame, link: wire.LinkATM, before: erfMultiChannel},
	erfColourHDLC:     {known: true, carries: erfFramed, colour: true},
	erfColourEthernet: {known: true, carries: erfFrame, link: wire.LinkEthernet, before: erfEthernetPad, colour: true},
	erfMCAAL2:         {known: true, carries: erfUnread},
	erfIPCounter:      {known: true, colour: true},
	erfTCPCounter:     {known: true, colour: true},
	erfDSMHDLC:        {known: true, carries: erfFramed, colour: true},
	erfDSMEthernet:    {known: true, carries: erfFrame, link: wire.LinkEthernet, before: erfEthernetPad, colour: true},
	erfColourMCHDLC:   {known: true, carries: erfFramed, before: erfMultiChannel, colour: true},
	erfAAL2:           {known: true, carries: erfUnread},
	erfHashHDLC:       {known: true, carries: erfFramed, colour: true},
	erfHashEthernet:   {known: true, carries: erfFrame, link: wire.LinkEthernet, before: erfEthernetPad, colour: true},
	erfInfiniBand:     {known: true, carries: erfFrame, link: wire.LinkInfiniBand},
	erfIPv4:           {known: true, carries: erfFrame, link: wire.LinkIPv4},
	erfIPv6:           {known: true, carries: erfFrame, link: wire.LinkIPv6},
	erfRawLink:        {known: true, carries: erfUnread},
	erfIBLink:         {known: true, carries: erfUnread},
	erfMeta:           {known: true, colour: true},
	erfOPASNC:         {known: true, carries: erfUnread},
	erfOPA9B:          {known: true, carries: erfUnread},
	erfPad:            {known: true, colour: true},
}

// erf parses the records of an ERF trace.
//
// A frame's interface is the record's port plus the first interface number. The
// lengths of Ethernet frames count the frame check sequence; those of packets
// over SONET are taken as they are stored, for nothing says whether their check
// sequences have two octets or four.
type erf struct {
	count *wire.SourceStats
	cells cells
	fcs   uint32 // octets at an Ethernet frame's end that are not counted
	first uint8
	lost  [ERFPorts]uint64 // frames by port, as count.Dropped
}

// newErf returns a parser that counts in count.
func newErf(count *wire.SourceStats, fcs FCS, first uint8) erf {
	return erf{count: count, fcs: fcs.of(wire.LinkEthernet, erfFCS(wire.LinkEthernet)), first: first}
}

// startErf begins a trace; the format has no header.
func startErf(t *trace) error {
	p := newErf(&t.count, t.fcs, t.first)
	t.parser = &p
	return nil
}

// erfRecord is what a record says of itself.
type erfRecord struct {
	kind    *erfKind
	length  int // of the whole record
	headers int // octets before what is carried
	wire    uint32
}

// readErf reads a record's headers. Need is more than len(data) if they are not
// complete.
func readErf(data []byte) (r erfRecord, need int, err error) {
	if len(data) < erfHeaderLen {
		return r, erfHeaderLen, nil
	}
	r.kind = &erfKinds[data[8]&^erfExtension]
	if !r.kind.known {
		return r, 0, fmt.Errorf("record type %d is not one of ERF", data[8]&^erfExtension)
	}
	r.length = int(binary.BigEndian.Uint16(data[10:]))
	r.wire = uint32(binary.BigEndian.Uint16(data[14:]))
	r.headers = erfHeaderLen
	for more := data[8]&erfExtension != 0; more; r.headers += 8 {
		if r.headers == erfHeaderLen+8*erfMaxExtensions {
			return r, 0, fmt.Errorf("more than %d extension headers", erfMaxExtensions)
		}
		if r.length < r.headers+8 {
			r.headers = r.length + 1 // there is no room for it
			break
		}
		if len(data) < r.headers+8 {
			return r, r.headers + 8, nil
		}
		more = data[r.headers]&erfExtension != 0
	}
	r.headers += int(r.kind.before)
	if r.length < r.headers {
		return r, 0, fmt.Errorf("record length %d is below that of its headers", r.length)
	}
	return r, 0, nil
}

// parse implements parser. The records that there are most of are taken here, others
// by take.
func (p *erf) parse(b *wire.Batch, data []byte, eof bool) (used int64, need int, err error) {
	start, frames := len(data), b.Frames
	var octets, stored uint64
	for need = erfHeaderLen; len(frames) < wire.BatchSize-1 && len(data) >= erfHeaderLen; need = erfHeaderLen { // a cell may make two frames
		h := (*[erfHeaderLen]byte)(data)
		kind := &erfKinds[h[8]&^erfExtension]
		length, headers := int(binary.BigEndian.Uint16(h[10:])), erfHeaderLen+int(kind.before)
		if !kind.known || h[8]&erfExtension != 0 || length < headers {
			var r erfRecord
			if r, need, err = readErf(data); err != nil || need > len(data) {
				break
			}
			headers = r.headers
		}
		if length > len(data) {
			need = length
			break
		}
		port := h[9] & (ERFPorts - 1)
		if lost := binary.BigEndian.Uint16(h[12:]); lost != 0 && !kind.colour {
			p.count.Dropped += uint64(lost)
			p.lost[port] += uint64(lost)
		}
		at, body := fixedPointTime(binary.LittleEndian.Uint64(h[:])), data[headers:length:length]
		onWire, link, fcs := uint32(binary.BigEndian.Uint16(h[14:])), kind.link, uint32(0)
		data = data[length:]
		switch {
		case kind.carries == erfFramed:
			link = framedLink(body)
		case link == wire.LinkEthernet:
			fcs = p.fcs
		case kind.carries != erfFrame || link == wire.LinkATM:
			b.Frames = frames
			p.take(b, kind, cell{at, body, p.first + port}, onWire)
			frames = b.Frames
			continue
		}
		keep, odd := settleERF(uint32(len(body)), onWire, fcs)
		if odd {
			p.count.Odd++
		}
		stored += uint64(onWire)
		onWire -= min(fcs, onWire)
		octets += uint64(onWire)
		frames = frames[:len(frames)+1]
		f := &frames[len(frames)-1]
		f.Time, f.Data, f.WireLen = at, body[:keep:keep], onWire
		f.LinkType, f.Interface, f.Flags, f.VLAN = link, p.first+port, 0, 0
	}
	b.Frames = frames
	p.count.Octets += octets
	p.count.Stored += stored
	if err != nil || eof && need > len(data) { // no record follows
		p.cells.flush(b, p.count)
	}
	return int64(start - len(data)), need, err
}

// take hands over what a record of ATM carries, and passes over the others. The cell
// is what there is of it, also where that is an AAL5 frame.
func (p *erf) take(b *wire.Batch, kind *erfKind, c cell, onWire uint32) {
	switch kind.carries {
	case erfUnread:
		p.count.Skipped++
	case erfCell:
		p.count.Stored += uint64(onWire)
		c.data = c.data[:min(len(c.data), cellLen)]
		p.cells.add(b, p.count, c)
	case erfFrame:
		p.count.Stored += uint64(onWire)
		keep, odd := settleERF(uint32(len(c.data)), onWire, 0)
		if odd {
			p.count.Odd++
		}
		p.count.Octets += uint64(onWire)
		b.Frames = append(b.Frames, wire.Frame{
			Time: c.at, Data: c.data[:keep:keep], WireLen: onWire, LinkType: kind.link, Interface: c.number, Flags: wire.NoFrameLen,
		})
	}
}

// settleERF says how many of the octets that are there of a frame are its own: not the
// padding, nor a check sequence of fcs octets. Records are padded to
// eight octets, so a few more than the frame had are no contradiction. More are:
// then all that is captured counts (decision 21a).
func settleERF(captured, onWire, fcs uint32) (keep uint32, odd bool) {
	const padding = 8
	if captured > onWire+padding {
		return withoutFCS(captured, onWire, fcs), true
	}
	return min(captured, onWire-min(fcs, onWire)), false
}

// insideERF makes of a frame that holds an ERF record the frame that the record
// holds, with its finer time, in traces of other formats. It reports false where the record holds no
// packet; what cannot be a record stays as it is.
func insideERF(f *wire.Frame, fcs FCS, count *wire.SourceStats) bool {
	r, need, err := readErf(f.Data)
	if err != nil || need > len(f.Data) || r.headers > len(f.Data) {
		count.Odd++
		count.Stored += uint64(f.WireLen)
		return true
	}
	if stamp := binary.LittleEndian.Uint64(f.Data); stamp != 0 {
		f.Time = fixedPointTime(stamp)
	}
	f.Data = f.Data[r.headers:]
	f.WireLen = r.wire
	switch r.kind.carries {
	case erfFramed:
		f.LinkType = framedLink(f.Data)
	case erfFrame:
		f.LinkType = r.kind.link
	case erfCell:
		f.LinkType = wire.LinkATM
	default:
		count.Skipped++
		return false
	}
	count.Stored += uint64(r.wire)
	if f.LinkType == wire.LinkATM {
		f.Flags |= wire.NoFrameLen
		f.WireLen = uint32(len(f.Data))
	}
	check := fcs.of(f.LinkType, erfFCS(f.LinkType))
	keep, odd := settleERF(uint32(len(f.Data)), f.WireLen, check)
	if odd {
		count.Odd++
	}
	f.Data = f.Data[:keep:keep]
	f.WireLen -= min(check, f.WireLen)
	return true
}

// erfFCS is what ERF counts of a frame's check sequence.
func erfFCS(link wire.LinkType) uint32 {
	if link == wire.LinkEthernet {
		return 4
	}
	return 0
}

// framedLink says what a packet over SONET begins with: PPP's address octet, or
// the header of Cisco HDLC.
func framedLink(body []byte) wire.LinkType {
	if len(body) > 0 && (body[0] == 0x0f || body[0] == 0x8f) {
		return wire.LinkCHDLC
	}
	return wire.LinkPPPHDLC
}

// fixedPointTime is a DAG time stamp, seconds with 32 bits of fraction, in Unix
// nanoseconds, rounded.
func fixedPointTime(t uint64) int64 {
	const second = 1_000_000_000
	return int64(t>>32)*second + int64((t&(1<<32-1)*second+1<<31)>>32)
}

// wholeERF reports whether octets are records of ERF and nothing else, which is no
// accident: each says its own length.
func wholeERF(data []byte) bool {
	for len(data) > 0 {
		r, need, err := readErf(data)
		if err != nil || need > len(data) || r.length < erfHeaderLen || r.length > len(data) {
			return false
		}
		data = data[r.length:]
	}
	return true
}

// guessErf recognises an ERF trace, which has no magic number, by its first
// records: known types, no flags that mean nothing, lengths that fit, and times
// that belong together. One record at least must be whole. Where times do not belong
// together, it takes a whole trace of records, or some more of them. A first record
// that is longer than head counts if its two lengths fit each other.
func guessErf(head []byte) bool {
	const reserved, day, enough = 0xc0, 24 * 3600, 4
	first, whole, apart := uint64(0), 0, false
	complete := len(head) < guessLen && wholeERF(head)
	for len(head) >= erfHeaderLen {
		r, _, err := readErf(head)
		seconds := binary.LittleEndian.Uint64(head) >> 32
		if whole == 0 {
			first = seconds
		}
		packet := r.kind.carries != erfNothing
		switch {
		case err != nil, r.length < erfHeaderLen, head[9]&reserved != 0, packet && r.wire == 0:
			return false
		case packet && seconds == 0, seconds-first+day > 2*day:
			apart = true
		}
		if r.length > len(head) {
			body := r.length - r.headers
			if whole == 0 && len(head) == guessLen && int(r.wire) <= body+4 && body < int(r.wire)+8 {
				whole++
			}
			break
		}
		whole++
		head = head[r.length:]
	}
	return whole > 0 && (!apart || complete || whole >= enough)
}
