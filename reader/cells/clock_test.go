package cells

import (
	"testing"
	"time"
)

// TestClock holds times against the library's.
func TestClock(t *testing.T) {
	start := time.Date(2026, 1, 5, 9, 0, 0, 123456789, time.UTC)
	for _, begin := range []time.Time{start, time.Unix(-1, 999_999_999), time.Date(1969, 2, 28, 23, 59, 59, 1, time.UTC), time.Date(2096, 2, 28, 0, 0, 0, 0, time.UTC)} {
		c := NewClock(begin)
		for n := uint64(1); n < LongestUptime; n = n*13/8 + 1 {
			for _, up := range []uint64{n, n ^ 77, 3} {
				b := make([]byte, timeRoom)
				got := b[:c.Put(b, 0, up)]
				want := begin.UTC()
				for left := up; left > 0; { // a Duration has no more than 292 years
					step := min(left, 1<<39)
					want, left = want.Add(time.Duration(step)*10*time.Millisecond), left-step
				}
				if text := want.Format("2006-01-02T15:04:05.000000000Z"); string(got) != text || !c.Knows(up) {
					t.Fatalf("%v + %d: %s, want %s", begin, up, got, text)
				}
			}
		}
		if c.Knows(LongestUptime + 1) {
			t.Error("an uptime of ages has a time")
		}
	}
	if NewClock(time.Time{}).Knows(3) {
		t.Error("where the meter's start is not known, a time is")
	}
}
