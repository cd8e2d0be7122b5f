package pme

import (
	"encoding/hex"
	"strings"
	"testing"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/ruleset"
)

const (
	icmp = 1
	tcp  = 6
	udp  = 17
)

// RFC 2123 §3.3: a subroutine classifies the address a variable names.
const subroutineRules = `
 SourcePeerType & 255 = 1: PushRuleToAct, ip_pkt
 Null & 0 = 0: Ignore, 0
ip_pkt:
 V1 & 0 = SourcePeerAddress: AssignAct, next
 Null & 0 = 0: Gosub, classify
 Null & 0 = 0: GotoAct, from_ua
 Null & 0 = 0: GotoAct, from_ait
 Null & 0 = 0: NoMatch, 0
from_ua:
 V1 & 0 = DestPeerAddress: AssignAct, next
 Null & 0 = 0: Gosub, classify
 Null & 0 = 0: Ignore, 0
 Null & 0 = 0: GotoAct, ok_pkt
 Null & 0 = 0: GotoAct, ok_pkt
from_ait:
 V1 & 0 = DestPeerAddress: AssignAct, next
 Null & 0 = 0: Gosub, classify
 Null & 0 = 0: NoMatch, 0
 Null & 0 = 0: Ignore, 0
 Null & 0 = 0: GotoAct, ok_pkt
ok_pkt:
 Null & 0 = 0: Count, 0
classify:
 V1 & 255.255.0.0 = 130.216.0.0: GotoAct, ua
 V1 & 255.255.0.0 = 156.62.0.0: GotoAct, ait
 Null & 0 = 0: Return, 3
ua:
 V1 & 255.255.0.0 = 0: PushPktToAct, next
 Null & 0 = 0: Return, 1
ait:
 V1 & 255.255.0.0 = 0: PushPktToAct, next
 Null & 0 = 0: Return, 2
`

// RFC 2123 §3.2: traffic of two gateways, distinguished by MAC addresses.
const gatewayRules = `
 SourcePeerType & 255 = 1: PushRuleTo, ip_pkt
 Null & 0 = 0: Ignore, 0
ip_pkt:
 SourceAdjacentAddress & FF-FF-FF-FF-FF-FF = 00-80-48-81-0E-7C: Goto, s1
 Null & 0 = 0: Goto, s2
s1:
 DestAdjacentAddress & FF-FF-FF-FF-FF-FF = 02-07-01-04-ED-4A: GotoAct, g3
 Null & 0 = 0: GotoAct, g1
s2:
 SourceAdjacentAddress & FF-FF-FF-FF-FF-FF = 02-07-01-04-ED-4A: Goto, s3
 Null & 0 = 0: NoMatch, 0
s3:
 DestAdjacentAddress & FF-FF-FF-FF-FF-FF = 00-80-48-81-0E-7C: NoMatch, 0
 Null & 0 = 0: GotoAct, g2
g1:
 FlowClass & 255 = 1: PushRuleToAct, c_pkt
g2:
 FlowClass & 255 = 2: PushRuleToAct, c_pkt
g3:
 FlowClass & 255 = 3: PushRuleToAct, c_pkt
c_pkt:
 SourceAdjacentAddress & FF-FF-FF-FF-FF-FF = 0: PushPktToAct, next
 DestAdjacentAddress & FF-FF-FF-FF-FF-FF = 0: PushPktToAct, next
 SourcePeerAddress & 255.255.255.255 = 0: PushPktToAct, next
 DestPeerAddress & 255.255.255.255 = 0: PushPktToAct, next
 Null & 0 = 0: Count, 0
`

// RFC 2123 §3.2: packets from network 130.216; GOTO is the place of its
// mistake.
const net130Rules = `
 SourcePeerType & 255 = 1: PushRuleTo, ip_pkt
 Null & 0 = 0: Ignore, 0
ip_pkt:
 SourcePeerAddress & 255.255.0.0 = 130.216.0.0: GOTO, c_pkt
 Null & 0 = 0: NoMatch, 0
c_pkt:
 SourcePeerAddress & 255.255.255.255 = 0: PushPktToAct, next
 DestPeerAddress & 255.255.255.255 = 0: CountPkt, 0
`

