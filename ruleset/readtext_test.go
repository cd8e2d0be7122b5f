package ruleset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netramet/mib"
)

// countAll ends a rule set so that it has nothing to warn of.
const countAll = "\nNull & 0 = 0: Count, 0;\n"

func TestReadTextLenient(t *testing.T) {
	// Every row reads as these rules.
	want := []Rule{
		{Selector: mib.AttrSourcePeerType, Mask: Octets{255}, Value: Octets{1}, Action: mib.ActionPushRuleTo, Parameter: 3},
		{Selector: mib.AttrNull, Action: mib.ActionIgnore},
		{Selector: mib.AttrDestTransAddress, Mask: Octets{255, 255}, Value: Octets{0, 80}, Action: mib.ActionCountPkt},
		{Selector: mib.AttrNull, Action: mib.ActionNoMatch},
	}
	const rest = "null & 0 = 0: ignore, 0; web: desttransaddress & 255.255 = www: countpkt, 0; null & 0 = 0: nomatch, 0;"
	for _, c := range []struct {
		name, text string
	}{
		{"strict", "RULES SourcePeerType & 255 = IP: PushRuleTo, web; " + rest},
		{"case", "rules SOURCEPEERTYPE & 255 = ip: PUSHRULETO, WEB; " + rest},
		{"semicolon after RULES", "RULES; SourcePeerType & 255 = IP: PushRuleTo, web; " + rest},
		{"without RULES", "SourcePeerType & 255 = IP: PushRuleTo, web; " + rest},
		{"synonyms", "SourcePeerType & 255 = IP: PushTo, web; Null & 0 = 0: Ignore, 0;\nweb: DestTransAddress & 255.255 = www: CountPkt, 0; Null & 0 = 0: Retry, 0;"},
		{"no colon after the value", "SourcePeerType & 255 = IP PushRuleTo, web; " + rest},
		{"no colon after a label", strings.Replace("SourcePeerType & 255 = IP: PushRuleTo, web; "+rest, "web: d", "web d", 1)},
		{"no comma", "SourcePeerType & 255 = IP: PushRuleTo web; " + rest},
		{"no semicolon at the end", "SourcePeerType & 255 = IP: PushRuleTo, web; " + strings.TrimSuffix(rest, ";")},
		{"no semicolon at a line's end", "SourcePeerType & 255 = IP: PushRuleTo, web\n" + rest},
		{"no parameter", "SourcePeerType & 255 = IP: PushRuleTo, web; null & 0 = 0: ignore; web: desttransaddress & 255.255 = www: countpkt\n null & 0 = 0: Fail"},
		{"wrapped", "SourcePeerType\n&\n255 =\n IP:\n PushRuleTo,\n web; " + rest},
		{"no spaces", "SourcePeerType&255=IP:PushRuleTo,web;" + rest},
		{"comments", "# one\nSourcePeerType & # two\n 255 = IP: PushRuleTo, web; # three; four\n" + rest + "# five"},
		{"carriage returns", strings.ReplaceAll("SourcePeerType & 255 = IP:\n PushRuleTo, web;\n "+rest, "\n", "\r\n")},
		{"byte order mark", "\uFEFFSourcePeerType & 255 = IP: PushRuleTo, web; " + rest},
		{"rule number", "SourcePeerType & 255 = IP: PushRuleTo, 3; " + rest},
		{"two labels", "start: begin: SourcePeerType & 255 = IP: PushRuleTo, web; " + rest},
		{"width for a mask", "SourcePeerType /8 = IP: PushRuleTo, web; " + rest},
		{"width as a mask", "SourcePeerType & /8 = IP: PushRuleTo, web; " + rest},
		{"width after the value", "SourcePeerType = IP/8: PushRuleTo, web; " + rest},
		{"mask after the value", "SourcePeerType = IP & 255: PushRuleTo, web; " + rest},
		{"no mask", "SourcePeerType = IP: PushRuleTo, web; " + rest},
		{"SRL's ==", "SourcePeerType & 255 == IP: PushRuleTo, web; " + rest},
		{"value as a character", `SourcePeerType & 255 = '\001': PushRuleTo, web; ` + rest},
	} {
		t.Run(c.name, func(t *testing.T) {
			rs, _, err := ReadText("t", []byte(c.text), ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, rs.Rules); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestReadTextStatements(t *testing.T) {
	format := &Format{Attrs: []mib.Attr{mib.AttrToPDUs, mib.AttrFlowKind}, Seps: []string{"", "  ", ""}}
	for _, c := range []struct {
		name, text string
		want       RuleSet
	}{
		{"nothing", "", RuleSet{Optimise: -1}},
		{"number", "SET 5", RuleSet{Number: 5, Name: "5", Optimise: -1}},
		{"name", "set rules.lan-2;", RuleSet{Name: "rules.lan-2", Optimise: -1}},
		{"quoted name", `SET "two words";`, RuleSet{Name: "two words", Optimise: -1}},
		{"quoted number is a name", `SET "5";`, RuleSet{Name: "5", Optimise: -1}},
		{"number and name", `SET 5 "lan";`, RuleSet{Number: 5, Name: "lan", Optimise: -1}},
		{"statistics", "STATISTICS", RuleSet{Statistics: true, Optimise: -1}},
		{"optimise", "OPTIMISE 2; optimize 1;", RuleSet{Optimise: 1}},
		{"format", `FORMAT ToPDUs "  " FlowKind;`, RuleSet{Format: format, Optimise: -1}},
		{"format without its semicolon", "FORMAT ToPDUs\n\"  \" FlowKind\nSTATISTICS", RuleSet{Format: format, Statistics: true, Optimise: -1}},
		{"any order", `STATISTICS; FORMAT ToPDUs "  " FlowKind; SET 9`, RuleSet{Number: 9, Name: "9", Format: format, Statistics: true, Optimise: -1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rs, _, err := ReadText("t", []byte(c.text), ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&c.want, rs, withoutPlaces); d != "" {
				t.Error(d)
			}
		})
	}
	// The format ends where a rule can only begin.
	rs, _, err := ReadText("t", []byte("FORMAT ToPDUs\nNull & 0 = 0: Count, 0;"), ReadOptions{})
	if err != nil || len(rs.Rules) != 1 || len(rs.Format.Attrs) != 1 {
		t.Errorf("format before a rule: %+v, %v", rs, err)
	}
}

func TestReadTextValues(t *testing.T) {
	for _, c := range []struct {
		test        string
		mask, value string
	}{
		{"SourcePeerAddress & 255.255.0.0 = 130.216.0.0", "FFFF", "82D8"},
		{"SourcePeerAddress & FF-FF-00-00 = 82-D8-00-00", "FFFF", "82D8"},
		{"SourcePeerAddress & /32 = 2001:db8::", "FFFFFFFF", "20010DB8"},
		{"SourcePeerAddress & FFFF:FFFF:: = 2001:db8::", "FFFFFFFF", "20010DB8"},
		{"SourcePeerAddress = 10.0/8", "FF", "0A"},
		{"SourcePeerAddress = 1:2:3:4:5:6:7:8/128", strings.Repeat("FF", 16), "00010002000300040005000600070008"},
		{"SourcePeerAddress & /128 = 12:34:56:78:9a:bc:de:f0", strings.Repeat("FF", 16), "0012003400560078009A00BC00DE00F0"},
		{"DestTransAddress & FC-00 = 0", "FC", ""},
		{"SourceAdjacentAddress & FF-FF-FF-FF-FF-FF = 00-80-48-81-0E-7C", "FFFFFFFFFFFF", "008048810E7C"},
		{"FlowKind & 255 = 'W'", "FF", "57"},
		{"FlowKind & 255 = ':'", "FF", "3A"},
		{"FlowKind & 255 = '#'", "FF", "23"},
		{"SourceTransType & 255 = icmp", "FF", "01"},
	} {
		for _, colon := range []string{":", " :", ""} {
			text := c.test + colon + " PushRuleTo, 2; Null & 0 = 0: Count, 0;"
			rs, _, err := ReadText("t", []byte(text), ReadOptions{})
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if r := rs.Rules[0]; r.Mask != octets(t, c.mask) || r.Value != octets(t, c.value) {
				t.Errorf("%s: mask % X, value % X", text, r.Mask, r.Value)
			}
		}
	}
}

func TestReadTextErrors(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       string // place and beginning of the first message
		hint       string // part of its hint
	}{
		{"a name of another kind", "SourcePeerType & 255 = tcp: Count, 0;", `t:1:24: tcp is an IP protocol, no value of SourcePeerType`, "SourceTransType"},
		{"a name of another kind for a number", "VLANid & 255.255 = http: Count, 0;", `t:1:20: http is a port, no value of VLANid`, "SourceTransAddress"},
		{"a value no packet has", "Priority & 255 = 8: Count, 0;", `t:1:18: rule 1: Priority is a number from 0 to 7, it is never 8`, ""},
		{"a width over the address", "SourcePeerAddress & /33 = 10.1.0.5: Count, 0;", `t:1:27: width /33 is too large: an IPv4 address has 32 bits`, ""},
		{"a mask over the address", "SourcePeerAddress & 255.255.255.255.0.1 = 10.1.0.5: Count, 0;", `t:1:43: the mask is longer than the value: an IPv4 address has 4 octets`, ""},
		{"a range of addresses", "SourcePeerAddress = 10.1.0.1-10.1.0.9: Count, 0;", `t:1:21: value of SourcePeerAddress: "10.1.0.1-10.1.0.9" is a range of addresses`, ""},
		{"an empty separator", "FORMAT ToPDUs \"\" FromPDUs; Null & 0 = 0: Count, 0;", `t:1:8: FORMAT: an empty separator between ToPDUs and FromPDUs`, "one space"},
		{"a separator that looks like a name", "FORMAT ToPDUs\n \"x\" FromPDUs; Null & 0 = 0: Count, 0;", `t:1:8: FORMAT: the separator "x" holds an attribute's name, or begins or ends with a letter`, ""},
		{"a separator with a name", "FORMAT ToPDUs\n FromPDUs \" v2 topdus \" ToOctets; Null & 0 = 0: Count, 0;", `t:2:2: FORMAT: the separator " v2 topdus " holds`, ""},
		{"unknown attribute", "SourcPeerType & 255 = 1: Count, 0;", `t:1:1: unknown attribute "SourcPeerType"`, "SourcePeerType"},
		{"unknown action", "Null & 0 = 0: PushPkt, Next;" + countAll, `t:1:15: unknown action "PushPkt"`, "PushPktTo"},
		{"unknown protocol", "SourceTransType & 255 = tpc: Count, 0;", `t:1:25: value of SourceTransType: "tpc"`, "tcp"},
		{"value too large", "\n  FlowKind & 255 = 256: Count, 0;", "t:2:20: value of FlowKind: 256 is too large for the one octet", ""},
		{"mask too long", "FlowKind & 255.255 = 1: Count, 0;", "t:1:12: mask of FlowKind: 2 octets are more than the 1", ""},
		{"width too large", "FlowKind /9 = 1: Count, 0;", "t:1:10: /9: FlowKind has 8 bits", ""},
		{"no width", "FlowKind /x = 1: Count, 0;", `t:1:10: width "x"`, ""},
		{"MAC with colons", "SourceAdjacentAddress & /48 = 00:80:48:81:0E:7C: Count, 0;", "t:1:31: value of SourceAdjacentAddress: \"00:80:48:81:0E:7C\": write a MAC address with hyphens", ""},
		{"no value", "FlowKind & 255 = : Count, 0;", `t:1:18: ':' where a value`, "attribute & mask"},
		{"no equals sign", "FlowKind & 255 1: Count, 0;", `t:1:16: "1" where '='`, ""},
		{"no action", "FlowKind & 255 = 1: ;", `t:1:21: ';' where the action`, ""},
		{"no parameter", "FlowKind & 255 = 1: Goto;", `t:1:25: ';' where the parameter of Goto`, ""},
		{"end of file in a rule", "FlowKind & 255 =", "t:1:17: the end of the file where a value", ""},
		{"no label of that name", "Null & 0 = 0: Goto, lable;\nlabel: Null & 0 = 0: Count, 0;", `t:1:21: no rule has the label "lable"`, "label"},
		{"label twice", "a: Null & 0 = 0: Goto, Next;\nA: Null & 0 = 0: Count, 0;", `t:2:1: label "A" stands in line 1 of t already`, ""},
		{"label named next", "next: Null & 0 = 0: Count, 0;", `t:1:1: label "next"`, ""},
		{"label that is a number", "10: Null & 0 = 0: Count, 0;", `t:1:1: label "10"`, ""},
		{"Return with a label", "a: Null & 0 = 0: Return, a;", "t:1:26: Return takes the number", ""},
		{"Return Next", "Null & 0 = 0: Return, Next;", "t:1:23: Return takes the number", ""},
		{"parameter too large", "Null & 0 = 0: Goto, 65536;", `t:1:21: parameter "65536"`, ""},
		{"action without a test", "Ignore, 0;", "t:1:1: action Ignore without a test", ""},
		{"no semicolon in a line", "Null & 0 = 0: Count, 0 Null & 0 = 0: Count, 0;", `t:1:24: "Null" where a semicolon`, ""},
		{"set 1", "SET 1;", "t:1:5: rule set number 1 is not free", ""},
		{"set nothing", "SET ;", "t:1:5: SET: ';' is neither", ""},
		{"set too large", "SET 256;", "t:1:5: rule set number 256", ""},
		{"long name", "SET " + strings.Repeat("n", 200), "t:1:5: rule set name", ""},
		{"optimise", "OPTIMISE 3;", "t:1:10: OPTIMISE 3", ""},
		{"format of nothing", "FORMAT ;", "t:1:1: FORMAT: a format names", ""},
		{"format with a word", "FORMAT ToPDUs Bytes;", `t:1:15: FORMAT: "Bytes"`, ""},
		{"format with a variable", "FORMAT V1;", "t:1:8: FORMAT: V1 cannot be read", ""},
		{"format with a double", "FORMAT ToPDUs ToPDUs;", "t:1:15: FORMAT: ToPDUs stands twice", ""},
		{"open string", "FORMAT ToPDUs \"abc\n;", `t:1:15: FORMAT: '"' is neither`, ""},
		{"include", `INCLUDE "x"`, `t:1:9: INCLUDE: "x": no files`, ""},
		{"strange character", "@;", "t:1:1: '@' where a rule", ""},
		{"target after an error is still right", "x y z;\nNull & 0 = 0: Goto, 9;", "t:1:1: \"x\" is taken for a label", ""},
		{"checked", "Null & 0 = 0: Goto, 9;", "t:1:21: rule 1: Goto goes to rule 9; there are 1 rules", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			rs, ds, err := ReadText("t", []byte(c.text), ReadOptions{})
			if err == nil || rs != nil {
				t.Fatalf("no error, but %+v", rs)
			}
			var list Diags
			if !errors.As(err, &list) || len(ds) == 0 {
				t.Fatalf("error without messages: %v", err)
			}
			got := strings.Replace(ds[0].String(), "warning: ", "", 1)
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if !strings.Contains(ds[0].Hint, c.hint) {
				t.Errorf("hint %q does not name %q", ds[0].Hint, c.hint)
			}
		})
	}
}

func TestReadTextCaret(t *testing.T) {
	_, _, err := ReadText("lan.rules", []byte("SET 2\n\tSourcePeerType & 255 = XYZ:\x1b Count, 0;\n"), ReadOptions{})
	if err == nil {
		t.Fatal("no error")
	}
	want := "lan.rules:2:25: value of SourcePeerType: \"XYZ\": not a value\n" +
		"    \tSourcePeerType & 255 = XYZ:? Count, 0;\n" +
		"    \t                       ^"
	if got := err.Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestDiagString: nothing of a file gets to the terminal but what can be seen
// there, and no caret stands where the line is not shown.
func TestDiagString(t *testing.T) {
	odd := "a\x1b[2J\u202e\u009b\xff\tb"
	d := (&Text{Name: odd, Body: "x\r\n" + odd + "\r\n"}).Diag(3+len(odd)-1, Error, odd, odd)
	const shown = "a?[2J???\tb"
	want := shown + ":2:10: " + shown + "\n    " + shown + "\n            \t^\n    hint: " + shown
	if got := d.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	long := strings.Repeat("\u00e9", maxShown)
	far := (&Text{Name: "t", Body: long + "@"}).Diag(len(long), Error, "there", "")
	if got, want := far.String(), "t:1:401: there\n    "+long[:maxShown]+" ..."; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if far = (&Text{Body: "x" + long}).Diag(0, Error, "", ""); !strings.HasSuffix(far.Source, "\u00e9 ...") {
		t.Errorf("a character cut in two: %q", far.Source)
	}
}

func TestReadTextGoesOnAfterErrors(t *testing.T) {
	text := strings.Repeat("Nul & 0 = 0: Goto, Next;\n", 20) + "x: Null & 0 = 0: Count, 0;"
	_, ds, err := ReadText("t", []byte(text), ReadOptions{})
	if len(ds) != 20 {
		t.Errorf("%d messages, want 20: %v", len(ds), err)
	}
	if got := err.Error(); !strings.HasSuffix(got, "... and 10 more") {
		t.Errorf("the error ends in %q", got[max(0, len(got)-40):])
	}
	_, ds, _ = ReadText("t", []byte(strings.Repeat("@;", 10000)), ReadOptions{})
	if len(ds) != maxErrors {
		t.Errorf("%d messages, want %d", len(ds), maxErrors)
	}
}

func TestInclude(t *testing.T) {
	files := map[string]string{
		"types":  "SourcePeerType & 255 = IP: Goto, web;\nNull & 0 = 0: Ignore, 0;\nweb:\n",
		"nested": `INCLUDE "types"; STATISTICS`,
		"loop":   `INCLUDE "loop"`,
		"a":      `INCLUDE "b"`,
		"b":      `INCLUDE "a"`,
		"bad":    "\nNull & 0 = 0: Goto, nowhere;",
		"bomb":   strings.Repeat("INCLUDE \"empty\"\n", 1000),
		"empty":  "",
		"big":    strings.Repeat(" ", MaxSource),
	}
	for i := range 20 {
		files[fmt.Sprint("deep", i)] = fmt.Sprintf("INCLUDE \"deep%d\"", i+1)
	}
	open := func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("open %s: %w", name, os.ErrNotExist)
		}
		return []byte(text), nil
	}
	read := func(text string) (*RuleSet, error) {
		rs, _, err := ReadText("main", []byte(text), ReadOptions{Open: open})
		return rs, err
	}

	rs, err := read(`INCLUDE "nested"; Null & 0 = 0: Count, 0;`)
	if err != nil || len(rs.Rules) != 3 || !rs.Statistics || rs.Rules[0].Parameter != 3 {
		t.Errorf("nested: %+v, %v", rs, err)
	}
	if _, err = read("INCLUDE types; INCLUDE types" + countAll); err == nil {
		t.Error("labels that stand twice because a file is included twice: no error")
	}
	for _, c := range []struct{ name, want string }{
		{"loop", `loop:1:9: INCLUDE: "loop" includes itself`},
		{"a", `b:1:9: INCLUDE: "a" includes itself`},
		{"main", `main:1:9: INCLUDE: "main" includes itself`},
		{"deep0", `deep8:1:9: INCLUDE: "deep9": more than 10 files`},
		{"missing", "main:1:9: INCLUDE: open missing: file does not exist"},
		{"", "main:1:9: INCLUDE: no file name"},
		{"bad", `bad:2:21: no rule has the label "nowhere"`},
		{"bomb", `bomb:256:9: INCLUDE: "empty": more than 256 includes`},
		{"big", `main:1:9: INCLUDE: "big": rules and includes are larger`},
	} {
		_, err := read(fmt.Sprintf("INCLUDE %q;", c.name))
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

func TestReadTextLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("large texts, not in short form")
	}
	if _, ds, err := ReadText("t", make([]byte, MaxSource+1), ReadOptions{}); err == nil || ds != nil {
		t.Errorf("too large: %v", err)
	}
	text := strings.Repeat("Null&0=0:Goto,Next;", MaxRules-1)
	rs, _, err := ReadText("t", []byte(text+countAll), ReadOptions{})
	if err != nil || len(rs.Rules) != MaxRules {
		t.Errorf("%d rules: %v", MaxRules, err)
	}
	_, _, err = ReadText("t", []byte(text+countAll+countAll), ReadOptions{})
	if err == nil || !strings.Contains(err.Error(), "more than 65535 rules") {
		t.Errorf("one rule more: %v", err)
	}
	_, _, err = ReadText("t", []byte(text+"Null & 0 = 0: Goto, Next;"), ReadOptions{})
	if err == nil || !strings.Contains(err.Error(), "no rule can follow rule 65535") {
		t.Errorf("Next in the last rule: %v", err)
	}
	// One line, wide as the file, is not repeated in full.
	_, ds, _ := ReadText("t", []byte(strings.Repeat(" ", 1<<20)+"@"), ReadOptions{})
	if len(ds) != 1 || len(ds[0].String()) > 2*maxShown || ds[0].Line != 1 || ds[0].Column != 0 {
		t.Errorf("a long line: %d messages", len(ds))
	}
}

// TestReadTextHostile reads text that is made to take long; none of it may
// take more than a moment.
func TestReadTextHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("large texts, not in short form")
	}
	const size = 1 << 20
	labels := make([]string, 0, maxLabels+1)
	for i := range maxLabels + 1 {
		labels = append(labels, fmt.Sprint("l", i, ":"))
	}
	for _, c := range []struct{ name, text string }{
		{"open strings", "@" + strings.Repeat(`"\`, size/2)},
		{"strings that never end in SRL's place", strings.Repeat(`"\`, size/2)},
		{"format without end", "FORMAT " + strings.Repeat("V1 ", size/3)},
		{"labels", strings.Join(labels, "")},
		{"one word", strings.Repeat("a", size) + "@"},
		{"one value", "FlowKind = " + strings.Repeat("1:", size/2)},
		{"words", strings.Repeat("a ", size/2)},
		{"comments", strings.Repeat("#\n", size/2) + "@"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, ds, err := ReadText("t", []byte(c.text), ReadOptions{}); err == nil || len(ds) > maxMessages+maxErrors {
				t.Errorf("%d messages, error %v", len(ds), err)
			}
			LooksLikeRules([]byte(c.text))
		})
	}
}

