//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestSummarySums: what netramet says of a link in its last line.
func TestSummarySums(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       outcome
		wrong      bool
	}{
		{"no losses", "netramet: 1200 packets, 5 flows, 1.2 s\n", outcome{read: 1200}, false},
		{"losses", "a warning\nnetramet: 1200 packets, 5 flows, 17 lost, 1.2 s\n", outcome{1200, 17}, false},
		{"one", "netramet: 1 packet, 1 flow\n", outcome{read: 1}, false},
		{"something else", "netramet: no such interface\n", outcome{}, true},
		{"nothing", "", outcome{}, true},
	} {
		got, err := summarySums(0, nil, []byte(row.text))
		if got != row.want || (err != nil) != row.wrong {
			t.Errorf("%s: %+v, %v", row.name, got, err)
		}
	}
}

// TestFlowFileCounts: of each flow the newest counts are taken.
func TestFlowFileCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows")
	text := `##NeTraMet
#Time: 10:00:00 Sat 28 Nov 2026 127.0.0.1 Flows from 1 to 500
1 100 10.0.0.1 10 2
2 100 10.0.0.2 5 0
#EndData: 127.0.0.1
#Time: 10:00:05 Sat 28 Nov 2026 127.0.0.1 Flows from 499 to 1000
1 100 10.0.0.1 12 3
2 800 10.0.0.3 1 0
#EndData: 127.0.0.1
`
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	packets, flows, collections, err := flowFileCounts(path)
	if packets != 21 || flows != 3 || collections != 2 || err != nil {
		t.Errorf("%d packets of %d flows in %d collections, %v", packets, flows, collections, err)
	}
}
