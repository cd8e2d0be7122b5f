package outputs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netramet/reader"
	"netramet/reader/lines/linestest"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text, wrong string
		want        Spec
	}{
		{"csv:flows.csv", "", Spec{Kind: CSV, Path: "flows.csv"}},
		{"required:jsonl:-", "", Spec{Kind: JSONL, Path: "-"}},
		{"besteffort:table:c:x", "", Spec{BestEffort: true, Kind: Table, Path: "c:x"}},
		{"jsonl:day/%Y%m%d-%{meter}", "", Spec{Kind: JSONL, Path: "day/%Y%m%d-%{meter}"}},
		{"cvs:x", `"cvs" is no kind of output: known are csv, jsonl, table, flows; did you mean csv?`, Spec{}},
		{"flows.csv", "it is a kind and a file, as csv:flows.csv", Spec{}},
		{"csv:", "it is a kind and a file", Spec{}},
		{"csv:%x", "known are %Y %m %d", Spec{}},
		{"table:%H", "does not change with time", Spec{}},
		{"flows:day/%Y.flows", "does not change with time", Spec{}},
		{"flows:100%", "", Spec{Kind: Flows, Path: "100%"}},
	} {
		got, err := Parse(tt.text)
		switch {
		case tt.wrong == "" && (err != nil || got != tt.want):
			t.Errorf("%s: %+v, %v", tt.text, got, err)
		case tt.wrong != "" && (err == nil || !strings.Contains(err.Error(), tt.wrong)):
			t.Errorf("%s: %v, want %s", tt.text, err, tt.wrong)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("besteffort:csv:x%Y%{meter}")
	f.Add("jsonl:-")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(s.String()); err != nil || again != s {
			t.Errorf("%q: %+v, then %+v, %v", text, s, again, err)
		}
	})
}

// TestOpen: several outputs get what each would get alone.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	var screen bytes.Buffer
	specs := []Spec{
		{Kind: CSV, Path: filepath.Join(dir, "f.csv")}, {Kind: JSONL, Path: filepath.Join(dir, "f.jsonl")},
		{Kind: Table, Path: filepath.Join(dir, "f.table")}, {BestEffort: true, Kind: CSV, Path: "-"},
	}
	out, err := Open(specs, Options{Stdout: &screen})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range linestest.Sample() {
		if err := out.Begin(c.Interval, c.Tasks); err != nil {
			t.Fatal(err)
		}
		for i := range c.Records {
			if err := out.Record(&c.Records[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.End(); err != nil {
			t.Fatal(err)
		}
	}
	out.SetStart(time.Time{})
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"schema,", `{"type":"flow"`, "one"} {
		got, err := os.ReadFile(specs[i].Path)
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s: %q, %v", specs[i], got, err)
		}
		if i == 0 && string(got) != screen.String() {
			t.Errorf("%q\nwant %q", &screen, got)
		}
	}
}

var _ reader.Output = (*Output)(nil)
