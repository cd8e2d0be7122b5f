package packet

import (
	"bytes"
	"slices"
	"testing"

	"netramet/sources/wire"
)

var testPorts = FactsPorts{DNS: []uint16{53, 5353}}

// factsRow is an IP payload, from port 0x401 (1025) where it has ports.
type factsRow struct {
	name  string
	proto uint8
	data  []byte
	want  Facts
}

// datagram is a UDP datagram; its length field says more than there is if missing is
// above 0.
func datagram(dest uint16, payload []byte, missing int) []byte {
	return join(be(1025), be(dest), be(uint16(8+len(payload)+missing)), zeros(2), payload)
}

// tcpOptions is a TCP header with options, of which so many octets count.
func tcpOptions(options []byte) []byte {
	return join(hex("0401 0050 0000000a 0000000b"), []byte{byte(5+len(options)/4) << 4, 0x18}, hex("2000 0000 0000"), options)
}

var (
	dnsQuery    = hex("1234 0100 0001 0000 0000 0000 03 777777 07 6578616d706c65 03 6f7267 00 0001 0001")
	dnsReply    = hex("1234 8180 0001 0001 0000 0000 03 575757 07 4578616d706c65 03 4f5247 00 0001 0001 c00c")
	exampleHash = question(dnsQuery[12:])

	// snmpGet is a Get of version 2c with request-id 0x01020304.
	snmpGet = hex("30 1a 020101 0406 7075626c6963 a0 0d 0204 01020304 020100 020100 3000")
	// snmpV3 is a message with msgID 0x0a0b, whose flags are the next to the last octet of its header.
	snmpV3 = hex("30 3e 020103 300e 02020a0b 0202 05dc 0401 04 020103 0410 00")

	ntpClient = join(hex("23"), zeros(39), hex("e8000000 00000001"))
	ntpServer = join(hex("24"), zeros(23), hex("e8000000 00000001"), zeros(8), hex("e8000000 00000007"))
)

func tcpFactsOf(flags uint8) Facts {
	return Facts{Kind: FactsTCP, TCPFlags: flags, Seq: 10, Ack: 11}
}

func withSACK(f Facts, blocks ...[2]uint32) Facts {
	f.SACKs = uint8(copy(f.SACK[:], blocks))
	return f
}

// changed is b with octet i set to v.
func changed(b []byte, i int, v byte) []byte {
	b = bytes.Clone(b)
	b[i] = v
	return b
}

