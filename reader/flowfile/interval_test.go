package flowfile

import (
	"io"
	"strings"
	"testing"
	"time"

	"netramet/reader"
)

// TestInterval: intervals of a file have the real times that it tells, and those of
// one run of a meter lie on one grid, whatever the seconds of their #Time lines.
func TestInterval(t *testing.T) {
	const format = "#Format: flowindex topdus\n"
	head := func(start string) string {
		return "##NeTraMet v1:  -  gw eth0  octets=peer zone=UTC  9 flows  starting at " + start + "\n" + format
	}
	block := func(clock, uptimes, notes string) string {
		return "#Time: " + clock + " Mon  5 Jan 2026 gw Flows from " + uptimes + "\n" + notes + "1 2\n#EndData: gw 7\n"
	}
	day := func(clock string) time.Time {
		d, err := time.Parse(time.RFC3339Nano, "2026-01-05T"+clock+"Z")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	type want struct {
		begin, end time.Time
		restarted  bool
	}
	for _, tt := range []struct {
		name, file string
		want       []want
	}{
		{"a trace", head("14:00:00.25 Mon 5 Jan 2026") + block("14:01:00", "1 to 6001", "") + block("14:02:00", "6000 to 12001", ""), []want{
			{day("14:00:00.25"), day("14:01:00.25"), false}, {day("14:01:00.25"), day("14:02:00.25"), false},
		}},
		{"live", head("16:30:00 Mon 5 Jan 2026") + block("16:30:00", "1 to 100050", "") + block("16:31:01", "100049 to 106050", ""), []want{
			{day("16:13:19.51"), day("16:30:00"), false}, {day("16:30:00"), day("16:31:00"), false},
		}},
		{"a restart", head("16:30:00 Mon 5 Jan 2026") + block("16:30:00", "1 to 100000", "") + head("17:00:00 Mon 5 Jan 2026") + block("17:00:00", "1 to 1000", "# counters and flow indices begin anew\n"), []want{
			{day("16:13:20.01"), day("16:30:00"), false}, {day("16:59:50.01"), day("17:00:00"), true},
		}},
		{"a restart at once", head("16:30:00.25 Mon 5 Jan 2026") + block("16:30:02", "1 to 201", "") + head("16:30:04.5 Mon 5 Jan 2026") + block("16:30:06", "1 to 201", "# counters and flow indices begin anew\n"), []want{
			{day("16:30:00.25"), day("16:30:02.25"), false}, {day("16:30:04.5"), day("16:30:06.5"), true},
		}},
		{"a restart of a meter that had just been started", head("16:30:05 Mon 5 Jan 2026") + block("16:30:05", "1 to 600", "") + block("16:30:06", "599 to 700", "") +
			head("16:30:10 Mon 5 Jan 2026") + block("16:30:10", "1 to 300", "# counters and flow indices begin anew\n") + block("16:30:15", "299 to 800", ""), []want{
			{day("16:29:59.01"), day("16:30:05"), false}, {day("16:30:05"), day("16:30:06"), false},
			{day("16:30:07.01"), day("16:30:10"), true}, {day("16:30:10"), day("16:30:15"), false},
		}},
		{"new rule sets", head("16:30:00 Mon 5 Jan 2026") + block("16:30:00", "1 to 100000", "") + block("16:31:01", "1 to 106000", "# counters and flow indices begin anew\n"), []want{
			{day("16:13:20.01"), day("16:30:00"), false}, {day("16:13:20.01"), day("16:31:00"), false},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := NewReader(strings.NewReader(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			var rec reader.Record
			for i, w := range tt.want {
				c, err := r.NextCollection()
				if err != nil {
					t.Fatal(err)
				}
				for err = r.NextRecord(&rec); err == nil; err = r.NextRecord(&rec) {
				}
				if err != io.EOF {
					t.Fatal(err)
				}
				iv := r.Interval(c)
				if !iv.Begin.Equal(w.begin) || !iv.End().Equal(w.end) || iv.Restarted != w.restarted || iv.Octets != OctetsPeer || iv.Meter != "gw" || iv.Number != 7 {
					t.Errorf("interval %d: from %v to %v: %+v", i, iv.Begin, iv.End(), iv)
				}
			}
		})
	}
}
