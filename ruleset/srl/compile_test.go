package srl

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"netramet/internal/golden"
	"netramet/mib"
	"netramet/ruleset"
)

// testdata is the repository's folder of rule sets.
const testdata = "../../testdata"

// withoutPlaces compares rule sets wherever they come from.
var withoutPlaces = cmpopts.IgnoreFields(ruleset.RuleSet{}, "Origins", "FormatAt")

// TestShippedPrograms: every program in testdata compiles without a warning,
// its rules pass the meter's checks, read back as text, and are the golden ones.
func TestShippedPrograms(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testdata, "*.srl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs in %s: %v", testdata, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rs, diags, err := Read(filepath.Base(file), src, Options{Optimise: -1})
			if err != nil || len(diags) > 0 {
				t.Fatalf("%v %v", err, diags.Warnings())
			}
			if err := checkRules(rs.Rules); err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := ruleset.Print(&text, rs); err != nil {
				t.Fatal(err)
			}
			back, diags, err := Read("printed.rules", text.Bytes(), Options{})
			if err != nil || len(diags) > 0 {
				t.Errorf("printed rules: %v %v", err, diags.Warnings())
			}
			if diff := cmp.Diff(rs, back, withoutPlaces); diff != "" {
				t.Errorf("printed rules read back differently: %s", diff)
			}
			kept := filepath.Join("testdata", filepath.Base(file)+".golden")
			golden.Compare(t, kept, text.Bytes())
		})
	}
}

