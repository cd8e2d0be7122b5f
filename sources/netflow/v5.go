package netflow

import (
	"encoding/binary"
	"net/netip"
	"time"

	"netramet/sources/wire"
)

// Sizes of version 5.
const (
	header5 = 24
	record5 = 48
	most5   = 30 // records of a datagram
)

// begin5 takes the header of a datagram of version 5; false if it is damaged.
func (c *Collector) begin5(from netip.AddrPort, b []byte) bool {
	if len(b) < header5 {
		return c.in(from, 0) && false
	}
	if !c.in(from, uint32(binary.BigEndian.Uint16(b[20:]))) { // engine type and number
		return false
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	whole := n <= most5 && len(b) >= header5+n*record5
	uptime := binary.BigEndian.Uint32(b[4:])
	c.restarted(uptime)
	c.head.exported = int64(binary.BigEndian.Uint32(b[8:]))*int64(time.Second) + int64(binary.BigEndian.Uint32(b[12:])%1e9)
	c.head.boot = c.head.exported - int64(uptime)*int64(time.Millisecond)
	c.seq, c.count = binary.BigEndian.Uint32(b[16:]), uint32(n)
	c.rate = uint32(binary.BigEndian.Uint16(b[22:]) & 0x3fff) // the two bits above say how it was sampled
	if !whole {
		return false
	}
	c.rest, c.left = b[header5:], n
	return true
}

// next5 makes a flow of the next record of version 5.
func (c *Collector) next5() {
	b := c.rest[:record5]
	c.rest = c.rest[record5:]
	c.left--
	f := &c.flow
	*f = flow{
		protocol: b[38], class: [2]uint8{b[39]}, tcpFlags: [2]uint8{b[37]},
		port: [2]uint16{binary.BigEndian.Uint16(b[32:]), binary.BigEndian.Uint16(b[34:])},
		pdus: [2]uint64{uint64(binary.BigEndian.Uint32(b[16:]))}, octets: [2]uint64{uint64(binary.BigEndian.Uint32(b[20:]))},
		first: [2]int64{int64(binary.BigEndian.Uint32(b[24:]))}, last: [2]int64{int64(binary.BigEndian.Uint32(b[28:]))},
		told: wire.Exporter{
			Interface: [2]uint32{uint32(binary.BigEndian.Uint16(b[12:])), uint32(binary.BigEndian.Uint16(b[14:]))},
			ASN:       [2]uint32{uint32(binary.BigEndian.Uint16(b[40:])), uint32(binary.BigEndian.Uint16(b[42:]))},
			Prefix:    [2]uint8{min(b[44], 32), min(b[45], 32)},
		},
	}
	f.has[0] = 1<<source4 | 1<<dest4 | 1<<octets | 1<<packets | 1<<firstUptime | 1<<lastUptime
	copy(f.address[0][:4], b[0:])
	copy(f.address[1][:4], b[4:])
}
