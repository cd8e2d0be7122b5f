package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// checkAmounts holds a file of JSON Lines to its counters: the amounts of each flow
// add up to what it had counted at last, and none is unknown.
func checkAmounts(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	type key struct {
		RuleSet int    `json:"ruleset"`
		Index   int    `json:"flow_index"`
		First   string `json:"first_time"`
	}
	last, sums := map[key]uint64{}, map[key]uint64{}
	for line := range strings.Lines(string(text)) {
		var row struct {
			Type string
			key
			Baseline bool
			Counter  uint64  `json:"to_octets"`
			Amount   *uint64 `json:"to_octets_amount"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if row.Type != "flow" {
			continue
		}
		if row.Baseline || row.Amount == nil {
			t.Fatalf("no amount: %s", line)
		}
		last[row.key] = row.Counter
		sums[row.key] += *row.Amount
	}
	if len(last) == 0 {
		t.Error("no flows")
	}
	for k, n := range last {
		if sums[k] != n {
			t.Errorf("flow %v counted %d, its amounts are %d", k, n, sums[k])
		}
	}
}
