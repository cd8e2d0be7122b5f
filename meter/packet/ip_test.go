package packet

import (
	"testing"

	"netramet/mib"
	"netramet/sources/wire"
)

// ipRow is a packet from its IP header on, and what it decodes to.
type ipRow struct {
	name  string
	data  []byte
	trans uint8
	ports [2]uint16
	off   uint16 // TransOff
	flags Flags
	fault Fault
}

var (
	noPorts  [2]uint16
	tcpPorts = [2]uint16{1025, 80}
	udpPorts = [2]uint16{1025, 53}
	whole    = IsStream | HasPorts
)

var ipv4Rows = []ipRow{
	{"TCP", tcp4, protoTCP, tcpPorts, 20, whole | HasTCP, FaultNone},
	{"TCP, 16 octets", join(ipv4(protoTCP, 40), tcpHeader()[:16]), protoTCP, tcpPorts, 20, whole | HasTCP, FaultNone},
	{"TCP, 15 octets", join(ipv4(protoTCP, 40), tcpHeader()[:15]), protoTCP, tcpPorts, 20, whole, FaultNone},
	{"TCP, 4 octets", join(ipv4(protoTCP, 40), tcpHeader()[:4]), protoTCP, tcpPorts, 20, whole, FaultNone},
	{"TCP, 3 octets", join(ipv4(protoTCP, 40), tcpHeader()[:3]), protoTCP, noPorts, 20, IsStream | Cut, FaultTransCut},
	{"TCP, no octet", ipv4(protoTCP, 40), protoTCP, noPorts, 20, IsStream | Cut, FaultTransCut},
	{"ports in the padding", join(ipv4(protoUDP, 23), udpHeader(), zeros(20)), protoUDP, noPorts, 20, IsStream, FaultTransCut},
	{"ports, then padding", join(ipv4(protoTCP, 24), tcpHeader()), protoTCP, tcpPorts, 20, whole, FaultNone},
	{"UDP", join(ipv4(protoUDP, 28), udpHeader()), protoUDP, udpPorts, 20, whole, FaultNone},
	{"UDP-Lite", join(ipv4(protoUDPLite, 28), udpHeader()), protoUDPLite, udpPorts, 20, whole, FaultNone},
	{"SCTP", join(ipv4(protoSCTP, 32), udpHeader(), zeros(4)), protoSCTP, udpPorts, 20, whole, FaultNone},
	{"DCCP", join(ipv4(protoDCCP, 32), udpHeader(), zeros(4)), protoDCCP, udpPorts, 20, whole, FaultNone},
	{"ICMP", join(ipv4(protoICMP, 28), udpHeader()), protoICMP, noPorts, 20, IsStream, FaultNone},
	{"AH is a transport type", join(ipv4(protoAH, 64), authHeader(protoTCP), tcpHeader()), protoAH, noPorts, 20, IsStream, FaultNone},
	{"IP in IP", join(ipv4(4, 60), tcp4), 4, noPorts, 20, IsStream, FaultNone},
	{"protocol 0", join(ipv4(0, 28), udpHeader()), 0, noPorts, 20, IsStream, FaultNone},
	{"what would be an extension of IPv6", join(ipv4(protoHopByHop, 36), extHeader(protoUDPLite, 8), udpHeader()), protoHopByHop, noPorts, 20, IsStream, FaultNone},
	{"options", join(ipv4Options(protoTCP, 48, 1, 1, 1, 1, 1, 1, 1, 0), tcpHeader()), protoTCP, tcpPorts, 28, whole | HasTCP, FaultNone},
	{"options cut", ipv4Options(protoTCP, 48, 1, 1, 1, 1, 1, 1, 1, 0)[:27], protoTCP, noPorts, 0, IsStream | Cut, FaultPeerCut},
	{"options longer than the packet", join(ipv4Options(protoTCP, 24, 1, 1, 1, 1, 1, 1, 1, 0), tcpHeader()), 0, noPorts, 0, 0, FaultPeerHeader},
	{"first fragment", join(fragment(ipv4(protoUDP, 28), 0, true), udpHeader()), protoUDP, udpPorts, 20, whole | IsFragment, FaultNone},
	{"middle fragment", join(fragment(ipv4(protoUDP, 28), 10, true), udpHeader()), protoUDP, noPorts, 0, IsStream | IsFragment | NotFirst, FaultNone},
	{"last fragment", join(fragment(ipv4(protoUDP, 28), 20, false), udpHeader()), protoUDP, noPorts, 0, IsStream | IsFragment | NotFirst, FaultNone},
	{"do not fragment", join(fragment(ipv4(protoUDP, 28), 0x4000, false), udpHeader()), protoUDP, udpPorts, 20, whole, FaultNone},
	{"offload", join(ipv4(protoTCP, 0), tcpHeader()), protoTCP, tcpPorts, 20, whole | HasTCP, FaultNone},
	{"offload, options cut", ipv4Options(protoTCP, 0, 1, 1, 1, 1, 1, 1, 1, 0)[:20], protoTCP, noPorts, 0, IsStream | Cut, FaultPeerCut},
	{"total length below the header", join(ipv4(protoTCP, 19), tcpHeader()), 0, noPorts, 0, 0, FaultPeerHeader},
	{"header length 4", join(hex("44"), tcp4[1:]), 0, noPorts, 0, 0, FaultPeerHeader},
	{"version 5", join(hex("55"), tcp4[1:]), 0, noPorts, 0, 0, FaultPeerHeader},
	{"cut at 19", tcp4[:19], 0, noPorts, 0, Cut, FaultPeerCut},
	{"cut at 0", nil, 0, noPorts, 0, Cut, FaultPeerCut},
}

