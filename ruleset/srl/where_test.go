package srl

import (
	"fmt"
	"strings"
	"testing"

	"netramet/mib"
)

// text writes a condition so that its structure shows.
func (c *Condition) text() string {
	var parts []string
	for _, k := range c.Kids {
		parts = append(parts, k.text())
	}
	switch c.Is {
	case All:
		return "(" + strings.Join(parts, " && ") + ")"
	case Any:
		return "(" + strings.Join(parts, " || ") + ")"
	case Not:
		return "!" + parts[0]
	case OneOf:
		for _, p := range c.Values {
			switch {
			case IsNumber(c.Attr) && p.Bits == 1<<64-1:
				parts = append(parts, fmt.Sprint(p.Number))
			case IsNumber(c.Attr):
				parts = append(parts, fmt.Sprintf("%d&%#x", p.Number, p.Bits))
			default:
				bits, _ := p.Mask.Width()
				parts = append(parts, fmt.Sprintf("%x/%d in %d", p.Value[:max(p.Value.Last(), 1)], bits, p.Size))
			}
		}
		return fmt.Sprintf("%s=[%s]", c.Attr, strings.Join(parts, ", "))
	}
	return fmt.Sprintf("%s %s %d", c.Attr, [...]string{Less: "<", AtMost: "<=", More: ">", AtLeast: ">="}[c.Is], c.Bound)
}

func TestParseCondition(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"SourcePeerAddress == 10.0/8", "SourcePeerAddress=[0a/8 in 4]"},
		{"sourcepeeraddress == 2001:db8::/32", "SourcePeerAddress=[20010db8/32 in 16]"},
		{"DestPeerAddress == (10.1.0.5, 10.2/16, ::1)", "DestPeerAddress=[0a010005/160 in 4, 0a02/16 in 4, 00000000000000000000000000000001/160 in 16]"},
		{"SourcePeerAddress == 47-00-05/24", "SourcePeerAddress=[470005/24 in 0]"},
		{"SourceAdjacentAddress == 00-80-48/24", "SourceAdjacentAddress=[008048/24 in 0]"},
		{"SourcePeerType == IPv4 && SourceTransType == (TCP, UDP)", "(SourcePeerType=[1] && SourceTransType=[6, 17])"},
		{"DestTransAddress == 0/6", "DestTransAddress=[0&0xfc00]"},
		{"DestTransAddress == 0 & FC-00", "DestTransAddress=[0&0xfc00]"},
		{"DestTransAddress >= 1024 && DestTransAddress < 1.0", "(DestTransAddress >= 1024 && DestTransAddress < 256)"},
		{"a_s == 1", ""},
		{"source_asn == 64512 || SourceASN != 1", "(SourceASN=[64512] || !SourceASN=[1])"},
		{"FlowKind == 'W' && ToOctets > 1000", "(FlowKind=[87] && ToOctets > 1000)"},
		{"to_octets==0", "ToOctets=[0]"},
		{"SourceInterface == 300", "SourceInterface=[300]"},
		{"FirstTime <= 99999999999", "FirstTime <= 99999999999"},
		{"! (VLANid == 1 || VLANid == 2) && !Priority == 3", "(!(VLANid=[1] || VLANid=[2]) && !Priority=[3])"},
		{"!!VLANid == 1", "VLANid=[1]"},
		{"VLANid == 1 || VLANid == 2 && VLANid == 3", "(VLANid=[1] || (VLANid=[2] && VLANid=[3]))"},
		{"define inside = 10.0/8; SourcePeerAddress == inside # ours", "SourcePeerAddress=[0a/8 in 4]"},
	} {
		c, _, err := ParseCondition("--where", tt.text)
		if (err != nil) != (tt.want == "") {
			t.Errorf("%s: %v", tt.text, err)
		} else if err == nil && c.text() != tt.want {
			t.Errorf("%s: got %s, want %s", tt.text, c.text(), tt.want)
		}
	}
}

