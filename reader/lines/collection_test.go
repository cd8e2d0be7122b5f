package lines

import (
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
)

// TestUptimeOf: an uptime's real time gives it back, however the meter's start lies.
func TestUptimeOf(t *testing.T) {
	for _, start := range []time.Time{time.Unix(1700000000, 0), time.Unix(1700000000, 999_999_999), time.Unix(-5, 123_456_789)} {
		iv := reader.Interval{MeterStart: start}
		for _, up := range []uint64{1, 2, 99, 100, 101, 12345, 1<<32 + 7, 1 << 39} {
			if got := UptimeOf(start, iv.RealTime(up)); got != up {
				t.Errorf("%v + %d gives %d", start, up, got)
			}
		}
		if got := UptimeOf(start, start.Add(-time.Second)); got != 0 {
			t.Errorf("before the start: %d", got)
		}
	}
	if got := UptimeOf(time.Time{}, time.Unix(1, 0)); got != 0 {
		t.Errorf("without a start: %d", got)
	}
}

// TestCounters: all attributes that count have a place.
func TestCounters(t *testing.T) {
	for n := range 256 {
		a := mib.Attr(n)
		if is, has := a.Class() == mib.ClassCounter, CounterOf(a) >= 0; is != has {
			t.Errorf("%s is a counter: %v, has a place: %v", a, is, has)
		}
	}
}
