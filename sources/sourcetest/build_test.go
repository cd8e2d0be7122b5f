package sourcetest

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"netramet/sources/wire"
)

// decodeLayers gives gopacket's names of the layers of a frame.
func decodeLayers(f wire.Frame) (gopacket.Packet, string) {
	p := gopacket.NewPacket(f.Data, layers.LinkType(f.LinkType), gopacket.Default)
	var names []string
	for _, l := range p.Layers() {
		names = append(names, l.LayerType().String())
	}
	return p, strings.Join(names, " ")
}

// TestLayersDecode holds built frames against gopacket's decoder. What
// gopacket 1.1.19 cannot decode (SLL2, Cisco HDLC, DCCP, IPX, DECnet,
// AppleTalk, CLNS, jumbograms, PPP variants) is held against octets in
// TestOctets.
func TestLayersDecode(t *testing.T) {
	v4, v6 := IPv4{}, IPv6{}
	udp := UDP{Src: 4000, Dst: 4001}
	data := Payload(9)
	eth := Ethernet{}
	chunk := Raw{10, 0, 0, 8, 1, 2, 3, 4} // SCTP COOKIE-ECHO
	for _, tc := range []struct {
		name  string
		parts []Part
		want  string
	}{
		{"udp", []Part{eth, v4, udp, data}, "Ethernet IPv4 UDP Payload"},
		{"tcp", []Part{eth, v4, TCP{Src: 1, Dst: 4001, Flags: SYN, Options: []byte{2, 4, 5, 180}}}, "Ethernet IPv4 TCP"},
		{"tcp data odd", []Part{eth, v4, TCP{Src: 4001, Dst: 4002, Flags: ACK}, data}, "Ethernet IPv4 TCP Payload"},
		{"udp6", []Part{eth, v6, udp, data}, "Ethernet IPv6 UDP Payload"},
		{"tcp6", []Part{eth, v6, TCP{Src: 4001, Dst: 4002}, data}, "Ethernet IPv6 TCP Payload"},
		{"options", []Part{eth, IPv4{Options: []byte{148, 4, 0, 0, 1}}, udp}, "Ethernet IPv4 UDP"},
		{"vlan", []Part{eth, VLAN(5), v4, udp}, "Ethernet Dot1Q IPv4 UDP"},
		{"qinq", []Part{eth, QinQ(7), VLAN(5), v6, udp}, "Ethernet Dot1Q Dot1Q IPv6 UDP"},
		{"mpls", []Part{eth, MPLS(16), MPLS(17), v4, udp}, "Ethernet MPLS MPLS IPv4 UDP"},
		{"snap", []Part{eth, LLC{}, SNAP{}, v4, udp}, "Ethernet LLC SNAP IPv4 UDP"},
		{"stp", []Part{eth, LLC{}, STP{}}, "Ethernet LLC STP"},
		{"pppoe", []Part{eth, PPPoE{Session: 3}, PPP{}, v4, udp}, "Ethernet PPPoE PPP IPv4 UDP"},
		{"ppp", []Part{PPP{}, v6, udp}, "PPP IPv6 UDP"},
		{"ppp short", []Part{PPP{Short: true}, v4, udp}, "PPP IPv4 UDP"},
		{"sll", []Part{SLL{}, v4, udp}, "Linux SLL IPv4 UDP"},
		{"null", []Part{Null{}, v4, udp}, "Loopback IPv4 UDP"},
		{"null big-endian", []Part{Null{BigEndian: true}, v6, udp}, "Loopback IPv6 UDP"},
		{"loop", []Part{Loop{}, v6, udp}, "Loopback IPv6 UDP"},
		{"raw", []Part{v4, udp}, "IPv4 UDP"},
		{"raw 6", []Part{v6, udp}, "IPv6 UDP"},
		{"arp", []Part{eth, ARP{}}, "Ethernet ARP"},
		{"lldp", []Part{eth, LLDP{Port: "p", TTL: 9}}, "Ethernet LinkLayerDiscovery LinkLayerDiscoveryInfo"},
		{"ctp", []Part{eth, CTP{}}, "Ethernet EthernetCTP EthernetCTPReply"},
		{"icmp", []Part{eth, v4, ICMP{Type: 8, ID: 1, Seq: 2}, data}, "Ethernet IPv4 ICMPv4 Payload"},
		{"icmp6", []Part{eth, v6, ICMPv6{Type: 128, ID: 1, Seq: 2}, data}, "Ethernet IPv6 ICMPv6 ICMPv6Echo"},
		{"hop by hop", []Part{eth, v6, HopByHop(5, 2, 0, 0), udp}, "Ethernet IPv6 IPv6HopByHop UDP"},
		{"chain", []Part{eth, v6, HopByHop(), DestOptions(), Routing{Addrs: []string{"2001:db8::9"}}, udp},
			"Ethernet IPv6 IPv6HopByHop IPv6Destination IPv6Routing UDP"},
		{"ah", []Part{eth, v4, AH{SPI: 1}, udp}, "Ethernet IPv4 IPSecAH UDP"},
		{"esp", []Part{eth, v6, ESP{SPI: 1}, data}, "Ethernet IPv6 IPSecESP"},
		{"sctp", []Part{eth, v4, SCTP{Src: 1, Dst: 2, Tag: 3}, chunk}, "Ethernet IPv4 SCTP SCTPCookieEcho"},
		{"udp-lite", []Part{eth, v4, UDPLite{Src: 1, Dst: 2}, data}, "Ethernet IPv4 UDPLite Payload"},
		{"4in6", []Part{eth, v6, v4, udp}, "Ethernet IPv6 IPv4 UDP"},
		{"6in4", []Part{eth, v4, v6, udp}, "Ethernet IPv4 IPv6 UDP"},
		{"dns", []Part{eth, v4, UDP{Src: 999, Dst: 53}, DNS{Response: true, Answers: 2, Type: 28}}, "Ethernet IPv4 UDP DNS"},
		{"padded", []Part{eth, v4, udp, Pad(60)}, "Ethernet IPv4 UDP"},
		{"trailer", []Part{eth, v4, udp, data, Trailer(1, 2, 3, 4)}, "Ethernet IPv4 UDP Payload"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := Frame(t, tc.parts...)
			p, got := decodeLayers(f)
			if got != tc.want {
				t.Errorf("layers are %q, want %q", got, tc.want)
			}
			if e := p.ErrorLayer(); e != nil {
				t.Error(e.Error())
			}
			checkSums(t, p)
		})
	}
}

