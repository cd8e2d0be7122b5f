package flowfile

import (
	"bytes"
	"strings"
	"testing"

	"netramet/reader"
	"netramet/ruleset"
)

// TestIntervalNotes writes notes about a collection; a reader steps over them.
func TestIntervalNotes(t *testing.T) {
	var buf bytes.Buffer
	w := NewWriter(&buf, Header{Meter: "m", Zone: ZoneUTC})
	iv := reader.Interval{Number: 1, From: 1, To: 9, Notes: []string{"the meter was\nstarted again", "second"}}
	if err := w.Begin(iv, []reader.Task{{RuleSet: 2, Format: ruleset.DefaultFormat()}}); err != nil {
		t.Fatal(err)
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(buf.String(), " to 9\n# the meter was started again\n# second\n#Ruleset: 2") {
		t.Errorf("%s", buf.String())
	}
	r, err := NewReader(&buf)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.NextCollection()
	if err != nil || c.To != 9 {
		t.Fatalf("%+v, %v", c, err)
	}
}
