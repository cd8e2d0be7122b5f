package pme

import (
	"strings"
	"testing"
)

// TestMayNotMatch: rule sets all of whose ways end with Count or Ignore are told from
// others.
func TestMayNotMatch(t *testing.T) {
	many := strings.Repeat("Null & 0 = 0: Gosub, 311\n", 300) + strings.Repeat("Null & 0 = 0: Ignore, 0\n", 10) +
		strings.Repeat("SourcePeerType & 255 = 1: Return, 1\n", 300) + "Null & 0 = 0: Return, 1\n"
	for _, tt := range []struct {
		name, rules string
		want        bool
	}{
		{"counts all", fiveTuple, false},
		{"ignores the rest", "SourcePeerType & 255 = 1: Count, 0\nNull & 0 = 0: Ignore, 0", false},
		{"says so", "SourcePeerType & 255 = 1: Count, 0\nNull & 0 = 0: NoMatch, 0", true},
		{"ends", "SourcePeerType & 255 = 1: Count, 0", true},
		{"goes behind the end", "Null & 0 = 0: Goto, 2", true},
		{"says so where nobody comes", "Null & 0 = 0: Count, 0\nNull & 0 = 0: NoMatch, 0", false},
		{"a test that always fails", "SourcePeerType & 1 = 2: NoMatch, 0\nNull & 0 = 0: Count, 0", false},
		{"an untested rule", "Null & 0 = 0: GotoAct, next\nSourcePeerType & 1 = 1: Count, 0", false},
		{"a tested rule", "Null & 0 = 0: Goto, next\nSourcePeerType & 1 = 1: Count, 0", true},
		{"back from a subroutine", "Null & 0 = 0: Gosub, 4\nNull & 0 = 0: Count, 0\nNull & 0 = 0: NoMatch, 0\nNull & 0 = 0: Return, 1", false},
		{"back to NoMatch", "Null & 0 = 0: Gosub, 4\nNull & 0 = 0: Count, 0\nNull & 0 = 0: NoMatch, 0\nNull & 0 = 0: Return, 2", true},
		{"back from a subroutine seen before", "Null & 0 = 0: Gosub, 4\nNull & 0 = 0: Gosub, 4\nNull & 0 = 0: Ignore, 0\nNull & 0 = 0: Return, 1", false},
		{"too many ways back", many, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := mustLoad(t, tt.rules).MayNotMatch(); got != tt.want {
				t.Errorf("may not match: %v, want %v", got, tt.want)
			}
		})
	}
}
