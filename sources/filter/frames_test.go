package filter

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// frames are frames of a link type that can be filtered, of all that the
// language speaks of, and as many again that are damaged by chance.
func frames(tb testing.TB, link wire.LinkType) []wire.Frame {
	tb.Helper()
	var list []wire.Frame
	for _, f := range etherFrames(tb) {
		if link != wire.LinkEthernet {
			f = relink(f, link)
		}
		list = append(list, f)
	}
	return damaged(list, 12, uint64(link))
}

// damaged is frames with n damaged ones behind each: octets changed, the end cut
// off.
func damaged(frames []wire.Frame, n int, seed uint64) (list []wire.Frame) {
	r := rand.New(rand.NewPCG(seed, 1))
	for _, f := range frames {
		list = append(list, f)
		for range n {
			g := f
			g.Data = slices.Clone(f.Data)
			for range r.IntN(4) {
				if len(g.Data) > 0 {
					g.Data[r.IntN(min(len(g.Data), 80))] ^= byte(1 << r.IntN(8))
				}
			}
			if r.IntN(2) == 0 {
				g.Data = g.Data[:r.IntN(len(g.Data)+1)]
			}
			list = append(list, g)
		}
	}
	return list
}

// etherFrames are frames on Ethernet.
func etherFrames(tb testing.TB) (list []wire.Frame) {
	tb.Helper()
	add := func(parts ...sourcetest.Part) {
		f, err := sourcetest.Build(parts...)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, f)
	}
	eth := sourcetest.Ether("02:00:00:00:00:01", "02:00:00:00:00:02")
	v4, v6 := sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.IPv6{Src: "2001:db8::1", Dst: "2001:db8::2"}
	for _, ip := range []sourcetest.Part{v4, v6, sourcetest.IPv4{Src: "192.168.1.1", Dst: "224.0.0.1"}, sourcetest.IPv6{Src: "fe80::1", Dst: "ff02::1"}} {
		for _, port := range []uint16{80, 443, 53, 5555} {
			add(eth, ip, sourcetest.TCP{Src: 1024, Dst: port, Flags: sourcetest.TCPFlags(port)}, sourcetest.Payload(int(port)%90))
			add(eth, ip, sourcetest.UDP{Src: port, Dst: 53}, sourcetest.Payload(20))
			add(eth, ip, sourcetest.SCTP{Src: port, Dst: 5000})
		}
		add(eth, sourcetest.VLAN(5), ip, sourcetest.TCP{Src: 80, Dst: 1024, Flags: 2})
		add(eth, sourcetest.QinQ(5), sourcetest.VLAN(7), ip, sourcetest.UDP{Src: 80, Dst: 1024})
		add(eth, sourcetest.MPLS(100), ip, sourcetest.TCP{Src: 80, Dst: 1024})
		add(eth, sourcetest.MPLS(100), sourcetest.MPLS(200), ip, sourcetest.UDP{Src: 80, Dst: 1024})
		add(eth, sourcetest.PPPoE{Session: 7}, sourcetest.PPP{}, ip, sourcetest.TCP{Src: 80, Dst: 1024})
		add(eth, sourcetest.VLAN(5), sourcetest.PPPoE{Session: 7}, sourcetest.PPP{}, ip, sourcetest.UDP{Src: 80, Dst: 1024})
		inner := list[0].Data
		for _, proto := range []uint16{0x6558, 0x0800, 0x86dd} {
			body := inner
			if proto != 0x6558 {
				body = inner[14:]
			}
			for options := range byte(2) {
				tunnel := append([]byte{options, 0, byte(proto >> 8), byte(proto), 0, 0, 7, 0}, make([]byte, 4*options)...)
				add(eth, ip, sourcetest.UDP{Src: 9999, Dst: 6081}, sourcetest.Raw(append(tunnel, body...)))
			}
		}
	}
	add(eth, v4, sourcetest.ICMP{Type: 8})
	add(eth, v4, sourcetest.ICMP{Type: 3, Code: 3})
	add(eth, v6, sourcetest.ICMPv6{Type: 128})
	add(eth, v6, sourcetest.ICMPv6{Type: 135})
	add(sourcetest.Ether("02:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"), sourcetest.ARP{})
	add(eth, sourcetest.LLC{}, sourcetest.STP{})
	add(eth, sourcetest.LLC{}, sourcetest.CLNS{})
	add(eth, sourcetest.DECnet{})
	add(eth, sourcetest.IPX{})
	add(eth, sourcetest.LLC{}, sourcetest.SNAP{}, sourcetest.AppleTalk{})
	add(eth, sourcetest.LLDP{})
	for _, proto := range []byte{2, 9, 47, 50, 51, 89, 103, 112, 41} {
		f := list[0]
		f.Data = slices.Clone(f.Data)
		f.Data[23] = proto
		list = append(list, f)
	}
	for control := range 32 {
		llc := []byte{0xaa, 0xaa, byte(control*8 + 3), 0, 0, 0, 8, 0}
		llc[2] = byte(control*8 | control&3)
		list = append(list, wire.Frame{LinkType: wire.LinkEthernet, WireLen: 60, Data: slices.Concat(list[0].Data[:12], []byte{0, 40}, llc, make([]byte, 38))})
	}
	for _, pdu := range []byte{15, 16, 17, 18, 20, 24, 25, 26, 27} {
		list = append(list, wire.Frame{LinkType: wire.LinkEthernet, WireLen: 60,
			Data: slices.Concat(list[0].Data[:12], []byte{0, 40, 0xfe, 0xfe, 3, 0x83, 27, 1, 0, pdu}, make([]byte, 36))})
	}
	return list
}