var ipv6Rows = []ipRow{
	{"TCP", tcp6, protoTCP, tcpPorts, 40, whole | HasTCP, FaultNone},
	{"TCP, 3 octets", join(ipv6(protoTCP, 20), tcpHeader()[:3]), protoTCP, noPorts, 40, IsStream | Cut, FaultTransCut},
	{"ports in the padding", join(ipv6(protoUDP, 2), udpHeader()), protoUDP, noPorts, 40, IsStream, FaultTransCut},
	{"ICMPv6", join(ipv6(protoICMPv6, 8), udpHeader()), protoICMPv6, noPorts, 40, IsStream, FaultNone},
	{"no next header", ipv6(protoNoNext, 0), protoNoNext, noPorts, 40, IsStream, FaultNone},
	{"ESP", join(ipv6(50, 20), zeros(20)), 50, noPorts, 40, IsStream, FaultNone},
	{"whole chain", join(ipv6(protoHopByHop, 96), extHeader(protoDestOpts, 8), extHeader(protoRouting, 16),
		extHeader(protoFragment, 24), fragHeader(protoAH, 0, false), authHeader(protoDestOpts), extHeader(protoUDP, 8), udpHeader()),
		protoUDP, udpPorts, 128, whole, FaultNone},
	{"atomic fragment", join(ipv6(protoFragment, 16), fragHeader(protoUDP, 0, false), udpHeader()), protoUDP, udpPorts, 48, whole, FaultNone},
	{"first fragment", join(ipv6(protoFragment, 16), fragHeader(protoUDP, 0, true), udpHeader()), protoUDP, udpPorts, 48, whole | IsFragment, FaultNone},
	{"last fragment", join(ipv6(protoFragment, 16), fragHeader(protoUDP, 9, false), udpHeader()), protoUDP, noPorts, 0, IsStream | IsFragment | NotFirst, FaultNone},
	{"later fragment of options", join(ipv6(protoFragment, 16), fragHeader(protoDestOpts, 9, false), udpHeader()), protoDestOpts, noPorts, 0, IsStream | IsFragment | NotFirst, FaultNone},
	{"fragment header cut behind the offset", join(ipv6(protoFragment, 16), fragHeader(protoUDP, 9, false)[:5]), protoUDP, noPorts, 0, IsStream | IsFragment | NotFirst | Cut, FaultPeerCut},
	{"fragment header cut before the offset", join(ipv6(protoFragment, 16), fragHeader(protoUDP, 9, false)[:3]), protoUDP, noPorts, 0, IsStream | Cut, FaultPeerCut},
	{"mobility message", join(ipv6(protoMobility, 8), hex("3b 00 0500 0000 0000")), protoMobility, noPorts, 40, IsStream, FaultNone},
	{"HIP message", join(ipv6(protoHIP, 40), hex("3b 04"), zeros(38)), protoHIP, noPorts, 40, IsStream, FaultNone},
	{"shim6 payload", join(ipv6(protoShim6, 28), hex("06 00 8000 0000 0000"), tcpHeader()), protoTCP, tcpPorts, 48, whole | HasTCP, FaultNone},
	{"chain cut in its first header", join(ipv6(protoHopByHop, 24), extHeader(protoUDP, 16)[:9]), protoUDP, noPorts, 0, IsStream | Cut, FaultPeerCut},
	{"chain cut before its second", join(ipv6(protoHopByHop, 24), extHeader(protoDestOpts, 8)), 0, noPorts, 0, IsStream | Cut, FaultPeerCut},
	{"chain behind the packet", join(ipv6(protoHopByHop, 8), extHeader(protoUDP, 16), udpHeader()), protoUDP, noPorts, 0, IsStream, FaultPeerHeader},
	{"ports behind the packet and its chain", join(ipv6(protoHopByHop, 8), extHeader(protoUDP, 8), udpHeader()), protoUDP, noPorts, 48, IsStream, FaultTransCut},
	{"chain ends with the packet", join(ipv6(protoHopByHop, 8), extHeader(protoDestOpts, 8), udpHeader()), 0, noPorts, 0, IsStream, FaultPeerHeader},
	{"offload", join(ipv6(protoTCP, 0), tcpHeader()), protoTCP, tcpPorts, 40, whole | HasTCP, FaultNone},
	{"jumbo", join(ipv6(protoHopByHop, 0), hex("06 00 c2 04 00011170"), tcpHeader()), protoTCP, tcpPorts, 48, whole | HasTCP, FaultNone},
	{"version 4", join(hex("45"), tcp6[1:]), 0, noPorts, 0, 0, FaultPeerHeader},
	{"cut at 39", tcp6[:39], 0, noPorts, 0, Cut, FaultPeerCut},
}

