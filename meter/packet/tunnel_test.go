package packet

import (
	"bytes"
	"encoding/binary"
	"testing"

	"netramet/mib"
	"netramet/sources/wire"
)

// over4 and over6 put what an IP protocol has behind an Ethernet and IP header,
// from 192.0.2.1 and 2001:db8::1.
func over4(proto uint8, parts ...[]byte) []byte {
	b := join(parts...)
	return join(ether(etherIPv4), ipv4(proto, uint16(ipv4Header+len(b))), b)
}

func over6(proto uint8, parts ...[]byte) []byte {
	b := join(parts...)
	return join(ether(etherIPv6), ipv6(proto, uint16(len(b))), b)
}

// overUDP puts what a UDP port has behind Ethernet, IPv4 and UDP.
func overUDP(port uint16, parts ...[]byte) []byte {
	b := join(parts...)
	return over4(protoUDP, be(50000), be(port), be(uint16(8+len(b))), be(0), b)
}

// user4 and user6 are packets in tunnels.
var (
	user4 = summed(join(hex("45 00 0028 0001 0000 40 06 0000 0a000001 0a000002"), tcpHeader()))
	user6 = join(hex("60000000 0014 06 40 fd000000000000000000000000000001 fd000000000000000000000000000002"), tcpHeader())
)

// inner is what a row expects in a tunnel: the packet's offset, and that of the
// header of the tunnel it is in.
type inner struct {
	peer        mib.PeerType
	off, tunnel uint16
}