var factsRows = []factsRow{
	{"echo request", protoICMP, hex("08 00 0000 0102 0003 aabb"), Facts{Kind: FactsICMP, Role: Asks, ID: 0x01020003}},
	{"echo reply", protoICMP, hex("00 00 0000 0102 0003"), Facts{Kind: FactsICMP, Role: Answers, ID: 0x01020003, Answered: 0x01020003}},
	{"ICMPv6 echo request", protoICMPv6, hex("80 00 0000 0102 0003"), Facts{Kind: FactsICMP, Role: Asks, ID: 0x01020003}},
	{"ICMPv6 echo reply", protoICMPv6, hex("81 00 0000 0102 0003"), Facts{Kind: FactsICMP, Role: Answers, ID: 0x01020003, Answered: 0x01020003}},
	{"ICMP unreachable", protoICMP, hex("03 01 0000 0102 0003"), Facts{}},
	{"ICMP timestamp", protoICMP, hex("0d 00 0000 0102 0003"), Facts{}},
	{"echo cut", protoICMP, hex("08 00 0000 0102 00"), Facts{}},
	{"another protocol", 47, hex("08 00 0000 0102 0003"), Facts{}},

	{"TCP", protoTCP, tcpHeader(), tcpFactsOf(0x18)},
	{"TCP with data", protoTCP, join(tcpHeader(), hex("616263")), func() Facts { f := tcpFactsOf(0x18); f.PayloadLen = 3; return f }()},
	{"TCP header cut", protoTCP, tcpHeader()[:15], Facts{}},
	{"TCP header too small", protoTCP, changed(tcpHeader(), 12, 0x40), Facts{}},
	{"SACK", protoTCP, tcpOptions(hex("01 01 05 0a 00000064 0000006e")), withSACK(tcpFactsOf(0x18), [2]uint32{100, 110})},
	{"SACK behind time stamps", protoTCP, tcpOptions(hex("0101 080a 00000001 00000002 0101 05 12 00000064 0000006e 00000080 00000090")),
		withSACK(tcpFactsOf(0x18), [2]uint32{100, 110}, [2]uint32{128, 144})},
	{"four blocks", protoTCP, tcpOptions(join(hex("0101 05 22"), bytes.Repeat(hex("00000064 0000006e"), 4))),
		withSACK(tcpFactsOf(0x18), [2]uint32{100, 110}, [2]uint32{100, 110}, [2]uint32{100, 110}, [2]uint32{100, 110})},
	{"a block cut", protoTCP, tcpOptions(hex("0101 05 12 00000064 0000006e 00000080 00000090"))[:35], withSACK(tcpFactsOf(0x18), [2]uint32{100, 110})},
	{"SACK behind the end", protoTCP, tcpOptions(hex("00 01 05 0a 00000064 0000006e")), tcpFactsOf(0x18)},
	{"option of length 0", protoTCP, tcpOptions(hex("08 00 05 0a 00000064 0000006e")), tcpFactsOf(0x18)},
	{"option of length 1", protoTCP, tcpOptions(hex("08 01 05 0a 00000064 0000006e")), tcpFactsOf(0x18)},
	{"option behind the header", protoTCP, tcpOptions(hex("08 ff 05 0a 00000064 0000006e")), tcpFactsOf(0x18)},

	{"UDP", protoUDP, datagram(7, hex("01"), 0), Facts{Kind: FactsUDP}},
	{"UDP header cut", protoUDP, datagram(53, nil, 0)[:6], Facts{Kind: FactsUDP}},
	{"DNS query", protoUDP, datagram(53, dnsQuery, 0), Facts{Kind: FactsDNS, Role: Asks, ID: 0x1234, Question: exampleHash}},
	{"DNS reply in other letters", protoUDP, datagram(53, dnsReply, 0), Facts{Kind: FactsDNS, Role: Answers, ID: 0x1234, Answered: 0x1234, Question: exampleHash}},
	{"DNS on another port", protoUDP, datagram(5353, dnsQuery, 0), Facts{Kind: FactsDNS, Role: Asks, ID: 0x1234, Question: exampleHash}},
	{"DNS header alone captured", protoUDP, datagram(53, dnsQuery[:12], 21), Facts{Kind: FactsDNS, Role: Asks, ID: 0x1234}},
	{"DNS identifier and flags alone captured", protoUDP, datagram(53, dnsReply[:4], 29), Facts{Kind: FactsDNS, Role: Answers, ID: 0x1234, Answered: 0x1234}},
	{"DNS question cut", protoUDP, datagram(53, dnsQuery[:len(dnsQuery)-1], 1), Facts{Kind: FactsDNS, Role: Asks, ID: 0x1234}},
	{"DNS without question", protoUDP, datagram(53, hex("1234 8182 0000 0000 0000 0000"), 0), Facts{Kind: FactsDNS, Role: Answers, ID: 0x1234, Answered: 0x1234}},
	{"DNS question compressed", protoUDP, datagram(53, join(dnsQuery[:12], hex("c00c 0001 0001")), 0), Facts{Kind: FactsDNS, Role: Asks, ID: 0x1234}},
	{"DNS question for the root", protoUDP, datagram(53, join(dnsQuery[:12], hex("00 0002 0001")), 0), Facts{Kind: FactsDNS, Role: Asks, ID: 0x1234, Question: question(hex("00 0002 0001"))}},
	{"DNS name too long", protoUDP, datagram(53, join(dnsQuery[:12], bytes.Repeat(join([]byte{63}, bytes.Repeat([]byte{'a'}, 63)), 4), hex("00 0001 0001")), 0), Facts{Kind: FactsDNS, Role: Asks, ID: 0x1234}},
	{"too short for DNS", protoUDP, datagram(53, dnsQuery[:11], 0), Facts{Kind: FactsUDP}},

	{"SNMP", protoUDP, datagram(161, snmpGet, 0), Facts{Kind: FactsSNMP, Role: Asks, ID: 0x01020304}},
	{"SNMP captured up to the request-id", protoUDP, datagram(161, snmpGet[:21], 7), Facts{Kind: FactsSNMP, Role: Asks, ID: 0x01020304}},
	{"SNMP request-id cut", protoUDP, datagram(161, snmpGet[:20], 8), Facts{Kind: FactsUDP}},
	{"SNMPv1", protoUDP, datagram(161, changed(snmpGet, 4, 0), 0), Facts{Kind: FactsSNMP, Role: Asks, ID: 0x01020304}},
	{"SNMP response", protoUDP, datagram(161, changed(snmpGet, 13, 0xa2), 0), Facts{Kind: FactsSNMP, Role: Answers, ID: 0x01020304, Answered: 0x01020304}},
	{"SNMP inform", protoUDP, datagram(162, changed(snmpGet, 13, 0xa6), 0), Facts{Kind: FactsSNMP, Role: Asks, ID: 0x01020304}},
	{"SNMP trap", protoUDP, datagram(162, changed(snmpGet, 13, 0xa7), 0), Facts{Kind: FactsUDP}},
	{"SNMP of an unknown version", protoUDP, datagram(161, changed(snmpGet, 4, 2), 0), Facts{Kind: FactsUDP}},
	{"SNMP request-id of 5 octets", protoUDP, datagram(161, hex("30 0f 020101 0400 a0 08 0205 00ffffffff"), 0), Facts{Kind: FactsSNMP, Role: Asks, ID: 0xffffffff}},
	{"SNMP, long lengths", protoUDP, datagram(161, hex("30 820014 020101 048101 78 a2 8400000003 0201 ff"), 0), Facts{Kind: FactsSNMP, Role: Answers, ID: 0xff, Answered: 0xff}},
	{"SNMP, a length that cannot be", protoUDP, datagram(161, hex("30 84ffffffff 020101 0400 a0 03 0201 07"), 0), Facts{Kind: FactsUDP}},
	{"SNMP, a community that cannot be", protoUDP, datagram(161, hex("30 20 020101 0484ffffffff a0 03 0201 07"), 0), Facts{Kind: FactsUDP}},
	{"SNMPv3 request", protoUDP, datagram(161, snmpV3, 0), Facts{Kind: FactsSNMP, Role: Asks, ID: 1<<32 | 0x0a0b}},
	{"SNMPv3 answer", protoUDP, datagram(161, changed(snmpV3, 17, 3), 0), Facts{Kind: FactsSNMP, Role: Answers, ID: 1<<32 | 0x0a0b, Answered: 1<<32 | 0x0a0b}},
	{"SNMPv3 flags cut", protoUDP, datagram(161, snmpV3[:17], 40), Facts{Kind: FactsUDP}},

	{"NTP client", protoUDP, datagram(123, ntpClient, 0), Facts{Kind: FactsNTP, Role: Asks, ID: 0xe8000000_00000001}},
	{"NTP server", protoUDP, datagram(123, ntpServer, 0), Facts{Kind: FactsNTP, Role: Answers, ID: 0xe8000000_00000007, Answered: 0xe8000000_00000001}},
	{"NTP peer", protoUDP, datagram(123, changed(ntpServer, 0, 0x21), 0), Facts{Kind: FactsNTP, Role: Asks | Answers, ID: 0xe8000000_00000007, Answered: 0xe8000000_00000001}},
	{"NTP peer that begins", protoUDP, datagram(123, changed(ntpClient, 0, 0x22), 0), Facts{Kind: FactsNTP, Role: Asks, ID: 0xe8000000_00000001}},
	{"NTP broadcast", protoUDP, datagram(123, changed(ntpServer, 0, 0x25), 0), Facts{Kind: FactsUDP}},
	{"NTP cut", protoUDP, datagram(123, ntpClient[:47], 1), Facts{Kind: FactsUDP}},
}

