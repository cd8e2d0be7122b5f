package packet

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unsafe"

	"netramet/mib"
	"netramet/sources/wire"
)

func TestSizes(t *testing.T) {
	var p Packet
	if s := unsafe.Sizeof(p); s > 192 {
		t.Errorf("Packet is %d octets, more than three cache lines", s)
	}
	if off := unsafe.Offsetof(p.Rest); off > 128 {
		t.Errorf("the first part of Packet is %d octets, more than two cache lines", off)
	}
}

var (
	tcp4    = summed(join(ipv4(protoTCP, 40), tcpHeader()))
	tcp6    = join(ipv6(protoTCP, 20), tcpHeader())
	nsapLSP = hex("83 1b 01 00")
	ipxHead = hex("ffff 0022 00 11  00000010 0000aa0000bb 0454  00000020 0000aa0000cc 0453  01020304")
	ddpHead = hex("000d 0000  000a 000b 14 15 06 07 04") // from 11.21 to 10.20
	clnp    = hex("81 1b 01 40 1c 0040 0000  07 49000102030401  07 49000102030402")
	// decnet goes from 2.5 to 1.4.
	decnet = hex("1600 26 0000 aa0004000404 0000 aa0004000508 00 00 00 00")
)

// want is what a row expects of the link walk.
type want struct {
	peer   mib.PeerType
	off    uint16 // NetOff
	source []byte // peer address
	dest   []byte
	fault  Fault

	sockets [2]uint16 // of IPX and AppleTalk
}

func is4(off uint16) want {
	return want{peer: mib.PeerIPv4, off: off, source: hex("c0000201"), dest: hex("c6336402")}
}

func is6(off uint16) want {
	return want{peer: mib.PeerIPv6, off: off, source: hex("20010db8000000000000000000000001"),
		dest: hex("20010db8000000000000000000000002")}
}

func isIPX(off uint16) want {
	return want{peer: mib.PeerIPX, off: off, source: hex("00000020 0000aa0000cc"), dest: hex("00000010 0000aa0000bb"), sockets: [2]uint16{0x453, 0x454}}
}

func isDDP(off uint16) want {
	return want{peer: mib.PeerAppleTalk, off: off, source: hex("000b15"), dest: hex("000a14"), sockets: [2]uint16{7, 6}}
}

func isCLNP(off uint16) want {
	return want{peer: mib.PeerNSAP, off: off, source: hex("49000102030402"), dest: hex("49000102030401")}
}

func plain(peer mib.PeerType, off uint16) want { return want{peer: peer, off: off} }

type linkRow struct {
	name string
	link wire.LinkType
	data []byte
	want want
}

