package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSharedPair meters two rule sets together that each ask for number 2
// beside a name, as --compile once printed them.
func TestSharedPair(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "cases", "rules")
	pair := []string{filepath.Join(folder, "misc-hosts.rules"), filepath.Join(folder, "misc-services.rules")}
	for _, file := range pair {
		if _, err := os.Stat(file); err != nil {
			t.Skip("the shared cases are not there: ../shared/cases/rules")
		}
	}
	meter := func(rules ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		if status := run(t.Context(), append([]string{"-s", "-C", office}, rules...), nil, &out, &errs); status != 0 || errs.Len() > 0 {
			t.Fatalf("status %d: %s", status, &errs)
		}
		return out.String()
	}
	both := meter(pair...)
	for _, want := range []string{"#Ruleset: 2 hosts\n", "#Ruleset: 3 services\n"} {
		if !strings.Contains(both, want) {
			t.Errorf("no %q", want)
		}
	}
	if flows, want := strings.Count(both, "\n1 "), strings.Count(meter(pair[0]), "\n1 ")+strings.Count(meter(pair[1]), "\n1 "); flows != want || flows == 0 {
		t.Errorf("%d flows of IPv4 together, %d each by itself", flows, want)
	}
	printed := t.TempDir()
	for i, file := range pair { // and as it prints them now
		var out, errs bytes.Buffer
		if status := run(t.Context(), []string{"--compile", file}, nil, &out, &errs); status != 0 {
			t.Fatalf("status %d: %s", status, &errs)
		}
		pair[i] = filepath.Join(printed, filepath.Base(file))
		if err := os.WriteFile(pair[i], out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, want, _ := strings.Cut(both, "\n")
	if _, again, _ := strings.Cut(meter(pair...), "\n"); again != want {
		t.Error("the printed rules make other flow data")
	}
}