// checkSums serializes layers again with lengths and checksums of gopacket's
// own and compares the octets.
func checkSums(t *testing.T, p gopacket.Packet) {
	t.Helper()
	var network gopacket.NetworkLayer
	for _, l := range p.Layers() {
		var again gopacket.SerializableLayer
		var err error
		switch l := l.(type) {
		case *layers.IPv4:
			network, again = l, l
		case *layers.IPv6:
			network = l
			if l.NextHeader != layers.IPProtocolIPv6HopByHop {
				again = l
			}
		case *layers.TCP:
			again, err = l, l.SetNetworkLayerForChecksum(network)
		case *layers.UDP:
			again, err = l, l.SetNetworkLayerForChecksum(network)
		case *layers.ICMPv6:
			again, err = l, l.SetNetworkLayerForChecksum(network)
		case *layers.ICMPv4:
			again = l
		case *layers.SCTP:
			again = l
		}
		if err != nil {
			t.Fatal(err)
		}
		if again == nil {
			continue
		}
		want := append(bytes.Clone(l.LayerContents()), l.LayerPayload()...)
		b := gopacket.NewSerializeBuffer()
		opts := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
		if err := gopacket.SerializeLayers(b, opts, again, gopacket.Payload(l.LayerPayload())); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%v is\n% x, gopacket writes\n% x", l.LayerType(), want, b.Bytes())
		}
	}
}

