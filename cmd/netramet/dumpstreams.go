package main

import (
	"strconv"

	"netramet/meter"
	"netramet/meter/packet"
	"netramet/sources/wire"
)

// What --dump-streams writes.
const streamHeader = "source\tsource_port\tdest\tdest_port\tprotocol\tfirst\tlast\tto_pdus\tfrom_pdus\tto_octets\tfrom_octets\treason\n"

// appendStreamEnd appends the line of a stream. Its source is who sent the first packet.
func appendStreamEnd(b []byte, e *meter.StreamEnd) []byte {
	from, to := e.Source, 1-e.Source
	b = appendEnd(b, e, from)
	b = appendEnd(b, e, to)
	b = strconv.AppendUint(b, uint64(e.Protocol), 10)
	b = appendStamp(append(b, '\t'), e.First)
	b = appendStamp(append(b, '\t'), e.Last)
	for _, n := range []uint64{e.PDUs[from], e.PDUs[to], e.Octets[from], e.Octets[to]} {
		b = strconv.AppendUint(append(b, '\t'), n, 10)
	}
	return append(append(append(b, '\t'), e.Reason.String()...), '\n')
}

// appendEnd appends address and port of one end, each with a tab behind it.
func appendEnd(b []byte, e *meter.StreamEnd, end packet.Direction) []byte {
	b = append(address(e.PeerType, e.Address[end]).AppendTo(b), '\t')
	return append(strconv.AppendUint(b, uint64(e.Port[end]), 10), '\t')
}

// appendStamp appends a time as Unix seconds with nanoseconds; "-" for none.
func appendStamp(b []byte, t int64) []byte {
	if t == wire.NoTime {
		return append(b, '-')
	}
	const second = 1e9
	n := uint64(t)
	if t < 0 {
		b, n = append(b, '-'), -n
	}
	b = append(strconv.AppendUint(b, n/second, 10), '.')
	digits := strconv.AppendUint(nil, n%second+second, 10)
	return append(b, digits[1:]...)
}