func factsOf(f *wire.Frame) Facts {
	var p Packet
	p.DecodeNet(f)
	facts := Facts{Kind: 99, ID: 99, SACKs: 99} // all is overwritten
	p.DecodeFacts(f, &testPorts, &facts)
	return facts
}

// TestFacts decodes each row as IPv4 and as IPv6, and with padding behind the packet,
// which is not looked at.
func TestFacts(t *testing.T) {
	for _, r := range factsRows {
		for _, c := range []struct {
			ip   string
			data []byte
		}{
			{"IPv4", join(ipv4(r.proto, uint16(20+len(r.data))), r.data)},
			{"IPv6", join(ipv6(r.proto, uint16(len(r.data))), r.data)},
			{"padded", join(ipv4(r.proto, uint16(20+len(r.data))), r.data, bytes.Repeat([]byte{0xff}, 40))},
		} {
			f := frame(wire.LinkRaw, c.data)
			if got := factsOf(&f); got != r.want {
				t.Errorf("%s, %s: %+v\nwant %+v", r.name, c.ip, got, r.want)
			}
		}
	}
}

// TestFactsOfFragments: the first one has the facts, later ones are no packets of
// their own.
func TestFactsOfFragments(t *testing.T) {
	query := datagram(53, dnsQuery, 0)
	first := frame(wire.LinkRaw, join(fragment(ipv4(protoUDP, uint16(20+len(query))), 0, true), query))
	if got := factsOf(&first); got.Kind != FactsDNS {
		t.Errorf("%+v, want DNS", got)
	}
	later := frame(wire.LinkRaw, join(fragment(ipv4(protoUDP, uint16(20+len(query))), 4, false), query))
	if got := factsOf(&later); got != (Facts{}) {
		t.Errorf("%+v, want none", got)
	}
}

