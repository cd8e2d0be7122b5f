package traffic

import (
	"net/netip"
	"time"

	"netramet/sources/sourcetest"
)

var names = [...]string{
	"www.example.org", "mail.example.org", "example.com", "cdn.static.example.net",
	"api.example.com", "ntp.example.net", "a.very.long.name.of.many.labels.example.org",
}

// dns is a query to one of two resolvers; some answers are lost, and of those
// some queries are repeated.
func (g *Realistic) dns(at int64) {
	p := g.path(protoUDP, 30, 53)
	last := byte(g.r.between(1, 2))
	if p.v6 {
		a := p.addr[up].As16()
		a[15] = last // the resolver is in the client's network
		p.addr[down] = netip.AddrFrom16(a)
	} else {
		p.addr[down] = netip.AddrFrom4([4]byte{10, 1, 0, 250 + last})
	}
	q := sourcetest.DNS{ID: uint16(g.r.pcg.Uint64()), Name: names[g.r.below(len(names))], Type: 1}
	size := 4
	if g.r.percent(35) {
		q.Type, size = 28, 16
	}
	answer := q
	answer.Response = true
	if g.r.percent(10) {
		answer.RCode = 3 // no such name
	} else {
		answer.Answers = g.r.between(1, 4)
	}
	// Header, name with its first and last length octet, type and class.
	octets := 8 + 12 + len(q.Name) + 2 + 4
	reply := octets + answer.Answers*(12+size)
	query := func(at int64) {
		p.send(at, up, octets, sourcetest.UDP{Src: p.port[up], Dst: 53}, q)
	}
	query(at)
	if g.r.percent(7) {
		if g.r.percent(40) {
			return
		}
		at += int64(5 * time.Second)
		query(at)
	}
	at += g.r.micros(300*time.Microsecond, 90*time.Millisecond)
	p.send(at, down, reply, sourcetest.UDP{Src: 53, Dst: p.port[up]}, answer)
}

// ping is a series of echo requests a second apart; some stay unanswered.
func (g *Realistic) ping(at int64) {
	p := g.path(protoICMP, 40, 0)
	p.port = [2]uint16{}
	types := [2]uint8{8, 0}
	if p.v6 {
		p.proto, types = protoICMPv6, [2]uint8{128, 129}
	}
	id := uint16(g.r.pcg.Uint64())
	rtt := g.r.micros(time.Millisecond, 150*time.Millisecond)
	for seq := range g.r.between(2, 8) {
		for dir := range 2 {
			var echo sourcetest.Part = sourcetest.ICMP{Type: types[dir], ID: id, Seq: uint16(seq)}
			if p.v6 {
				echo = sourcetest.ICMPv6{Type: types[dir], ID: id, Seq: uint16(seq)}
			}
			if dir == down && g.r.percent(12) {
				break
			}
			when := at + int64(seq)*1e9 + int64(dir)*(rtt+g.r.micros(0, time.Millisecond))
			p.send(when, dir, 8+56, echo, sourcetest.Payload(56))
		}
	}
}

// ntp is a client's poll.
func (g *Realistic) ntp(at int64) {
	p := g.path(protoUDP, 30, 123)
	if g.r.percent(50) {
		p.port[up] = 123
	}
	p.send(at, up, 8+48, sourcetest.UDP{Src: p.port[up], Dst: 123}, sourcetest.Payload(48))
	at += g.r.micros(time.Millisecond, 60*time.Millisecond)
	p.send(at, down, 8+48, sourcetest.UDP{Src: 123, Dst: p.port[up]}, sourcetest.Payload(48))
}

// bulk is a UDP service with answers larger than a frame.
func (g *Realistic) bulk(at int64) {
	p := g.path(protoUDP, 30, 2049)
	for range g.r.tail(6) {
		p.send(at, up, 8+120, sourcetest.UDP{Src: p.port[up], Dst: 2049}, sourcetest.Payload(120))
		at += g.r.micros(500*time.Microsecond, 20*time.Millisecond)
		p.fragments(at, down, g.r.between(1600, 8400))
		at += g.r.micros(time.Millisecond, 300*time.Millisecond)
	}
}

