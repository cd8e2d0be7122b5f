package main

import (
	"net/netip"
	"strconv"

	"netramet/meter"
	"netramet/mib"
	"netramet/streams/pair"
)

const pairHeader = "kind\trequest_time\treply_time\tsource\tsource_port\tdest\tdest_port\tid\tturnaround_us\n"

// appendPair appends the line of a pair. Its source is the end that asked.
func appendPair(b []byte, p *meter.Pair) []byte {
	b = append(append(b, p.Kind.String()...), '\t')
	b = append(appendStamp(b, p.Request), '\t')
	b = append(appendStamp(b, p.Reply), '\t')
	for end := range p.Address {
		b = append(address(p.PeerType, p.Address[end]).AppendTo(b), '\t')
		b = append(strconv.AppendUint(b, uint64(p.Port[end]), 10), '\t')
	}
	b = append(appendID(b, &p.Event), '\t')
	b = appendMicroseconds(b, p.Turnaround())
	return append(b, '\n')
}

// address is a network address as the meter has it.
func address(t mib.PeerType, a [16]byte) netip.Addr {
	if t == mib.PeerIPv4 {
		return netip.AddrFrom4([4]byte(a[:4]))
	}
	return netip.AddrFrom16(a)
}

// appendID appends what names a request among those of its kind.
func appendID(b []byte, e *pair.Event) []byte {
	switch e.Kind {
	case pair.ICMP: // identifier and sequence number
		b = append(strconv.AppendUint(b, e.ID>>16, 10), '/')
		return strconv.AppendUint(b, e.ID&0xffff, 10)
	case pair.SNMP: // without the mark of version 3
		return strconv.AppendInt(b, int64(int32(e.ID)), 10)
	case pair.UDP:
		return append(b, '-')
	}
	return strconv.AppendUint(b, e.ID, 10)
}

// appendMicroseconds appends a length of time in nanoseconds, not negative, as
// microseconds with the decimals it has.
func appendMicroseconds(b []byte, ns int64) []byte {
	const thousand = 1000
	b = strconv.AppendInt(b, ns/thousand, 10)
	rest := ns % thousand
	if rest == 0 {
		return b
	}
	digits := strconv.AppendInt(nil, rest+thousand, 10)[1:]
	for digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	return append(append(b, '.'), digits...)
}