// root is the folder that holds go.mod.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	t.Fatal("no go.mod above the working directory", err)
	return ""
}

// TestExamplesOfRFC2123 reads the rule sets of RFC 2123 section 3, with all
// their slips, where they are at hand.
func TestExamplesOfRFC2123(t *testing.T) {
	dir := filepath.Join(root(t), "..", "shared", "reference", "examples")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the RFC's examples are not here: ", err)
	}
	for _, c := range []struct {
		file     string
		rules    int
		targets  map[int]uint16 // some parameters by rule number
		warnings int
	}{
		{"rfc2123-3.1-all-flows.rules", 10, map[int]uint16{1: 0, 2: 3, 9: 10, 10: 0}, 0},
		// Goto c_pkt should be GotoAct.
		{"rfc2123-3.2-net130.rules", 6, map[int]uint16{1: 3, 3: 5, 5: 6}, 2},
		{"rfc2123-3.2-two-gateways.rules", 18, map[int]uint16{1: 3, 3: 5, 4: 7, 5: 13, 6: 11, 7: 9, 10: 12, 11: 14, 13: 14, 17: 18}, 0},
		{"rfc2123-3.3-subroutine.rules", 25, map[int]uint16{1: 3, 4: 19, 5: 8, 6: 13, 11: 18, 19: 22, 20: 24, 21: 3, 23: 1, 25: 2}, 0},
		// GotoAct, IP_pkt should be Goto: two rules are never reached.
		{"rfc2123-3.4-gateway-ports.rules", 20, map[int]uint16{1: 4, 4: 7, 7: 10, 9: 13, 10: 14, 12: 13}, 2}, // rule 7 acts untested, and 18 saves again
		{"rfc2123-3.4-well-known.rules", 34, map[int]uint16{2: 6, 6: 11, 10: 30, 11: 34, 20: 11, 23: 14, 28: 19, 29: 30}, 0},
	} {
		t.Run(c.file, func(t *testing.T) {
			src, err := os.ReadFile(filepath.Join(dir, c.file))
			if err != nil {
				t.Fatal(err)
			}
			rs, ds, err := ReadText(c.file, src, ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(rs.Rules) != c.rules {
				t.Errorf("%d rules, want %d", len(rs.Rules), c.rules)
			}
			for n, want := range c.targets {
				if got := rs.Rules[n-1].Parameter; got != want {
					t.Errorf("rule %d goes to %d, want %d", n, got, want)
				}
			}
			if len(ds) != c.warnings {
				t.Errorf("%d warnings, want %d:\n%s", len(ds), c.warnings, ds.Warnings())
			}
			if !LooksLikeRules(src) {
				t.Error("does not look like rules")
			}
		})
	}
	programs, _ := filepath.Glob(filepath.Join(dir, "*.srl"))
	for _, p := range programs {
		src, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if LooksLikeRules(src) {
			t.Errorf("%s looks like rules", p)
		}
	}
}

