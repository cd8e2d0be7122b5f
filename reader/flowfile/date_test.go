package flowfile

import (
	"testing"
	"time"
)

// TestStart: the header tells when metering began to the nanosecond, or that
// nobody knows; both are read again, and so are files without the fraction.
func TestStart(t *testing.T) {
	whole := time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		start time.Time
		want  string
	}{
		{whole, "09:00:00 Mon 5 Jan 2026"},
		{whole.Add(250 * time.Millisecond), "09:00:00.25 Mon 5 Jan 2026"},
		{whole.Add(1), "09:00:00.000000001 Mon 5 Jan 2026"},
		{time.Time{}, "--:--:-- --- -- --- ----"},
	} {
		h := testHeader()
		h.Start = tt.start
		line := appendHeader(nil, &h)
		got, own, err := parseHeader(line[:len(line)-1])
		if err != nil || !own || !got.Start.Equal(tt.start) {
			t.Errorf("%s read as %v, %v", line, got.Start, err)
		}
		if want := startMark + tt.want + "\n"; string(line[len(line)-len(want):]) != want {
			t.Errorf("%s, want %s", line, want)
		}
	}
}