// if SourcePeerAddress == 10.0/8 && DestPeerAddress == (20.0/8, 30.0/8)
// save, count; else { save SourceTransAddress; count; }
const andSaveRules = `
 SourcePeerAddress & 255 = 10: PushRuleTo, second
 Null & 0 = 0: Goto, else
second:
 DestPeerAddress & 255 = 20: PushRuleTo, both
 DestPeerAddress & 255 = 30: PushRuleTo, both
 Null & 0 = 0: PopTo, else
both:
 Null & 0 = 0: Count, 0
else:
 Null & 0 = 0: GotoAct, next
 SourceTransAddress & 255.255 = 0: PushPktTo, next
 Null & 0 = 0: Count, 0
`

// The built-in rule set 1 (RFC 2722 §6.4).
const defaultRules = `
 Null & 0 = 0: GotoAct, next
 SourcePeerType & 255 = 0: PushPktToAct, next
 DestPeerType & 255 = 0: CountPkt, 0
`

type metered struct {
	proto        uint8
	source, dest string
	want         string // f, r or -
	saved        string // "" is not compared
}

func TestVectors(t *testing.T) {
	const ipv4 = "SourcePeerType=1/255 "
	for _, test := range []struct {
		name, rules string
		packets     []metered
	}{
		{"D subroutine", subroutineRules, []metered{
			{tcp, "130.216.1.1", "156.62.2.2", "f", ipv4 + "SourcePeerAddress=130.216.0.0/255.255.0.0 DestPeerAddress=156.62.0.0/255.255.0.0"},
			{tcp, "156.62.2.2", "130.216.1.1", "r", ipv4 + "SourcePeerAddress=130.216.0.0/255.255.0.0 DestPeerAddress=156.62.0.0/255.255.0.0"},
			{tcp, "8.8.8.8", "130.216.1.1", "r", ipv4 + "SourcePeerAddress=130.216.0.0/255.255.0.0"},
			{tcp, "9.9.9.9", "8.8.8.8", "-", ""},
			{tcp, "130.216.1.1", "130.216.2.2", "-", ""},
			{tcp, "[2001:db8::1]", "[2001:db8::2]", "-", ""},
		}},
		{"F net130 with GotoAct", strings.Replace(net130Rules, "GOTO", "GotoAct", 1), []metered{
			{tcp, "130.216.1.1", "156.62.2.2", "f", ipv4 + "SourcePeerAddress=130.216.1.1/255.255.255.255 DestPeerAddress=156.62.2.2/255.255.255.255"},
			{tcp, "156.62.2.2", "130.216.1.1", "r", ""},
			{tcp, "9.9.9.9", "8.8.8.8", "-", ""},
		}},
		{"F net130 as printed", strings.Replace(net130Rules, "GOTO", "Goto", 1), []metered{
			{tcp, "130.216.1.1", "156.62.2.2", "-", ""},
			{tcp, "156.62.2.2", "130.216.1.1", "-", ""},
			{tcp, "9.9.9.9", "8.8.8.8", "-", ""},
		}},
		{"G and, save, pop", andSaveRules, []metered{
			{tcp, "10.1.1.1:5", "30.1.1.1:6", "f", "SourcePeerAddress=10.0.0.0/255.0.0.0 DestPeerAddress=30.0.0.0/255.0.0.0"},
			{tcp, "10.1.1.1:5", "40.1.1.1:6", "f", "SourceTransAddress=0.5/255.255"},
			{tcp, "10.1.1.1:5", "20.1.1.1:6", "f", "SourcePeerAddress=10.0.0.0/255.0.0.0 DestPeerAddress=20.0.0.0/255.0.0.0"},
		}},
		{"default rule set", defaultRules, []metered{
			{tcp, "10.1.1.1:5", "30.1.1.1:6", "f", "SourcePeerType=1/255"},
			{icmp, "30.1.1.1", "10.1.1.1", "f", "SourcePeerType=1/255"},
			{udp, "[2001:db8::1]:53", "[2001:db8::2]:53", "f", "SourcePeerType=2/255"},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFlows(t, test.rules)
			for _, m := range test.packets {
				got := f.meter(ip(t, m.proto, m.source, m.dest))
				if got != m.want {
					t.Errorf("%s -> %s: counted %q, want %q", m.source, m.dest, got, m.want)
				}
				if saved := show(f.p.shapes, f.last.Bytes()); m.saved != "" && saved != m.saved {
					t.Errorf("%s -> %s: saved\n%s, want\n%s", m.source, m.dest, saved, m.saved)
				}
			}
		})
	}
}

