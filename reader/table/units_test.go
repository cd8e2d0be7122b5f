package table

import "testing"

func TestScaled(t *testing.T) {
	for _, tt := range []struct {
		n    uint64
		unit string
		want string
	}{
		{0, "B", "0 B"}, {0, "", "0"}, {999, "B", "999 B"}, {999, "", "999"}, {1000, "", "1.0 k"}, {1049, "B", "1.0 kB"}, {1050, "B", "1.1 kB"},
		{23_449, "B", "23.4 kB"}, {745_949, "B", "745.9 kB"}, {999_949, "B", "999.9 kB"}, {999_950, "B", "1.0 MB"}, {1_500_000, "", "1.5 M"},
		{999_949_999, "B/s", "999.9 MB/s"}, {999_950_000, "B/s", "1.0 GB/s"}, {1<<64 - 1, "B", "18.4 EB"},
	} {
		if got := string(appendScaled(nil, tt.n, tt.unit)); got != tt.want {
			t.Errorf("%d %s: %q, want %q", tt.n, tt.unit, got, tt.want)
		}
	}
}

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		part, all uint64
		want      string
	}{
		{0, 0, ""}, {0, 5, "0.0 %"}, {5, 5, "100.0 %"}, {1, 3, "33.3 %"}, {2, 3, "66.7 %"}, {1, 2001, "<0.1 %"}, {1, 2000, "0.1 %"},
		{1<<64 - 2, 1<<64 - 1, ">99.9 %"}, {1<<64 - 1, 1<<64 - 1, "100.0 %"}, {1 << 63, 1<<64 - 1, "50.0 %"},
	} {
		if got := string(appendShare(nil, tt.part, tt.all)); got != tt.want {
			t.Errorf("%d of %d: %q, want %q", tt.part, tt.all, got, tt.want)
		}
	}
}
