package flowfile

import (
	"testing"

	"netramet/mib"
	"netramet/ruleset"
)

// TestHolds: rules are judged by the characters that records are read by.
func TestHolds(t *testing.T) {
	for _, a := range mib.Attrs() {
		form, ok := formOf(a)
		if !ok {
			continue
		}
		for c := range 256 {
			if got := ruleset.Holds(a, byte(c)); got != inForm[form][byte(c)] {
				t.Errorf("%s may hold %q: %v, records are read as %v", a, byte(c), got, inForm[form][c])
			}
		}
	}
}