var linkRows = []linkRow{
	{"ethernet IPv4", wire.LinkEthernet, join(ether(etherIPv4), tcp4), is4(14)},
	{"ethernet IPv6", wire.LinkEthernet, join(ether(etherIPv6), tcp6), is6(14)},
	{"802.1Q", wire.LinkEthernet, join(ether(etherTag), tag(0x6005, etherIPv4), tcp4), is4(18)},
	{"802.1ad over 802.1Q", wire.LinkEthernet, join(ether(etherTagS), tag(7, etherTag), tag(5, etherIPv6), tcp6), is6(22)},
	{"old stacked tags", wire.LinkEthernet, join(ether(etherTagOld), tag(7, etherTagOld), tag(6, etherTag), tag(5, etherIPv4), tcp4), is4(26)},
	{"other old tags", wire.LinkEthernet, join(ether(etherTagOld2), tag(7, etherTagOld3), tag(6, etherTag), tag(5, etherIPv4), tcp4), is4(26)},
	{"tagged LLC", wire.LinkEthernet, join(ether(etherTag), tag(5, 38), hex("424203 0000"), zeros(35)), plain(mib.PeerLLC, 18)},
	{"tagged SNAP", wire.LinkEthernet, join(ether(etherTag), tag(5, 48), hex("aaaa03 000000 0800"), tcp4), is4(26)},
	{"MPLS IPv4", wire.LinkEthernet, join(ether(etherMPLS), label(16, false), label(17, true), tcp4), is4(22)},
	{"MPLS multicast IPv6", wire.LinkEthernet, join(ether(etherMPLSMulti), label(16, true), tcp6), is6(18)},
	{"MPLS IPv4, wrong checksum", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), ipv4(protoTCP, 40), tcpHeader()), is4(18)},
	{"MPLS IPv4, header length 4", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), hex("44"), tcp4[1:]), plain(mib.PeerOther, 18)},
	{"MPLS IPv4, offload", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), summed(join(ipv4(protoTCP, 0), tcpHeader()))), is4(18)},
	{"MPLS IPv6, longer than the frame", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), ipv6(protoTCP, 21), tcpHeader()), is6(18)},
	{"MPLS IPv6 and check sequence", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), tcp6, zeros(4)), is6(18)},
	{"MPLS IPv6, shorter than the frame", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), tcp6, zeros(5)), is6(18)},
	{"MPLS Ethernet like IPv4", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), hex("450000000001 460000000002 0800"), tcp4), is4(32)},
	{"MPLS Ethernet like IPv6", wire.LinkEthernet, join(ether(etherMPLS), label(16, false), label(17, true), hex("600000000001 600000000002 0800"), tcp4), is4(36)},
	{"MPLS, thirty labels", wire.LinkEthernet, join(ether(etherMPLS), bytes.Repeat(label(16, false), 29), label(17, true), tcp4), is4(134)},
	{"MPLS pseudowire with a control word", wire.LinkEthernet, join(ether(etherMPLS), label(16, true), hex("00000000"), ether(etherIPv4), tcp4), is4(36)},
	{"PPPoE IPv4", wire.LinkEthernet, join(ether(etherSession), pppoe(42), be(pppIPv4), tcp4), is4(22)},
	{"PPPoE IPv6, compressed protocol", wire.LinkEthernet, join(ether(etherSession), pppoe(61), hex("57"), tcp6), is6(21)},
	{"PPPoE LCP", wire.LinkEthernet, join(ether(etherSession), pppoe(10), hex("c021 01010008 05060000")), plain(mib.PeerPPP, 22)},
	{"PPPoE MPLS", wire.LinkEthernet, join(ether(etherSession), pppoe(46), be(pppMPLS), label(16, true), tcp4), is4(26)},
	{"PPPoE discovery", wire.LinkEthernet, join(ether(etherDiscovery), hex("11 09 0000 0004 01010000")), plain(mib.PeerPPP, 14)},
	{"PPPoE end of session", wire.LinkEthernet, join(ether(etherSession), hex("11 a7 0007 0000")), plain(mib.PeerPPP, 14)},
	{"PPP over ethernet type", wire.LinkEthernet, join(ether(etherPPP), be(pppIPv4), tcp4), is4(16)},
	{"FabricPath", wire.LinkEthernet, join(ether(etherFabric), hex("0020"), ether(etherIPv4), tcp4), is4(30)},
	{"Cisco MetaData", wire.LinkEthernet, join(ether(etherMetaData), hex("0101 0001 0002 0800"), tcp4), is4(22)},
	{"Cisco MetaData, longer", wire.LinkEthernet, join(ether(etherMetaData), hex("0102 0001 0002 0800"), tcp4), plain(mib.PeerOther, 14)},
	{"VN-Tag", wire.LinkEthernet, join(ether(etherVNTag), hex("00000000 8100"), tag(11, etherIPv4), tcp4), is4(24)},
	{"SNAP IPv4", wire.LinkEthernet, join(ether(48), hex("aaaa03 000000 0800"), tcp4), is4(22)},
	{"SNAP bridge tunnel", wire.LinkEthernet, join(ether(48), hex("aaaa03 0000f8 8137"), ipxHead), isIPX(22)},
	{"SNAP Cisco", wire.LinkEthernet, join(ether(48), hex("aaaa03 00000c 2000"), zeros(30)), plain(mib.PeerLLC, 14)},
	{"SNAP with a length for a type", wire.LinkEthernet, join(ether(48), hex("aaaa03 000000 0010"), zeros(30)), plain(mib.PeerLLC, 14)},
	{"LLC IPv4", wire.LinkEthernet, join(ether(43), hex("060603"), tcp4), is4(17)},
	{"jumbo LLC", wire.LinkEthernet, join(ether(etherJumboLLC), hex("fefe03"), clnp), isCLNP(17)},
	{"LLC spanning tree", wire.LinkEthernet, join(ether(38), hex("424203"), zeros(35)), plain(mib.PeerLLC, 14)},
	{"LLC NetBIOS", wire.LinkEthernet, join(ether(3), hex("f0f17f"), zeros(43)), plain(mib.PeerLLC, 14)},
	{"LLC XID to SNAP", wire.LinkEthernet, join(ether(6), hex("aaaabf 810100"), zeros(40)), plain(mib.PeerLLC, 14)},
	{"LLC Vines", wire.LinkEthernet, join(ether(40), hex("bcbc03"), zeros(37)), plain(mib.PeerVines, 17)},
	{"IPX ethernet II", wire.LinkEthernet, join(ether(etherIPX), ipxHead), isIPX(14)},
	{"IPX raw 802.3", wire.LinkEthernet, join(ether(34), ipxHead), isIPX(14)},
	{"IPX LLC", wire.LinkEthernet, join(ether(37), hex("e0e003"), ipxHead), isIPX(17)},
	{"IPX SNAP", wire.LinkEthernet, join(ether(42), hex("aaaa03 000000 8137"), ipxHead), isIPX(22)},
	{"AppleTalk SNAP", wire.LinkEthernet, join(ether(37), hex("aaaa03 080007 809b"), ddpHead), isDDP(22)},
	{"AppleTalk ethernet II", wire.LinkEthernet, join(ether(etherDDP), ddpHead), isDDP(14)},
	{"AppleTalk ethernet II, LocalTalk", wire.LinkEthernet, join(ether(etherDDP), hex("14 15 02"), ddpHead), isDDP(14)},
	{"AppleTalk ethernet II, short", wire.LinkEthernet, join(ether(etherDDP), hex("14 15 01 0007 06 07 04 0102")),
		want{peer: mib.PeerAppleTalk, off: 14, source: hex("000015"), dest: hex("000014"), sockets: [2]uint16{7, 6}}},
	{"AARP SNAP", wire.LinkEthernet, join(ether(36), hex("aaaa03 000000 80f3"), zeros(28)), plain(mib.PeerAppleTalk, 22)},
	{"CLNP", wire.LinkEthernet, join(ether(28), hex("fefe03"), clnp), isCLNP(17)},
	{"IS-IS", wire.LinkEthernet, join(ether(30), hex("fefe03"), nsapLSP), plain(mib.PeerNSAP, 17)},
	{"DECnet data", wire.LinkEthernet, join(ether(etherDECnet), decnet),
		want{peer: mib.PeerDECnet, off: 14, source: hex("020005"), dest: hex("010004")}},
	{"DECnet data, padded", wire.LinkEthernet, join(ether(etherDECnet), decnet[:2], hex("82 00"), decnet[2:]),
		want{peer: mib.PeerDECnet, off: 14, source: hex("020005"), dest: hex("010004")}},
	{"DECnet short", wire.LinkEthernet, join(ether(etherDECnet), hex("0800 02 0404 0508 00 aabb")),
		want{peer: mib.PeerDECnet, off: 14, source: hex("020005"), dest: hex("010004")}},
	{"DECnet short, padded", wire.LinkEthernet, join(ether(etherDECnet), hex("0900 81 0a 0404 0508 00 aabb")),
		want{peer: mib.PeerDECnet, off: 14, source: hex("020005"), dest: hex("010004")}},
	{"DECnet hello", wire.LinkEthernet, join(ether(etherDECnet), hex("2200 0b 020000 aa0004000404"), zeros(26)), plain(mib.PeerDECnet, 14)},
	{"Vines", wire.LinkEthernet, join(ether(etherVines), zeros(46)), plain(mib.PeerVines, 14)},
	{"ARP", wire.LinkEthernet, join(ether(etherARP), zeros(46)), plain(mib.PeerARP, 14)},
	{"RARP", wire.LinkEthernet, join(ether(etherRARP), zeros(46)), plain(mib.PeerARP, 14)},
	{"LLDP", wire.LinkEthernet, join(ether(etherLLDP), zeros(46)), plain(mib.PeerLLDP, 14)},
	{"loop", wire.LinkEthernet, join(ether(etherLoop), zeros(46)), plain(mib.PeerLoop, 14)},
	{"EtherType nobody knows", wire.LinkEthernet, join(ether(0x88b5), zeros(46)), plain(mib.PeerOther, 14)},

	{"cooked IPv4", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareEthernet, etherIPv4), tcp4), is4(16)},
	{"cooked tagged IPv6", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareEthernet, etherTag), tag(5, etherIPv6), tcp6), is6(20)},
	{"cooked LLC", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareEthernet, 4), hex("424203"), zeros(35)), plain(mib.PeerLLC, 16)},
	{"cooked raw IPX", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareEthernet, 1), ipxHead), isIPX(16)},
	{"cooked PPP", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwarePPP, 7), be(pppIPv4), tcp4), is4(18)},
	{"cooked PPP framed", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwarePPP, 7), hex("ff03 0021"), tcp4), is4(20)},
	{"cooked frame relay", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareFrameRelay, etherIPv4), hex("1841 03 cc"), tcp4), is4(20)},
	{"cooked 2 radiotap", wire.LinkLinuxSLL2, join(cookedHeaderV2(hardwareRadiotap, 4), hex("0000 0800 00000000"), zeros(30)), plain(mib.PeerOther, 28)},
	{"cooked CAN", wire.LinkLinuxSLL, join(cookedHeaderV1(280, 12), zeros(16)), plain(mib.PeerOther, 16)},
	{"cooked netlink", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareNetlink, etherIPv4), zeros(16)), plain(mib.PeerOther, 16)},
	{"cooked netlink like IP", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareNetlink, etherIPv4), tcp4), plain(mib.PeerOther, 16)},
	{"cooked 2 IPv4", wire.LinkLinuxSLL2, join(cookedHeaderV2(hardwareEthernet, etherIPv4), tcp4), is4(20)},
	{"cooked 2 tagged IPv4", wire.LinkLinuxSLL2, join(cookedHeaderV2(hardwareEthernet, etherTag), tag(5, etherIPv4), tcp4), is4(24)},
	{"cooked 2 ARP", wire.LinkLinuxSLL2, join(cookedHeaderV2(hardwareEthernet, etherARP), zeros(28)), plain(mib.PeerARP, 20)},

	{"null IPv4, little", wire.LinkNull, join(hex("02000000"), tcp4), is4(4)},
	{"null IPv4, big", wire.LinkNull, join(hex("00000002"), tcp4), is4(4)},
	{"null IPv6 NetBSD", wire.LinkNull, join(hex("18000000"), tcp6), is6(4)},
	{"null IPv6 FreeBSD", wire.LinkNull, join(hex("0000001c"), tcp6), is6(4)},
	{"null IPv6 Darwin", wire.LinkNull, join(hex("1e000000"), tcp6), is6(4)},
	{"null OSI", wire.LinkNull, join(hex("07000000"), clnp), isCLNP(4)},
	{"null AppleTalk", wire.LinkNull, join(hex("10000000"), ddpHead), isDDP(4)},
	{"null IPX", wire.LinkNull, join(hex("17000000"), ipxHead), isIPX(4)},
	{"null EtherType", wire.LinkNull, join(hex("00000800"), tcp4), is4(4)},
	{"null other", wire.LinkNull, join(hex("00000005"), zeros(20)), plain(mib.PeerOther, 4)},
	{"loop IPv6", wire.LinkLoop, join(hex("00000018"), tcp6), is6(4)},

	{"raw 101 IPv4", wire.LinkRaw, tcp4, is4(0)},
	{"raw 12 IPv6", linkRawBSD, tcp6, is6(0)},
	{"raw 14 IPv4", linkRawOpenBSD, tcp4, is4(0)},
	{"raw of another version", wire.LinkRaw, join(hex("50"), zeros(30)), want{peer: mib.PeerOther, fault: FaultPeerHeader}},
	{"IPv4", wire.LinkIPv4, tcp4, is4(0)},
	{"IPv6", wire.LinkIPv6, tcp6, is6(0)},
	{"IPv4 of another version", wire.LinkIPv4, tcp6, want{peer: mib.PeerIPv4, fault: FaultPeerHeader}},

	{"PPP framed", wire.LinkPPP, join(hex("ff03 0021"), tcp4), is4(4)},
	{"PPP bare", wire.LinkPPP, join(hex("0021"), tcp4), is4(2)},
	{"PPP compressed", wire.LinkPPP, join(hex("21"), tcp4), is4(1)},
	{"PPP IPX", wire.LinkPPP, join(hex("002b"), ipxHead), isIPX(2)},
	{"PPP OSI", wire.LinkPPP, join(hex("ff03 0023"), clnp), isCLNP(4)},
	{"PPP AppleTalk", wire.LinkPPP, join(hex("0029"), ddpHead), isDDP(2)},
	{"PPP DECnet", wire.LinkPPP, join(hex("0027"), decnet), plain(mib.PeerDECnet, 2)},
	{"PPP Vines", wire.LinkPPP, join(hex("0035"), zeros(20)), plain(mib.PeerVines, 2)},
	{"PPP IPCP", wire.LinkPPP, hex("ff03 8021 0101 0004"), plain(mib.PeerPPP, 4)},
	{"PPP compressed TCP", wire.LinkPPP, join(hex("002d"), zeros(20)), plain(mib.PeerOther, 2)},
	{"PPP HDLC", wire.LinkPPPHDLC, join(hex("ff03 0057"), tcp6), is6(4)},
	{"PPP HDLC of Cisco", wire.LinkPPPHDLC, join(hex("0f00 0800"), tcp4), is4(4)},
	{"PPP with direction", wire.LinkPPPWithDir, join(hex("01 ff03 0021"), tcp4), is4(5)},
	{"PPPoE link", wire.LinkPPPEther, join(pppoe(42), be(pppIPv4), tcp4), is4(8)},
	{"PPPoE link, discovery", wire.LinkPPPEther, hex("11 09 0000 0000"), plain(mib.PeerPPP, 0)},
	{"Cisco HDLC IPv4", wire.LinkCHDLC, join(hex("0f00 0800"), tcp4), is4(4)},
	{"Cisco HDLC IPv6", wire.LinkCHDLC, join(hex("8f00 86dd"), tcp6), is6(4)},
	{"Cisco HDLC MPLS", wire.LinkCHDLC, join(hex("0f00 8847"), label(16, true), tcp4), is4(8)},
	{"Cisco HDLC keepalive", wire.LinkCHDLC, join(hex("8f00 8035"), zeros(18)), plain(mib.PeerARP, 4)},
	{"Cisco HDLC OSI", wire.LinkCHDLC, join(hex("0f00 fefe"), clnp), isCLNP(4)},
	{"Cisco HDLC OSI, padded", wire.LinkCHDLC, join(hex("0f00 fefe 03"), clnp), isCLNP(5)},

	{"link type not supported", 147, join(ether(etherIPv4), tcp4), want{fault: FaultLinkType}},
}