func TestIP(t *testing.T) {
	for _, family := range []struct {
		name string
		link wire.LinkType
		rows []ipRow
		want want
	}{
		{"IPv4", wire.LinkIPv4, ipv4Rows, is4(0)},
		{"IPv6", wire.LinkIPv6, ipv6Rows, is6(0)},
	} {
		for _, r := range family.rows {
			t.Run(family.name+" "+r.name, func(t *testing.T) {
				f := frame(family.link, r.data)
				p := checkFrame(t, &f)
				checkCuts(t, &f)
				if p.PeerType != family.want.peer {
					t.Errorf("peer type %d", p.PeerType)
				}
				if p.TransType != r.trans || p.TransAddress != r.ports || p.TransOff != r.off {
					t.Errorf("transport %d ports %d at %d, want %d %d %d", p.TransType, p.TransAddress, p.TransOff, r.trans, r.ports, r.off)
				}
				if p.Flags != r.flags || p.Fault != r.fault {
					t.Errorf("flags %06b (%v), want %06b (%v)", p.Flags, p.Fault, r.flags, r.fault)
				}
				wantLen := 0
				if r.flags&IsStream != 0 {
					wantLen = family.want.peer.AddressSize()
				}
				if int(p.PeerLen) != wantLen || string(p.PeerAddress[Source][:wantLen]) != string(family.want.source[:wantLen]) ||
					string(p.PeerAddress[Dest][:wantLen]) != string(family.want.dest[:wantLen]) {
					t.Errorf("addresses %x of length %d", p.PeerAddress, p.PeerLen)
				}
			})
		}
	}
}

func TestExtensionLimit(t *testing.T) {
	chain := func(n int) []byte {
		d := ipv6(protoDestOpts, uint16(n*8+8))
		for range n - 1 {
			d = append(d, extHeader(protoDestOpts, 8)...)
		}
		return join(d, extHeader(protoUDP, 8), udpHeader())
	}
	f := frame(wire.LinkIPv6, chain(maxExtensions))
	if p := checkFrame(t, &f); p.TransType != protoUDP || p.TransAddress != udpPorts {
		t.Errorf("%d headers: %+v", maxExtensions, p)
	}
	f = frame(wire.LinkIPv6, chain(maxExtensions+1))
	if p := checkFrame(t, &f); p.Fault != FaultLimit || p.TransType != 0 || p.Flags != IsStream || p.PeerType != mib.PeerIPv6 {
		t.Errorf("%d headers: %+v", maxExtensions+1, p)
	}
	// The largest chain that can be followed ends where offsets still hold it.
	long := ipv6(protoDestOpts, 65535)
	for range maxExtensions {
		long = append(long, extHeader(protoDestOpts, 2048)...)
	}
	f = frame(wire.LinkIPv6, long)
	checkFrame(t, &f)
}

func TestJumboOptions(t *testing.T) {
	const none = 1<<32 - 1 // the frame's length, as for offload
	rows := []struct {
		name string
		hop  []byte // hop-by-hop header
		want uint32
	}{
		{"first", hex("06 00 c2 04 00010000"), 65536 + 40},
		{"after padding", hex("06 01 00 00 01 02 0000 00 00 c2 04 00020000 "), 131072 + 40},
		{"too small", hex("06 00 c2 04 0000ffff"), none},
		{"too large", hex("06 00 c2 04 ffffffff"), none},
		{"large", hex("06 00 c2 04 fffffd70"), 0xfffffd70 + 40},
		{"of another size", hex("06 00 c2 03 000100 00"), none},
		{"cut off by the header's end", hex("06 00 01 02 0000 c2 04"), none},
		{"behind too many", join(hex("06 03"), zeros(24), hex("c2 04 00010000")), none},
	}
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			f := frame(wire.LinkIPv6, join(ipv6(protoHopByHop, 0), r.hop, tcpHeader()))
			f.WireLen = none
			if p := checkFrame(t, &f); p.PeerOctets != r.want || p.TransType != protoTCP {
				t.Errorf("PeerOctets %d, want %d; transport %d", p.PeerOctets, r.want, p.TransType)
			}
		})
	}
}

func TestFaultString(t *testing.T) {
	for f := range Fault(NumFaults) {
		if s := f.String(); s == "" || s == Fault(NumFaults).String() {
			t.Errorf("fault %d has no name", f)
		}
	}
}
