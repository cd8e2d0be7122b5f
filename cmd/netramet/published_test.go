package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"netramet/internal/command"
	"netramet/internal/golden"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/sourcetest/traffic"
	"netramet/sources/wire"
)

// TestPublishedRuleSets runs the rule sets of three published measurements on generated
// traces: their distributions are golden files.
func TestPublishedRuleSets(t *testing.T) {
	office := func() traffic.Generator {
		return must(traffic.NewRealistic(traffic.Options{Seed: 9, Flows: 1500, Duration: 10 * time.Minute, Snap: 96}))
	}
	link := func() traffic.Generator {
		return must(traffic.NewLink(traffic.Options{Seed: 9, Flows: 2000, Packets: 200_000, Duration: 2 * time.Minute, Snap: 64}))
	}
	for _, tt := range []struct {
		rules string
		trace func() traffic.Generator
		args  []string
	}{
		{"link-rates", link, []string{"-T60"}},
		{"lifetimes", office, []string{"-T300"}},
		{"root-servers", office, []string{"-T300"}},
	} {
		t.Run(tt.rules, func(t *testing.T) {
			trace := rootServersTrace(t, tt.trace())
			rules := filepath.Join("..", "..", "testdata", "rules", tt.rules+".srl")
			var stdout, stderr bytes.Buffer
			args := append([]string{"-C", trace, rules}, tt.args...)
			if status := run(t.Context(), args, nil, &stdout, &stderr); status != command.StatusOK {
				t.Fatalf("status %d\n%s", status, &stderr)
			}
			_, flows, _ := bytes.Cut(stdout.Bytes(), []byte("\n")) // the first line names the trace
			golden.Compare(t, filepath.Join("testdata", "published", tt.rules+".flows"), flows)
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// rootServersTrace writes a generated trace in which the resolvers of the generator are
// root name servers.
func rootServersTrace(t *testing.T, g traffic.Generator) string {
	t.Helper()
	all, err := traffic.Collect(g, 0)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := capfile.NewPcap(&b, capfile.Pcap{LinkType: wire.LinkEthernet})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range traffic.Frames(all) {
		header := f.Data[:min(len(f.Data), 40)]
		copy(header, bytes.ReplaceAll(header, []byte{10, 1, 0, 251}, []byte{198, 41, 0, 4}))  // A
		copy(header, bytes.ReplaceAll(header, []byte{10, 1, 0, 252}, []byte{192, 5, 5, 241})) // F
		if err := w.Write(&f); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(t.TempDir(), "trace.pcap")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