// TestFactsOfUDPLength: what lies behind the datagram is not its own.
func TestFactsOfUDPLength(t *testing.T) {
	d := datagram(53, dnsQuery[:12], 0)
	f := frame(wire.LinkRaw, join(ipv4(protoUDP, uint16(20+len(d)+21)), d, dnsQuery[12:]))
	if got := factsOf(&f); got.Kind != FactsDNS || got.Question != 0 {
		t.Errorf("%+v, want no question", got)
	}
}

// FuzzFacts: facts depend on the captured octets of the packet alone, and fewer of
// them are never other facts.
func FuzzFacts(f *testing.F) {
	for _, r := range factsRows {
		f.Add(r.proto, r.data, uint16(len(r.data)))
	}
	f.Fuzz(func(t *testing.T, proto uint8, data []byte, length uint16) {
		length = min(length, 1<<15)
		octets := join(ipv4(proto, 20+length), data)
		fr := frame(wire.LinkRaw, octets)
		got := factsOf(&fr)
		if n := 20 + int(length); n < len(octets) {
			whole := frame(wire.LinkRaw, slices.Clip(octets[:n]))
			if again := factsOf(&whole); again != got {
				t.Fatalf("%+v, with octets behind the packet %+v", again, got)
			}
		}
		if got.SACKs > MaxSACK || got.Kind == FactsTCP && proto != protoTCP || got.Kind.IsUDP() && proto != protoUDP {
			t.Fatalf("%+v", got)
		}
		for n := range octets {
			cut := frame(wire.LinkRaw, slices.Clip(octets[:n]))
			cut.WireLen = uint32(len(octets))
			less := factsOf(&cut)
			if less.Kind != got.Kind && less.Kind != NoFacts && less.Kind != FactsUDP {
				t.Fatalf("%d of %d octets captured: %+v, else %+v", n, len(octets), less, got)
			}
			if less.Kind == got.Kind && (less.ID != got.ID || less.Role != got.Role || less.Question != 0 && less.Question != got.Question) {
				t.Fatalf("%d of %d octets captured: %+v, else %+v", n, len(octets), less, got)
			}
		}
	})
}

// TestFactsAllocateNothing asserts it for a packet of each kind.
func TestFactsAllocateNothing(t *testing.T) {
	for _, r := range factsRows {
		f := frame(wire.LinkRaw, join(ipv4(r.proto, uint16(20+len(r.data))), r.data))
		var p Packet
		var facts Facts
		p.DecodeNet(&f)
		if n := testing.AllocsPerRun(100, func() { p.DecodeFacts(&f, &testPorts, &facts) }); n != 0 {
			t.Errorf("%s: %v allocations", r.name, n)
		}
	}
}
