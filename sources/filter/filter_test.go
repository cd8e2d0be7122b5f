package filter

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// program compiles an expression that is right.
func program(tb testing.TB, text string, link wire.LinkType) *Program {
	tb.Helper()
	e, err := Parse(text)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := e.Compile(link)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// TestErrors: what is wrong is said, where, and what to write instead.
func TestErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"tcp prot 80", "expected and, or, or the end of the expression|tcp prot 80|    ^^^^|hint: proto is near"},
		{"10.0.0.1", "nothing says what 10.0.0.1 is|10.0.0.1|^^^^^^^^|hint: write host 10.0.0.1, or net 10.0.0.1/BITS"},
		{"tcp and 80", "nothing says what 80 is|tcp and 80|        ^^|hint: write port 80"},
		{"(host 10.0.0.1) or 10.0.0.2", "nothing says what 10.0.0.2 is|(host 10.0.0.1) or 10.0.0.2|                   ^^^^^^^^|hint: write host 10.0.0.2, or net 10.0.0.2/BITS"},
		{"02:00:00:00:00:01", "nothing says what 02:00:00:00:00:01 is|02:00:00:00:00:01|^^^^^^^^^^^^^^^^^|hint: write ether host 02:00:00:00:00:01"},
		{"TCP", "nothing says what TCP is|TCP|^^^|hint: the words of filters are written in small letters: tcp"},
		{"ip AND tcp", "expected and, or, or the end of the expression|ip AND tcp|   ^^^|hint: and, or and not are written in small letters"},
		{"host www.example.org", `"www.example.org" is no address, and the addresses of hosts are not looked up: there is no DNS here|host www.example.org|^^^^^^^^^^^^^^^^^^^^|hint: give the address`},
		{"host http", `"http" is no address, and the addresses of hosts are not looked up: there is no DNS here|host http|^^^^^^^^^|hint: port http?`},
		{"net 10/8", "a / here needs a net with a dot before it|net 10/8|      ^|hint: write 10.0/8"},
		{"net 10.0.0.1/8", "10.0.0.1 has bits outside of its net|net 10.0.0.1/8|^^^^^^^^^^^^^^|hint: the net is 10.0.0.0/8"},
		{"net 2001:db8::1/32", "2001:db8::1 has bits outside of its net|net 2001:db8::1/32|^^^^^^^^^^^^^^^^^^|hint: the net is 2001:db8::/32"},
		{"net 10.0.0.0/33", "an IPv4 address has 32 bits, no 33|net 10.0.0.0/33|^^^^^^^^^^^^^^^"},
		{"host 10.0.0.0/8", "a mask makes it a net|host 10.0.0.0/8|^^^^^^^^^^^^^^^|hint: write net in place of host"},
		{"host 10.0.0.256", "10.0.0.256 is no IPv4 address|host 10.0.0.256|^^^^^^^^^^^^^^^"},
		{"port 70000", "ports go up to 65535|port 70000|^^^^^^^^^^"},
		{"port 80-90", `no port of the name "80-90" is known here|port 80-90|^^^^^^^^^^|hint: write portrange 80-90`},
		{"port nosuch", `no port of the name "nosuch" is known here|port nosuch|^^^^^^^^^^^|hint: give its number`},
		{"udp port ssh", "ssh is no port of udp|udp port ssh|^^^^^^^^^^^^|hint: give its number"},
		{"icmp port 80", "icmp has no ports|icmp port 80|^^^^^^^^^^^^|hint: write tcp, udp or sctp before it, or nothing"},
		{"tcp host 10.0.0.1", "tcp has no hosts of its own|tcp host 10.0.0.1|^^^^^^^^^^^^^^^^^|hint: write tcp and host ADDRESS"},
		{"ip proto tcp", `expected a protocol, as a number or a name|ip proto tcp|         ^^^|hint: tcp is a word of the language; as a name it is written \tcp`},
		{"ip protochain 6", "protochain is not supported: it needs a loop, which a program that is known to end cannot have|ip protochain 6|   ^^^^^^^^^^"},
		{"gateway 10.0.0.1", "gateway is not supported: it needs the names of hosts and their Ethernet addresses|gateway 10.0.0.1|^^^^^^^"},
		{"wlan type mgt", "fields of 802.11 frames are not supported|wlan type mgt|     ^^^^"},
		{"ip broadcast", "a trace does not tell the mask of its net, so ip broadcast means nothing|ip broadcast|^^^^^^^^^^^^|hint: write dst host with the net's broadcast address"},
		{"tcp[13] & 2", "expected a comparison: = != < > <= or >=|tcp[13] & 2|           ^"},
		{"tcp[13-1] = 0", "expected a number, len, or octets of the packet such as ip[8]|tcp[13-1] = 0|    ^^^^|hint: put blanks around a - that subtracts"},
		{"ip[0:3] = 0", "octets are read 1, 2 or 4 at once|ip[0:3] = 0|     ^"},
		{"ip[0] / 0 = 1", "a division by 0|ip[0] / 0 = 1|^^^^^^^^^"},
		{"ip[0] << 32 = 1", "a shift by more than 31 bits|ip[0] << 32 = 1|^^^^^^^^^^^"},
		{"len = 4294967296", "4294967296 is over 32 bits|len = 4294967296|      ^^^^^^^^^^"},
		{"port 08", "08 begins with 0 and so is octal, which has no 8 and no 9|port 08|     ^^"},
		{"tcp and", "expected a test such as tcp, host 192.0.2.1 or port 80; something is missing here|tcp and|       ^"},
		{"(tcp or udp", "expected ), for the ( of before|(tcp or udp|           ^"},
		{"tcp)", "a ) without its (|tcp)|   ^"},
		{"tcp; drop", "this character means nothing in a filter|tcp; drop|   ^"},
		{"host $5", "ARCNET addresses are not supported|host $5|     ^"},
		{"byte 0xfffff004 = 0", "offsets of octets go up to 65535|byte 0xfffff004 = 0|     ^^^^^^^^^^"},
		{"vlan 5000", "vlan has numbers up to 4095|vlan 5000|     ^^^^"},
		{"ether host 1:2:3", `"1:2:3" is no Ethernet or IPv6 address|ether host 1:2:3|           ^^^^^`},
		{"pppoes and vlan", "link type ppp has no VLAN tags|pppoes and vlan|           ^^^^"},
		{"mpls and vlan", "behind MPLS no VLAN can be told|mpls and vlan|         ^^^^"},
		{"mpls and arp", "behind MPLS nothing says what is carried, but for ip and ip6|mpls and arp|         ^^^"},
		{"ether", "a link layer alone says nothing; expected host, proto, broadcast or multicast behind it|ether|^^^^^"},
		{"src proto 6", "a protocol has no src and dst|src proto 6|    ^^^^^"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			_, err := Parse(tt.text)
			if !errors.As(err, new(*Error)) {
				t.Fatalf("%v", err)
			}
			got := strings.ReplaceAll(err.Error(), "\n    ", "|")
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestErrorExcerpt: a long expression and one of several lines are shown around
// the place, on one line that a terminal shows as it is.
func TestErrorExcerpt(t *testing.T) {
	long := strings.Repeat("tcp or ", 30)
	_, err := Parse(long + "nosuch\x1b[31m or\n" + long + "udp")
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) < 3 || strings.Contains(err.Error(), "\x1b") || len(lines[1]) > 130 {
		t.Fatalf("%q", err)
	}
	if at := strings.Index(lines[2], "^"); !strings.HasPrefix(lines[1][at:], "?") {
		t.Errorf("the caret is not under the character:\n%s\n%s", lines[1], lines[2])
	}
}

