package ruleset

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"netramet/mib"
)

// withoutPlaces compares rule sets wherever they come from.
var withoutPlaces = cmpopts.IgnoreFields(RuleSet{}, "Origins", "FormatAt")

// reread prints rs and reads the text, without checking the rules.
func reread(t interface {
	Helper()
	Fatalf(string, ...any)
}, rs *RuleSet) *RuleSet {
	t.Helper()
	var b bytes.Buffer
	if err := Print(&b, rs); err != nil {
		t.Fatalf("print: %v", err)
	}
	r := parse(&Text{Name: "printed", Body: b.String()}, ReadOptions{})
	if r.errors > 0 {
		t.Fatalf("%v\nin\n%s", r.diags, b.String())
	}
	if d := cmp.Diff(rs, r.rs, withoutPlaces); d != "" {
		t.Fatalf("%s\nin\n%s", d, b.String())
	}
	return r.rs
}

func TestPrint(t *testing.T) {
	rs, _, err := ReadText("t", []byte(`
		SET 5; STATISTICS; OPTIMISE 1;
		SourcePeerType & 255 = IP: PushRuleTo, v4;
		Null & 0 = 0: GotoAct, mac;
		v4: SourcePeerAddress = 10.0/8: PushRuleToAct, ports;
		SourcePeerAddress = 2001:db8::/32 : PushRuleToAct, ports;
		SourcePeerAddress = 2001:db8::/40 : PushRuleToAct, ports;
		Null & 0 = 0: NoMatch, 0;
		mac: SourceAdjacentAddress & FF-FF-FF-FF-FF-FF = 00-80-48-81-0e-7c: PushRuleToAct, Next;
		V1 & 0 = DestPeerAddress: AssignAct, Next;
		V1 & 255.255.0.0 = 0: PushPktToAct, Next;
		V1 & /160 = 10.1.0.5: PushRuleToAct, Next;
		V1 & 255.255 = 0.80: PushRuleToAct, Next;
		V1 & /64 = 2001:db8::: PushRuleToAct, Next;
		V1 & /48 = 00-80-48-81-0e-7c: PushRuleToAct, Next;
		SessionID = 0.1: PushRuleToAct, Next;
		ports: DestTransAddress & FC-00 = 0: PushPktToAct, Next;
		ToPacketSize & 1.0.25!1500 = 60.0!0: PushPktToAct, Next;
		FlowKind & 255 = 'W': Count, 0;
		FORMAT "<" FlowRuleSet FlowIndex "  " SourcePeerType SourcePeerAddress DestPeerAddress
			"," ToPDUs " \"(\" " ToPacketSize ")";`), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := `SET 5;
OPTIMISE 1;
STATISTICS;
RULES
     SourcePeerType        & 255               = 1:                 PushRuleTo, L3;       # 1
     Null                  & 0                 = 0:                 GotoAct, L7;          # 2
L3:  SourcePeerAddress     & 255.0.0.0         = 10.0.0.0:          PushRuleToAct, L15;   # 3
     SourcePeerAddress     & 255.255.255.255   = 32.1.13.184:       PushRuleToAct, L15;   # 4
     SourcePeerAddress     & /40               = 2001:db8:::        PushRuleToAct, L15;   # 5
     Null                  & 0                 = 0:                 NoMatch, 0;           # 6
L7:  SourceAdjacentAddress & FF-FF-FF-FF-FF-FF = 00-80-48-81-0E-7C: PushRuleToAct, Next;  # 7
     V1                    & 0                 = DestPeerAddress:   AssignAct, Next;      # 8
     V1                    & 255.255           = 0:                 PushPktToAct, Next;   # 9
     V1                    & /160              = 10.1.0.5:          PushRuleToAct, Next;  # 10
     V1                    & 255.255           = 0.80:              PushRuleToAct, Next;  # 11
     V1                    & /64               = 2001:db8:::        PushRuleToAct, Next;  # 12
     V1                    & /48               = 00-80-48-81-0E-7C: PushRuleToAct, Next;  # 13
     SessionID             & /80               = 0.1:               PushRuleToAct, Next;  # 14
L15: DestTransAddress      & 252.0             = 0:                 PushPktToAct, Next;   # 15
     ToPacketSize          & 1.0.25!1500       = 60.0.0!0:          PushPktToAct, Next;   # 16
     FlowKind              & 255               = 87:                Count, 0;             # 17
FORMAT "<" FlowRuleSet FlowIndex "  " SourcePeerType SourcePeerAddress
   DestPeerAddress "," ToPDUs " \"(\" " ToPacketSize ")";
`
	var b strings.Builder
	if err := Print(&b, rs); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
	reread(t, rs)
}

// TestPrintAdjacentMasks: masks of MAC addresses are printed as such, those that
// go beyond one by their widths.
func TestPrintAdjacentMasks(t *testing.T) {
	for mask, want := range map[string]string{
		"255.255.255.255.255.255": "FF-FF-FF-FF-FF-FF", "/48": "FF-FF-FF-FF-FF-FF", "/24": "FF-FF-FF-00-00-00",
		"/160": "/160", "/128": "/128",
	} {
		rs, _, err := ReadText("t", []byte("Null & 0 = 0: GotoAct, Next; SourceAdjacentAddress & "+mask+" = 0: CountPkt, 0;"), ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := Print(&b, rs); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "SourceAdjacentAddress & "+want+" ") {
			t.Errorf("%s is printed in\n%s", mask, b.String())
		}
		reread(t, rs)
	}
}

// TestPrintedFilesReadBack also checks that the rule sets that users get have
// nothing to warn of.
func TestPrintedFilesReadBack(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), "testdata", "*.rules"))
	if err != nil || len(files) == 0 {
		t.Fatal("no rule sets in testdata", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rs, ds, err := ReadText(file, src, ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(ds) > 0 {
				t.Error(ds.Warnings())
			}
			if !LooksLikeRules(src) {
				t.Error("does not look like rules")
			}
			reread(t, rs)
		})
	}
}

