package tracefile

import (
	"encoding/binary"
	"fmt"
	"math"

	"netramet/sources/internal/layout"
	"netramet/sources/wire"
)

// defaultSnapLen is what a file says that was not cut: programs cut what they read
// to it.
const defaultSnapLen = 262144

// pcap is the format with nanoseconds, little-endian. It holds one link type, and no
// interfaces.
type pcap struct {
	snap  uint32
	begun bool
	link  wire.LinkType
	clock clock
}

// frame implements encoder.
func (p *pcap) frame(buf []byte, f *wire.Frame) ([]byte, error) {
	at := p.clock.of(f)
	switch {
	case f.LinkType == wire.LinkATM:
		return buf, errATM
	case p.begun && f.LinkType != p.link:
		return buf, fmt.Errorf("pcap holds one link type: this one is %v, those before are %v; pcapng holds both", f.LinkType, p.link)
	case at < 0 || at/1e9 > math.MaxUint32:
		return buf, fmt.Errorf("pcap holds times from 1970 to 2106, and its is %s; pcapng holds it", date(at))
	}
	if !p.begun {
		p.begun, p.link = true, f.LinkType
		buf = p.header(buf)
	}
	data, onWire := known(f)
	buf = layout.AppendPcapRecord(buf, binary.LittleEndian, uint32(at/1e9), uint32(at%1e9), uint32(len(data)), onWire)
	return append(buf, data...), nil
}

func (p *pcap) header(buf []byte) []byte {
	snap := p.snap
	if snap == 0 {
		snap = defaultSnapLen
	}
	return layout.AppendPcapHeader(buf, binary.LittleEndian, layout.PcapNano, snap, uint32(p.link))
}

// empty implements encoder.
func (p *pcap) empty(buf []byte) []byte {
	p.link = wire.LinkEthernet
	return p.header(buf)
}