// relink puts what an Ethernet frame carries on another link.
func relink(f wire.Frame, link wire.LinkType) wire.Frame {
	kind, body := binary.BigEndian.Uint16(f.Data[12:]), f.Data[14:]
	ppp := binary.BigEndian.AppendUint16(nil, uint16(pppNumber(uint32(kind))))
	snap := append([]byte{0xaa, 0xaa, 3, 0, 0, 0}, byte(kind>>8), byte(kind))
	family := map[uint16]byte{etherIP: 2, etherIPv6: 30}[kind]
	var header []byte
	switch link {
	case wire.LinkRaw, wire.LinkIPv4, wire.LinkIPv6:
	case wire.LinkNull:
		header = []byte{family, 0, 0, 0}
	case wire.LinkLoop:
		header = []byte{0, 0, 0, family}
	case wire.LinkPPP, wire.LinkPPPHDLC:
		header = append([]byte{0xff, 3}, ppp...)
	case wire.LinkCHDLCDir, wire.LinkFRelayDir:
		plain := map[wire.LinkType]wire.LinkType{wire.LinkCHDLCDir: wire.LinkCHDLC, wire.LinkFRelayDir: wire.LinkFrameRelay}[link]
		header, body = []byte{byte(len(body) & 1)}, relink(f, plain).Data
	case wire.LinkENC:
		header = append([]byte{family}, make([]byte, 11)...)
	case wire.LinkNetAnalyzer:
		header = append(make([]byte, 4), f.Data[:14]...)
	case wire.LinkFrameRelay:
		header = []byte{0x18, 0x41, 3, map[uint16]byte{etherIP: 0xcc, etherIPv6: 0x8e}[kind]}
		if header[3] == 0 && len(body) > 3 {
			header[3], body = body[3], body[4:] // of an ISO protocol, the identifier behind LLC
		}
	case wire.LinkIPNET:
		header = append([]byte{1, map[uint16]byte{etherIP: 2, etherIPv6: 26}[kind], 0, byte(len(body) % 3)}, make([]byte, 20)...)
	case wire.LinkPPPD:
		header = append([]byte{byte(len(body) & 1), 3}, ppp...)
	case wire.LinkPPPEther:
		header = append([]byte{0x11, 0, 0, 7, 0, byte(len(body))}, ppp...)
	case wire.LinkPPPWithDir:
		header = append([]byte{byte(len(body) & 1), 0xff, 3}, ppp...)
	case wire.LinkCHDLC:
		header = []byte{0x0f, 0, byte(kind >> 8), byte(kind)}
	case wire.LinkPPPBSDOS:
		header = slices.Concat([]byte{0, 0, 0, 0, 0}, ppp, make([]byte, 17))
	case wire.LinkSLIP, wire.LinkSLIPBSDOS:
		header = make([]byte, map[wire.LinkType]int{wire.LinkSLIP: 16, wire.LinkSLIPBSDOS: 24}[link])
	case wire.LinkARCNET, wire.LinkARCNETLinux:
		types := arcnetTypes[uint32(kind)]
		header = []byte{1, 2, 0, 0, 0, 0}
		if len(types) > 0 {
			header[2] = byte(types[len(body)%len(types)])
		}
		if link == wire.LinkARCNETLinux {
			header = slices.Insert(header, 2, 0, 0)
		}
	case wire.LinkIPoverFC:
		header = slices.Concat([]byte{0, 0}, f.Data[:6], []byte{0, 0}, f.Data[6:12], snap)
	case wire.LinkFireWire:
		header = append(make([]byte, 16), byte(kind>>8), byte(kind))
	case wire.LinkPFLog:
		header = append([]byte{61, map[uint16]byte{etherIP: 2, etherIPv6: 10}[kind]}, make([]byte, 62)...)
		header[60] = byte(len(body) % 3)
	case wire.Link80211, wire.LinkRadiotap, wire.LinkPrism, wire.LinkAVS, wire.LinkPPI:
		header = wireless(link, len(body), snap)
	case wire.LinkLinuxSLL:
		header = append(make([]byte, 14), byte(kind>>8), byte(kind))
		header[1] = byte(len(body) % 5)
	case wire.LinkLinuxSLL2:
		header = append([]byte{byte(kind >> 8), byte(kind)}, make([]byte, 18)...)
		header[7], header[10] = 1, byte(len(body)%5)
	case wire.LinkFDDI:
		header = slices.Concat([]byte{0x50}, f.Data[:12], snap)
	case wire.LinkTokenRing:
		header = slices.Concat([]byte{0, 0}, f.Data[:12], snap)
	case wire.LinkRFC1483, wire.LinkCLIP:
		header = snap
	case wire.LinkATM:
		header = append([]byte{0, 0, 0, 0}, snap...)
	case wire.LinkSunATM:
		header = append([]byte{2, 0, 0, 5}, snap...)
	default:
		panic(fmt.Sprintf("no frames of %v", link))
	}
	f.Data, f.LinkType = append(header, body...), link
	f.WireLen = uint32(len(f.Data))
	return f
}