// TestLinkTypes: an expression that means nothing on a link type is refused
// there with the type's name, and elsewhere it is compiled.
func TestLinkTypes(t *testing.T) {
	for _, tt := range []struct {
		text string
		link wire.LinkType
		want string // "": it is compiled
	}{
		{"ether host 02:00:00:00:00:01", wire.LinkRaw, "link type raw has no Ethernet addresses"},
		{"ether host 02:00:00:00:00:01", wire.LinkFDDI, ""},
		{"vlan", wire.LinkLinuxSLL, "link type linux-sll has no VLAN tags"},

		{"broadcast", wire.LinkPPP, "link type ppp has no broadcasts"},
		{"multicast", wire.LinkRaw, "link type raw has no multicasts"},
		{"mpls", wire.LinkRaw, "MPLS cannot be told on link type raw"},
		{"llc", wire.LinkCHDLC, "link type chdlc has no LLC"},
		{"inbound", wire.LinkEthernet, "frames of link type ethernet do not tell their direction"},
		{"inbound", wire.LinkLinuxSLL2, ""},
		{"outbound", wire.LinkPPPD, ""},
		{"outbound", wire.LinkIPNET, ""},
		{"ifindex 3", wire.LinkLinuxSLL, "link type linux-sll does not tell interfaces by number"},
		{"ifindex 3", wire.LinkLinuxSLL2, ""},
		{"arp", wire.LinkRaw, ""},
		{"ip", wire.LinkNFLOG, "link type nflog cannot be filtered"},
	} {
		e, err := Parse(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		switch _, err = e.Compile(tt.link); {
		case tt.want == "" && err != nil:
			t.Errorf("%s on %v: %v", tt.text, tt.link, err)
		case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%s on %v: %v, want %s", tt.text, tt.link, err, tt.want)
		}
	}
}

// TestMatch: what there is no tcpdump for.
func TestMatch(t *testing.T) {
	eth, ip := sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}
	tcp := sourcetest.Frame(t, eth, ip, sourcetest.TCP{Src: 1024, Dst: 80})
	direction := relink(tcp, wire.LinkPPPWithDir)
	sent := direction
	sent.Data = append([]byte{1}, direction.Data[1:]...)
	direction.Data = append([]byte{0}, direction.Data[1:]...)
	bigEndian := relink(tcp, wire.LinkNull)
	bigEndian.Data = append([]byte{0, 0, 0, 2}, bigEndian.Data[4:]...)
	for _, tt := range []struct {
		name, text string
		frame      wire.Frame
		want       bool
	}{
		{"empty", "", tcp, true},
		{"blanks", " \n", tcp, true},
		{"ATM", "tcp port 80", relink(tcp, wire.LinkATM), true},
		{"ATM, other", "udp", relink(tcp, wire.LinkATM), false},
		{"SLIP", "tcp port 80", relink(tcp, wire.LinkSLIP), true},
		{"SLIP, other", "udp", relink(tcp, wire.LinkSLIP), false},
		{"SLIP of BSD/OS", "tcp port 80", relink(tcp, wire.LinkSLIPBSDOS), true},
		{"pppd, out", "outbound", wire.Frame{LinkType: wire.LinkPPPD, Data: []byte{1, 3, 0, 0x21}, WireLen: 4}, true},
		{"pppd, in", "outbound", wire.Frame{LinkType: wire.LinkPPPD, Data: []byte{0, 3, 0, 0x21}, WireLen: 4}, false},
		{"IPNET, in", "inbound", wire.Frame{LinkType: wire.LinkIPNET, Data: []byte{1, 2, 0, 2}, WireLen: 4}, true},
		{"IPNET, unknown", "outbound or inbound", wire.Frame{LinkType: wire.LinkIPNET, Data: []byte{1, 2, 0, 0}, WireLen: 4}, false},
		{"PPP with direction", "tcp port 80", direction, true},
		{"received", "inbound", direction, true},
		{"sent", "outbound", sent, true},
		{"not received", "inbound", sent, false},
		{"loopback, big-endian", "tcp", bigEndian, true},
		{"byte and", "byte 23 & 2", tcp, true},
		{"byte or", "byte 23 | 0", tcp, true},
		{"octets that are not there reject", "ip[500] = 0 or ip", tcp, false},
		{"and nothing before", "ip or ip[500] = 0", tcp, true},
		{"length on the wire", "len = 5000", wire.Frame{LinkType: wire.LinkEthernet, WireLen: 5000, Data: tcp.Data}, true},
	} {
		if got := program(t, tt.text, tt.frame.LinkType).Match(tt.frame.Data, tt.frame.WireLen); got != tt.want {
			t.Errorf("%s: %q: %v", tt.name, tt.text, got)
		}
	}
}