// fragments sends a UDP datagram of size octets of data in pieces.
func (p *path) fragments(at int64, dir, size int) {
	g := p.g
	header, piece := p.ipHeader(), 1480
	if p.v6 {
		header, piece = header+8, 1448
	}
	parts := append(append(p.links(dir), p.ip(dir)...),
		sourcetest.UDP{Src: p.port[dir], Dst: p.port[1-dir]}, sourcetest.Payload(size))
	frames, err := sourcetest.Fragments(piece, uint32(g.r.pcg.Uint64()), parts...)
	if err != nil {
		if g.err == nil {
			g.err = err
		}
		return
	}
	left := 8 + size
	for i, f := range frames {
		octets := min(left, piece)
		left -= octets
		truth := Packet{IP: true, Fragment: true, Flow: p.flow(dir), IPOctets: uint32(header + octets)}
		if i > 0 {
			truth.Flow.SrcPort, truth.Flow.DstPort = 0, 0
		}
		g.send(at+int64(i)*12_000, truth, sourcetest.On(p.iface), sourcetest.Link(f.LinkType), sourcetest.Raw(f.Data))
	}
}

// mld is a listener report: IPv6 with a hop-by-hop router alert.
func (g *Realistic) mld(at int64) {
	p := g.path(protoICMPv6, 100, 0)
	p.port = [2]uint16{}
	p.mac[down], p.hops[up] = "33:33:00:00:00:16", 1
	p.addr[down] = netip.MustParseAddr("ff02::16")
	p.extension(sourcetest.HopByHop(5, 2, 0, 0), 8)
	p.send(at, up, 8+20, sourcetest.ICMPv6{Type: 143, Seq: 1}, sourcetest.Payload(20))
}

// esp is a few packets of an encrypted tunnel.
func (g *Realistic) esp(at int64) {
	p := g.path(protoESP, 40, 0)
	p.port = [2]uint16{}
	spi := uint32(g.r.pcg.Uint64())
	for i := range g.r.between(2, 10) {
		size := 16 * g.r.between(3, 80)
		p.send(at, i%2, 8+size, sourcetest.ESP{SPI: spi + uint32(i%2), Seq: uint32(1 + i/2)}, sourcetest.Payload(size))
		at += g.r.micros(time.Millisecond, 400*time.Millisecond)
	}
}

// stp is a bridge's hello, every ten seconds.
func (g *Realistic) stp(at int64) {
	g.send(at, Packet{}, sourcetest.Ether("02:00:00:ff:00:02", "01:80:c2:00:00:00"),
		sourcetest.LLC{}, sourcetest.STP{Port: 0x8001, Hello: 10}, sourcetest.Pad(60))
}

// lldp is the same bridge's announcement.
func (g *Realistic) lldp(at int64) {
	g.send(at, Packet{}, sourcetest.Ether("02:00:00:ff:00:02", "01:80:c2:00:00:0e"),
		sourcetest.LLDP{Chassis: "02:00:00:ff:00:02", Port: "port1", TTL: 120}, sourcetest.Pad(60))
}

// arp is a client that asks for the router.
func (g *Realistic) arp(at int64) {
	p := g.path(0, 0, 0)
	client, gate := p.addr[up].String(), netip.AddrFrom4([4]byte{10, 1, byte(p.vlan), 1}).String()
	ask := p.links(up)
	ask[1] = sourcetest.Ether(p.mac[up], "ff:ff:ff:ff:ff:ff")
	g.send(at, Packet{}, append(ask, sourcetest.ARP{SrcMAC: p.mac[up], SrcIP: client, DstIP: gate})...)
	at += g.r.micros(50*time.Microsecond, time.Millisecond)
	g.send(at, Packet{}, append(p.links(down), sourcetest.ARP{
		Op: 2, SrcMAC: router, DstMAC: p.mac[up], SrcIP: gate, DstIP: client}, sourcetest.Pad(60))...)
}