// wireless is what there is before the network layer's header on links of IEEE 802.11:
// of several kinds of frames, by n.
func wireless(link wire.LinkType, n int, snap []byte) []byte {
	frame := append([]byte{0x08, 1}, make([]byte, 22)...)
	before := map[wire.LinkType][]byte{
		wire.LinkRadiotap: append([]byte{0, 0, 20, 0, 3, 0, 0, 0}, make([]byte, 12)...),
		wire.LinkPrism:    append([]byte{0, 0, 0, 0x44, 0, 0, 0, 144}, make([]byte, 136)...),
		wire.LinkAVS:      append([]byte{0x80, 0x21, 0x10, 1, 0, 0, 0, 64}, make([]byte, 56)...),
		wire.LinkPPI:      {0, 0, 8, 0, 105, 0, 0, 0},
	}[link]
	switch n % 5 {
	case 0: // quality of service
		frame[0] = 0x88
		frame = append(frame, 0, 0)
		if link == wire.LinkRadiotap && n%2 == 0 {
			before[16] = 0x20
			frame = append(frame, 0, 0)
		}
	case 1:
		frame[0] = 0x80 // a beacon
		if link == wire.LinkPrism {
			before = append([]byte{0x80, 0x21, 0x10, 1, 0, 0, 0, 16}, make([]byte, 8)...)
		}
	case 2:
		if link == wire.LinkRadiotap { // flags without a time
			before = []byte{0, 0, 9, 0, 2, 0, 0, 0, 0}
		}
		if link == wire.LinkPPI {
			before[4] = 1 // Ethernet
		}
	}
	return slices.Concat(before, frame, snap)
}
