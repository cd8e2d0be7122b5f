package traffic

import (
	"fmt"
	"net/netip"

	"netramet/sources/sourcetest"
)

// Directions of a path.
const (
	up   = 0 // from the one who starts
	down = 1
)

// path is the two ends of a conversation and the way between them.
type path struct {
	g         *Realistic
	addr      [2]netip.Addr
	mac       [2]string
	port      [2]uint16
	proto     uint8
	v6        bool
	vlan      uint16 // 0 is untagged
	iface     uint8
	hops      [2]uint8
	missing   [2]bool           // by direction, in a damaged trace
	ext       []sourcetest.Part // IPv6 extension headers
	extOctets int
}

// The VLANs of the office; 0 is untagged.
var vlans = [...]uint16{0, 0, 10, 20}

const router = "02:00:00:ff:00:01"

// path draws a client and a server. Of 100 paths, v6 are IPv6.
func (g *Realistic) path(proto uint8, v6 int, serverPort uint16) *path {
	vlan := vlans[g.r.below(len(vlans))]
	host := g.r.between(2, 60)
	p := &path{
		g: g, proto: proto, vlan: vlan, v6: g.r.percent(v6),
		mac:   [2]string{fmt.Sprintf("02:00:00:01:%02x:%02x", vlan, host), router},
		port:  [2]uint16{uint16(g.r.between(32768, 60999)), serverPort},
		iface: uint8(1 + g.r.below(g.o.Interfaces)),
		hops:  [2]uint8{64, uint8(g.r.between(44, 60))},
	}
	server := g.r.tail(200)
	if p.v6 {
		p.addr[up] = netip.MustParseAddr(fmt.Sprintf("2001:db8:1:%x::%x", vlan, host))
		p.addr[down] = netip.MustParseAddr(fmt.Sprintf("2001:db8:ffff::%x", server))
	} else {
		p.addr[up] = netip.AddrFrom4([4]byte{10, 1, byte(vlan), byte(host)})
		p.addr[down] = netip.AddrFrom4([4]byte{198, 51, 100, byte(server)})
	}
	p.damage()
	return p
}

// extension puts an IPv6 extension header of so many octets on every packet.
func (p *path) extension(h sourcetest.Part, octets int) {
	if p.v6 {
		p.ext, p.extOctets = append(p.ext, h), p.extOctets+octets
	}
}

// links gives the layers below IP.
func (p *path) links(dir int) []sourcetest.Part {
	parts := []sourcetest.Part{
		sourcetest.On(p.iface), sourcetest.Ether(p.mac[dir], p.mac[1-dir]),
	}
	if p.vlan != 0 {
		parts = append(parts, sourcetest.VLAN(p.vlan))
	}
	return parts
}

// ip gives the IP layers.
func (p *path) ip(dir int) []sourcetest.Part {
	src, dst := p.addr[dir].String(), p.addr[1-dir].String()
	if p.v6 {
		return append([]sourcetest.Part{sourcetest.IPv6{Src: src, Dst: dst, HopLimit: p.hops[dir]}}, p.ext...)
	}
	p.g.ipID++
	return []sourcetest.Part{sourcetest.IPv4{
		Src: src, Dst: dst, TTL: p.hops[dir], ID: p.g.ipID, DF: p.proto == protoTCP,
	}}
}

// ipHeader is the size of the IP headers, in octets.
func (p *path) ipHeader() int {
	if p.v6 {
		return 40 + p.extOctets
	}
	return 20
}

// flow is the 5-tuple of a packet.
func (p *path) flow(dir int) Flow {
	return Flow{
		Src: p.addr[dir], Dst: p.addr[1-dir],
		SrcPort: p.port[dir], DstPort: p.port[1-dir], Proto: p.proto,
	}
}

// send sends a packet; octets is the size of the transport header and all
// behind it.
func (p *path) send(at int64, dir, octets int, transport ...sourcetest.Part) {
	if p.lost(dir, transport) {
		return
	}
	parts := append(append(p.links(dir), p.ip(dir)...), transport...)
	if p.vlan == 0 && dir == down {
		parts = append(parts, sourcetest.Pad(60)) // as received, not as sent
	}
	truth := Packet{IP: true, Flow: p.flow(dir), IPOctets: uint32(p.ipHeader() + octets)}
	p.g.send(at, truth, parts...)
}
