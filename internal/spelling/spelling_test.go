package spelling

import (
	"strings"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		most int
		want int
	}{
		{"", "", 2, 0},
		{"", "ab", 2, 2},
		{"count", "count", 2, 0},
		{"conut", "count", 2, 1},
		{"cont", "count", 2, 1},
		{"ccount", "count", 2, 1},
		{"kount", "count", 2, 1},
		{"ountc", "count", 2, 2},
		{"abc", "xyz", 3, 3},
		{"a", "abcd", 2, 3},                         // above most
		{strings.Repeat("a", 65), "a", 100, 101},    // too long
		{strings.Repeat("a", 64), "a", 100, 64 - 1}, // not yet
	} {
		if got := Distance(tt.a, tt.b, tt.most); got != tt.want {
			t.Errorf("%.10q, %q, %d: %d, want %d", tt.a, tt.b, tt.most, got, tt.want)
		}
		if got := Distance(tt.b, tt.a, tt.most); got != tt.want {
			t.Errorf("%.10q, %q, %d the other way: %d, want %d", tt.a, tt.b, tt.most, got, tt.want)
		}
	}
}
