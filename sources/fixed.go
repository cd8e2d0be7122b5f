package sources

import (
	"encoding/binary"
	"errors"

	"netramet/sources/wire"
)

// fixed parses traces without a header whose records all have one length: TSH,
// the time-stamped headers of NLANR's Measurement and Operations Analysis Team,
// and the formats of DAG cards before ERF.
type fixed struct {
	layout
	count *wire.SourceStats
	cells cells
	first uint8
	clock nzixClock
}

// layout names the fixed formats.
type layout uint8

const (
	// layoutTSH: seconds, interface, microseconds, an IP header without options,
	// and 16 octets of what follows it. Lengths on the wire are not told.
	layoutTSH layout = iota
	// layoutATM: a DAG time stamp, a check sequence, and an ATM cell without the
	// octet that checks its header.
	layoutATM
	// layoutEthernet: a DAG time stamp, the length on the wire without check
	// sequence, little-endian, and 54 octets of the frame.
	layoutEthernet
	// layoutPOS: a DAG time stamp, the record's length, the length on the wire,
	// big-endian, and 48 octets of PPP or Cisco HDLC.
	layoutPOS
	// layoutNZIX: see nzix.go.
	layoutNZIX
)

const (
	tshLen    = 44
	legacyLen = 64
)

// size is the length of a record.
func (l layout) size() int {
	switch l {
	case layoutTSH:
		return tshLen
	case layoutNZIX:
		return nzixLen
	}
	return legacyLen
}

// startFixed begins a trace of a layout.
func startFixed(l layout) func(*trace) error {
	return func(t *trace) error {
		t.parser = &fixed{layout: l, count: &t.count, first: t.first, clock: nzixClock{start: nzixStart(t.name)}}
		return nil
	}
}

// parse implements parser.
func (p *fixed) parse(b *wire.Batch, data []byte, eof bool) (used int64, need int, err error) {
	if p.layout == layoutTSH {
		return p.parseTSH(b, data)
	}
	start, size := len(data), p.size()
	for len(data) >= size && len(b.Frames) < wire.BatchSize-1 { // a cell may make two frames
		r := data[:size:size]
		if !p.fits(r) {
			err = errLayout
			break
		}
		p.count.Stored += p.stored(r)
		switch {
		case p.layout == layoutATM:
			p.cells.add(b, p.count, cell{fixedPointTime(binary.LittleEndian.Uint64(r)), r[12:], p.first})
		case p.layout == layoutNZIX && binary.LittleEndian.Uint32(r[8:]) == 0:
			p.count.Skipped++ // a pulse of the clock
		default:
			f := p.frame(r)
			p.count.Octets += uint64(f.WireLen)
			b.Frames = append(b.Frames, f)
		}
		data = data[size:]
	}
	if err != nil || eof && len(data) < size { // no record follows
		p.cells.flush(b, p.count)
	}
	return int64(start - len(data)), size, err
}

var errLayout = errors.New("the record has no time, or not this format's lengths")

// parseTSH is parse of TSH.
func (p *fixed) parseTSH(b *wire.Batch, data []byte) (used int64, need int, err error) {
	start, frames, stored := len(data), b.Frames, uint64(0)
	for len(frames) < wire.BatchSize && len(data) >= tshLen {
		r := (*[tshLen]byte)(data)
		number, micro, version := r[4], binary.BigEndian.Uint32(r[4:])&0xffffff, r[8]>>4
		if !tshFits(micro, version) {
			err = errLayout
			break
		}
		stored += uint64(binary.BigEndian.Uint16(r[10:])) // there is no other length
		if version == 4 {
			// Options are left out of the header, whose length still counts them.
			r[8] = 4<<4 | 5
		}
		frames = frames[:len(frames)+1]
		f := &frames[len(frames)-1]
		f.Time = int64(binary.BigEndian.Uint32(r[:]))*1e9 + int64(micro)*1000
		f.Data, f.WireLen = data[8:tshLen:tshLen], tshLen-8
		f.LinkType, f.Interface, f.Flags, f.VLAN = wire.LinkRaw, tshInterface(p.first, number), wire.NoFrameLen, 0
		data = data[tshLen:]
	}
	p.count.Octets += uint64(len(frames)-len(b.Frames)) * (tshLen - 8)
	p.count.Stored += stored
	b.Frames = frames
	return int64(start - len(data)), tshLen, err
}