// TestOperands: values and masks of one SAVE.
func TestOperands(t *testing.T) {
	tests := []struct{ stmt, mask, value string }{
		{"save SourcePeerAddress = 130.216/16;", "ffff", "82d8"},
		{"save SourcePeerAddress = 130.216.0.0 & 255.255.0.0;", "ffff", "82d8"},
		{"save SourcePeerAddress = FF-0A & FF-FF;", "ffff", "ff0a"},
		{"save SourcePeerAddress = ad-Be-FF-00;", strings.Repeat("ff", 20), "adbeff"},
		{"save SourcePeerAddress = 2001:db8::/32;", "ffffffff", "20010db8"},
		{"save SourcePeerAddress = fe80::1/64 & 1;", "", ""},
		{"save SourcePeerAddress = fe80::1;", strings.Repeat("ff", 20), "fe800000000000000000000000000001"},
		{"save SourcePeerAddress = ::1/128;", strings.Repeat("ff", 16), "00000000000000000000000000000001"},
		{"save SourcePeerAddress = dead:beef::/32;", "ffffffff", "deadbeef"},
		{"save SourcePeerAddress = 2001:db8:: & ffff:ffff::;", "ffffffff", "20010db8"},
		{"save SourceAdjacentAddress = 00-80-48-81-0E-7C;", strings.Repeat("ff", 20), "00804881 0e7c"},
		{"save SourceTransAddress = 23;", "ffff", "0017"},
		{"save SourceTransAddress = 0.23;", "ffff", "0017"},
		{"save SourceTransAddress = 0/6;", "fc", ""},
		{"save SourceTransAddress & 255;", "00ff", ""},
		{"save SourceTransAddress /8;", "ff", ""},
		{"save SourceTransAddress;", "ffff", ""},
		{"store FlowKind := 'W';", "ff", "57"},
		{`store FlowKind := '\n';`, "ff", "0a"},
		{"store FlowKind := ';';", "ff", "3b"},
		{"define semi = '\\;'; store FlowKind := semi;", "ff", "3b"},
		{"define w = 16; save SourcePeerAddress /w;", "ffff", ""},
		{"define net = 10.1; define n16 = net/16; save SourcePeerAddress = n16;", "ffff", "0a01"},
		{"SAVE sOURCEpEERtYPE = 0 & 0;", "", ""},
		{"save ToPacketSize = 60.0!0 & 1.0.25!1500;", "0100001905dc", "3c"},
		{"save FlowTime = 50.0.0!0 & 2.4.1!12000;", "020400012ee0", "32"},
		{"save ToTurnaroundTime1 = 100.11.0!0 & 1.3.1!700;", "0103000102bc", "640b"},
		{`include "standard.srl"; save SourceTransAddress = https;`, "ffff", "01bb"},
	}
	for _, tt := range tests {
		t.Run(tt.stmt, func(t *testing.T) {
			rs, _, err := Compile("operand.srl", []byte(tt.stmt+" count;"), Options{})
			if strings.Contains(tt.stmt, "& 1;") {
				if err == nil {
					t.Error("a width and a mask were taken")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r := rs.Rules[1] // after the GotoAct
			if r.Mask != octets(t, tt.mask) || r.Value != octets(t, tt.value) {
				t.Errorf("mask %x value %x", r.Mask, r.Value)
			}
		})
	}
}

func octets(t *testing.T, text string) (o ruleset.Octets) {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	copy(o[:], b)
	return o
}

func TestHeader(t *testing.T) {
	rs, _, err := Compile("header.srl", []byte(`
		set 7; statistics; optimise 1;
		format "<" FlowRuleSet FlowIndex "  " FirstTime "(" FlowTime ")";
		count;`), Options{Optimise: -1})
	if err != nil {
		t.Fatal(err)
	}
	want := &ruleset.RuleSet{
		Number: 7, Name: "7", Statistics: true, Optimise: 1, Rules: rs.Rules,
		Format: &ruleset.Format{
			Attrs: []mib.Attr{mib.AttrFlowRuleSet, mib.AttrFlowIndex, mib.AttrFirstTime, mib.AttrFlowTime},
			Seps:  []string{"<", " ", "  ", "(", ")"},
		},
	}
	if diff := cmp.Diff(want, rs, withoutPlaces); diff != "" {
		t.Error(diff)
	}
	for text, name := range map[string]string{"set lan;": "lan", `set "my lan";`: "my lan", "set MyNet;": "MyNet", "set FlowKind;": "FlowKind"} {
		if rs, _, err := Compile("set.srl", []byte(text+"count;"), Options{}); err != nil || rs.Name != name || rs.Number != 0 {
			t.Errorf("%s: %v %+v", text, err, rs)
		}
	}
	// NeTraMet's words are reserved only where a statement begins.
	src := "set: { exit set; } call format () endcall; count; subroutine format () return; endsub;"
	if _, _, err := Compile("words.srl", []byte(src), Options{}); err != nil {
		t.Error(err)
	}
}

// TestOptimised: what each level makes of small programs.
func TestOptimised(t *testing.T) {
	tests := []struct {
		name, src string
		rules     [3]int
	}{
		{"nothing to do", "count;", [3]int{2, 1, 1}},
		{"saves in a row", "save SourcePeerType; save DestPeerType; count;", [3]int{6, 4, 3}},
		{"a list without order", "if SourceTransAddress == (1, 2, 2, 0/6, 3) nomatch; count;", [3]int{10, 8, 2}},
		{"a list that saves", "if SourceTransAddress == (0/6, 1, 2) save; count;", [3]int{7, 4, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got [3]int
			for level := range got {
				rs, _, err := Compile("o.srl", []byte(tt.src), Options{Optimise: level})
				if err != nil {
					t.Fatal(err)
				}
				got[level] = len(rs.Rules)
			}
			if got != tt.rules {
				t.Errorf("got %v rules, want %v", got, tt.rules)
			}
		})
	}
}

// TestSweepLong: a run of needless rules as long as a program can be is
// dropped in one pass.
func TestSweepLong(t *testing.T) {
	ops := make([]op, maxOps)
	for i := range ops {
		ops[i] = op{Rule: ruleset.Rule{Selector: mib.AttrSourcePeerType, Action: mib.ActionGoto, Mask: ruleset.Octets{255}}, target: int32(i + 1)}
	}
	ops[len(ops)-1] = op{Rule: ruleset.Rule{Action: mib.ActionCount}, target: -1}
	if ops = sweep(ops); len(ops) != 1 || ops[0].Action != mib.ActionCount {
		t.Errorf("%d rules left", len(ops))
	}
}

// TestOrderBounded: beyond maxOrder a list only loses its repeats.
func TestOrderBounded(t *testing.T) {
	list := func() []pattern {
		wide, narrow := ruleset.Octets{255}, ruleset.Octets{255, 255}
		return []pattern{{ruleset.Octets{1}, wide}, {ruleset.Octets{2, 3}, narrow}, {ruleset.Octets{4}, wide}, {ruleset.Octets{1}, wide}}
	}
	work := 0
	if got := order(list(), true, &work); work != 8 || got[0].value != (ruleset.Octets{2, 3}) {
		t.Errorf("%d look-ups, %x", work, got)
	}
	work = maxOrder
	if got := order(list(), true, &work); len(got) != 3 || got[0] != list()[0] || got[1] != list()[1] {
		t.Errorf("%x", got)
	}
}

func TestRead(t *testing.T) {
	low := "RULES\nNull & 0 = 0: GotoAct, Next;\nSourcePeerType & 255 = 0: CountPkt, 0;\n"
	for name, src := range map[string]string{
		"rules": low, "rules that include the usual names": "INCLUDE \"standard.srl\";\n" + low, "srl": "save SourcePeerType; count;",
		"rules with a byte-order mark": "\ufeff" + low, "srl with one": "\ufeffsave SourcePeerType; count;",
	} {
		rs, _, err := Read(name, []byte(src), Options{Optimise: 2})
		if err != nil || len(rs.Rules) != 2 {
			t.Errorf("%s: %v %v", name, rs, err)
		}
	}
}

func TestReadIncludes(t *testing.T) {
	const rest = "; Null & 0 = 0: Count, 0;"
	open := func(name string) ([]byte, error) {
		if name == "more" {
			return []byte("STATISTICS; INCLUDE \"standard.srl\""), nil
		}
		return nil, errors.New("no such file")
	}
	if rs, _, err := Read("t", []byte("INCLUDE more"+rest), Options{Open: open}); err != nil || !rs.Statistics || len(rs.Rules) != 1 {
		t.Errorf("%v %+v", err, rs)
	}
	if _, _, err := Read("t", []byte("INCLUDE other"+rest), Options{Open: open}); err == nil {
		t.Error("absent file: no error")
	}
	if _, _, err := Read("t", []byte("INCLUDE other"+rest), Options{}); err == nil || !strings.Contains(err.Error(), "there are no files to include") {
		t.Errorf("no files: %v", err)
	}
}

// TestStandardNames: the embedded include file says what the rest of the
// project says.
func TestStandardNames(t *testing.T) {
	want := map[string]string{"ethernet": "7", "tokenring": "9", "fddi": "15"}
	for _, a := range []mib.Attr{mib.AttrSourcePeerType, mib.AttrSourceTransType, mib.AttrSourceTransAddress} {
		for _, n := range ruleset.NamesFor(a) {
			v, ok := ruleset.NamedValue(a, n)
			if !ok {
				t.Errorf("%s has no value %s", a, n)
			}
			want[n] = strconv.FormatUint(v.Number, 10)
		}
	}
	if diff := cmp.Diff(want, standardNames()); diff != "" {
		t.Error(diff)
	}
	// They are values only: a label or subroutine may have such a name.
	src := `include "standard.srl"; time: { if SourceTransAddress == time exit time; } call echo () endcall; count;
		subroutine echo () return; endsub;`
	if _, diags, err := Compile("names.srl", []byte(src), Options{}); err != nil || len(diags) > 0 {
		t.Errorf("%v %v", err, diags)
	}
}

// FuzzCompile: no panic, no hang; what compiles is fit for a meter, prints and
// reads back, and every message points into its line.
func FuzzCompile(f *testing.F) {
	f.Add(portsProgram)
	f.Add(netKind + "call net_kind (SourcePeerAddress, FlowKind) 1: 2: count; endcall;")
	f.Add("set 5; format \"a\" FlowKind; statistics; optimise 2; include \"standard.srl\"; count;")
	for _, tt := range diagTests {
		f.Add(tt.src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		for _, level := range []int{0, 2} {
			rs, diags, err := Compile("fuzz.srl", []byte(src), Options{Optimise: level})
			if (err == nil) != (rs != nil) {
				t.Fatalf("rule set %v, error %v", rs, err)
			}
			for _, d := range diags {
				if d.Line < 0 || d.Line > strings.Count(src, "\n")+1 && d.File == "fuzz.srl" || d.String() == "" || d.Message == "" {
					t.Fatalf("message %+v", d)
				}
			}
			if err != nil {
				continue
			}
			if err := checkRules(rs.Rules); err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := ruleset.Print(&text, rs); err != nil {
				t.Fatalf("print: %v", err)
			}
			back, _, err := ruleset.ReadText("fuzz.rules", text.Bytes(), ruleset.ReadOptions{})
			if err != nil {
				t.Fatalf("%v\n%s", err, &text)
			}
			if diff := cmp.Diff(rs, back, withoutPlaces); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