func TestVectorE(t *testing.T) {
	hosts := map[string]string{"g1": "00804881 0E7C", "g2": "02070104 ED4A", "h": "00AA0000 0001"}
	addrs := map[string]string{"g1": "10.0.0.1", "g2": "10.0.0.2", "h": "10.0.0.3"}
	f := newFlows(t, gatewayRules)
	for _, test := range []struct {
		from, to, want string
		class          byte
	}{
		{"g1", "g2", "f", 3},
		{"g2", "g1", "r", 3},
		{"g1", "h", "f", 1},
		{"h", "g1", "r", 1},
		{"g2", "h", "f", 2},
		{"h", "g2", "r", 2},
		{"h", "h", "-", 0},
	} {
		pk := ip(t, tcp, addrs[test.from], addrs[test.to])
		for i, host := range []string{test.from, test.to} {
			mac, err := hex.DecodeString(strings.ReplaceAll(hosts[host], " ", ""))
			if err != nil {
				t.Fatal(err)
			}
			pk.Rest.AdjacentLen = uint8(copy(pk.Rest.AdjacentAddress[i][:], mac))
		}
		if got := f.meter(pk); got != test.want {
			t.Errorf("%s -> %s: counted %q, want %q", test.from, test.to, got, test.want)
		}
		class, ok := f.p.shapes.Value(f.last.Bytes(), mib.AttrFlowClass)
		if test.want != "-" && (!ok || class[0] != test.class) {
			t.Errorf("%s -> %s: class %v, want %d", test.from, test.to, class, test.class)
		}
	}
	if len(f.known) != 3 {
		t.Errorf("%d flows, want 3", len(f.known))
	}
	if len(f.p.Varying()) == 0 || f.p.Needs() != NeedsRest {
		t.Error("a rule set that saves MAC addresses depends on more than the stream, and needs Rest")
	}
}