var tunnelRows = []struct {
	name string
	data []byte
	want inner // peer 0: the packet of depth 0
}{
	{"IPv4 in IPv4", over4(4, user4), inner{1, 34, 14}},
	{"IPv6 in IPv4", over4(41, user6), inner{2, 34, 14}},
	{"IPv4 in IPv6", over6(4, user4), inner{1, 54, 14}},
	{"IPv6 in IPv6 behind options", over6(protoDestOpts, extHeader(41, 8), user6), inner{2, 62, 14}},
	{"three in each other", over4(4, ipv4(41, 120), ipv6(4, 40), user4), inner{1, 94, 54}},
	{"behind AH", over4(protoAH, authHeader(4), user4), inner{1, 58, 14}},
	{"GRE", over4(protoGRE, hex("0000 0800"), user4), inner{1, 38, 14}},
	{"GRE, checksum, key, number", over4(protoGRE, hex("b000 86dd 00000000 00000001 00000002"), user6), inner{2, 50, 14}},
	{"GRE, routes", over4(protoGRE, hex("4000 0800 00000000 0800 00 04 0a000001 0000 00 00"), user4), inner{1, 54, 14}},
	{"GRE, Ethernet", over4(protoGRE, hex("2000 6558 00000100"), ether(etherTag), tag(7, etherIPv4), user4), inner{1, 60, 14}},
	{"GRE, labels", over4(protoGRE, hex("0000 8847"), label(16, true), user4), inner{1, 42, 14}},
	{"GRE, PPP", over4(protoGRE, hex("3081 880b 002c 0001 00000001 00000000"), hex("ff03 0021"), user4), inner{1, 54, 14}},
	{"GRE, PPP compressed", over4(protoGRE, hex("3001 880b 0029 0001 00000001"), hex("57"), user6), inner{2, 47, 14}},
	{"GRE, WCCP", over4(protoGRE, hex("0000 883e"), user4), inner{1, 38, 14}},
	{"GRE, WCCP 2", over4(protoGRE, hex("0000 883e 00000000"), user4), inner{1, 42, 14}},
	{"GRE, frame relay", over4(protoGRE, hex("0000 6559 1841 03 cc"), user4), inner{1, 42, 14}},
	{"GRE, 802.11", over4(protoGRE, hex("0000 8210"), wlan("0801", 0), hex("aaaa03 000000 0800"), user4), inner{1, 70, 14}},
	{"GRE in GRE over IPv6", over6(protoGRE, hex("0000 0800"), ipv4(protoGRE, 64), hex("0000 0800"), user4), inner{1, 82, 58}},
	{"GRE, keep-alive", over4(protoGRE, hex("0000 0000")), inner{}},
	{"GRE, another version", over4(protoGRE, hex("0002 0800"), user4), inner{}},
	{"GRE, ARP in Ethernet", over4(protoGRE, hex("0000 6558"), ether(etherARP), zeros(28)), inner{}},
	{"ERSPAN I", over4(protoGRE, hex("0000 88be"), ether(etherIPv4), user4), inner{1, 52, 14}},
	{"ERSPAN II", over4(protoGRE, hex("1000 88be 00000001 10000000 00000000"), ether(etherIPv4), user4), inner{1, 64, 14}},
	{"ERSPAN III", over4(protoGRE, hex("1000 22eb 00000001 20000000 00000000 00000000"), ether(etherIPv6), user6), inner{2, 68, 14}},
	{"ERSPAN III with more", over4(protoGRE, hex("1000 22eb 00000001 20000000 00000000 00000001"), zeros(8), ether(etherIPv4), user4), inner{1, 76, 14}},
	{"ERSPAN III of packets", over4(protoGRE, hex("1000 22eb 00000001 20000000 00000000 00000800"), user4), inner{1, 54, 14}},
	{"MPLS in IP", over4(protoMPLS, label(16, true), user4), inner{1, 38, 14}},
	{"Ethernet in IP", over4(protoEtherIP, hex("3000"), ether(etherIPv4), user4), inner{1, 50, 14}},
	{"L2TP 3 in IP", over4(protoL2TP, hex("00000007"), ether(etherIPv4), user4), inner{1, 52, 14}},
	{"L2TP 3 in IP, cookie of 8", over4(protoL2TP, hex("00000007 0102030405060708"), ether(etherIPv4), user4), inner{1, 60, 14}},
	{"L2TP 3 in IP, control", over4(protoL2TP, hex("00000000 c803"), zeros(40)), inner{}},
	{"L2TP 3 in UDP, cookie and sublayer", overUDP(portL2TP, hex("0003 0000 00000007 01020304 40000001"), ether(etherIPv6), user6), inner{2, 72, 14}},
	{"L2TP 3, PPP", overUDP(portL2TP, hex("0003 0000 00000007 ff03 0021"), user4), inner{1, 54, 14}},
	{"L2TP 3, Cisco HDLC", overUDP(portL2TP, hex("0003 0000 00000007 0f00 0800"), user4), inner{1, 54, 14}},
	{"L2TP 2", overUDP(portL2TP, hex("0002 0001 0002 ff03 0021"), user4), inner{1, 52, 14}},
	{"L2TP 2, all options", overUDP(portL2TP, hex("4a02 0040 0001 0002 0001 0002 0002 0000 0021"), user4), inner{1, 60, 14}},
	{"L2TP 2, control", overUDP(portL2TP, hex("c802 000c 0001 0000 0000 0000")), inner{}},
	{"VXLAN", overUDP(portVXLAN, hex("08000000 00000100"), ether(etherIPv4), user4), inner{1, 64, 14}},
	{"VXLAN, no flags", overUDP(portVXLAN, hex("00000000 00000100"), ether(etherIPv4), user4), inner{1, 64, 14}},
	{"no VXLAN on its port", overUDP(portVXLAN, zeros(60)), inner{}},
	{"VXLAN of old", overUDP(portVXLANOld, hex("08000000 00000100"), ether(etherIPv6), user6), inner{2, 64, 14}},
	{"VXLAN-GPE, IPv6", overUDP(portVXLANGPE, hex("0c000002 00000100"), user6), inner{2, 50, 14}},
	{"VXLAN-GPE, NSH", overUDP(portVXLANGPE, hex("0c000004 00000100 0002 0201 00000aff"), user4), inner{1, 58, 14}},
	{"VXLAN in a pseudowire in VXLAN", overUDP(portVXLAN, hex("08000000 00000100"), overUDP(portVXLAN, hex("08000000 00000101"), ether(etherIPv4), user4)), inner{1, 114, 64}},
	{"Geneve", overUDP(portGeneve, hex("0000 6558 00000100"), ether(etherIPv4), user4), inner{1, 64, 14}},
	{"Geneve, options and IPv6", overUDP(portGeneve, hex("0200 86dd 00000100 0001 01 01 00000000"), user6), inner{2, 58, 14}},
	{"Geneve, another version", overUDP(portGeneve, hex("4000 0800 00000100"), user4), inner{}},
	{"GTP-U", overUDP(portGTPU, hex("30 ff 0028 00000001"), user4), inner{1, 50, 14}},
	{"GTP-U, numbers", overUDP(portGTPU, hex("32 ff 002c 00000001 0001 00 00"), user6), inner{2, 54, 14}},
	{"GTP-U, two extension headers", overUDP(portGTPU, hex("34 ff 0034 00000001 0000 00 85  01 0900 85  01 1000 00"), user4), inner{1, 62, 14}},
	{"GTP-U, an extension header of no length", overUDP(portGTPU, hex("34 ff 0034 00000001 0000 00 85  00 0900 00"), user4), inner{}},
	{"GTP-U, echo", overUDP(portGTPU, hex("32 01 0004 00000000 0001 00 00")), inner{}},
	{"GTP 0", overUDP(portGTP0, hex("1e ff 0028"), zeros(16), user4), inner{1, 62, 14}},
	{"AYIYA", overUDP(portAYIYA, hex("44 52 11 29 00000000"), zeros(16), zeros(20), user6), inner{2, 86, 14}},
	{"Teredo", overUDP(portTeredo, user6), inner{2, 42, 14}},
	{"Teredo, authentication and origin", overUDP(portTeredo, hex("0001 0200 aabb"), zeros(9), hex("0000 1234 f5ff fffe"), user6), inner{2, 65, 14}},
	{"CAPWAP", overUDP(portCAPWAP, hex("00 10 02 00 00000000"), ether(etherIPv4), user4), inner{1, 64, 14}},
	{"CAPWAP, 802.11", overUDP(portCAPWAP, hex("00 10 03 00 00000000"), wlan("0801", 0), hex("aaaa03 000000 0800"), user4), inner{1, 82, 14}},
	{"CAPWAP, 802.11 exchanged", overUDP(portCAPWAP, hex("00 10 03 00 00000000"), wlan("0108", 0), hex("aaaa03 000000 0800"), user4), inner{1, 82, 14}},
	{"CAPWAP, longer header", overUDP(portCAPWAP, hex("00 20 02 10 00000000"), zeros(8), ether(etherIPv6), user6), inner{2, 72, 14}},
	{"CAPWAP, encrypted", overUDP(portCAPWAP, hex("01 00 00 00"), zeros(60)), inner{}},
	{"CAPWAP, second fragment", overUDP(portCAPWAP, hex("00 10 02 80 0001 0040"), ether(etherIPv4), user4), inner{}},
	{"CAPWAP, keep-alive", overUDP(portCAPWAP, hex("00 10 02 08 00000000"), zeros(20)), inner{}},
	{"MPLS in UDP", overUDP(portMPLS, label(16, false), label(17, true), user4), inner{1, 50, 14}},
	{"GRE in UDP", overUDP(portGRE, hex("0000 0800"), user4), inner{1, 46, 14}},
	{"LISP", overUDP(portLISP, zeros(8), user6), inner{2, 50, 14}},
	{"the source's port", over4(protoUDP, be(portGTPU), be(50000), be(56), be(0), hex("30 ff 0028 00000001"), user4), inner{1, 50, 14}},
	{"no tunnel's port", overUDP(53, user4), inner{}},

	{"first fragment", join(ether(etherIPv4), fragment(ipv4(4, 60), 0, true), user4), inner{1, 34, 14}},
	{"second fragment", join(ether(etherIPv4), fragment(ipv4(4, 60), 9, true), user4), inner{}},
	{"a fragment inside", over4(4, fragment(bytes.Clone(user4), 9, false)), inner{1, 34, 14}},
	{"padded", join(over4(protoGRE, hex("0000 8847"), label(16, true), user6), zeros(6)), inner{2, 42, 14}},
	{"inner header cut", over4(4, user4)[:53], inner{}},
	{"inner header longer than the outer packet", join(ether(etherIPv4), ipv4(4, 30), user4), inner{}},
	{"inner header wrong", over4(4, hex("35"), user4[1:]), inner{}},
	{"inner length wrong", over4(4, user4[:2], be(19), user4[4:]), inner{}},
	{"GRE cut", over4(protoGRE, hex("2000 0800 00000001"), user4)[:40], inner{}},
	{"encrypted", over4(50, user4), inner{}},
}