// TestLongJumps: programs larger than a conditional jump reaches are right in
// each of their parts, up to the limit; beyond it they are refused.
func TestLongJumps(t *testing.T) {
	frame := func(src string) []byte {
		return sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: src, Dst: "192.0.2.1"}, sourcetest.UDP{Src: 1, Dst: 2}).Data
	}
	text := "host 10.0.0.0"
	for i := 1; i < 100; i++ {
		text += " or 10.0.0." + string(rune('0'+i/10)) + string(rune('0'+i%10))
	}
	p := program(t, text, wire.LinkEthernet)
	if n := len(p.Raw()); n < 512 || n > MaxInstructions {
		t.Fatalf("%d instructions", n)
	}
	for src, want := range map[string]bool{"10.0.0.0": true, "10.0.0.42": true, "10.0.0.99": true, "10.0.0.100": false} {
		if got := p.Match(frame(src), 60); got != want {
			t.Errorf("%s: %v", src, got)
		}
		if got := program(t, "not ("+text+")", wire.LinkEthernet).Match(frame(src), 60); got == want {
			t.Errorf("not %s: %v", src, got)
		}
	}
	_, err := Parse(text + strings.Repeat(" or 10.0.1.1", 400))
	if err == nil || !strings.Contains(err.Error(), "more than 4096 instructions") {
		t.Errorf("too many hosts: %v", err)
	}
}

