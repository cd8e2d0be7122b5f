package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"netramet/internal/command"
)

// TestWriteShared writes real traces while it meters them: what is written makes the
// same flows, in every format that holds it.
func TestWriteShared(t *testing.T) {
	dir := sharedTraces(t)
	rules := filepath.Join("..", "..", "testdata", "5tuple.srl")
	held := map[string]int{}
	for _, row := range manifest(t, dir) {
		folder, _, _ := strings.Cut(row.file, "/")
		if !row.covered() || row.packets == 0 || row.packets > 5000 || !strings.Contains("formats derived encap pcapng-gen edge", folder) {
			continue
		}
		t.Run(row.file, func(t *testing.T) {
			uri := filepath.Join(dir, row.file)
			for _, format := range []string{"pcapng.zst", "pcap.lz4", "erf.gz"} {
				written := filepath.Join(t.TempDir(), "x."+format)
				first, ok := flowsOf(t, rules, "-C", uri, "--write", written)
				if !ok {
					continue // the format does not hold it, which package tracefile tests
				}
				held[format]++
				if fi, err := os.Stat(written); err != nil || fi.Size() == 0 {
					t.Fatalf("%s: %v", format, err)
				}
				again, _ := flowsOf(t, rules, "-C", written)
				if d := cmp.Diff(strings.Split(first, "\n"), strings.Split(again, "\n")); d != "" {
					t.Errorf("%s: the flows differ:\n%s", format, d)
				}
			}
		})
	}
	t.Log(held)
}

// noTime begins a collection of packets without times.
const noTime = "#Time: --:--:-- "

// flowsOf runs the command and returns the flow data behind its first line; ok says
// that nothing was refused by --write.
func flowsOf(t *testing.T, rules string, args ...string) (flows string, ok bool) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(t.Context(), append(args, "-s", "--meter-name", "m", rules), nil, &stdout, &stderr)
	ok = !strings.Contains(stderr.String(), "--write ") || strings.Contains(stderr.String(), "pcap knows one interface")
	if status == command.StatusUsage {
		t.Fatal(&stderr)
	}
	_, flows, _ = strings.Cut(stdout.String(), "\n")
	if format, rest, _ := strings.Cut(flows, "\n"); strings.HasPrefix(rest, noTime) || strings.HasPrefix(rest, "#Time: 00:00:00 Thu  1 Jan 1970 m Flows from 1 to 1\n") {
		_, rest, _ = strings.Cut(rest, "\n") // pcap and ERF have 1970 for no time
		return format + rest, ok
	}
	return flows, ok
}

// TestWriteToInput: standard output may be one of the files that are read, too.
func TestWriteToInput(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "office.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var stderr bytes.Buffer
	status := run(t.Context(), []string{"-C", path, "--write", "pcap:-"}, nil, out, &stderr)
	if status != command.StatusFailure || stderr.String() != "netramet: --write -: this run reads that file; name another one\n" {
		t.Errorf("status %d, %s", status, &stderr)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, data) {
		t.Errorf("%d octets became %d, %v", len(data), len(after), err)
	}
}
