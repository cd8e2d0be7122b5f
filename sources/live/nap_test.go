package live

import (
	"testing"
	"time"
)

// TestNaps: a nap ends before a quarter of a ring is full, and is no nap where that is
// too soon.
func TestNaps(t *testing.T) {
	for _, row := range []struct {
		name string
		ring int
		want time.Duration
	}{
		{"default", DefaultRingOctets, MaxNap},
		{"largest", MaxRingOctets, MaxNap},
		{"a quarter of the default", DefaultRingOctets / 4, 1310720 * time.Nanosecond},
		{"small", 4 << 20, 0},
		{"smallest", 8 * MinBlockOctets, 0},
	} {
		if got := napOf(row.ring); got != row.want {
			t.Errorf("%s: %v, want %v", row.name, got, row.want)
		}
	}
}
