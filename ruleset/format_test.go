package ruleset

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"netramet/mib"
)

func TestFormatLine(t *testing.T) {
	for _, c := range []struct {
		name, statement, line string
	}{
		{"default separators", `FORMAT FlowRuleSet FlowIndex FirstTime;`, "flowruleset flowindex firsttime"},
		{"strings", `FORMAT FlowRuleSet "  " FlowIndex " | " ToPDUs;`, "flowruleset  flowindex | topdus"},
		{"string first and last", `FORMAT "<" ToPDUs ">";`, "<topdus>"},
		{"brackets round a distribution", `FORMAT ToPDUs " (" FlowTime ")";`, "topdus (flowtime)"},
		{"two strings in a row", `FORMAT ToPDUs ",a" "b," FromPDUs;`, "topdus,ab,frompdus"},
		{"empty string first and last", `FORMAT "" ToPDUs "" "-" FromPDUs "";`, "topdus-frompdus"},
		{"tab and quote", `FORMAT ToPDUs "\t\"\\" FromPDUs;`, "topdus\t\"\\frompdus"},
		{"commas", `FORMAT ToPDUs, FromPDUs;`, "topdus frompdus"},
	} {
		t.Run(c.name, func(t *testing.T) {
			rs, _, err := ReadText("t", []byte(c.statement), ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := rs.Format.Line(); got != c.line {
				t.Errorf("got %q, want %q", got, c.line)
			}
		})
	}
}

func TestParseFormatLine(t *testing.T) {
	for _, line := range []string{
		"flowruleset flowindex firsttime  sourcepeertype sourcepeeraddress destpeeraddress  topdus frompdus  tooctets fromoctets",
		"topdus (flowtime) x",
		"- topdusfrompdus",
		"toturnaroundtime1 toturnaroundtime",
		"[v1] topdus",
	} {
		f, err := ParseFormatLine(line)
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if got := f.Line(); got != line {
			t.Errorf("got %q, want %q", got, line)
		}
	}
	f, err := ParseFormatLine("FlowKind topdusfrompdus")
	if err != nil {
		t.Fatal(err)
	}
	want := &Format{
		Attrs: []mib.Attr{mib.AttrFlowKind, mib.AttrToPDUs, mib.AttrFromPDUs},
		Seps:  []string{"", " ", "", ""},
	}
	if d := cmp.Diff(want, f); d != "" {
		t.Error(d)
	}
	for _, line := range []string{"", "no names here", "topdus topdus", "topdus \x01", strings.Repeat("-", 2*MaxSeparator) + "topdus"} {
		if f, err := ParseFormatLine(line); err == nil {
			t.Errorf("%.40q: no error, but %+v", line, f)
		}
	}
}

// genFormat draws formats that a FORMAT statement may have.
func genFormat() *rapid.Generator[*Format] {
	var readableAttrs []mib.Attr
	for _, a := range mib.Attrs() {
		if a.Is(mib.UseRead) {
			readableAttrs = append(readableAttrs, a)
		}
	}
	sep := rapid.SampledFrom([]string{" ", "", "  ", ", ", " (", ") ", "\t", `"`, `\`, `\t `, "é", "#", ";", "[ x ]"})
	return rapid.Custom(func(t *rapid.T) *Format {
		attrs := rapid.SliceOfNDistinct(rapid.SampledFrom(readableAttrs), 1, 20, rapid.ID).Draw(t, "attrs")
		f := &Format{Attrs: attrs, Seps: rapid.SliceOfN(sep, len(attrs)+1, len(attrs)+1).Draw(t, "seps")}
		for i := range attrs[1:] { // only before and after all may there be nothing
			if f.Seps[i+1] == "" {
				f.Seps[i+1] = " "
			}
		}
		return f
	})
}

func TestFormatLineReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := genFormat().Draw(t, "format")
		got, err := ParseFormatLine(f.Line())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(f, got); d != "" {
			t.Fatalf("%q:\n%s", f.Line(), d)
		}
	})
}

func FuzzParseFormatLine(f *testing.F) {
	f.Add("flowruleset flowindex firsttime  topdus frompdus")
	f.Add("topdus (flowtime)")
	f.Add("topdusfrompdustopdu")
	f.Add("topdusfrompdus")
	f.Fuzz(func(t *testing.T, line string) {
		got, err := ParseFormatLine(line)
		if err != nil {
			return
		}
		if err := got.check(); err != nil {
			t.Fatalf("%q gives a bad format: %v", line, err)
		}
		if !strings.EqualFold(got.Line(), line) {
			t.Fatalf("%q came back as %q", line, got.Line())
		}
	})
}

func TestOutputFormat(t *testing.T) {
	rs := &RuleSet{Rules: []Rule{
		{Selector: mib.AttrFlowTime, Action: mib.ActionPushPktToAct, Parameter: 2},
		{Selector: mib.AttrToPacketSize, Action: mib.ActionPushPktToAct, Parameter: 3},
		{Selector: mib.AttrToPacketSize, Action: mib.ActionPushPktToAct, Parameter: 4},
		{Selector: mib.AttrNull, Action: mib.ActionCount},
	}}
	f := rs.OutputFormat()
	if err := f.check(); err != nil {
		t.Fatal(err)
	}
	if got, want := f.Line(), DefaultFormat().Line()+" (flowtime) (topacketsize)"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	rs.Format = &Format{Attrs: []mib.Attr{mib.AttrToPDUs}, Seps: []string{"", ""}}
	if got := rs.OutputFormat().Line(); got != "topdus" {
		t.Errorf("own format: got %q", got)
	}
}

func TestParseSet(t *testing.T) {
	for _, c := range []struct {
		text   string
		number int
		ok     bool
	}{
		{"2", 2, true}, {"255", 255, true}, {"007", 7, true}, {"lan-1", 0, true}, {"", 0, true},
		{"0", 0, false}, {"1", 0, false}, {"256", 0, false}, {"99999999999999999999", 0, false},
		{strings.Repeat("x", MaxName), 0, true}, {strings.Repeat("x", MaxName+1), 0, false}, {"a\nb", 0, false},
	} {
		n, name, err := ParseSet(c.text)
		if (err == nil) != c.ok || n != c.number || err == nil && name != c.text {
			t.Errorf("%.20q: number %d, name %.20q, error %v", c.text, n, name, err)
		}
	}
}
