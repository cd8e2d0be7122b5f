package table

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"netramet/internal/golden"
	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

// customers are names by number.
type customers struct{}

func (customers) Has(a mib.Attr) bool { return a == mib.AttrSourceASN }

func (customers) Name(a mib.Attr, n uint64) string {
	return map[uint64]string{1: "Żółw & Söhne", 3: "東京 Ltd"}[n]
}

// TestNames: a name stands in place of its number, behind it where numbers are shown
// in full, and numbers without a name are shown as they are.
func TestNames(t *testing.T) {
	f, err := ruleset.ParseFormatLine("sourceasn flowkind tooctets")
	if err != nil {
		t.Fatal(err)
	}
	rs := &ruleset.RuleSet{Kinds: map[uint64]string{'W': "web"}}
	tasks := []reader.Task{{RuleSet: 2, Name: "customers", Format: f, Names: reader.NamesOf(customers{}, rs)}}
	var text bytes.Buffer
	for _, opts := range []Options{{}, {Exact: true}} {
		out := NewOutput(&text, opts, 0)
		if err := out.Begin(reader.Interval{Number: 1, To: 100}, tasks); err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			rec := &reader.Record{}
			rec.Clear(3)
			rec.RuleSet, rec.Index = 2, uint32(i+1)
			rec.Values[0].Num, rec.Values[1].Num, rec.Values[2].Num = uint64(i), uint64([]int{'W', 'X'}[i%2]), uint64(i+1)
			if err := out.Record(rec); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.End(); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&text)
	}
	golden.Compare(t, filepath.Join("testdata", "names.txt"), text.Bytes())
}