// TestBounds: what is nested too deep or too long is refused.
func TestBounds(t *testing.T) {
	for name, text := range map[string]string{
		"brackets":    strings.Repeat("(", 300) + "tcp" + strings.Repeat(")", 300),
		"nots":        strings.Repeat("not ", 300) + "tcp",
		"hosts":       "host " + strings.Repeat("(", 300) + "1.2.3.4",
		"values":      strings.Repeat("(", 300) + "1" + strings.Repeat(")", 300) + " = 1",
		"offsets":     strings.Repeat("ip[", 300) + "0" + strings.Repeat("]", 300) + " = 1",
		"powers":      strings.Repeat("1 % ", 300) + "1 = 1",
		"registers":   strings.Repeat("ip[0] + (", 20) + "ip[0]" + strings.Repeat(")", 20) + " = 1",
		"tunnels":     strings.Repeat("geneve and ", 5) + "ip",
		"octets":      strings.Repeat(" ", MaxExpression) + "tcp",
		"no UTF-8":    "tcp \xff",
		"half a rune": "tcp \xe2\x82",
	} {
		if _, err := Parse(text); err == nil {
			t.Errorf("%s: no error", name)
		} else if !errors.As(err, new(*Error)) {
			t.Errorf("%s: %T", name, err)
		}
	}
}

// TestStage: frames that are not selected leave the batch and are counted; a
// frame that cannot be filtered ends it.
func TestStage(t *testing.T) {
	udp := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.UDP{Src: 1, Dst: 53})
	tcp := sourcetest.Frame(t, sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.TCP{Src: 1, Dst: 53})
	snapped := udp
	snapped.WireLen, snapped.Flags = 0, wire.NoFrameLen
	other := udp
	other.LinkType = wire.LinkNFLOG
	e, err := Parse("udp and greater 28")
	if err != nil {
		t.Fatal(err)
	}
	s := NewStage(e)
	var b wire.Batch
	b.Reset()
	b.Frames = append(b.Frames, udp, tcp, relink(udp, wire.LinkRaw), snapped, relink(tcp, wire.LinkRaw), udp)
	if err := s.Run(&b); err != nil || len(b.Frames) != 4 || s.Dropped() != 2 {
		t.Errorf("%d frames left, %d dropped, %v", len(b.Frames), s.Dropped(), err)
	}
	b.Reset()
	b.Frames = append(b.Frames, udp, other, udp)
	if err := s.Run(&b); err == nil || len(b.Frames) != 1 || s.Dropped() != 2 {
		t.Errorf("%d frames left, %d dropped, %v", len(b.Frames), s.Dropped(), err)
	}
	b.Reset()
	if n := testing.AllocsPerRun(100, func() {
		b.Frames = append(b.Frames[:0], udp, tcp)
		_ = s.Run(&b)
	}); n != 0 {
		t.Errorf("%v allocations a batch", n)
	}
}