func TestLinks(t *testing.T) {
	for _, r := range allLinkRows {
		t.Run(r.name, func(t *testing.T) {
			f := frame(r.link, r.data)
			p := checkFrame(t, &f)
			checkCuts(t, &f)
			if p.PeerType != r.want.peer || p.NetOff != r.want.off || p.Fault != r.want.fault {
				t.Errorf("peer type %d at %d (%v), want %d at %d (%v)", p.PeerType, p.NetOff, p.Fault, r.want.peer, r.want.off, r.want.fault)
			}
			if int(p.PeerLen) != len(r.want.source) ||
				string(p.PeerAddress[Source][:p.PeerLen]) != string(r.want.source) ||
				string(p.PeerAddress[Dest][:p.PeerLen]) != string(r.want.dest) {
				t.Errorf("addresses %x, want %x %x", p.PeerAddress, r.want.source, r.want.dest)
			}
			if ip := r.want.peer == mib.PeerIPv4 || r.want.peer == mib.PeerIPv6; ip && r.want.fault == FaultNone {
				if p.TransType != protoTCP || p.TransAddress != [2]uint16{1025, 80} || p.Flags != IsStream|HasPorts|HasTCP {
					t.Errorf("transport %d ports %d flags %b", p.TransType, p.TransAddress, p.Flags)
				}
			} else if p.TransAddress != r.want.sockets || (p.Flags&HasPorts != 0) != (r.want.sockets != [2]uint16{}) {
				t.Errorf("sockets %d flags %b, want %d", p.TransAddress, p.Flags, r.want.sockets)
			} else if want := uint32(len(r.data)) - uint32(p.NetOff); p.PeerType != 0 && p.PeerOctets != want {
				t.Errorf("PeerOctets %d, want %d", p.PeerOctets, want)
			}
			if p.FrameOctets != uint32(len(r.data)) || p.Interface != [2]uint8{4, 4} || p.Time != f.Time {
				t.Errorf("frame facts: %+v", p)
			}
		})
	}
}

