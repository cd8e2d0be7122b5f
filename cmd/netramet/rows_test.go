package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/ruleset/library"
)

// TestRows: a row of a flow is the same whether the flow comes as the meter has it, as it
// does where all outputs take it so, or as a record, as it does where a table is one of
// them: by all rule sets of the project, of its traces, over several intervals.
func TestRows(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata")
	var sets []string
	for _, s := range library.Sets() {
		sets = append(sets, s.Example())
	}
	for _, pattern := range []string{"*.srl", "*.rules", "rules/*.srl"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		sets = append(sets, files...)
	}
	traces := []string{filepath.Join(dir, "office.pcap"), filepath.Join(dir, "small.pcapng")}
	prefixes := filepath.Join(t.TempDir(), "prefixes")
	if err := os.WriteFile(prefixes, []byte("10.1.20.0/24 1 a name, \"quoted\"\n10.1.0.0/16 2 é\n198.51.100.0/24 64510\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	rows := 0
	for i, set := range sets {
		for _, trace := range traces {
			args := []string{"-s", "-T", "60", "--meter-name", "m", "--names", []string{"rtfm", "ecs", "otel"}[i%3], "--prefixes", prefixes, "-C", trace, set}
			stored, records := rowsOf(t, args), rowsOf(t, append(args, "--to", "table:-"))
			for kind, text := range stored {
				if text != records[kind] {
					t.Errorf("%s of %s, %s of flows as they are stored:\n%s\nof records:\n%s", set, trace, kind, text, records[kind])
				}
				rows += strings.Count(text, "\n")
			}
		}
	}
	if rows < 5_000 {
		t.Errorf("there are only %d rows", rows)
	}
}

// rowsOf are what outputs of rows get of a run, by kind.
func rowsOf(t *testing.T, args []string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	rows := map[string]string{}
	for _, kind := range []string{"csv", "jsonl"} {
		rows[kind] = filepath.Join(dir, kind)
		args = append(args, "--to", kind+":"+rows[kind])
	}
	var errs bytes.Buffer
	if status := run(t.Context(), args, nil, io.Discard, &errs); status != 0 {
		t.Fatalf("%v: status %d: %s", args, status, &errs)
	}
	for kind, path := range rows {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rows[kind] = string(text)
	}
	return rows
}
