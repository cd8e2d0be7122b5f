package timeopt

import (
	"math"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

func moment(t *testing.T, text string) *Moment {
	t.Helper()
	m := new(Moment)
	var v pflag.Value = m
	if text == "" {
		return m
	}
	if err := v.Set(text); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if v.String() != text {
		t.Errorf("%q is printed %q", text, v)
	}
	return m
}

func at(t *testing.T, text string) int64 {
	t.Helper()
	when, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return when.UnixNano()
}

func TestBetween(t *testing.T) {
	const none = ""
	for _, tt := range []struct {
		name, start, end, first, from, to string
	}{
		{"nothing given", none, none, "2026-01-05T09:00:00Z", none, none},
		{"RFC 3339", "2026-01-05T09:00:00Z", "2026-01-05T10:00:00.5+01:00", "2020-01-05T09:00:00Z", "2026-01-05T09:00:00Z", "2026-01-05T09:00:00.5Z"},
		{"RFC 3339, another zone", "2026-01-05T09:00:00+02:00", "2026-01-05T10:00:00.5-01:00", "2020-01-05T09:00:00Z", "2026-01-05T07:00:00Z", "2026-01-05T11:00:00.5Z"},
		{"date and time, UTC", "2026-01-05 09:00:00", "2026-01-05 09:00:00.000000001", "2030-01-05T09:00:00Z", "2026-01-05T09:00:00Z", "2026-01-05T09:00:00.000000001Z"},
		{"date and time, with zones", "2026-01-05 09:00:00Z", "2026-01-05 09:00:00 -0100", "2030-01-05T09:00:00Z", "2026-01-05T09:00:00Z", "2026-01-05T10:00:00Z"},
		{"dates", "2026-01-05", "2026-01-06 12:00", "2030-01-05T09:00:00Z", "2026-01-05T00:00:00Z", "2026-01-06T12:00:00Z"},
		{"before 1970", "1969-12-31 23:00:00", none, "2030-01-05T09:00:00Z", "1969-12-31T23:00:00Z", none},
		{"after the first packet", "+90s", "+1h30m", "2026-01-05T09:00:00.25Z", "2026-01-05T09:01:30.25Z", "2026-01-05T10:30:00.25Z"},
		{"after the first packet, seconds and days", "+90", "+2d", "2026-01-05T09:00:00Z", "2026-01-05T09:01:30Z", "2026-01-07T09:00:00Z"},
		{"from the first packet on", "+0", none, "2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z", none},
		{"time of day, later that day", "14:00", "15:30:00.5", "2026-01-05T09:00:00Z", "2026-01-05T14:00:00Z", "2026-01-05T15:30:00.5Z"},
		{"time of day, over midnight", "23:00", "01:00", "2026-01-05T09:00:00Z", "2026-01-05T23:00:00Z", "2026-01-06T01:00:00Z"},
		{"time of day, the window has begun", "14:00", "14:10", "2026-01-05T14:05:00Z", "2026-01-05T14:00:00Z", "2026-01-05T14:10:00Z"},
		{"time of day, over midnight, the window has begun", "23:00", "01:00", "2026-01-05T00:30:00Z", "2026-01-04T23:00:00Z", "2026-01-05T01:00:00Z"},
		{"time of day, the window is over", "14:00", "14:10", "2026-01-05T14:10:00Z", "2026-01-06T14:00:00Z", "2026-01-06T14:10:00Z"},
		{"time of day, the same twice is a day", "14:00", "14:00", "2026-01-05T09:00:00Z", "2026-01-04T14:00:00Z", "2026-01-05T14:00:00Z"},
		{"start of day alone, as exact as written", "14:00", none, "2026-01-05T14:00:00.3Z", "2026-01-05T14:00:00Z", none},
		{"start of day alone, more exact", "14:00:00", none, "2026-01-05T14:00:01Z", "2026-01-06T14:00:00Z", none},
		{"start of day alone, over", "14:00:00.0", none, "2026-01-05T14:00:00.3Z", "2026-01-06T14:00:00Z", none},
		{"start of day alone, next day", "01:00", none, "2026-01-05T23:00:00Z", "2026-01-06T01:00:00Z", none},
		{"end of day alone", none, "14:00", "2026-01-05T09:00:00Z", none, "2026-01-05T14:00:00Z"},
		{"end of day alone, at the first packet", none, "14:00", "2026-01-05T14:00:00Z", none, "2026-01-06T14:00:00Z"},
		{"end of day behind another start", "2026-01-09", "14:00", "2026-01-05T14:00:00Z", "2026-01-09T00:00:00Z", "2026-01-09T14:00:00Z"},
		{"midnight", "00:00", "+24h", "2026-01-05T14:00:00Z", "2026-01-06T00:00:00Z", "2026-01-06T14:00:00Z"},
		{"time of day before 1970", "14:00", none, "1969-12-30T15:00:00Z", "1969-12-31T14:00:00Z", none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			from, to, err := Between(moment(t, tt.start), moment(t, tt.end), at(t, tt.first))
			wantFrom, wantTo := int64(math.MinInt64), int64(math.MaxInt64)
			if tt.from != none {
				wantFrom = at(t, tt.from)
			}
			if tt.to != none {
				wantTo = at(t, tt.to)
			}
			if err != nil || from != wantFrom || to != wantTo {
				t.Errorf("%s to %s, %v; want %s to %s", clock(from), clock(to), err, clock(wantFrom), clock(wantTo))
			}
		})
	}
}

// TestBetweenNothing: a window without a moment in it is an error that names both
// ends; nothing overflows at the end of time.
func TestBetweenNothing(t *testing.T) {
	_, _, err := Between(moment(t, "2026-01-06"), moment(t, "+1h"), at(t, "2026-01-05T09:00:00Z"))
	if want := "the start, 2026-01-06 00:00:00, is not before the end, 2026-01-05 10:00:00"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, _, err := Between(moment(t, "+5s"), moment(t, "+5s"), 0); err == nil {
		t.Error("an empty window is taken")
	}
	for _, first := range []int64{math.MaxInt64, math.MaxInt64 - 1, math.MinInt64 + 1} {
		for _, text := range []string{"+1h", "14:00", "2026-01-05"} {
			if from, to, err := Between(moment(t, text), moment(t, ""), first); err == nil && from >= to {
				t.Errorf("%s in a trace from %d on: %d to %d", text, first, from, to)
			}
			if from, to, err := Between(moment(t, ""), moment(t, text), first); err == nil && from >= to {
				t.Errorf("up to %s in a trace from %d on: %d to %d", text, first, from, to)
			}
		}
	}
	if !moment(t, "+1").Comparable(moment(t, "+2")) || moment(t, "+1").Comparable(moment(t, "14:00")) || moment(t, "14:00").Comparable(moment(t, "15:00")) {
		t.Error("what can be compared without a trace is wrong")
	}
}

func TestMomentErrors(t *testing.T) {
	for _, text := range []string{"", "now", "90", "90s", "-90s", "+", "+-5", "+x", "25:00", "14", "14:60", "24:00", "14:00Z", "2026-13-01", "2026-01-05 9", "2026-01-05T09:00:00+99:00", "1500-01-01", "2400-01-01", "5 Jan 2026"} {
		m := Moment{}
		if err := m.Set(text); err == nil {
			t.Errorf("%q is taken as %+v", text, m)
		}
	}
}