func TestConditionErrors(t *testing.T) {
	for _, tt := range []struct{ text, at, want, hint string }{
		{"", "1:1", "expected a test (attribute == value), found the end", ""},
		{"ToOctets > (1,2)", "1:13", "> compares with one number", ""},
		{"ToOctets > 5/3", "1:12", "> compares with one number", ""},
		{"ToOctets > 1k", "1:12", "\"1k\" is no value", "written out"},
		{"SourcePeerAddress > 5", "1:1", "SourcePeerAddress is no number", "10.0/8"},
		{"SourceTransType == TCP and DestTransAddress == 80", "1:24", "'and' is no word of SRL", "&&"},
		{"not SourceTransType == 6", "1:1", "'not' is no word of SRL", "NOT is written !"},
		{"SourceTransType = 6", "1:17", "a test compares with '=='", "write =="},
		{"SourceTransType", "1:16", "expected '=='", ""},
		{"host 10.0.0.1", "1:6", "expected '==' after host", "SourcePeerAddress == 10.1/16 || DestPeerAddress"},
		{"tcp", "1:4", "expected '=='", "SourceTransType == TCP"},
		{"(SourceTransType == 6", "1:1", "'(' has no end: the condition ends before its ')'", ""},
		{"SourceTransType == 6)", "1:21", "unexpected ')'", ""},
		{"SourceTransType == 6;", "1:21", "unexpected ';'", "has no ';'"},
		{"SourceTransType == 6 foo", "1:22", "unexpected 'foo'", ""},
		{"MatchingStoD == 1", "1:1", "flow data has no MatchingStoD", ""},
		{"ToPacketSize == 1", "1:1", "ToPacketSize is a distribution", ""},
		{"SourcePeerAddres == 1", "1:1", "no attribute", "SourcePeerAddress"},
		{"peer == 10.1", "1:1", "no attribute", "SourcePeerAddress or DestPeerAddress"},
		{"ToOctets >", "1:11", "expected a value after '>', found the end", ""},
		{"SourcePeerType == www", "1:19", "www is a port", ""},
		{"DestTransAddress == htps", "1:21", "'htps' is not defined", "https"},
		{"DestTransAddress == 443 || 80", "1:28", "expected a test", "parentheses"},
		{"SourcePeerAddress == 10/8", "1:22", "bits outside its mask", "10.0/8"},
		{"SourceTransType == 300", "1:20", "too large", ""},
		{"VLANid == 5000", "1:11", "never 5000", ""},
		{"!", "1:2", "expected a test or '(' after '!', found the end", ""},
		{strings.Repeat("(", 500), "1:400", "more than 400 deep", ""},
		{"include \"x\"; ToOctets > 1", "1:9", "no files to include", ""},
	} {
		_, ds, err := ParseCondition("--where", tt.text)
		if err == nil || len(ds) == 0 {
			t.Errorf("%s: no error", tt.text)
			continue
		}
		d := ds[0]
		if at := fmt.Sprintf("%d:%d", d.Line, d.Column); at != tt.at || !strings.Contains(d.Message, tt.want) || !strings.Contains(d.Hint, tt.hint) || d.File != "--where" {
			t.Errorf("%s: got at %s (want %s)\n%v", tt.text, at, tt.at, d)
		}
	}
	_, ds, err := ParseCondition("--where", "DestTransAddress == 80-90")
	if err != nil || !strings.Contains(ds.Warnings(), "no range") || !strings.Contains(ds.Warnings(), "two tests") {
		t.Errorf("a range: %v, warnings %s", err, ds.Warnings())
	}
}

// TestProgramsHaveNoMore: what conditions by themselves have besides is refused in programs.
func TestProgramsHaveNoMore(t *testing.T) {
	for _, test := range []string{"!(VLANid == 1)", "VLANid != 1", "VLANid < 1", "VLANid >= 1"} {
		if _, _, err := Compile("x.srl", []byte("if "+test+" save; count;"), Options{}); err == nil {
			t.Errorf("%s is compiled", test)
		}
	}
}

