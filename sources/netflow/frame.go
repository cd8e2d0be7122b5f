package netflow

import (
	"encoding/binary"

	"netramet/sources/wire"
)

// frameRoom is what the frame of a record takes at most, headers of sFlow included;
// what is longer is cut.
const frameRoom = 256

// IP protocols and EtherTypes.
const (
	protoICMP   = 1
	protoTCP    = 6
	protoICMPv6 = 58

	etherIPv4 = 0x0800
	etherIPv6 = 0x86dd
)

// frame makes the headers of a packet of the flow in room, in one direction: what
// the decoder of packets, and a filter, are to see. Of TCP only what comes before its
// window is there: flags of many packets open and close no stream.
func (f *flow) frame(out *wire.Frame, room []byte, dir uint8) {
	b := room[:0]
	source, dest := dir, 1-dir
	ether := f.ether
	if f.hasAddress() {
		if ether = etherIPv4; f.isIPv6 {
			ether = etherIPv6
		}
	}
	switch {
	case f.has[0]&(1<<sourceMAC|1<<destMAC) != 0 || ether != 0 && !f.hasAddress():
		out.LinkType = wire.LinkEthernet
		b = append(b, f.mac[dest][:]...)
		b = append(b, f.mac[source][:]...)
		b = binary.BigEndian.AppendUint16(b, ether)
	case f.isIPv6:
		out.LinkType = wire.LinkIPv6
	case f.hasAddress():
		out.LinkType = wire.LinkIPv4
	default:
		out.LinkType = wire.LinkRaw
	}
	if f.hasKind(0, vlan) && f.vlan != 0 || f.hasKind(0, priority) {
		out.Flags |= wire.HasVLAN
		out.VLAN = f.vlan | uint16(f.priority)<<13
	}
	if f.hasAddress() {
		b = f.network(b, source, dest)
	}
	out.Data, out.WireLen = b, uint32(len(b))
}

// network appends the network and the transport header.
func (f *flow) network(b []byte, source, dest uint8) []byte {
	transport := 4
	switch f.protocol {
	case protoTCP:
		transport = 14
	case protoICMP, protoICMPv6:
		transport = 2
	}
	class := f.class[0]
	if source == 1 && f.hasKind(1, trafficClass) {
		class = f.class[1]
	}
	if f.isIPv6 {
		b = binary.BigEndian.AppendUint32(b, 6<<28|uint32(class)<<20)
		b = append(b, 0, byte(transport), f.protocol, 64)
		b = append(b, f.address[source][:]...)
		b = append(b, f.address[dest][:]...)
	} else {
		b = append(b, 0x45, class, 0, byte(20+transport), 0, 0, 0, 0, 64, f.protocol, 0, 0)
		b = append(b, f.address[source][:4]...)
		b = append(b, f.address[dest][:4]...)
	}
	switch f.protocol {
	case protoICMP, protoICMPv6:
		icmp := f.icmp
		if f.has[0]&(1<<icmpBoth|1<<icmpType) == 0 {
			icmp = f.port[1] // as version 5 has it
		}
		return binary.BigEndian.AppendUint16(b, icmp)
	case protoTCP:
		b = binary.BigEndian.AppendUint16(b, f.port[source])
		b = binary.BigEndian.AppendUint16(b, f.port[dest])
		return append(b, 0, 0, 0, 0, 0, 0, 0, 0, 5<<4, f.tcpFlags[source])
	}
	b = binary.BigEndian.AppendUint16(b, f.port[source])
	return binary.BigEndian.AppendUint16(b, f.port[dest])
}