func TestTunnels(t *testing.T) {
	for _, r := range tunnelRows {
		t.Run(r.name, func(t *testing.T) {
			f := frame(wire.LinkEthernet, r.data)
			p := checkInner(t, &f)
			got := inner{p.PeerType, p.NetOff, p.TunnelOff}
			if p.Flags&Tunnelled == 0 {
				got = inner{}
			}
			if got != r.want {
				t.Fatalf("got %+v, want %+v: %+v", got, r.want, p)
			}
			if got.peer == 0 {
				return
			}
			user := map[mib.PeerType][]byte{1: hex("0a000001"), 2: hex("fd000000000000000000000000000001")}[got.peer]
			if !bytes.Equal(p.PeerAddress[Source][:p.PeerLen], user) || p.TransType != protoTCP {
				t.Errorf("%+v", p)
			}
			if p.Flags&NotFirst == 0 && p.TransAddress != [2]uint16{1025, 80} {
				t.Errorf("ports %d", p.TransAddress)
			}
			if int(p.PeerOctets) != len(user4) && int(p.PeerOctets) != len(user6) || p.FrameOctets != f.WireLen {
				t.Errorf("octets %d, of the frame %d", p.PeerOctets, p.FrameOctets)
			}
			for n := range r.data {
				cut := f
				cut.Data = r.data[:n]
				checkInner(t, &cut)
			}
		})
	}
}

