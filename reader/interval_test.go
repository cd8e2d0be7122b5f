package reader_test

import (
	"testing"
	"time"

	"netramet/reader"
)

// TestRealTime: times of day follow from uptimes and the meter's start, to the
// centisecond, over more years than a Duration has.
func TestRealTime(t *testing.T) {
	start := time.Date(2026, 1, 5, 14, 0, 0, 123_456_789, time.UTC)
	for _, tt := range []struct {
		name   string
		start  time.Time
		uptime uint64
		want   string
	}{
		{"the start", start, 0, "2026-01-05T14:00:00.123456789Z"},
		{"a centisecond", start, 1, "2026-01-05T14:00:00.133456789Z"},
		{"over a second", start, 199, "2026-01-05T14:00:02.113456789Z"},
		{"338 years", start, 1 << 40, "2374-06-08T20:57:57.883456789Z"},
		{"before 1970", time.Unix(-1, 990_000_000), 2, "1970-01-01T00:00:00.01Z"},
		{"beyond what an uptime is", start, 1<<40 + 1, "0001-01-01T00:00:00Z"},
		{"unknown", time.Time{}, 1, "0001-01-01T00:00:00Z"},
	} {
		iv := reader.Interval{MeterStart: tt.start}
		if got := iv.RealTime(tt.uptime).Format(time.RFC3339Nano); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestSetStart: an interval begins where the one before ended, which is a centisecond
// behind From, and the first one with the meter.
func TestSetStart(t *testing.T) {
	start := time.Unix(1e9, 0).UTC()
	first := reader.Interval{From: 1, To: 1000}
	first.SetStart(start)
	second := reader.Interval{From: first.To - 1, To: 2000}
	second.SetStart(start)
	if !first.Begin.Equal(start.Add(10*time.Millisecond)) || !second.Begin.Equal(first.End()) || !second.End().Equal(start.Add(20*time.Second)) {
		t.Errorf("intervals from %v to %v, and from %v to %v", first.Begin, first.End(), second.Begin, second.End())
	}
	unknown := reader.Interval{From: 999, To: 2000, Time: start}
	unknown.SetStart(time.Time{})
	if !unknown.Begin.IsZero() || unknown.End() != start {
		t.Errorf("of an unknown meter: from %v to %v", unknown.Begin, unknown.End())
	}
}