// tshFits reports whether a TSH record's microseconds and IP version can be ones.
func tshFits(micro uint32, version uint8) bool { return micro < 1_000_000 && version >= 4 }

// stored are the octets on the wire of a record's packet, with the check sequences
// of cells' headers and of Ethernet.
func (p *fixed) stored(r []byte) uint64 {
	const cell, fcs = 53, 4
	switch p.layout {
	case layoutEthernet:
		return uint64(binary.LittleEndian.Uint16(r[8:])) + fcs
	case layoutPOS:
		return uint64(binary.BigEndian.Uint32(r[12:]))
	case layoutNZIX:
		return uint64(binary.LittleEndian.Uint32(r[8:]))
	}
	return cell
}

// frame is what a record other than one of TSH and ATM holds.
func (p *fixed) frame(r []byte) wire.Frame {
	f := wire.Frame{Interface: p.first}
	switch p.layout {
	case layoutNZIX:
		f.Data, f.LinkType = nzixFrame(r), wire.LinkEthernet
		f.WireLen = binary.LittleEndian.Uint32(r[8:])
		f.Time = p.clock.time(binary.LittleEndian.Uint32(r))
	case layoutEthernet:
		f.Data, f.LinkType = r[10:], wire.LinkEthernet
		f.WireLen = uint32(binary.LittleEndian.Uint16(r[8:]))
	case layoutPOS:
		f.Data, f.LinkType = r[16:], framedLink(r[16:])
		f.WireLen = binary.BigEndian.Uint32(r[12:])
	}
	if p.layout != layoutNZIX {
		f.Time = fixedPointTime(binary.LittleEndian.Uint64(r))
	}
	if n := int(f.WireLen); len(f.Data) > n {
		f.Data = f.Data[:n:n] // the record is filled up
	}
	return f
}

// tshInterface keeps the number that the trace gives an interface; 0 is 1.
func tshInterface(first, number uint8) uint8 {
	n := int(first) + max(int(number), 1) - 1
	return uint8(min(n, MaxInterfaces))
}

// fits reports whether a record can be one of the layout. A record of zeros,
// what a card leaves where it has written nothing, is none.
func (l layout) fits(r []byte) bool {
	const longest = 1 << 16
	switch l {
	case layoutTSH:
		return tshFits(binary.BigEndian.Uint32(r[4:])&0xffffff, r[8]>>4)
	case layoutEthernet:
		return binary.LittleEndian.Uint64(r) != 0 && binary.LittleEndian.Uint16(r[8:]) >= 14
	case layoutPOS:
		return binary.LittleEndian.Uint64(r) != 0 && binary.BigEndian.Uint32(r[8:]) == legacyLen &&
			binary.BigEndian.Uint32(r[12:]) < longest
	case layoutNZIX:
		return nzixFits(r)
	}
	return binary.LittleEndian.Uint64(r) != 0
}

// guess tells a layout by the first records: they fit, times belong together,
// and what must be a network layer's header is one.
func (l layout) guess(head []byte) bool {
	const hour = 3600
	if len(head) < guessLen && wholeERF(head) {
		return false // a short one, whose records might be taken for others
	}
	var first uint64
	records := 0
	for size := l.size(); len(head) >= size; head = head[size:] {
		seconds := binary.LittleEndian.Uint64(head) >> 32
		if l == layoutTSH {
			seconds = uint64(binary.BigEndian.Uint32(head))
		}
		if !l.fits(head) || !l.carries(head) || records > 0 && seconds-first+hour > 2*hour {
			return false
		}
		if records == 0 {
			first = seconds
		}
		records++
	}
	return records > 0 && first > 0
}

// carries reports whether a record has what records of the layout have almost
// always: IP behind the link's own header. Traces of ATM hold first cells.
func (l layout) carries(r []byte) bool {
	switch l {
	case layoutTSH:
		const interfaces = 8 // of a real monitor, and fewer than any letter
		return r[8] >= 0x45 && r[8] <= 0x4f && r[4] <= interfaces
	case layoutATM:
		return beginsFrame(r[12+cellHeader:])
	case layoutEthernet:
		t := binary.BigEndian.Uint16(r[22:])
		return t == 0x0800 || t == 0x0806 || t == 0x86dd || t == 0x8100 || t < 1501
	}
	return r[16] == 0xff && r[17] == 0x03 || framedLink(r[16:]) == wire.LinkCHDLC
}