// checkInner decodes f to the depth of tunnels and checks what holds for every
// frame.
func checkInner(t *testing.T, f *wire.Frame) Packet {
	t.Helper()
	var outer, p Packet
	outer.DecodeNet(f)
	p.DecodeTo(f, InTunnels)
	again := dirty()
	again.DecodeTo(f, InTunnels)
	p.DecodeRest(f)
	again.DecodeRest(f)
	outer.DecodeRest(f)
	bad := func(what string) {
		t.Helper()
		t.Fatalf("%s: %+v\nouter %+v\nlink %d data %x", what, p, outer, f.LinkType, f.Data)
	}
	switch {
	case p != again:
		bad("a used record differs")
	case p.Flags&Tunnelled == 0 && p != outer:
		bad("no tunnel, and not the packet of depth 0")
	case p.FrameOctets != outer.FrameOctets || p.Time != outer.Time || p.Interface != outer.Interface,
		p.Rest.VLANid != outer.Rest.VLANid || p.Rest.Priority != outer.Rest.Priority:
		bad("facts of the frame")
	case p.Flags&Tunnelled == 0:
		return p
	case outer.Flags&(IsStream|NotFirst) != IsStream || p.Flags&IsStream == 0:
		bad("layers")
	case p.TunnelOff < outer.NetOff || p.NetOff <= p.TunnelOff || int(p.NetOff) >= len(f.Data):
		bad("offsets")
	case p.Rest.AdjacentLen != 4 && p.Rest.AdjacentLen != 16, uint8(p.Rest.AdjacentType) != map[uint8]uint8{4: 1, 16: 2}[p.Rest.AdjacentLen]:
		bad("adjacent type")
	case !bytes.Contains(f.Data[p.TunnelOff:p.NetOff], p.Rest.AdjacentAddress[Source][:p.Rest.AdjacentLen]):
		bad("adjacent address")
	}
	return p
}