func TestPrintErrors(t *testing.T) {
	ok := Rule{Action: mib.ActionCount}
	for _, c := range []struct {
		name string
		rs   RuleSet
	}{
		{"attribute", RuleSet{Rules: []Rule{{Selector: 200, Action: mib.ActionCount}}}},
		{"action", RuleSet{Rules: []Rule{{}}}},
		{"number", RuleSet{Number: 1, Rules: []Rule{ok}}},
		{"name", RuleSet{Name: "a\nb", Rules: []Rule{ok}}},
		{"optimise", RuleSet{Optimise: 3}},
		{"separators", RuleSet{Format: &Format{Attrs: []mib.Attr{mib.AttrToPDUs}}}},
		{"empty format", RuleSet{Format: &Format{Seps: []string{""}}}},
		{"separator", RuleSet{Format: &Format{Attrs: []mib.Attr{mib.AttrToPDUs}, Seps: []string{"\n", ""}}}},
		{"last separator", RuleSet{Format: &Format{Attrs: []mib.Attr{mib.AttrToPDUs}, Seps: []string{"", "\n"}}}},
		{"too many rules", RuleSet{Rules: make([]Rule, MaxRules+1)}},
	} {
		if err := Print(&bytes.Buffer{}, &c.rs); err == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
	rs := &RuleSet{Rules: []Rule{ok}}
	if err := Print(brokenWriter{}, rs); !errors.Is(err, errBroken) {
		t.Errorf("write error: %v", err)
	}
}

var errBroken = errors.New("broken")

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

// genOctets draws masks and values of at most size octets, among them those
// that people write.
func genOctets(size int) *rapid.Generator[Octets] {
	return rapid.Custom(func(t *rapid.T) (o Octets) {
		n := rapid.IntRange(0, size).Draw(t, "octets")
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0: // any
			copy(o[:], rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "value"))
		case 1: // width
			o, _ = WidthMask(mib.AttrNull, rapid.IntRange(0, 8*size).Draw(t, "bits"))
		case 2: // small number at the right
			if n > 0 {
				o[n-1] = rapid.Byte().Draw(t, "number")
			}
		case 3: // sparse
			for range 2 {
				if n > 0 {
					o[rapid.IntRange(0, n-1).Draw(t, "at")] = rapid.Byte().Draw(t, "octet")
				}
			}
		}
		return o
	})
}

