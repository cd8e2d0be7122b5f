package join

import (
	"slices"
	"strings"
	"testing"
)

// TestSeams: what is odd between two files is told once, with their names and times.
func TestSeams(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files [][]int64 // stamps, in milliseconds
		order Order
		notes []string
	}{
		{"none", [][]int64{{0, 10}, {20, 30}, {30, 40}}, Sequence, nil},
		{"a gap", [][]int64{{0, 10}, {3_600_010, 3_600_020}}, Sequence,
			[]string{"gap of 1h0m0s between part0000, which ends at 1970-01-01 00:00:01.01, and part0001, which begins at 1970-01-01 01:00:01.01"}},
		{"a gap of days", [][]int64{{0, 10}, {100*86_400_000 + 3_600_010, 100*86_400_000 + 3_600_020}}, Sequence,
			[]string{"gap of 100 days and 1h0m0s between part0000, "}},
		{"a silence as long as in the file before", [][]int64{{0, 5000}, {10_000, 10_010}}, Sequence, nil},
		{"a silence of less than a second", [][]int64{{0, 1}, {1001, 1002}}, Sequence, nil},
		{"an overlap", [][]int64{{0, 100}, {50, 150}}, Sequence,
			[]string{"part0001 overlaps part0000: it begins at 1970-01-01 00:00:01.05, and the other ends at 1970-01-01 00:00:01.1; --merge sorts packets by time"}},
		{"out of order", [][]int64{{1000, 1100}, {0, 100}}, Sequence,
			[]string{"part0001 is out of order: it begins at 1970-01-01 00:00:01, and part0000 before it at 1970-01-01 00:00:02; --merge sorts packets by time"}},
		{"over a file without packets", [][]int64{{0, 10}, {}, {5, 20}}, Sequence,
			[]string{"part0002 overlaps part0000: it begins at 1970-01-01 00:00:01.005, and the other ends at 1970-01-01 00:00:01.01; --merge sorts packets by time"}},
		{"each pair", [][]int64{{0, 10}, {5, 20}, {30, 40}, {35, 50}}, Sequence, []string{"part0001 overlaps", "part0003 overlaps"}},
		{"merged", [][]int64{{1000, 1100}, {0, 100}, {50, 150}}, ByTime, nil},
		{"merged, a gap in all of them", [][]int64{{10_000, 10_010}, {0, 30}, {5, 20}}, ByTime,
			[]string{"gap of 9.97s between part0001, which ends at 1970-01-01 00:00:01.03, and part0000, which begins at 1970-01-01 00:00:11"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var files [][]byte
			for _, millis := range tt.files {
				files = append(files, encode(t, "pcap", framesAt(1, millis...)))
			}
			parts := save(t, files...)
			_, notes, err := joinedFrames(t, parts, tt.order)
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range notes {
				notes[i] = strings.ReplaceAll(n, strings.TrimSuffix(parts[0].Path, "part0000"), "")
			}
			if !slices.EqualFunc(notes, tt.notes, strings.HasPrefix) {
				t.Errorf("told %q\nwant %q", notes, tt.notes)
			}
		})
	}
}

// TestSeamsBounded: a thousand gaps are not a thousand lines.
func TestSeamsBounded(t *testing.T) {
	var files [][]byte
	for n := range int64(50) {
		files = append(files, encode(t, "pcap", framesAt(1, n*10_000, n*10_000+1)))
	}
	_, notes, err := joinedFrames(t, save(t, files...), Sequence)
	if err != nil || len(notes) != maxNotes+1 || !strings.HasPrefix(notes[maxNotes], "more gaps") {
		t.Errorf("%d notes, %v", len(notes), err)
	}
}
