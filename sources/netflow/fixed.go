package netflow

import (
	"encoding/binary"
	"net/netip"
	"time"

	"netramet/sources/wire"
)

// fixed is a version of NetFlow whose records are all alike, in octets. All have in
// common the addresses to the ports, and the protocol with the type of service.
type fixed struct {
	header, record int
	most           int  // records of a datagram
	flags          int  // where those of TCP are in a record
	numbered       bool // the header counts flows on
	engine         bool // the header has an engine, and a sampling rate
	origins        bool // records have autonomous systems and prefixes
}

var fixedVersions = map[uint8]*fixed{
	1: {header: 16, record: 52, most: 24, flags: 40},
	5: {header: 24, record: 48, most: 30, flags: 37, numbered: true, engine: true, origins: true},
	7: {header: 24, record: 52, most: 28, flags: 37, numbered: true, origins: true},
}

// beginFixed takes the header of such a datagram; false if it is damaged.
func (c *Collector) beginFixed(from netip.AddrPort, b []byte) bool {
	v := c.fixed
	if len(b) < v.header {
		return c.in(from, 0) && false
	}
	engine := uint32(0) // type and number
	if v.engine {
		engine = uint32(binary.BigEndian.Uint16(b[20:]))
		c.rate = uint32(binary.BigEndian.Uint16(b[22:]) & 0x3fff) // the two bits above say how it was sampled
	}
	if !c.in(from, engine) {
		return false
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	uptime := binary.BigEndian.Uint32(b[4:])
	c.restarted(uptime)
	c.head.exported = int64(binary.BigEndian.Uint32(b[8:]))*int64(time.Second) + int64(binary.BigEndian.Uint32(b[12:])%1e9)
	c.head.boot = c.head.exported - int64(uptime)*int64(time.Millisecond)
	if c.count = uint32(n); v.numbered {
		c.seq = binary.BigEndian.Uint32(b[16:])
	}
	if n > v.most || len(b) < v.header+n*v.record {
		return false
	}
	c.rest, c.left = b[v.header:], n
	return true
}

// nextFixed makes a flow of the next record of such a datagram.
func (c *Collector) nextFixed() {
	v := c.fixed
	b := c.rest[:v.record]
	c.rest = c.rest[v.record:]
	c.left--
	f := &c.flow
	*f = flow{
		protocol: b[38], class: [2]uint8{b[39]}, tcpFlags: [2]uint8{b[v.flags]},
		port: [2]uint16{binary.BigEndian.Uint16(b[32:]), binary.BigEndian.Uint16(b[34:])},
		pdus: [2]uint64{uint64(binary.BigEndian.Uint32(b[16:]))}, octets: [2]uint64{uint64(binary.BigEndian.Uint32(b[20:]))},
		first: [2]int64{int64(binary.BigEndian.Uint32(b[24:]))}, last: [2]int64{int64(binary.BigEndian.Uint32(b[28:]))},
		told: wire.Exporter{
			Interface: [2]uint32{uint32(binary.BigEndian.Uint16(b[12:])), uint32(binary.BigEndian.Uint16(b[14:]))},
		},
	}
	if v.origins {
		f.told.ASN = [2]uint32{uint32(binary.BigEndian.Uint16(b[40:])), uint32(binary.BigEndian.Uint16(b[42:]))}
		f.told.Prefix = [2]uint8{min(b[44], 32), min(b[45], 32)}
	}
	f.has[0] = 1<<source4 | 1<<dest4 | 1<<octets | 1<<packets | 1<<firstUptime | 1<<lastUptime
	copy(f.address[0][:4], b[0:])
	copy(f.address[1][:4], b[4:])
}