// TestTunnelEnds: the adjacent addresses are the ends of the innermost tunnel, the
// tag is the frame's, and traffic class and TCP's facts are the inner packet's.
func TestTunnelEnds(t *testing.T) {
	v6 := func(last byte) (a [MaxPeer]byte) { copy(a[:], hex("20010db8")); a[15] = last; return a }
	v4 := func(s string) (a [MaxPeer]byte) { copy(a[:], hex(s)); return a }
	facts := Rest{TCPWindow: 0x2000, TCPSeq: 10, TCPAck: 11}
	for _, r := range []struct {
		name string
		data []byte
		want func(*Rest)
	}{
		{"IPv4", over4(4, user4), func(r *Rest) {
			r.AdjacentType, r.AdjacentLen, r.AdjacentAddress = 1, 4, [2][MaxPeer]byte{v4("c0000201"), v4("c6336402")}
		}},
		{"IPv6", over6(4, user4), func(r *Rest) {
			r.AdjacentType, r.AdjacentLen, r.AdjacentAddress = 2, 16, [2][MaxPeer]byte{v6(1), v6(2)}
		}},
		{"the inner of two", over6(4, ipv4(4, 60), user4), func(r *Rest) {
			r.AdjacentType, r.AdjacentLen, r.AdjacentAddress = 1, 4, [2][MaxPeer]byte{v4("c0000201"), v4("c6336402")}
		}},
		{"tagged outside", join(ether(etherTag), tag(0x6007, etherIPv4), over4(4, ipv4(47, 78), hex("0000 6558"), ether(etherTag), tag(9, etherIPv4), user4)[14:]), func(r *Rest) {
			r.AdjacentType, r.AdjacentLen, r.AdjacentAddress = 1, 4, [2][MaxPeer]byte{v4("c0000201"), v4("c6336402")}
			r.VLANid, r.Priority = 7, 3
		}},
	} {
		t.Run(r.name, func(t *testing.T) {
			f, want := frame(wire.LinkEthernet, r.data), facts
			r.want(&want)
			if p := checkInner(t, &f); p.Rest != want {
				t.Errorf("got %+v\nwant %+v", p.Rest, want)
			}
		})
	}
}

// TestTunnelsInEachOther: eight are followed, and the packet in the ninth is not
// looked for.
func TestTunnelsInEachOther(t *testing.T) {
	for n, want := range map[int]int{1: 1, maxTunnels: maxTunnels, maxTunnels + 1: maxTunnels, 40: maxTunnels} {
		data := bytes.Clone(user4)
		for range n {
			data = join(ipv4(4, uint16(ipv4Header+len(data))), data)
		}
		f := frame(wire.LinkRaw, data)
		if p := checkInner(t, &f); int(p.NetOff) != want*ipv4Header || int(p.TunnelOff) != (want-1)*ipv4Header {
			t.Errorf("%d tunnels: the packet at %d, the tunnel at %d", n, p.NetOff, p.TunnelOff)
		}
	}
}

// TestTunnelsWithoutLength: where the source does not know the frame's length,
// octets are the outer packet's.
func TestTunnelsWithoutLength(t *testing.T) {
	f := frame(wire.LinkEthernet, over4(4, user4))
	f.Flags, f.WireLen = wire.NoFrameLen, 0
	if p := checkInner(t, &f); p.FrameOctets != 60 || p.PeerOctets != 40 {
		t.Errorf("frame %d, packet %d", p.FrameOctets, p.PeerOctets)
	}
	f = frame(wire.LinkEthernet, over4(4, user4)) // a record that contradicts itself
	f.WireLen = 1
	if p := checkInner(t, &f); p.FrameOctets != 74 || p.PeerOctets != 40 {
		t.Errorf("frame %d, packet %d", p.FrameOctets, p.PeerOctets)
	}
	offload := over4(4, user4)
	binary.BigEndian.PutUint16(offload[16:], 0) // both lengths 0
	binary.BigEndian.PutUint16(offload[36:], 0)
	f = frame(wire.LinkEthernet, offload)
	if p := checkInner(t, &f); p.FrameOctets != 74 || p.PeerOctets != 40 {
		t.Errorf("offload: frame %d, packet %d", p.FrameOctets, p.PeerOctets)
	}
}

func TestNoPseudowires(t *testing.T) {
	f := frame(wire.LinkEthernet, join(ether(etherMPLS), label(16, true), ether(etherIPv4), tcp4))
	var p Packet
	if p.DecodeTo(&f, NoPseudowires); p.PeerType != mib.PeerOther || p.NetOff != 18 {
		t.Errorf("%+v", p)
	}
	f = frame(wire.LinkEthernet, over4(protoGRE, hex("0000 8847"), label(16, true), ether(etherIPv4), user4))
	if p.DecodeTo(&f, InTunnels|NoPseudowires); p.Flags&Tunnelled != 0 {
		t.Errorf("in a tunnel: %+v", p)
	}
}

func TestTunnelsAllocateNothing(t *testing.T) {
	var p Packet
	for _, r := range tunnelRows {
		f := frame(wire.LinkEthernet, r.data)
		if n := testing.AllocsPerRun(10, func() { p.DecodeTo(&f, InTunnels); p.DecodeRest(&f) }); n > 0 {
			t.Errorf("%s: %v allocations", r.name, n)
		}
	}
}
