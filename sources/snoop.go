package sources

import (
	"encoding/binary"
	"fmt"

	"netramet/sources/wire"
)

const (
	snoopHeaderLen = 16
	snoopRecordLen = 24
	snoopVersion   = 2
)

// snoopLinks translates the data link types of snoop (RFC 1761, and IANA's
// registry of them).
var snoopLinks = map[uint32]wire.LinkType{
	0:  wire.LinkEthernet, // IEEE 802.3
	2:  wire.LinkTokenRing,
	4:  wire.LinkEthernet,
	8:  wire.LinkFDDI,
	12: wire.LinkRFC1483, // ATM, classical IP
	26: wire.LinkIPoIBSnoop,
}

// snoop parses the records of a snoop trace (RFC 1761), all big-endian.
type snoop struct {
	count   *wire.SourceStats
	link    wire.LinkType
	fcs     uint32
	number  uint8
	dropped uint32 // as the last record has it: drops since the first
}

// startSnoop reads the file header.
func startSnoop(t *trace) error {
	h, err := t.header(snoopHeaderLen)
	if err != nil {
		return err
	}
	if v := binary.BigEndian.Uint32(h[8:]); v != snoopVersion {
		return unsupported(fmt.Sprintf("%s: snoop version %d: not supported by this version", t.name, v))
	}
	link, ok := snoopLinks[binary.BigEndian.Uint32(h[12:])]
	if !ok {
		return unsupported(fmt.Sprintf("%s: snoop data link type %d: not supported by this version", t.name, binary.BigEndian.Uint32(h[12:])))
	}
	t.info.LinkTypes = []wire.LinkType{link}
	t.parser = &snoop{count: &t.count, link: link, fcs: t.fcs.of(link, 0), number: t.first}
	t.feed.advance(snoopHeaderLen)
	return nil
}

// parse implements parser.
func (p *snoop) parse(b *wire.Batch, data []byte, _ bool) (used int64, need int, err error) {
	start := len(data)
	for len(b.Frames) < wire.BatchSize && len(data) >= snoopRecordLen {
		onWire, captured := binary.BigEndian.Uint32(data), binary.BigEndian.Uint32(data[4:])
		length, dropped := binary.BigEndian.Uint32(data[8:]), binary.BigEndian.Uint32(data[12:])
		switch {
		case captured > MaxCapLen:
			err = fmt.Errorf("captured length %d is above the limit of %d", captured, MaxCapLen)
		case length < snoopRecordLen+captured:
			err = fmt.Errorf("record length %d is below that of its header and the %d octets captured", length, captured)
		case length > snoopRecordLen+MaxCapLen:
			err = fmt.Errorf("record length %d is above the limit of %d", length, snoopRecordLen+MaxCapLen)
		}
		if err != nil {
			return int64(start - len(data)), 0, err
		}
		if int(length) > len(data) {
			return int64(start - len(data)), int(length), nil
		}
		if captured > onWire {
			p.count.Odd++
		}
		p.count.Stored += storedOctets(p.link, onWire)
		keep := snoopRecordLen + withoutFCS(captured, onWire, p.fcs)
		onWire -= min(p.fcs, onWire)
		b.Frames = append(b.Frames, wire.Frame{
			Time: int64(binary.BigEndian.Uint32(data[16:]))*1e9 + int64(binary.BigEndian.Uint32(data[20:]))*1000,
			Data: data[snoopRecordLen:keep:keep], WireLen: onWire, LinkType: p.link, Interface: p.number,
		})
		p.count.Octets += uint64(onWire)
		p.count.Dropped += uint64(dropped - p.dropped) // modulo 2^32
		p.dropped = dropped
		data = data[length:]
	}
	return int64(start - len(data)), snoopRecordLen, nil
}
