package pme

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"netramet/meter/packet"
	"netramet/mib"
	"netramet/ruleset"
)

func TestLoadErrors(t *testing.T) {
	const end = "\n Null & 0 = 0: NoMatch, 0"
	for _, test := range []struct {
		name, rules string
		change      func(*ruleset.RuleSet)
		want        string // "" if it loads
	}{
		{name: "no rules", want: "no rules"},
		{name: "set number", rules: end, change: func(rs *ruleset.RuleSet) { rs.Number = 256 }, want: "number 256"},
		{name: "opcode 0", rules: end, change: func(rs *ruleset.RuleSet) { rs.Rules[0].Action = 0 }, want: "rule 1: Null & 0 = 0: action(0), 0: there is no action 0"},
		{name: "opcode 18", rules: end, change: func(rs *ruleset.RuleSet) { rs.Rules[0].Action = 18 }, want: "there is no action 18"},
		{name: "unknown attribute", rules: end, change: func(rs *ruleset.RuleSet) { rs.Rules[0].Selector = 200 }, want: "no attribute 200"},
		{name: "counter tested", rules: "ToPDUs & 255 = 1: Ignore, 0", want: "ToPDUs cannot be tested"},
		{name: "mask attribute tested", rules: "SourcePeerMask & 255 = 1: Ignore, 0", want: "cannot be tested"},
		{name: "distribution tested", rules: "ToPacketSize & 1 = 1: Goto, 1", want: "cannot be tested"},
		{name: "distribution saved by a rule of its own", rules: "Null & 0 = 0: GotoAct, 2\n ToPacketSize & 1.0.0.25.5.220 = 60: PushRuleToAct, 3" + end},
		{name: "MatchingStoD saved", rules: "MatchingStoD & 255 = 1: Count, 0", want: "Count saves MatchingStoD, which cannot be saved"},
		{name: "FlowRuleSet saved", rules: "FlowRuleSet & 255 = 1: CountPkt, 0", want: "CountPkt saves FlowRuleSet, which cannot be saved"},
		{name: "FlowRuleSet tested", rules: "FlowRuleSet & 255 = 1: Ignore, 0"},
		{name: "mask too long", rules: "SourceTransAddress & 255.255.128 = 1: Ignore, 0", want: "the mask is longer than the 2 octets of SourceTransAddress"},
		{name: "mask of 20 octets", rules: "SourcePeerAddress & 1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1 = 1: Ignore, 0"},
		{name: "goto 0", rules: "Null & 0 = 0: Goto, 0", want: "Goto goes to rule 0"},
		{name: "goto beyond", rules: "Null & 0 = 0: Goto, 3", want: "Goto goes to rule 3; there are 1 rules"},
		{name: "goto end", rules: "Null & 0 = 0: Goto, 2"},
		{name: "gosub end", rules: "Null & 0 = 0: Gosub, 2"},
		{name: "return 0", rules: "Null & 0 = 0: Return, 0", want: "Return, 0 would execute the Gosub again"},
		{name: "assign to an attribute", rules: "FlowKind & 0 = SourcePeerType: Assign, 1" + end, want: "V1 to V5 only, not FlowKind"},
		{name: "assign a variable", rules: "V1 & 0 = V2: Assign, 2" + end, want: "gives V1 something else than an attribute that rules can test"},
		{name: "assign a counter", rules: "V1 & 0 = ToOctets: Assign, 2" + end, want: "gives V1 something else than an attribute that rules can test"},
		{name: "assign nothing", rules: "V1 & 0 = Null: Assign, 2" + end},
		{name: "value outside mask", rules: "SourcePeerType & 1 = 2: Ignore, 0" + end},
		{name: "endless goto", rules: "Null & 0 = 0: Goto, 2\n Null & 0 = 0: Goto, 3\n Null & 0 = 0: PopTo, 2", want: "rule 2: Null & 0 = 0: Goto, 3: an endless loop"},
		{name: "endless without test", rules: "Null & 0 = 0: GotoAct, 2\n SourcePeerType & 1 = 1: GotoAct, 2", want: "rule 2: SourcePeerType & 1 = 1: GotoAct, 2: an endless loop"},
		{name: "endless after the second call", rules: "Null & 0 = 0: Gosub, 5\n Null & 0 = 0: Gosub, 5\n Null & 0 = 0: Goto, 4\n Null & 0 = 0: Goto, 3\n Null & 0 = 0: Return, 1", want: "rule 3: Null & 0 = 0: Goto, 4: an endless loop"},
		{name: "loop of all packets that get in", rules: "SourcePeerType & 255 = 1: Goto, 1" + end, want: "goes to itself"},
		{name: "loop that a test ends", rules: "SourcePeerType & 255 = 1: PopTo, 1" + end},
		{name: "endless but never reached", rules: "Null & 0 = 0: Ignore, 0\n Null & 0 = 0: Goto, 2"},
		{name: "recursion", rules: "Null & 0 = 0: Gosub, 3" + end + "\n SourcePeerType & 255 = 1: Gosub, 3\n Null & 0 = 0: Return, 1", want: "rule 3: SourcePeerType & 255 = 1: Gosub, 3: the subroutine at rule 3 calls itself here"},
		{name: "mutual recursion", rules: "Null & 0 = 0: Gosub, 2\n Null & 0 = 0: Gosub, 3\n Null & 0 = 0: Gosub, 2", want: "calls itself here"},
		{name: "recursion behind a return slot", rules: "Null & 0 = 0: Gosub, 3" + end + "\n SourcePeerType & 255 = 1: Return, 1\n Null & 0 = 0: Gosub, 6\n Null & 0 = 0: Gosub, 3\n Null & 0 = 0: Return, 1", want: "calls itself here"},
		{name: "a subroutine called twice", rules: "Null & 0 = 0: Gosub, 4\n Null & 0 = 0: Gosub, 4\n Null & 0 = 0: NoMatch, 0\n Null & 0 = 0: Return, 1"},
		{name: "calls nested as deep as allowed", rules: nested(MaxReturns)},
		{name: "a Return that no Gosub leads to", rules: "SourcePeerType & 255 = 1: Return, 1" + end, want: "rule 1: SourcePeerType & 255 = 1: Return, 1: Return is reached without a Gosub"},
		{name: "a Return to the end", rules: "Null & 0 = 0: Gosub, 2\n Null & 0 = 0: Return, 2"},
		{name: "a Return beyond", rules: "Null & 0 = 0: Gosub, 2\n Null & 0 = 0: Return, 3", want: "leads behind the last rule"},
		{name: "129 pushes", rules: "Null & 0 = 0: GotoAct, 2\n" + strings.Repeat("SourcePeerType & 255 = 0: PushPktToAct, next\n", MaxQueue+1) + end, want: "rule 130: SourcePeerType & 255 = 0: PushPktToAct, 131: more than 128 saves"},
		{name: "129 pushes by chance", rules: strings.Repeat("SourcePeerType & 255 = 1: PushRuleTo, next\n", MaxQueue+1) + end},
		{name: "calls nested too deeply", rules: nested(MaxReturns + 1), want: "nest 33 deep, the limit is 32"},
	} {
		t.Run(test.name, func(t *testing.T) {
			rs := assemble(t, test.rules)
			if test.change != nil {
				test.change(rs)
			}
			p, err := Load(rs, NewShapes())
			switch {
			case test.want == "" && err != nil:
				t.Errorf("does not load: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want %q", err, test.want)
			case err != nil && p != nil:
				t.Error("an error and a program")
			}
		})
	}
}