// TestOctets holds the layers that gopacket cannot decode against octets.
func TestOctets(t *testing.T) {
	for _, tc := range []struct {
		name  string
		parts []Part
		link  wire.LinkType
		want  string
	}{
		{"sll2", []Part{SLL2{IfIndex: 3, PacketType: 4}, Raw{0xee}}, wire.LinkLinuxSLL2,
			"88b5 0000 00000003 0001 04 06 0200000000010000 ee"},
		{"sll llc", []Part{SLL{}, LLC{}, STP{}, Snap(19)}, wire.LinkLinuxSLL,
			"0000 0001 0006 0200000000010000 0004 4242 03"},
		{"chdlc", []Part{CHDLC{}, MPLS(1), Raw{0xee}}, wire.LinkCHDLC, "0f00 8847 00001140 ee"},
		{"ppp framed", []Part{PPP{Framed: true, Proto: new(0xc021)}, Raw{1}}, wire.LinkPPP, "ff03 c021 01"},
		{"ppp direction", []Part{PPP{Direction: new(1), Framed: true}, MPLS(1)}, wire.LinkPPPWithDir, "01 ff03 0281 00001140"},
		{"pppoe link", []Part{PPPoE{Code: 9}}, wire.LinkPPPEther, "11 09 0000 0000"},
		{"pppoe discovery", []Part{Ethernet{}, PPPoE{Code: 9, Length: new(4)}}, wire.LinkEthernet,
			"020000000002 020000000001 8863 11 09 0000 0004"},
		{"null inet6", []Part{Null{}, IPv6{}, Snap(5)}, wire.LinkNull, "1e000000 60"},
		{"loop inet6", []Part{Loop{}, IPv6{}, Snap(5)}, wire.LinkLoop, "00000018 60"},
		{"ipx raw", []Part{Ethernet{Length: true}, IPX{Src: IPXAddr{Net: 1, Socket: 0x452}, Dst: IPXAddr{Net: 2, Socket: 0x453}, Type: 1}}, wire.LinkEthernet,
			"020000000002 020000000001 001e ffff 001e 00 01 00000002 020000000002 0453 00000001 020000000001 0452"},
		{"ipx llc", []Part{Ethernet{}, LLC{}, IPX{}, Snap(19)}, wire.LinkEthernet, "020000000002 020000000001 0021 e0e003 ffff"},
		{"decnet", []Part{Ethernet{}, DECnet{Src: DECnetAddr{1, 2}, Dst: DECnetAddr{1, 1}}}, wire.LinkEthernet,
			"020000000002 020000000001 6003 1500 26 0000 aa000400 0104 0000 aa000400 0204 00000000"},
		{"decnet padded", []Part{DECnet{Padding: 2}, Link(1), Snap(5)}, wire.LinkEthernet, "1700 8200 26"},
		{"appletalk", []Part{Ethernet{}, LLC{}, SNAP{}, AppleTalk{Src: DDPAddr{1, 2, 3}, Dst: DDPAddr{4, 5, 6}, Type: 7}}, wire.LinkEthernet,
			"020000000002 020000000001 0015 aaaa03 080007 809b 000d 0000 0004 0001 05 02 06 03 07"},
		{"appletalk phase 1", []Part{Ethernet{}, AppleTalk{LLAP: true, Dst: DDPAddr{0, 9, 1}}, Snap(19)}, wire.LinkEthernet,
			"020000000002 020000000001 809b 09 00 02 000d"},
		{"clns", []Part{Ethernet{}, LLC{}, CLNS{Src: []byte{0x47, 1}, Dst: []byte{0x47, 2, 3}}}, wire.LinkEthernet,
			"020000000002 020000000001 0013 fefe03 81 10 01 40 1c 0010 0000 03 470203 02 4701"},
		{"dccp data", []Part{IPv4{}, DCCP{Src: 1, Dst: 2, Type: 2, Seq: 1<<40 | 5, Checksum: new(0)}, Snap(36)}, wire.LinkRaw,
			"45000024000000004021f6b5 c0000201 c0000202 0001 0002 04 00 0000 05 00 0100 00000005"},
		{"mobility", []Part{IPv6{}, Extension{Proto: 135, Data: []byte{5}}, Snap(48)}, wire.LinkRaw,
			"60000000 0008 87 40 20010db8000000000000000000000001 20010db8000000000000000000000002 3b00 05 0000000000"},
		{"atomic fragment", []Part{IPv6{}, Fragment{ID: 9}, Raw{1}, Link(wire.LinkIPv6)}, wire.LinkIPv6,
			"60000000 0009 2c 40 20010db8000000000000000000000001 20010db8000000000000000000000002 fd00 0000 00000009 01"},
		{"lies", []Part{IPv4{TotalLen: new(9), IHL: new(3), Version: new(7), Proto: new(255), Checksum: new(1)}}, wire.LinkRaw,
			"73000009 00000000 40ff0001 c0000201 c0000202"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := Frame(t, tc.parts...)
			want, err := hex.DecodeString(strings.ReplaceAll(tc.want, " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(f.Data, want) {
				t.Errorf("octets\n%x, want\n%x", f.Data, want)
			}
			if f.LinkType != tc.link {
				t.Errorf("link type %v, want %v", f.LinkType, tc.link)
			}
		})
	}
}

