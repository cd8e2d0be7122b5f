package tracefile

import (
	"encoding/binary"
	"errors"
	"time"

	"netramet/sources/wire"
)

// errATM: the frames of ATM cells are of no registered link type.
var errATM = errors.New("ATM is written as erf only")

// clock gives frames without a time the largest one so far, as the meter does.
type clock struct {
	known bool
	now   int64 // Unix ns
}

func (c *clock) of(f *wire.Frame) int64 {
	if f.Time == wire.NoTime {
		return c.now // 0 before the first
	}
	if f.Time > c.now || !c.known {
		c.known, c.now = true, f.Time
	}
	return f.Time
}

// date is a time as messages have it.
func date(at int64) string { return time.Unix(0, at).UTC().Format(time.RFC3339) }

// known is a frame's data and its length on the wire. Where the trace does not know
// the length, it is that of the network layer, which then counts, and what is more
// than that is no part of the packet.
func known(f *wire.Frame) (data []byte, onWire uint32) {
	if f.Flags&wire.NoFrameLen == 0 || len(f.Data) < 20 {
		return f.Data, f.WireLen
	}
	n := uint32(0)
	switch version := f.Data[0] >> 4; {
	case f.LinkType != wire.LinkRaw && f.LinkType != wire.LinkIPv4 && f.LinkType != wire.LinkIPv6:
	case version == 4:
		n = uint32(binary.BigEndian.Uint16(f.Data[2:]))
	case version == 6:
		n = 40 + uint32(binary.BigEndian.Uint16(f.Data[4:]))
	}
	if n < 20 {
		return f.Data, f.WireLen
	}
	return f.Data[:min(len(f.Data), int(n))], n
}