// nested is n subroutines, each called by the one before.
func nested(n int) string {
	var b strings.Builder
	for i := range n {
		end := "Return, 1"
		if i == 0 {
			end = "NoMatch, 0"
		}
		fmt.Fprintf(&b, "Null & 0 = 0: Gosub, %d\n Null & 0 = 0: %s\n", 2*i+3, end)
	}
	b.WriteString("Null & 0 = 0: Return, 1\n")
	return b.String()
}

func TestLoadListsErrors(t *testing.T) {
	rs := &ruleset.RuleSet{Rules: make([]ruleset.Rule, 15)} // opcode 0 all
	_, err := Load(rs, NewShapes())
	var rule *RuleError
	if !errors.As(err, &rule) || rule.Number != 1 {
		t.Fatalf("%v holds no RuleError of rule 1", err)
	}
	if s := err.Error(); strings.Count(s, "no action 0") != 10 || !strings.Contains(s, "and 5 more faults") {
		t.Errorf("error lists %s", s)
	}
}

func TestLoadLimits(t *testing.T) {
	if _, err := Load(networks(ruleset.MaxRules-1), NewShapes()); err != nil {
		t.Errorf("65535 rules: %v", err)
	}
	if _, err := Load(networks(ruleset.MaxRules), NewShapes()); err == nil {
		t.Error("65536 rules load")
	}
	var b strings.Builder
	b.WriteString("Null & 0 = 0: GotoAct, 2\n")
	for i := range MaxDistributions {
		fmt.Fprintf(&b, "ToPacketSize & 1.0.0.1.0.99 = %d: PushPktToAct, next\n", i+2)
	}
	if _, err := Load(assemble(t, b.String()), NewShapes()); err != nil {
		t.Error(err)
	}
	b.WriteString("ToPacketSize & 1.0.0.1.0.99 = 1: PushPktToAct, next\n")
	if _, err := Load(assemble(t, b.String()), NewShapes()); err == nil {
		t.Error("65 distributions load")
	}
}