// genRuleSet draws rule sets that text can say, sensible or not.
func genRuleSet() *rapid.Generator[*RuleSet] {
	return rapid.Custom(func(t *rapid.T) *RuleSet {
		rs := &RuleSet{
			Number:     rapid.SampledFrom([]int{0, 0, 2, 17, 255}).Draw(t, "number"),
			Name:       rapid.SampledFrom([]string{"", "2", "17", "lan", "two words", "7x", `q"\`, "Rules", "é"}).Draw(t, "name"),
			Statistics: rapid.Bool().Draw(t, "statistics"),
			Optimise:   rapid.IntRange(-1, 2).Draw(t, "optimise"),
		}
		if rapid.Bool().Draw(t, "has format") {
			rs.Format = genFormat().Draw(t, "format")
		}
		n := rapid.IntRange(0, 12).Draw(t, "rules")
		for i := range n {
			a := rapid.SampledFrom(mib.Attrs()).Draw(t, "selector")
			r := Rule{
				Selector: a,
				Mask:     genOctets(MaskSize(a)).Draw(t, "mask"),
				Value:    genOctets(MaskSize(a)).Draw(t, "value"),
				Action:   mib.Action(rapid.IntRange(1, 17).Draw(t, "action")),
			}
			r.Parameter = rapid.SampledFrom([]uint16{0, 1, uint16(i + 1), uint16(i + 2), uint16(n), uint16(n + 1), 65535}).Draw(t, "parameter")
			rs.Rules = append(rs.Rules, r)
		}
		return rs
	})
}

func TestPrintReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { reread(t, genRuleSet().Draw(t, "rule set")) })
}

// FuzzReadText holds that any text is read without panic, that what is read
// prints, and that the print reads back equal and prints the same again.
func FuzzReadText(f *testing.F) {
	for _, s := range []string{
		"SET 2\nRULES\nSourcePeerType & 255 = Dummy: Ignore, 0;\nNull & 0 = 0: GotoAct, Next;\nDestTransAddress & 255.255 = 0: CountPkt, 0;",
		"a: V1 & 0 = SourcePeerAddress: Assign, Next; Null & 0 = 0: Gosub, c; Null & 0 = 0: Count\nc: V1 & /16 = 10.1: PushRuleToAct, d; d: Null&0=0: Return, 1",
		`SET 9 "x y"; OPTIMISE 2; STATISTICS; FORMAT "\"" ToPDUs "" FromPDUs ")"; SourcePeerAddress = 2001:db8::: Count;`,
		"FlowKind & 255 = 'W': Count, 0\nx SourceAdjacentAddress & /48 = 00:80:48:81:0E:7C Goto x",
		"INCLUDE \"a\" INCLUDE b;",
	} {
		f.Add([]byte(s))
	}
	if files, err := filepath.Glob("../testdata/*.rules"); err == nil {
		for _, file := range files {
			if src, err := os.ReadFile(file); err == nil {
				f.Add(src)
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		open := func(name string) ([]byte, error) {
			if name == "a" {
				return src, nil
			}
			return nil, os.ErrNotExist
		}
		rs, ds, err := ReadText("fuzz", src, ReadOptions{Open: open})
		_, _ = ds.Error(), ds.Warnings()
		LooksLikeRules(src)
		if err != nil {
			if rs != nil {
				t.Fatal("a rule set beside an error")
			}
			return
		}
		if ds := rs.Validate(); ds.Err() != nil {
			t.Fatalf("read without error, but: %v", ds)
		}
		reread(t, rs)
	})
}

// manyRules is text of n rules: networks of several widths and their targets.
func manyRules(n int) []byte {
	var b bytes.Buffer
	b.WriteString("SourcePeerType & 255 = IP: Goto, nets;\nNull & 0 = 0: Ignore, 0;\nnets:\n")
	for i := range n - 4 {
		bits := 16 + i%9
		o, _ := WidthMask(mib.AttrSourcePeerAddress, bits)
		v := Octets{byte(i >> 12), byte(i >> 4), byte(i << 4)}
		for j := range v {
			v[j] &= o[j]
		}
		b.WriteString("  SourcePeerAddress & " + dotted(&o, 4) + " = " + dotted(&v, 4) + ": PushRuleToAct, done;\n")
	}
	b.WriteString("Null & 0 = 0: NoMatch, 0;\ndone: Null & 0 = 0: Count, 0;\n")
	return b.Bytes()
}

func BenchmarkReadText32000(b *testing.B) {
	src := manyRules(32000)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, _, err := ReadText("t", src, ReadOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrint32000(b *testing.B) {
	rs, _, err := ReadText("t", manyRules(32000), ReadOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := Print(&bytes.Buffer{}, rs); err != nil {
			b.Fatal(err)
		}
	}
}

func TestManyRules(t *testing.T) {
	if testing.Short() {
		t.Skip("large texts, not in short form")
	}
	rs, _, err := ReadText("t", manyRules(32000), ReadOptions{})
	if err != nil || len(rs.Rules) != 32000 {
		t.Fatalf("%v", err)
	}
	var b bytes.Buffer
	if err := Print(&b, rs); err != nil {
		t.Fatal(err)
	}
	again, _, err := ReadText("printed", b.Bytes(), ReadOptions{})
	if err != nil || !slices.Equal(rs.Rules, again.Rules) {
		t.Errorf("the printed rules read differently: %v", err)
	}
}