// BenchmarkMatch is what a packet costs.
func BenchmarkMatch(b *testing.B) {
	f, err := sourcetest.Build(sourcetest.Ether("", ""), sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"}, sourcetest.TCP{Src: 1, Dst: 443})
	if err != nil {
		b.Fatal(err)
	}
	for _, text := range []string{"ip", "tcp port 443", "host 10.0.0.9 or net 192.168.0.0/16", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0"} {
		b.Run(text, func(b *testing.B) {
			p := program(b, text, wire.LinkEthernet)
			for b.Loop() {
				p.Match(f.Data, f.WireLen)
			}
		})
	}
}

// TestWithDirection: an octet of direction before the link's header changes nothing
// of what is selected.
func TestWithDirection(t *testing.T) {
	for plain, with := range map[wire.LinkType]wire.LinkType{wire.LinkCHDLC: wire.LinkCHDLCDir, wire.LinkFrameRelay: wire.LinkFRelayDir} {
		for _, text := range []string{"ip", "ip6", "tcp port 80", "host 10.0.0.1", "ip[8] = 64", "clnp", "isis", "icmp"} {
			one, other, selected := program(t, text, plain), program(t, text, with), 0
			for _, f := range etherFrames(t) {
				f, g := relink(f, plain), relink(f, with)
				want := one.Match(f.Data, f.WireLen)
				if got := other.Match(g.Data, g.WireLen); got != want {
					t.Errorf("%v: %s: %v of %x", with, text, got, g.Data[:min(len(g.Data), 60)])
				}
				if want {
					selected++
				}
			}
			if selected == 0 && plain == wire.LinkFrameRelay {
				t.Errorf("%s: nothing is selected", text)
			}
		}
		if g := (wire.Frame{Data: []byte{1, 0x0f, 0, 8, 0}, WireLen: 5}); !program(t, "outbound", with).Match(g.Data, g.WireLen) {
			t.Errorf("%v: a frame that was sent is not outbound", with)
		}
	}
}

// TestFrameRelay: what is selected behind RFC 2427's header and behind Cisco's is
// what is selected of the same packets on Ethernet.
func TestFrameRelay(t *testing.T) {
	for _, text := range []string{
		"ip", "ip6", "tcp", "udp port 53", "host 10.0.0.1", "src net 10.0.0.0/8", "tcp[13] & 2 != 0", "ip[8] = 64",
		"ip6 host 2001:db8::1", "icmp or icmp6", "sctp", "clnp", "isis", "iih", "l1", "iso",
	} {
		e, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		ether, err := e.Compile(wire.LinkEthernet)
		if err != nil {
			t.Fatal(err)
		}
		relay, err := e.Compile(wire.LinkFrameRelay)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		selected := 0
		for _, f := range etherFrames(t) {
			kind, g := f.Data[12:14], relink(f, wire.LinkFrameRelay)
			want := ether.Match(f.Data, f.WireLen)
			if got := relay.Match(g.Data, g.WireLen); got != want {
				t.Errorf("%s: %v of %x", text, got, g.Data[:min(len(g.Data), 60)])
			}
			cisco := slices.Concat([]byte{0x18, 0x41}, kind, f.Data[14:])
			if got := relay.Match(cisco, uint32(len(cisco))); kind[0] >= 6 && got != want {
				t.Errorf("%s: %v of %x", text, got, cisco[:min(len(cisco), 60)])
			}
			if want {
				selected++
			}
		}
		if selected == 0 {
			t.Errorf("%s: nothing is selected", text)
		}
	}
}