// The analysis of calls gives up before it costs much, and loads what it
// could not see through.
func TestLoadGivesUp(t *testing.T) {
	var rs ruleset.RuleSet
	const n = 20_000
	for i := range n { // every rule is a subroutine that all others run into
		rs.Rules = append(rs.Rules, ruleset.Rule{
			Selector: mib.AttrSourcePeerType, Mask: ruleset.Octets{255}, Value: ruleset.Octets{byte(i)},
			Action: mib.ActionGosub, Parameter: uint16(n - i),
		})
	}
	if _, err := Load(&rs, NewShapes()); err != nil {
		t.Error(err)
	}
}

func TestFacts(t *testing.T) {
	const v1 = "V1 & 0 = SourceInterface: Assign, next\n"
	for _, test := range []struct {
		name, rules string
		fixed       bool // by the stream
		needs       Needs
	}{
		{"five-tuple", fiveTuple, true, 0},
		{"subroutine", subroutineRules, true, 0},
		{"direction, class and rule set", "MatchingStoD & 255 = 1: NoMatch, 0\n FlowRuleSet & 255 = 1: Ignore, 0\n FlowKind & 255 = 0: Count, 0", true, 0},
		{"interface tested", "SourceInterface & 255 = 1: Ignore, 0", false, 0},
		{"interface not looked at", "SourceInterface & 0 = 1: Ignore, 0", true, 0},
		{"interface saved under no mask", "SourceInterface & 0 = 1: Count, 0", false, 0},
		{"interface in a variable", v1 + "V1 & 255 = 1: Ignore, 0", false, 0},
		{"variable without use", v1 + "Null & 0 = 0: Ignore, 0", true, 0},
		{"adjacent type", "DestAdjacentType & 255 = 1: Ignore, 0", false, NeedsRest},
		{"mac", gatewayRules, false, NeedsRest},
		{"vlan", "VLANid & 255 = 1: Ignore, 0", false, NeedsRest},
		{"dscp", "DSCodePoint & 255 = 1: Ignore, 0", false, NeedsRest},
		{"asn", "SourceASN & 255 = 0: Count, 0", true, NeedsOrigin},
		{"prefix and meter", "DestPrefix & 255 = 0: PushPktTo, 2\n MeterID & 255.255.255.255 = 0: Count, 0", true, NeedsOrigin},
		{"absent", "SourceSubscriberID & 255 = 0: Count, 0", true, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := mustLoad(t, test.rules)
			if fixed := len(p.Varying()) == 0; fixed != test.fixed || p.Needs() != test.needs {
				t.Errorf("varying %v needs %v, want %v %v", p.Varying(), p.Needs(), test.fixed, test.needs)
			}
		})
	}
	if v := mustLoad(t, gatewayRules).Varying(); !slices.Equal(v, []mib.Attr{6, 16}) {
		t.Errorf("varying %v", v)
	}
}

func TestDistributions(t *testing.T) {
	rs := assemble(t, `
 Null & 0 = 0: GotoAct, next
 FromPacketSize & 1.0.0.25.5.220 = 60: PushPktToAct, next
 ToBitRate & 2.3.0.1.39.16 = 60.5: PushPktToAct, next
 SourceTransAddress & 255.255 = 0: PushPktTo, next
 SourcePeerType & 255 = 1: Goto, small
 Null & 0 = 0: GotoAct, next
 ToPacketSize & 1.0.0.25.5.220 = 60: PushPktToAct, next
 FromPacketSize & 2.0.0.25.5.220 = 10: PushPktToAct, next
 Null & 0 = 0: PopTo, next
 Null & 0 = 0: Count, 0
small:
 Null & 0 = 0: GotoAct, next
 FromPacketSize & 1.0.0.25.5.220 = 60: PushPktToAct, next
 FromPacketSize & 2.0.0.25.5.220 = 20: CountPkt, 0
`)
	p := load(t, rs, NewShapes())
	var specs []string
	for _, d := range p.Distributions() {
		specs = append(specs, fmt.Sprint(d.Attr, d.Mask[:1], d.Value[:2]))
	}
	want := []string{"FromPacketSize [1] [60 0]", "ToBitRate [2] [60 5]", "ToPacketSize [1] [60 0]", "FromPacketSize [2] [10 0]", "FromPacketSize [2] [20 0]"}
	if !slices.Equal(specs, want) {
		t.Errorf("distributions %q, want %q", specs, want)
	}
	v4, v6 := ip(t, tcp, "10.0.0.1:1", "10.0.0.2:2"), ip(t, tcp, "[::1]:1", "[::2]:2")
	a := compare(t, rs, p, v4, WireOrder) // the first FromPacketSize counts
	b := compare(t, rs, p, v6, WireOrder) // the popped one does not
	if a.Distributions != 0b00011 || b.Distributions != 0b00111 {
		t.Errorf("saved %b and %b", a.Distributions, b.Distributions)
	}
	if string(a.Bytes()) != string(b.Bytes()) {
		t.Error("distributions are in the key")
	}
}

