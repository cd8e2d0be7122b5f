package reader_test

import (
	"slices"
	"testing"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

// TestWiden: what is added stands behind what FORMAT asks for, once, whoever asks for it
// again; the tasks that were given stay as they are.
func TestWiden(t *testing.T) {
	short, err := ruleset.ParseFormatLine("destpeeraddress / topdus")
	if err != nil {
		t.Fatal(err)
	}
	tasks := []reader.Task{{RuleSet: 2, Format: short}, {RuleSet: 3}, {RuleSet: 4, Format: &ruleset.Format{Attrs: []mib.Attr{mib.AttrLastActiveTime}, Seps: []string{"", ""}}}}
	given := slices.Clone(tasks)
	wide := reader.Widen(reader.Widen(tasks, mib.AttrLastActiveTime), mib.AttrToPDUs, mib.AttrToPDUs)
	if !slices.Equal(tasks, given) {
		t.Errorf("the tasks that were given are %v, were %v", tasks, given)
	}
	if w := wide[0]; w.Shown() != short || w.Format.Line() != "destpeeraddress / topdus lastactivetime" {
		t.Errorf("%s, of which %v is asked for", w.Format.Line(), w.Shown())
	}
	if w := wide[1]; w.Shown() != w.Format || !slices.Contains(w.Format.Attrs, mib.AttrLastActiveTime) {
		t.Errorf("the default FORMAT, which has all: %v, of which %v is asked for", w.Format, w.Shown())
	}
	if w := wide[2]; w.Shown().Line() != "lastactivetime" || w.Format.Line() != "lastactivetime topdus" {
		t.Errorf("%s, of which %s is asked for", w.Format.Line(), w.Shown().Line())
	}
}
