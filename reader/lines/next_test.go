package lines

import (
	"testing"
	"time"
)

// TestNext: a name stays the same for the shortest time that it tells of.
func TestNext(t *testing.T) {
	at := time.Date(2026, 12, 31, 22, 59, 30, 5, time.UTC)
	east := time.FixedZone("east", 5*3600+30*60)
	for _, tt := range []struct {
		name string
		zone *time.Location
		want time.Time
	}{
		{"%Y%m%d-%H%M%S", nil, time.Date(2026, 12, 31, 22, 59, 31, 0, time.UTC)},
		{"%M", nil, time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)},
		{"%Y/%j-%H", nil, time.Date(2026, 12, 31, 23, 0, 0, 0, time.UTC)},
		{"%H", east, time.Date(2026, 12, 31, 23, 30, 0, 0, time.UTC)},
		{"%%H%m-%d", nil, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"%j", east, time.Date(2027, 1, 1, 18, 30, 0, 0, time.UTC)},
		{"%m", east, time.Date(2027, 1, 31, 18, 30, 0, 0, time.UTC)},
		{"%Y%%S", nil, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		n, err := ParseName(tt.name, tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		got := n.next(at)
		if !got.Equal(tt.want) || n.At(got.Add(-time.Nanosecond)) != n.At(at) || n.At(got) == n.At(at) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}
