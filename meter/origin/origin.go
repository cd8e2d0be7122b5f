// Package origin knows which autonomous system announces an address, or whose
// customer it is: a table of prefixes with numbers and names, and the reader of its
// text form.
//
// It looks an address up and fills what the answer is into a packet; it opens no
// files and keeps nothing of packets. Package meter asks it where a rule does.
package origin

import (
	"net/netip"

	"netramet/meter/packet"
	"netramet/mib"

	"github.com/gaissmai/bart"
)

// Table is a table of prefixes. The zero Table is empty, and nil is one too.
// Once it is filled any number of goroutines may use it.
type Table struct {
	routes bart.Table[route]
	names  Names
}

// route is what a table knows of a prefix.
type route struct {
	asn    uint32
	length uint8
}

// Add adds a prefix of a system, whose bits beyond its length count as 0. It
// reports whether the prefix was new: one that is there stays as it is.
func (t *Table) Add(p netip.Prefix, asn uint32) bool {
	p = p.Masked()
	if _, known := t.routes.Get(p); known {
		return false
	}
	t.routes.Insert(p, route{asn, uint8(p.Bits())})
	return true
}

// Names returns what the systems are called. It belongs to the table.
func (t *Table) Names() *Names {
	if t == nil {
		return nil
	}
	return &t.names
}

// Len returns the number of prefixes.
func (t *Table) Len() int {
	if t == nil {
		return 0
	}
	return t.routes.Size()
}

// Lookup returns the system and the length of the longest prefix that holds an
// address, zeros if none does. An IPv4 address within IPv6 is an IPv6 one.
func (t *Table) Lookup(a netip.Addr) (asn uint32, length uint8) {
	if t == nil {
		return 0, 0
	}
	r, _ := t.routes.Lookup(a)
	return r.asn, r.length
}

// Fill fills in whatever the table knows of a packet, all of p.Origin but the
// meter's identifier. Only IP addresses have an origin.
func (t *Table) Fill(p *packet.Packet) {
	o := &p.Origin
	o.ASN, o.Prefix = [2]uint32{}, [2]uint8{}
	if t == nil {
		return
	}
	for dir := range p.PeerAddress {
		if a, ok := address(p, packet.Direction(dir)); ok {
			o.ASN[dir], o.Prefix[dir] = t.Lookup(a)
		}
	}
}

func address(p *packet.Packet, dir packet.Direction) (a netip.Addr, ok bool) {
	octets := &p.PeerAddress[dir]
	switch {
	case p.PeerType == mib.PeerIPv4 && p.PeerLen == 4:
		return netip.AddrFrom4([4]byte(octets[:4])), true
	case p.PeerType == mib.PeerIPv6 && p.PeerLen == 16:
		return netip.AddrFrom16([16]byte(octets[:16])), true
	}
	return a, false
}