// Actions and the test indicator, one rule set each; the packet is TCP
// 10.0.0.1:1000 -> 20.0.0.2:80.
func TestActions(t *testing.T) {
	const save = "SourceTransAddress=3.232/255.255"
	const v1 = " V1 & 0 = SourceTransAddress: Assign, next\n"
	for _, test := range []struct {
		name, rules string
		want        Verdict
		saved       string
	}{
		{"end of rules", "SourcePeerType & 255 = 9: Count, 0", NoMatch, ""},
		{"goto one past the end", "Null & 0 = 0: Goto, 2", NoMatch, ""},
		{"return past the end", "Null & 0 = 0: Gosub, 2\n Null & 0 = 0: Return, 5", NoMatch, ""},
		{"ignore", "Null & 0 = 0: Ignore, 0", Ignore, ""},
		{"nomatch", "Null & 0 = 0: NoMatch, 0", NoMatch, ""},
		{"count of nothing", "Null & 0 = 0: Count, 0", Count, ""},
		{"zero mask succeeds with any value", "SourcePeerType & 0 = 77: Count, 0", Count, "SourcePeerType=0/0"},
		{"null succeeds with any mask", "Null & 255 = 77: Count, 0", Count, ""},
		{"value outside the mask fails", "SourcePeerType & 1 = 3: Count, 0", NoMatch, ""},
		{"count saves the rule's value", "Null & 0 = 0: GotoAct, 2\n SourceTransAddress & 255.0 = 9.9: Count, 0", Count, "SourceTransAddress=9.0/255.0"},
		{"countpkt saves the packet's", "Null & 0 = 0: GotoAct, 2\n SourceTransAddress & 255.0 = 9.9: CountPkt, 0", Count, "SourceTransAddress=3.0/255.0"},
		{"goto turns the test on", "Null & 0 = 0: Goto, 2\n SourceTransAddress & 255.255 = 0: CountPkt, 0", NoMatch, ""},
		{"gosub turns the test on", "Null & 0 = 0: Gosub, 2\n SourceTransAddress & 255.255 = 0: CountPkt, 0", NoMatch, ""},
		{"gosubact turns it off", "Null & 0 = 0: GosubAct, 2\n SourceTransAddress & 255.255 = 0: CountPkt, 0", Count, save},
		{"return turns it off", "Null & 0 = 0: Gosub, 3\n SourceTransAddress & 255.255 = 0: CountPkt, 0\n Null & 0 = 0: Return, 1", Count, save},
		{"return without gosub", "Null & 0 = 0: Return, 1", Ignore, ""},
		{"failure keeps the test on", "SourcePeerType & 255 = 9: GotoAct, 2\n SourceTransAddress & 255.255 = 0: CountPkt, 0", NoMatch, ""},
		{"an unset variable is null", "V1 & 255 = 99: Count, 0", Count, ""},
		{"variable names what is saved", v1 + "Null & 0 = 0: GotoAct, next\n V1 & 255.255 = 0: CountPkt, 0", Count, save},
		{"variable is tested", v1 + "V1 & 255.255 = 3.232: Count, 0", Count, save},
		{"variable with too long a mask", v1 + "V1 & 255.255.255.255 = 3.232: Count, 0", Count, save},
		{"assign has no test", "V1 & 255 = SourceTransAddress: AssignAct, next\n V1 & 255.255 = 0: CountPkt, 0", Count, save},
		{"gosub saves the variables", v1 + "Null & 0 = 0: Gosub, 4\n V1 & 255.255 = 0: CountPkt, 0\n V1 & 0 = DestTransAddress: Assign, next\n Null & 0 = 0: Return, 1", Count, save},
		{"a variable that holds what cannot be saved", "V1 & 0 = MatchingStoD: Assign, next\n V1 & 255 = 1: Count, 0", Count, ""},
		{"computed attributes start at 0", "FlowKind & 255 = 0: Count, 0", Count, "FlowKind=0/255"},
		{"a pushed computed attribute is tested", "Null & 0 = 0: GotoAct, next\n FlowKind & 255 = 7: PushRuleTo, next\n FlowKind & 255 = 7: Goto, 5\n Null & 0 = 0: Ignore, 0\n Null & 0 = 0: Count, 0", Count, "FlowKind=7/255"},
		{"pop gives the value before", "Null & 0 = 0: GotoAct, next\n FlowKind & 255 = 7: PushRuleToAct, next\n FlowKind & 255 = 8: PushRuleTo, next\n FlowKind & 255 = 8: PopTo, next\n FlowKind & 255 = 7: Goto, 7\n Null & 0 = 0: Ignore, 0\n Null & 0 = 0: Count, 0", Count, "FlowKind=7/255"},
		{"pop of nothing", "Null & 0 = 0: PopTo, 2\n Null & 0 = 0: PopToAct, 3\n Null & 0 = 0: Count, 0", Count, ""},
		{"later push wins", "Null & 0 = 0: GotoAct, next\n SourceTransAddress & 255.255 = 0: PushPktToAct, next\n SourceTransAddress & 255.0 = 1.1: Count, 0", Count, "SourceTransAddress=1.0/255.0"},
		{"types share a slot", "Null & 0 = 0: GotoAct, next\n SourceTransType & 255 = 0: PushPktToAct, next\n DestTransType & 255 = 99: Count, 0", Count, "SourceTransType=99/255"},
		{"rule set number", "FlowRuleSet & 255 = 7: Goto, 3\n Null & 0 = 0: Ignore, 0\n Null & 0 = 0: Count, 0", Count, ""},
		{"absent attributes are zero", "MeterID & 255.255.255.255 = 0: Count, 0", Count, "MeterID=0.0.0.0/255.255.255.255"},
		{"the rule's mask is longer than the packet's address", "Null & 0 = 0: GotoAct, next\n SourcePeerAddress & FF-FF-FF-FF-FF-FF = 1.2.3.4.5.6: Count, 0", Count, "SourcePeerAddress=1.2.3.4.5.6/255.255.255.255.255.255"},
		{"packet's address cuts the mask", "Null & 0 = 0: GotoAct, next\n SourcePeerAddress & FF-FF-FF-00-FF-FF = 0: CountPkt, 0", Count, "SourcePeerAddress=10.0.0.0/255.255.255.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rs := assemble(t, test.rules)
			p := NewMatcher(compile(rs, NewShapes(), minGroup)) // also what Load refuses has its meaning
			pk := ip(t, tcp, "10.0.0.1:1000", "20.0.0.2:80")
			var key Key
			if got := p.Match(pk, WireOrder, &key); got != test.want {
				t.Fatalf("verdict %v, want %v", got, test.want)
			}
			if saved := show(p.shapes, key.Bytes()); test.want == Count && saved != test.saved {
				t.Errorf("saved %s, want %s", saved, test.saved)
			}
			compare(t, rs, p, pk, WireOrder)
			compare(t, rs, p, pk, Reversed)
		})
	}
}