func TestTooManyLinkHeaders(t *testing.T) {
	tags := func(n int) []byte {
		d := ether(etherTag)
		for range n - 1 {
			d = append(d, tag(1, etherTag)...)
		}
		return join(d, tag(1, etherIPv4), tcp4)
	}
	f := frame(wire.LinkEthernet, tags(20))
	if p := checkFrame(t, &f); p.PeerType != mib.PeerIPv4 || p.NetOff != 14+20*4 {
		t.Errorf("20 tags: %+v", p)
	}
	labels := ether(etherMPLS)
	for range 10_000 {
		labels = append(labels, label(16, false)...)
	}
	for _, data := range [][]byte{tags(10_000), labels} {
		f := frame(wire.LinkEthernet, data)
		p := checkFrame(t, &f)
		if p.PeerType != mib.PeerNone || p.Fault != FaultLimit || p.NetOff != 0 || p.PeerOctets != 0 {
			t.Errorf("too many: %+v", p)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	for _, r := range allLinkRows {
		f := frame(r.link, r.data)
		var p Packet
		if n := testing.AllocsPerRun(10, func() { p.DecodeNet(&f); p.DecodeRest(&f) }); n != 0 {
			t.Errorf("%s: %v allocations", r.name, n)
		}
	}
}

// TestOctets holds the counts of decision 21.
func TestOctets(t *testing.T) {
	jumbo := join(ipv6(protoHopByHop, 0), hex("06 00 c2 04 00011170"), tcpHeader())
	rows := []struct {
		name        string
		link        wire.LinkType
		data        []byte
		wireLen     uint32
		flags       wire.Flags
		frame, peer uint32
		payload     uint32
	}{
		{"snapped", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoTCP, 1500), tcpHeader()), 1514, 0, 1514, 1500, 1460},
		{"padded", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoUDP, 28), udpHeader(), zeros(18)), 60, 0, 60, 28, 0},
		{"length behind the wire", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoTCP, 1500), tcpHeader()), 54, 0, 54, 1500, 1460},
		{"offload IPv4", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoTCP, 0), tcpHeader()), 7014, 0, 7014, 7000, 6960},
		{"offload IPv4 ICMP", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoICMP, 0), udpHeader()), 7014, 0, 7014, 7000, 6972},
		{"IPv6", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoTCP, 1460), tcpHeader()), 1514, 0, 1514, 1500, 1440},
		{"IPv6 without payload", wire.LinkRaw, ipv6(protoNoNext, 0), 40, 0, 40, 40, 0},
		{"IPv6 offload", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoTCP, 0), tcpHeader()), 70054, 0, 70054, 70040, 69980},
		{"IPv6 without payload, padded", wire.LinkEthernet, join(ether(etherIPv6), ipv6(99, 0), zeros(6)), 60, 0, 60, 40, 0},
		{"IPv6 offload of UDP", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoUDP, 0), udpHeader()), 9054, 0, 9054, 9040, 8992},
		{"IPv6 offload behind options", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoHopByHop, 0), extHeader(protoTCP, 8), tcpHeader()), 9054, 0, 9054, 9040, 8972},
		{"IPv6 jumbo above the frame", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoHopByHop, 0), hex("06 00 c2 04 e9749bf8"), tcpHeader()), 128, 0, 128, 114, 46},
		{"IPv6 jumbo in a second header", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoHopByHop, 0), extHeader(protoHopByHop, 8), hex("06 00 c2 04 00011170"), tcpHeader()), 80054, 0, 80054, 80040, 79964},
		{"IPv6 jumbo behind other options", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoDestOpts, 0), extHeader(protoHopByHop, 8), hex("06 00 c2 04 00011170"), tcpHeader()), 80054, 0, 80054, 80040, 79964},
		{"IPv6 jumbo beside a length", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoHopByHop, 28), hex("06 00 c2 04 00011170"), tcpHeader()), 80054, 0, 80054, 68, 0},
		{"IPv6 jumbo below 65,536", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoHopByHop, 0), hex("06 00 c2 04 0000ffff"), tcpHeader()), 9054, 0, 9054, 9040, 8972},
		{"IPv6 jumbo, length not known", wire.LinkRaw, jumbo, 0, wire.NoFrameLen, 70040, 70040, 69972},
		{"IPv6 jumbo", wire.LinkEthernet, join(ether(etherIPv6), jumbo), 70054, 0, 70054, 70040, 69972},
		{"length not known", wire.LinkRaw, join(ipv4(protoTCP, 1500), tcpHeader()), 0, wire.NoFrameLen, 1500, 1500, 1460},
		{"length not known, not IP", wire.LinkEthernet, join(ether(etherARP), zeros(46)), 0, wire.NoFrameLen, 46, 46, 0},
		{"not IP", wire.LinkEthernet, join(ether(etherARP), zeros(28)), 60, 0, 60, 46, 0},
		{"wrong header", wire.LinkEthernet, join(ether(etherIPv4), hex("44"), zeros(39)), 60, 0, 60, 46, 0},
		{"wire length too small", wire.LinkEthernet, join(ether(etherARP), zeros(28)), 4, 0, 42, 28, 0},
		{"wire length 0", wire.LinkEthernet, join(ether(etherIPv4), tcp4), 0, 0, 54, 40, 0},
		{"wire length 1, snapped", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoTCP, 1500), tcpHeader()), 1, 0, 54, 1500, 1460},
		{"wire length without the cooked header", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareEthernet, etherIPv4), tcp4), 40, 0, 56, 40, 0},
		{"captured more, zeros", wire.LinkEthernet, join(ether(etherIPv4), tcp4, zeros(10)), 54, 0, 54, 40, 0},
		{"captured more, offload", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoTCP, 0), tcpHeader(), zeros(10)), 54, 0, 54, 40, 0},
		{"captured more, IPv6", wire.LinkEthernet, join(ether(etherIPv6), tcp6), 73, 0, 74, 60, 0},
		{"captured more, link header cut", wire.LinkEthernet, ether(etherIPv4)[:12], 1, 0, 12, 0, 0},
		{"cut IP header", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoTCP, 40)[:19]), 60, 0, 60, 0, 0},
		{"SCTP", wire.LinkRaw, join(ipv4(protoSCTP, 100), zeros(20)), 100, 0, 100, 100, 68},
		{"DCCP", wire.LinkRaw, join(ipv4(protoDCCP, 100), hex("0001 0002 04"), zeros(20)), 100, 0, 100, 100, 64},
		{"ICMP", wire.LinkRaw, join(ipv4(protoICMP, 84), zeros(8)), 84, 0, 84, 84, 56},
		{"GRE", wire.LinkRaw, join(ipv4(47, 84), zeros(8)), 84, 0, 84, 84, 0},
		{"later fragment", wire.LinkRaw, join(fragment(ipv4(protoUDP, 84), 3, false), zeros(8)), 84, 0, 84, 84, 0},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			f := frame(r.link, r.data)
			f.WireLen, f.Flags = r.wireLen, r.flags
			p := checkFrame(t, &f)
			if p.FrameOctets != r.frame || p.PeerOctets != r.peer || p.Rest.PayloadLen != r.payload {
				t.Errorf("frame %d peer %d payload %d, want %d %d %d", p.FrameOctets, p.PeerOctets, p.Rest.PayloadLen, r.frame, r.peer, r.payload)
			}
		})
	}
}

