package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/command"
)

// TestManagedSeveral: the managed meter reads several files as one command does,
// tells its log of a gap between them, and readers of a damaged one among them.
func TestManagedSeveral(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	parts := splitPcap(data, 4)
	parts[2] = parts[2][:len(parts[2])/2] // the second half of it is missing: a gap
	dir := t.TempDir()
	for i, part := range parts {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("part%d", i)), part, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pattern := filepath.Join(dir, "part*")
	m := startMeter(t, "-C", pattern, "-T60", "--linger", "600")
	x := m.manage("me", projectRules("hosts.srl"), 60)
	x.start()
	if _, last := x.follow(); !strings.Contains(last.Error, "part2: pcap: offset ") {
		t.Errorf("trace %+v", last)
	}
	x.leave()
	want, status := batchData(t, "-C", pattern, "-T60", projectRules("hosts.srl"))
	_, got, _ := strings.Cut(x.out.String(), "\n")
	compareData(t, "several files", got, want)
	if got := m.wait(); got != command.StatusFailure || status != command.StatusFailure {
		t.Errorf("status %d, in one command %v", got, status)
	}
	m.waitLog(`level=WARN msg="gap of .*part2, which ends at .*part3, which begins at `)
	m.waitLog(`level=ERROR msg="some files of the trace are damaged; all else is metered"`)
}
