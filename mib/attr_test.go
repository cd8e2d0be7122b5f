package mib

import (
	"strings"
	"testing"
)

// TestReverse: what begins with Source has its Dest in the other direction, and
// the other way round; nothing else changes (decision 10).
func TestReverse(t *testing.T) {
	pairs := 0
	for _, a := range Attrs() {
		want := a.String()
		if rest, ok := strings.CutPrefix(want, "Source"); ok {
			want, pairs = "Dest"+rest, pairs+1
		} else if rest, ok := strings.CutPrefix(want, "Dest"); ok {
			want = "Source" + rest
		}
		r := a.Reverse()
		if r.String() != want {
			t.Errorf("%v in the other direction is %v, want %s", a, r, want)
		}
		if r.Size() != a.Size() || r.Class() != a.Class() || r.Reverse() != a {
			t.Errorf("%v and %v are no pair", a, r)
		}
	}
	if pairs < 10 {
		t.Errorf("%d pairs", pairs)
	}
}
