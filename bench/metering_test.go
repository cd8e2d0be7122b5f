//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPrograms builds what the benchmark runs, and runs it on what takes no time.
func TestPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("short: nothing is built and run")
	}
	t.Chdir("..") // the benchmark is run in the project's root
	dir := t.TempDir()
	p, err := build(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("metering", func(t *testing.T) { testMetering(t, p, dir) })
	t.Run("rows", func(t *testing.T) { testRows(t, p, dir) })
}

// testMetering: our meter, on one lane and on more, and the bare loop say what is
// in a trace, and a peer that is here is run.
func testMetering(t *testing.T, p programs, dir string) {
	var out bytes.Buffer
	b := &bencher{o: &options{runs: 1, lanes: 3, dir: dir, tables: dir, seed: 1}, p: p, tmp: dir, out: &out}
	tr := &trace{name: "a", packets: 3_000, flows: 200, singles: 50, seed: 1}
	for range 2 { // made, and found
		if err := tr.make(dir, p.tracegen); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.sameBytes(tr); err != nil {
		t.Fatal(err)
	}
	for _, other := range b.others(tr) {
		r, err := b.compare(context.Background(), tr, p.ours(1), other)
		if err != nil {
			t.Fatal(err)
		}
		r.print(&out, tr)
		if strings.HasPrefix(other.name, "netramet") || other.name == "bare loop" {
			if r.Agrees != "packets octets flows" || r.Ours.CPU <= 0 || r.Others.Peak <= 0 {
				t.Errorf("%+v", r)
			}
		}
	}
	given := (&options{given: []string{tr.file}}).traces()[0]
	if err := errors.Join(given.make(dir, ""), b.sameBytes(given)); err != nil {
		t.Fatal(err)
	}
	if is := tr.sums; given.sums != (sums{Packets: is.Packets, FrameOctets: is.FrameOctets, Flows: is.Flows}) || given.packets != tr.packets || given.flows != tr.flows {
		t.Errorf("given: %+v, want %+v", given, tr)
	}
	tr.sums.Packets++
	if err := b.sameBytes(tr); err == nil {
		t.Error("a packet is missing, and nobody complains")
	}
	if t.Failed() {
		t.Logf("%s", &out)
	}
}

// testRows measures the other rows, but those that need a large trace.
func testRows(t *testing.T, p programs, dir string) {
	b := &bencher{o: &options{runs: 1, lanes: 1, dir: dir, tables: dir, only: map[string]bool{"first": true, "rulesets": true}}, p: p, tmp: dir, out: io.Discard}
	if err := b.rows(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(b.Figures) != 3 {
		t.Fatalf("%+v", b.Figures)
	}
	for _, f := range b.Figures {
		// What the ratios are is for a machine at rest: over so short a trace
		// the start, which is taken off, is most of the time.
		if f.Name == "" || f.Unit == "" || f.Target <= 0 || math.IsNaN(f.Value) {
			t.Errorf("%+v", f)
		}
	}
}

// TestCommand: what a program printed is kept, and its failure is told.
func TestCommand(t *testing.T) {
	d, err := command{program: "sh", args: []string{"-c", "echo out; echo err >&2; cat"}, stdin: strings.NewReader("in")}.run()
	if err != nil || string(d.stdout) != "out\nin" || string(d.stderr) != "err\n" || d.Wall <= 0 || d.Peak <= 0 {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := (command{program: "sh", args: []string{"-c", "echo why >&2; exit 3"}}).run(); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("error %v", err)
	}
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		all  []time.Duration
		want time.Duration
	}{
		{[]time.Duration{3}, 3}, {[]time.Duration{9, 1, 5}, 5}, {[]time.Duration{4, 2}, 2},
	} {
		if got := median(tc.all, func(d time.Duration) time.Duration { return d }); got != tc.want {
			t.Errorf("%v: %v, want %v", tc.all, got, tc.want)
		}
	}
}

// TestOptions: traces of full size, names that are and are not there.
func TestOptions(t *testing.T) {
	o, err := parseOptions([]string{"-only", "d,first", "-full"})
	if err != nil || !o.wants("d") || !o.wants("first") || o.wants("a") || o.runs != 7 {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parseOptions([]string{"-trace", "x.pcap", "-only", "first"}); err != nil || !o.wants("first") || o.wants("memory") || len(o.traces()) != 1 {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parseOptions([]string{"-trace", "x.pcap"}); err != nil || o.wants("first") {
		t.Errorf("%+v, %v", o, err)
	}
	for _, args := range [][]string{{"-only", "x"}, {"-only", "list"}, {"-only", "as"}, {"-runs", "-1"}, {"x"}} {
		if _, err := parseOptions(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

// TestNeed: a link of 12.5 GB/s, of which the trace is a hundredth of a second.
func TestNeed(t *testing.T) {
	tr := &trace{name: "a", sums: sums{Packets: 200_000, FrameOctets: 125_000_000, Flows: 1_000}}
	want := need{"a", 20e6, 100e3, 4}
	if got := needOf(tr, 40*time.Millisecond); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestPlot: the drawing is XML, with a point for each number.
func TestPlot(t *testing.T) {
	for _, costs := range [][]cost{
		{{Flows: 1000, Bare: 30, Ours: 100}},
		{{Flows: 10_000, Bare: 30, Ours: 100}, {Flows: 10_000_000, Bare: 120, Ours: 487}},
	} {
		points := 0
		x := xml.NewDecoder(bytes.NewReader(drawCost(costs)))
		for {
			tok, err := x.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v: %v", costs, err)
			}
			if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "circle" {
				points++
			}
		}
		if points != 2*len(costs) {
			t.Errorf("%d points for %v", points, costs)
		}
	}
	if got := roundStep(97); got != 100 {
		t.Errorf("a step of %g", got)
	}
}

func TestReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bench.json")
	r := report{Machine: machine{Cores: 2}, Pairings: []*pairing{{Trace: "a", CPU: 1.5, Spread: []spread{{1.5, 2}}}}}
	if err := r.write(path); err != nil {
		t.Fatal(err)
	}
	var got report
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || got.Machine != r.Machine || len(got.Pairings) != 1 || got.Pairings[0].CPU != 1.5 {
		t.Errorf("%+v, %v", got, err)
	}
}