func TestLooksLikeRules(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"empty", "", false},
		{"rule", "Null & 0 = 0: Count, 0;", true},
		{"label and width", "x: SourcePeerAddress /8 = 10.0: Count, 0;", true},
		{"label named count", "count: FlowKind = 1: Count, 0;", true},
		{"set and rules", "set 2\nrules\n", true},
		{"format before rules", `format ToPDUs "if" FromPDUs; Null & 0 = 0: Count, 0;`, true},
		{"comment with SRL", "# if SourcePeerType == 1 save;\nNull & 0 = 0: Count, 0;", true},
		{"define", "define IPv4 = 1;", false},
		{"test", "if SourcePeerType == 1 count;", false},
		{"save with a mask", "save SourcePeerAddress & 255.0.0.0; count;", false},
		{"save after set", "set x; save SourcePeerAddress /32; count;", false},
		{"compound", "a: { count; }", false},
		{"label named rules", "rules: { count; }", false},
		{"format with an unquoted slash", "format ToPDUs/FromPDUs;\ncount;", false},
		{"the same before rules", "format ToPDUs/FromPDUs;\nSourcePeerAddress /8 = 10.0: Count, 0;", true},
		{"rule after a format without end", "format ToPDUs FromPDUs\nSourcePeerAddress & /8 = 10.0: Count, 0;", true},
	} {
		if got := LooksLikeRules([]byte(c.text)); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