func TestRest(t *testing.T) {
	mac := func(s string) (a [MaxPeer]byte) { copy(a[:], hex(s)); return a }
	macs := [2][MaxPeer]byte{mac(macSource), mac(macDest)}
	cookedMAC := [2][MaxPeer]byte{Source: mac(macSource)}
	net := Rest{DSCodePoint: 46, ECNCodeBits: 1, TCPWindow: 0x2000, TCPSeq: 10, TCPAck: 11}
	with := func(set func(*Rest)) Rest { r := net; set(&r); return r }
	rows := []struct {
		name string
		link wire.LinkType
		data []byte
		vlan int // -1 without one in the frame
		want Rest
	}{
		{"ethernet", wire.LinkEthernet, join(ether(etherIPv4), tcp4), -1,
			with(func(r *Rest) { r.AdjacentType, r.AdjacentAddress = mib.AdjacentEthernet, macs })},
		{"IPv6", wire.LinkEthernet, join(ether(etherIPv6), tcp6), -1,
			with(func(r *Rest) { r.AdjacentType, r.AdjacentAddress = mib.AdjacentEthernet, macs })},
		{"outermost tag", wire.LinkEthernet, join(ether(etherTagS), tag(0x6007, etherTag), tag(5, etherIPv4), tcp4), -1,
			with(func(r *Rest) {
				r.AdjacentType, r.AdjacentAddress, r.VLANid, r.Priority = mib.AdjacentEthernet, macs, 7, 3
			})},
		{"tag taken out", wire.LinkEthernet, join(ether(etherTag), tag(0x6007, etherIPv4), tcp4), 0xf009,
			with(func(r *Rest) {
				r.AdjacentType, r.AdjacentAddress, r.VLANid, r.Priority = mib.AdjacentEthernet, macs, 9, 7
			})},
		{"cooked", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareEthernet, etherTag), tag(0x2005, etherIPv4), tcp4), -1,
			with(func(r *Rest) {
				r.AdjacentType, r.AdjacentAddress, r.VLANid, r.Priority = mib.AdjacentEthernet, cookedMAC, 5, 1
			})},
		{"cooked 2", wire.LinkLinuxSLL2, join(cookedHeaderV2(hardwareEthernet, etherTag), tag(0x2005, etherIPv4), tcp4), -1,
			with(func(r *Rest) {
				r.AdjacentType, r.AdjacentAddress, r.VLANid, r.Priority = mib.AdjacentEthernet, cookedMAC, 5, 1
			})},
		{"cooked PPP", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwarePPP, etherIPv4), tcp4), -1,
			with(func(r *Rest) { r.AdjacentType = mib.AdjacentPPP })},
		{"PPP", wire.LinkPPP, join(hex("0021"), tcp4), -1, with(func(r *Rest) { r.AdjacentType = mib.AdjacentPPP })},
		{"raw", wire.LinkRaw, tcp4, -1, net},
		{"TCP cut behind the window", wire.LinkRaw, tcp4[:36], -1, net},
		{"TCP cut in the window", wire.LinkRaw, tcp4[:35], -1, Rest{DSCodePoint: 46, ECNCodeBits: 1}},
		{"only the destination", wire.LinkEthernet, ether(etherIPv4)[:11], -1,
			Rest{AdjacentType: mib.AdjacentEthernet, AdjacentAddress: [2][MaxPeer]byte{Dest: mac(macDest)}}},
		{"ARP", wire.LinkEthernet, join(ether(etherARP), zeros(46)), -1,
			Rest{AdjacentType: mib.AdjacentEthernet, AdjacentAddress: macs}},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			f := frame(r.link, r.data)
			if r.vlan >= 0 {
				f.Flags, f.VLAN = f.Flags|wire.HasVLAN, uint16(r.vlan)
			}
			r.want.AdjacentLen = 6
			if p := checkFrame(t, &f); p.Rest != r.want {
				t.Errorf("got %+v\nwant %+v", p.Rest, r.want)
			}
			checkCuts(t, &f)
		})
	}
}

func TestTCPPayload(t *testing.T) {
	for _, r := range []struct {
		name   string
		offset byte // the octet that holds the header's length
		want   uint32
	}{{"no options", 0x50, 60}, {"options", 0x80, 48}, {"shorter than a header", 0x40, 0}, {"longer than the packet", 0xf0, 20}} {
		data := join(ipv4(protoTCP, 100), tcpHeader())
		data[32] = r.offset
		f := frame(wire.LinkRaw, data)
		if p := checkFrame(t, &f); p.Rest.PayloadLen != r.want {
			t.Errorf("%s: payload %d, want %d", r.name, p.Rest.PayloadLen, r.want)
		}
	}
	data := join(ipv4(protoTCP, 40), tcpHeader())
	binary.BigEndian.PutUint16(data[2:], 38)
	f := frame(wire.LinkRaw, data)
	if p := checkFrame(t, &f); p.Rest.PayloadLen != 0 {
		t.Errorf("header behind the packet: payload %d", p.Rest.PayloadLen)
	}
}