func TestInstrLayout(t *testing.T) {
	if size := unsafe.Sizeof(instr{}); size != 64 {
		t.Errorf("an instruction has %d octets, want one cache line", size)
	}
	if s := pointerIn(reflect.TypeFor[instr]()); s != "" {
		t.Error(s)
	}
}

func pointerIn(typ reflect.Type) string {
	switch typ.Kind() {
	case reflect.Struct:
		for i := range typ.NumField() {
			if s := pointerIn(typ.Field(i).Type); s != "" {
				return typ.Field(i).Name + ": " + s
			}
		}
	case reflect.Array:
		return pointerIn(typ.Elem())
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.String, reflect.Interface, reflect.Func, reflect.Chan:
		return typ.String()
	}
	return ""
}

// rawRule is the size of a rule in FuzzLoad's input: selector, action, two
// octets of parameter, mask and value.
const rawRule = 4 + 2*mib.MaxAddress

func rawRules(rs *ruleset.RuleSet) (b []byte) {
	for i := range rs.Rules {
		r := &rs.Rules[i]
		b = append(b, byte(r.Selector), byte(r.Action))
		b = binary.BigEndian.AppendUint16(b, r.Parameter)
		b = append(append(b, r.Mask[:]...), r.Value[:]...)
	}
	return b
}

// FuzzLoad: loading never panics, a loaded program ends within its step
// budget, and gives what the naive interpreter gives.
func FuzzLoad(f *testing.F) {
	for _, rules := range []string{fiveTuple, subroutineRules, gatewayRules, net130Rules[:0] + andSaveRules, defaultRules} {
		f.Add(rawRules(assemble(f, rules)), []byte("\x01\x04\x06\x0a\x00\x00\x01\x82\xd8\x01\x01"))
	}
	f.Add(rawRules(assemble(f, "SourcePeerType & 255 = 1: Goto, 1")), []byte{1, 4, 6})
	f.Add(rawRules(networks(20)), []byte("\x01\x04\x06\x0a\x00\x07\x01"))
	f.Fuzz(func(t *testing.T, raw, facts []byte) {
		rs := &ruleset.RuleSet{Number: 1}
		for ; len(raw) >= rawRule && len(rs.Rules) < 200; raw = raw[rawRule:] {
			r := ruleset.Rule{Selector: mib.Attr(raw[0]), Action: mib.Action(raw[1]), Parameter: binary.BigEndian.Uint16(raw[2:])}
			copy(r.Mask[:], raw[4:])
			copy(r.Value[:], raw[4+mib.MaxAddress:])
			rs.Rules = append(rs.Rules, r)
		}
		pk := rawPacket(facts)
		Interpret(rs, pk, WireOrder, nil) // bears anything
		p, err := Load(rs, NewShapes())
		if err != nil {
			return
		}
		for _, order := range []Order{WireOrder, Reversed} {
			m := NewMatcher(p)
			compare(t, rs, m, pk, order)
			if n := m.Counters.Rules; n > uint64(MaxSteps(len(rs.Rules))) {
				t.Fatalf("%d rules run", n)
			}
		}
	})
}

// rawPacket makes a packet of a fuzzer's octets.
func rawPacket(b []byte) *packet.Packet {
	b = append(slices.Clone(b), make([]byte, 64)...)
	pk := &packet.Packet{PeerType: mib.PeerType(b[0]), PeerLen: b[1] % (packet.MaxPeer + 1), TransType: b[2], Interface: [2]uint8{b[3], b[4]}}
	for i := range pk.PeerAddress {
		copy(pk.PeerAddress[i][:pk.PeerLen], b[3+4*i:])
		pk.TransAddress[i] = binary.BigEndian.Uint16(b[40+2*i:])
	}
	pk.Rest.AdjacentLen = [...]uint8{6, 4, 16}[b[62]%3]
	for i := range pk.Rest.AdjacentAddress {
		copy(pk.Rest.AdjacentAddress[i][:pk.Rest.AdjacentLen], b[44+2*i:])
	}
	return pk
}