func TestConditionFault(t *testing.T) {
	c, _, err := ParseCondition("--where", "VLANid == 1 && ToOctets > 5")
	if err != nil {
		t.Fatal(err)
	}
	err = c.Walk(func(c *Condition) error {
		if c.Attr == mib.AttrToOctets {
			return c.Fault("hint", "no %s", c.Attr)
		}
		return nil
	})
	const want = "--where:1:16: no ToOctets\n    VLANid == 1 && ToOctets > 5\n                   ^\n    hint: hint"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestParseGroups(t *testing.T) {
	for _, tt := range []struct{ text, want, fault string }{
		{"SourcePeerAddress", "[SourcePeerAddress]", ""},
		{"source_peer_address/24,dest_trans_address", "[SourcePeerAddress/24 DestTransAddress]", ""},
		{"SourcePeerAddress & 255.255.0.255, DestTransAddress & FC-00, DSCodePoint/4", "[SourcePeerAddress& DestTransAddress&0xfc00 DSCodePoint&0xf0]", ""},
		{"DestPeerAddress/32", "[DestPeerAddress/32]", ""},
		{"", "", "1:1: expected the name of an attribute, found the end"},
		{"SourcePeerAddress,", "", "1:19: expected the name of an attribute, found the end"},
		{"SourcePeerAddress DestPeerAddress", "", "1:19: expected ','"},
		{"SourcePeerAddress/x", "", "1:18: expected a width"},
		{"SourcePeerAddress/161", "", "0 to 160"},
		{"DestTransAddress/17", "", "1:1: width /17 is too large"},
		{"SourcePeerAddress &", "", "1:19: expected a mask"},
		{"ToOctets", "", "1:1: ToOctets is counted"},
		{"ToPacketSize", "", "1:1: ToPacketSize is counted"},
		{"VLANid, vlan_id", "", "1:9: VLANid stands twice"},
		{"MatchingStoD", "", "flow data has no MatchingStoD"},
		{"host", "", "1:1: 'host' is no attribute"},
		{"80", "", "1:1: expected the name of an attribute, found '80'"},
	} {
		groups, err := ParseGroups("--by", tt.text)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) || !strings.HasPrefix(err.Error(), "--by:1:") {
				t.Errorf("%s: error %v, want %s", tt.text, err, tt.fault)
			}
			continue
		}
		var got []string
		for _, g := range groups {
			s := g.Attr.String()
			if bits, ok := g.Mask.Width(); !g.All && ok && !IsNumber(g.Attr) {
				s += fmt.Sprintf("/%d", bits)
			} else if !g.All && IsNumber(g.Attr) {
				s += fmt.Sprintf("&%#x", g.Bits)
			} else if !g.All {
				s += "&"
			}
			got = append(got, s)
		}
		if err != nil || fmt.Sprint(got) != tt.want {
			t.Errorf("%s: got %v, %v, want %s", tt.text, got, err, tt.want)
		}
	}
}

// FuzzParseCondition: whatever is asked, there is a condition all of whose tests have
// values, or an error with a place.
func FuzzParseCondition(f *testing.F) {
	for _, s := range []string{"SourcePeerAddress == (10.0/8, ::1)", "!(a != 1) && to_octets >= 5", "define a = 1; VLANid == a", "((", "!!", "FlowKind == 'W"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, ds, err := ParseCondition("x", text)
		if err != nil {
			if len(ds) == 0 || err.Error() == "" {
				t.Fatalf("%q: no message", text)
			}
			return
		}
		_ = c.Walk(func(c *Condition) error {
			if c.Is == OneOf && len(c.Values) == 0 || !c.Attr.Is(mib.UseRead) {
				t.Errorf("%q: a test of %s without values", text, c.Attr)
			}
			_ = c.Fault("", "x").Error()
			return nil
		})
		_, _ = ParseGroups("x", text)
	})
}
