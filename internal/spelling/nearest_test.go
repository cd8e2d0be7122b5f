package spelling

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	for _, tt := range []struct {
		name  string
		words []string
		most  int
		want  []string
	}{
		{"cuont", []string{"count", "call"}, 2, []string{"count"}},
		{"count", []string{"count"}, 2, nil},
		{"count", []string{"count", "counts"}, 2, []string{"counts"}},
		{"ip6", []string{"ip", "ipv4", "ipv6"}, 1, []string{"ipv6"}},
		{"icmp6", []string{"icmp", "icmpv6"}, 2, []string{"icmpv6"}},
		{"tdp", []string{"udp", "tcp", "udp"}, 1, []string{"tcp", "udp"}},
		{"tpc", []string{"udp", "tcp"}, 1, []string{"tcp"}},
		{"abc", []string{"xyz"}, 1, nil},
		{"aaaa", []string{"aa", "aaa"}, 3, []string{"aaa"}},
		{"wxy", nil, 3, nil},
	} {
		if got := Nearest(tt.name, tt.words, tt.most); !slices.Equal(got, tt.want) {
			t.Errorf("%s of %v: %v, want %v", tt.name, tt.words, got, tt.want)
		}
	}
}