// MatchingStoD distinguishes the two matches of a packet (RFC 2722 §4.3).
func TestMatchingStoD(t *testing.T) {
	f := newFlows(t, `
 SourcePeerAddress & 255 = 10: Goto, known
 MatchingStoD & 255 = 1: NoMatch, 0
 Null & 0 = 0: GotoAct, next
 FlowKind & 255 = 63: Count, 0
known:
 Null & 0 = 0: Count, 0
`)
	for _, test := range []metered{
		{tcp, "10.0.0.1", "20.0.0.1", "f", ""},
		{tcp, "20.0.0.1", "10.0.0.1", "r", ""},
		{tcp, "20.0.0.1", "30.0.0.1", "r", "FlowKind=63/255"},
	} {
		if got := f.meter(ip(t, test.proto, test.source, test.dest)); got != test.want {
			t.Errorf("%s -> %s: %q, want %q", test.source, test.dest, got, test.want)
		}
		if saved := show(f.p.shapes, f.last.Bytes()); saved != test.saved {
			t.Errorf("%s -> %s: saved %q, want %q", test.source, test.dest, saved, test.saved)
		}
	}
}

// Equal masks of two families make two keys, because addresses keep their
// natural length (decision 9).
func TestFamiliesNeverMerge(t *testing.T) {
	p := mustLoad(t, "Null & 0 = 0: GotoAct, next\n SourcePeerAddress & 255.255 = 0: CountPkt, 0")
	var v4, v6, bare Key
	p.Match(ip(t, tcp, "32.1.0.1", "10.0.0.1"), WireOrder, &v4)
	p.Match(ip(t, tcp, "[2001::1]", "[::2]"), WireOrder, &v6)
	p.Match(&packet.Packet{}, WireOrder, &bare)
	if string(v4.Bytes()) == string(v6.Bytes()) || string(v4.Bytes()) == string(bare.Bytes()) {
		t.Error("keys of two families are equal")
	}
	if got := show(p.shapes, v6.Bytes()); got != "SourcePeerAddress=32.1"+strings.Repeat(".0", 14)+"/255.255"+strings.Repeat(".0", 14) {
		t.Error(got)
	}
	if got := show(p.shapes, bare.Bytes()); got != "SourcePeerAddress=/" {
		t.Error(got)
	}
}

