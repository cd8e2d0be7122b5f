package tracefile

import (
	"fmt"
	"math"

	"netramet/sources/internal/layout"
	"netramet/sources/wire"
)

// Types of ERF records.
const (
	erfHDLC       = 1
	erfEthernet   = 2
	erfAAL5       = 4
	erfInfiniBand = 21
	erfIPv4       = 22
	erfIPv6       = 23
)

const (
	erfPorts = 4
	erfFCS   = 4 // that an Ethernet frame's length counts
	erfPad   = 2 // offset and pad before an Ethernet frame
)

// erf is Endace's format. The interface is the record's port.
type erf struct{ clock clock }

// frame implements encoder.
func (e *erf) frame(buf []byte, f *wire.Frame) ([]byte, error) {
	typ, err := erfType(f)
	if err != nil {
		return buf, err
	}
	data, wired := known(f)
	at, onWire, length := e.clock.of(f), int(wired), layout.ERFHeaderLen+len(data)
	whole := len(data) >= onWire
	if typ == erfEthernet {
		onWire += erfFCS
		length += erfPad
	}
	if whole {
		length = (length + 7) &^ 7 // of one that is cut, the padding would be taken for more
	}
	switch {
	case at < 0 || at/1e9 > math.MaxUint32:
		return buf, fmt.Errorf("ERF holds times from 1970 to 2106, and its is %s; pcapng holds it", date(at))
	case onWire > math.MaxUint16 || length > math.MaxUint16:
		return buf, fmt.Errorf("the records of ERF have up to %d octets, and it has %d on the wire, %d captured; pcap and pcapng hold it", math.MaxUint16, f.WireLen, len(f.Data))
	case len(data) > int(wired):
		return buf, fmt.Errorf("%d octets are captured of %d on the wire, a contradiction that ERF cannot hold; pcap and pcapng can", len(f.Data), f.WireLen)
	case f.Interface > erfPorts:
		return buf, fmt.Errorf("ERF knows %d interfaces, and its is number %d; pcapng holds it", erfPorts, f.Interface)
	}
	end := len(buf) + length
	buf = layout.AppendERF(buf, layout.ERF{
		Time: at, Type: typ, Port: max(f.Interface, 1) - 1, Length: uint16(length), Wire: uint16(onWire),
	})
	if typ == erfEthernet {
		buf = append(buf, 0, 0)
	}
	buf = append(buf, data...)
	for len(buf) < end {
		buf = append(buf, 0)
	}
	return buf, nil
}

// erfType is the type of a frame's record. Of PPP and Cisco HDLC the first octet
// tells which it is, so it must.
func erfType(f *wire.Frame) (uint8, error) {
	version := byte(0)
	isCisco := false
	if len(f.Data) > 0 {
		version = f.Data[0] >> 4
		isCisco = f.Data[0] == 0x0f || f.Data[0] == 0x8f
	}
	switch f.LinkType {
	case wire.LinkEthernet:
		return erfEthernet, nil
	case wire.LinkATM:
		return erfAAL5, nil
	case wire.LinkInfiniBand:
		return erfInfiniBand, nil
	case wire.LinkCHDLC:
		if isCisco {
			return erfHDLC, nil
		}
	case wire.LinkPPPHDLC:
		if !isCisco {
			return erfHDLC, nil
		}
	case wire.LinkIPv4:
		return erfIPv4, nil
	case wire.LinkIPv6:
		return erfIPv6, nil
	case wire.LinkRaw:
		switch version {
		case 4:
			return erfIPv4, nil
		case 6:
			return erfIPv6, nil
		}
	}
	return 0, fmt.Errorf("ERF does not hold frames of link type %v such as this one; pcapng does", f.LinkType)
}

// empty implements encoder: the format has no header.
func (e *erf) empty(buf []byte) []byte { return buf }