func TestFrameFacts(t *testing.T) {
	ip := []Part{IPv4{}, UDP{}, Payload(100)}
	build := func(more ...Part) wire.Frame {
		f := Frame(t, append(more, ip...)...)
		f.Data = f.Data[:min(2, len(f.Data))]
		return f
	}
	base := wire.Frame{Time: StartTime, Data: []byte{0x45, 0}, WireLen: 128, LinkType: wire.LinkRaw, Interface: 1}
	change := func(f func(*wire.Frame)) wire.Frame {
		c := base
		f(&c)
		return c
	}
	for _, tc := range []struct {
		name string
		part Part
		want wire.Frame
	}{
		{"snap", Snap(2), base},
		{"snap longer", Snap(1000), base},
		{"snap all", Snap(0), change(func(f *wire.Frame) { f.Data = []byte{} })},
		{"at", At(time.Second), change(func(f *wire.Frame) { f.Time = StartTime + 1e9 })},
		{"at time", AtTime(time.Unix(5, 6)), change(func(f *wire.Frame) { f.Time = 5e9 + 6 })},
		{"no time", NoTime(), change(func(f *wire.Frame) { f.Time = wire.NoTime })},
		{"interface", On(9), change(func(f *wire.Frame) { f.Interface = 9 })},
		{"wire length", WireLen(7), change(func(f *wire.Frame) { f.WireLen = 7 })},
		{"no length", NoFrameLen(), change(func(f *wire.Frame) { f.WireLen, f.Flags = 0, wire.NoFrameLen })},
		{"link", Link(228), change(func(f *wire.Frame) { f.LinkType = 228 })},
		{"stripped tag", StrippedVLAN(0x2005), change(func(f *wire.Frame) { f.VLAN, f.Flags = 0x2005, wire.HasVLAN })},
		{"pad", Pad(200), change(func(f *wire.Frame) { f.WireLen = 200 })},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if d := cmp.Diff(tc.want, build(tc.part)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for _, tc := range []struct {
		name  string
		parts []Part
		want  string
	}{
		{"nothing", nil, "without layers"},
		{"bad address", []Part{Ethernet{}, IPv4{Src: "1.2.3"}}, "layer 2 (sourcetest.IPv4)"},
		{"wrong family", []Part{IPv6{Dst: "1.2.3.4"}}, "wrong family"},
		{"bad MAC", []Part{Ether("1", "2")}, "layer 1 (sourcetest.Ethernet)"},
		{"long MAC", []Part{Ether("02:00:5e:10:00:00:00:01", "")}, "is no MAC address"},
		{"too long", []Part{IPv4{}, Payload(70000)}, "total length 70020"},
		{"too long 6", []Part{IPv6{}, Payload(70000)}, "without Jumbo"},
		{"offset", []Part{IPv4{Offset: 4}}, "fragment offset 4"},
		{"offset 6", []Part{IPv6{}, Fragment{Offset: -8}}, "fragment offset -8"},
		{"options", []Part{IPv4{Options: make([]byte, 41)}}, "44 octets of options"},
		{"tcp options", []Part{IPv4{}, TCP{Options: make([]byte, 41)}}, "44 octets of options"},
		{"no pseudo-header", []Part{TCP{}}, "needs an IP header"},
		{"coverage", []Part{IPv4{}, UDPLite{Coverage: 4}}, "coverage 4"},
		{"short ppp", []Part{PPP{Short: true, Proto: new(0xc021)}}, "cannot be compressed"},
		{"extension", []Part{IPv6{}, HopByHop(make([]byte, 3000)...)}, "extension header of"},
		{"decnet", []Part{DECnet{Src: DECnetAddr{64, 1}}}, "64.1"},
		{"name", []Part{DNS{Name: "a..b"}}, "domain name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Build(tc.parts...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

// TestFields checks that fields arrive where gopacket looks for them.
func TestFields(t *testing.T) {
	f := Frame(t,
		Ether("02:00:00:00:00:0a", "02:00:00:00:00:0b"), Tag{TPID: 0x88a8, ID: 0xabc, Priority: 5, DEI: true},
		IPv4{Src: "10.0.0.1", Dst: "10.0.0.2", TOS: 0xb9, ID: 77, TTL: 3, DF: true},
		TCP{Src: 1024, Dst: 80, Seq: 5, Ack: 6, Flags: SYN | ECE | CWR, Window: new(7), Urgent: 8}, Payload(10))
	p, _ := decodeLayers(f)
	eth := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	tag := p.Layer(layers.LayerTypeDot1Q).(*layers.Dot1Q)
	ip := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	tcp := p.Layer(layers.LayerTypeTCP).(*layers.TCP)
	type all struct {
		SrcMAC, DstMAC, Src, Dst    string
		EtherType, Outer            layers.EthernetType
		VLAN, ID, Length, Win, Urg  uint16
		Priority, TOS, TTL          uint8
		DEI, DF, SYN, ECE, CWR, ACK bool
		SrcPort, DstPort            uint16
		Seq, Ack                    uint32
	}
	got := all{
		eth.SrcMAC.String(), eth.DstMAC.String(), ip.SrcIP.String(), ip.DstIP.String(),
		tag.Type, eth.EthernetType, tag.VLANIdentifier, ip.Id, ip.Length, tcp.Window, tcp.Urgent,
		tag.Priority, ip.TOS, ip.TTL,
		tag.DropEligible, ip.Flags == layers.IPv4DontFragment, tcp.SYN, tcp.ECE, tcp.CWR, tcp.ACK,
		uint16(tcp.SrcPort), uint16(tcp.DstPort), tcp.Seq, tcp.Ack,
	}
	want := all{
		"02:00:00:00:00:0a", "02:00:00:00:00:0b", "10.0.0.1", "10.0.0.2",
		0x0800, 0x88a8, 0xabc, 77, 50, 7, 8, 5, 0xb9, 3,
		true, true, true, true, true, false, 1024, 80, 5, 6,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestFragments puts the fragments together again.
func TestFragments(t *testing.T) {
	for _, tc := range []struct {
		name    string
		network []Part
		headers int // octets before the data of a fragment
	}{
		{"IPv4", []Part{IPv4{Options: []byte{1, 1, 1, 1}}}, 14 + 24},
		{"IPv6", []Part{IPv6{}}, 14 + 40 + 8},
		{"IPv6 with headers", []Part{IPv6{}, HopByHop(), Routing{}, DestOptions()}, 14 + 40 + 8 + 8 + 8},
	} {
		t.Run(tc.name, func(t *testing.T) {
			parts := append([]Part{Ethernet{}}, tc.network...)
			parts = append(parts, UDP{Src: 9, Dst: 10}, Payload(1000), At(time.Second))
			whole := Frame(t, parts...)
			pieces, err := Fragments(300, 5, parts...)
			if err != nil {
				t.Fatal(err)
			}
			var joined []byte
			for i, f := range pieces {
				if f.Time != whole.Time || f.LinkType != whole.LinkType {
					t.Errorf("fragment %d: time %d, link type %v", i, f.Time, f.LinkType)
				}
				p, names := decodeLayers(f)
				if e := p.ErrorLayer(); e != nil && i > 0 {
					t.Errorf("fragment %d (%s): %v", i, names, e.Error())
				}
				if i < len(pieces)-1 && len(f.Data) != tc.headers+296 {
					t.Errorf("fragment %d has %d octets, want %d", i, len(f.Data), tc.headers+296)
				}
				joined = append(joined, f.Data[tc.headers:]...)
			}
			if !bytes.HasSuffix(whole.Data, joined) || len(joined) < 1008 {
				t.Errorf("%d octets of the fragments are no end of the whole datagram", len(joined))
			}
		})
	}
	if _, err := Fragments(300, 5, Ethernet{}, ARP{}); err == nil {
		t.Error("fragments of ARP")
	}
	if _, err := Fragments(7, 5, IPv4{}, Payload(9)); err == nil {
		t.Error("fragments of no octets")
	}
}

// TestRoutedChecksum: the pseudo-header has the final destination.
func TestRoutedChecksum(t *testing.T) {
	routed := Frame(t, IPv6{Dst: "2001:db8::7"}, Routing{SegmentsLeft: 1, Addrs: []string{"2001:db8::2"}}, UDP{})
	direct := Frame(t, IPv6{Dst: "2001:db8::2"}, UDP{})
	if !bytes.HasSuffix(routed.Data, direct.Data[40:]) {
		t.Errorf("routed % x, direct % x", routed.Data[64:], direct.Data[40:])
	}
}

// TestJumbogram: RFC 2675 lengths.
func TestJumbogram(t *testing.T) {
	f := Frame(t, IPv6{}, Jumbo{}, UDP{}, Payload(70000))
	if got, want := hex.EncodeToString(f.Data[4:7]), "000000"; got != want {
		t.Errorf("payload length and next header %s, want %s", got, want)
	}
	if got, want := hex.EncodeToString(f.Data[40:48]), "1100c20400011180"; got != want {
		t.Errorf("jumbo header %s, want %s", got, want)
	}
	if f.WireLen != 40+8+8+70000 {
		t.Errorf("wire length %d", f.WireLen)
	}
}