// A rule that gives no mask has one of 20 octets: what it saves is read back in
// its natural length, the packet's or, if that is less, the value's own, and is
// the same flow as what is saved with the mask written out (decision 9).
func TestWholeAddresses(t *testing.T) {
	const all = "255.255.255.255.255.255.255.255.255.255.255.255.255.255.255.255.255.255.255.255"
	var (
		v4   = ip(t, tcp, "10.1.0.5", "10.1.0.6")
		v6   = ip(t, tcp, "[2001:db8::5]", "[2001:db8::6]")
		arp  = &packet.Packet{PeerType: mib.PeerARP}
		ones = func(n int) string { return strings.TrimSuffix(strings.Repeat("255.", n), ".") }
	)
	for _, row := range []struct {
		name, rule string
		pk         *packet.Packet
		value      string
		octets     int
	}{
		{"test and save, IPv4", "SourcePeerAddress & " + all + " = 10.1.0.5: Count, 0", v4, "10.1.0.5", 4},
		{"test and save, IPv6", "SourcePeerAddress & " + all + " = 20-01-0d-b8-00-00-00-00-00-00-00-00-00-00-00-05: Count, 0", v6,
			"32.1.13.184.0.0.0.0.0.0.0.0.0.0.0.5", 16},
		{"from the packet", "SourcePeerAddress & " + all + " = 0: CountPkt, 0", v4, "10.1.0.5", 4},
		{"through a variable", "V1 & " + all + " = 10.1.0.5: Count, 0", v4, "10.1.0.5", 4},
		{"a value that is no packet's", "SourcePeerAddress & " + all + " = 192: Count, 0", v4, "192.0.0.0", 4},
		{"IPv6 for an IPv4 packet", "SourcePeerAddress & " + all + " = 20-01-0d-b8-00-01: Count, 0", v4,
			"32.1.13.184.0.1.0.0.0.0.0.0.0.0.0.0", 16},
		{"IPv4 for an IPv6 packet", "SourcePeerAddress & " + all + " = 192.0.2.1: Count, 0", v6, "192.0.2.1.0.0.0.0.0.0.0.0.0.0.0.0", 16},
		{"IPv4 for a packet without addresses", "SourcePeerAddress & " + all + " = 192.0.2: Count, 0", arp, "192.0.2.0", 4},
		{"a mask for IPv6 given", "SourcePeerAddress & " + ones(16) + " = 10.1.0.5: Count, 0", v4, "10.1.0.5.0.0.0.0.0.0.0.0.0.0.0.0", 16},
	} {
		t.Run(row.name, func(t *testing.T) {
			rs := assemble(t, "V1 & 0 = SourcePeerAddress: AssignAct, next\n"+row.rule)
			p := load(t, rs, NewShapes())
			key := compare(t, rs, p, row.pk, WireOrder)
			if got, want := show(p.shapes, key.Bytes()), "SourcePeerAddress="+row.value+"/"+ones(row.octets); got != want {
				t.Errorf("saved %s, want %s", got, want)
			}
		})
	}
}

func mustLoad(t testing.TB, text string) *Matcher {
	t.Helper()
	return load(t, assemble(t, text), NewShapes())
}

// load returns a matcher of a rule set that must load.
func load(t interface {
	Helper()
	Fatal(...any)
}, rs *ruleset.RuleSet, shapes *Shapes) *Matcher {
	t.Helper()
	p, err := Load(rs, shapes)
	if err != nil {
		t.Fatal(err)
	}
	return NewMatcher(p)
}
