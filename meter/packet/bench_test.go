package packet

import (
	"testing"

	"netramet/sources/wire"
)

// benchShapes are the frames that make up most traces, and some that leave
// the short path.
var benchShapes = []struct {
	name string
	link wire.LinkType
	data []byte
}{
	{"EtherIPv4TCP", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoTCP, 40), tcpHeader(), zeros(20))},
	{"EtherIPv4UDP", wire.LinkEthernet, join(ether(etherIPv4), ipv4(protoUDP, 28), udpHeader(), zeros(20))},
	{"EtherVLANIPv4TCP", wire.LinkEthernet, join(ether(etherTag), tag(5, etherIPv4), ipv4(protoTCP, 40), tcpHeader())},
	{"EtherIPv6TCP", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoTCP, 20), tcpHeader())},
	{"EtherIPv6Extensions", wire.LinkEthernet, join(ether(etherIPv6), ipv6(protoHopByHop, 36),
		extHeader(protoDestOpts, 8), extHeader(protoTCP, 8), tcpHeader())},
	{"EtherIPv4Options", wire.LinkEthernet, join(ether(etherIPv4), ipv4Options(protoTCP, 44, 1, 1, 1, 0), tcpHeader())},
	{"EtherIPv4Fragment", wire.LinkEthernet, join(ether(etherIPv4), fragment(ipv4(protoUDP, 28), 185, false), zeros(8))},
	{"EtherMPLSIPv4TCP", wire.LinkEthernet, join(ether(etherMPLS), label(17, true), tcp4)},
	{"EtherPPPoEIPv4TCP", wire.LinkEthernet, join(ether(etherSession), pppoe(42), hex("00 21"), ipv4(protoTCP, 40), tcpHeader())},
	{"RawIPv4TCP", wire.LinkRaw, join(ipv4(protoTCP, 40), tcpHeader())},
	{"CookedIPv4TCP", wire.LinkLinuxSLL, join(cookedHeaderV1(hardwareEthernet, etherIPv4), ipv4(protoTCP, 40), tcpHeader())},
	{"EtherARP", wire.LinkEthernet, join(ether(etherARP), zeros(46))},
}

func BenchmarkDecodeNet(b *testing.B) {
	for _, s := range benchShapes {
		b.Run(s.name, func(b *testing.B) {
			f := frame(s.link, s.data)
			var p Packet
			b.ReportAllocs()
			for b.Loop() {
				p.DecodeNet(&f)
			}
		})
	}
}

// BenchmarkDecodeInner is with tunnels looked for, where there are none and where
// there are.
func BenchmarkDecodeInner(b *testing.B) {
	for _, s := range append(benchShapes[:2:2], []struct {
		name string
		link wire.LinkType
		data []byte
	}{{"GRE", wire.LinkEthernet, over4(protoGRE, hex("0000 0800"), user4)},
		{"VXLAN", wire.LinkEthernet, overUDP(portVXLAN, hex("08000000 00000100"), ether(etherIPv4), user4)}}...) {
		b.Run(s.name, func(b *testing.B) {
			f := frame(s.link, s.data)
			var p Packet
			b.ReportAllocs()
			for b.Loop() {
				p.DecodeTo(&f, InTunnels)
			}
		})
	}
}

func BenchmarkDecodeRest(b *testing.B) {
	for _, s := range benchShapes[:4] {
		b.Run(s.name, func(b *testing.B) {
			f := frame(s.link, s.data)
			var p Packet
			p.DecodeNet(&f)
			b.ReportAllocs()
			for b.Loop() {
				p.DecodeRest(&f)
			}
		})
	}
}
