package main

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"netramet/internal/golden"
)

// testdata is the folder of stored traces, seen from this package.
const testdata = "../../../testdata"

// stored are the files of testdata that this command makes, with its options;
// testdata/README.md tells them too, which TestReadme checks.
var stored = []struct {
	name, truth string
	options     string
	most        int // octets the trace may have
}{
	{"office.pcap", "office.truth.tsv", "-seed 2722 -flows 340 -duration 5m -snap 96", 500_000},
	{"small.pcapng", "", "-seed 2720 -flows 20 -duration 30s -snap 128 -packets 100 -interfaces 2 -format pcapng", 30_000},
}

// TestStoredTraces makes the stored traces again: they must not drift.
func TestStoredTraces(t *testing.T) {
	for _, tc := range stored {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			args := append(strings.Fields(tc.options), "-o", filepath.Join(dir, tc.name))
			if tc.truth != "" {
				args = append(args, "-truth", filepath.Join(dir, tc.truth))
			}
			generated(t, args...)
			for _, name := range []string{tc.name, tc.truth} {
				if name == "" {
					continue
				}
				got := read(t, filepath.Join(dir, name))
				golden.Compare(t, filepath.Join(testdata, name), got)
				if name == tc.name && len(got) > tc.most {
					t.Errorf("%s has %d octets, over %d", name, len(got), tc.most)
				}
			}
		})
	}
}

// TestReadme: the README of testdata tells the commands that make the files.
func TestReadme(t *testing.T) {
	readme := string(read(t, filepath.Join(testdata, "README.md")))
	for _, tc := range stored {
		if !strings.Contains(readme, tc.options) || !strings.Contains(readme, tc.name) {
			t.Errorf("README.md does not tell how %s is made: %s", tc.name, tc.options)
		}
	}
}

// generated runs the command and returns its standard output.
func generated(t *testing.T, args ...string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(args, &stdout, &stderr); status != 0 {
		t.Fatalf("tracegen %v: status %d, %s", args, status, stderr.String())
	}
	return stdout.Bytes()
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestCompressions: every compression holds the same trace.
func TestCompressions(t *testing.T) {
	want := generated(t, "-flows", "20")
	for _, tc := range []struct {
		name   string
		expand func(io.Reader) (io.Reader, error)
	}{
		{"gzip", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{"gzip-multi", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{"zstd", func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) }},
		{"bzip2", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, err := tc.expand(bytes.NewReader(generated(t, "-flows", "20", "-z", tc.name)))
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Error("another trace comes out")
			}
		})
	}
}

// TestBench: the numbers are exact, and streaming it needs no memory of its
// own per packet.
func TestBench(t *testing.T) {
	dir := t.TempDir()
	for _, pick := range []string{"uniform", "zipf"} {
		truth := filepath.Join(dir, pick)
		trace := generated(t, "-mix", "bench", "-packets", "5000", "-flows", "700", "-pick", pick, "-truth", truth)
		// 14+46 or more octets of a frame are kept up to 64, behind 16 of header.
		if n := len(trace); n < 24+5000*(16+60) || n > 24+5000*(16+64) {
			t.Errorf("%s: %d octets", pick, n)
		}
		if n := strings.Count(string(read(t, truth)), "\n"); n != 701 {
			t.Errorf("%s: %d lines of truth", pick, n)
		}
	}
}

// TestLink: flows are numbered as asked, and those of one packet too.
func TestLink(t *testing.T) {
	truth := filepath.Join(t.TempDir(), "truth")
	generated(t, "-mix", "link", "-packets", "5000", "-flows", "700", "-singles", "50", "-truth", truth)
	lines := strings.Split(strings.TrimSpace(string(read(t, truth))), "\n")[1:]
	singles := 0
	for _, line := range lines {
		if f := strings.Split(line, "\t"); f[6] == "1" && f[7] == "0" {
			singles++
		}
	}
	if len(lines) != 700 || singles != 350 {
		t.Errorf("%d flows, %d of one packet", len(lines), singles)
	}
}

// TestSums: the sums are those of the truth.
func TestSums(t *testing.T) {
	dir := t.TempDir()
	truth, sums := filepath.Join(dir, "truth"), filepath.Join(dir, "sums")
	generated(t, "-mix", "link", "-packets", "5000", "-flows", "700", "-truth", truth, "-sums", sums)
	var got, want total
	if err := json.Unmarshal(read(t, sums), &got); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(read(t, truth))), "\n")[1:] {
		f := strings.Split(line, "\t")
		for i, sum := range []*uint64{&want.Packets, &want.IPOctets, &want.FrameOctets} {
			for _, s := range f[6+2*i : 8+2*i] {
				n, err := strconv.ParseUint(s, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				*sum += n
			}
		}
	}
	if got != want || got.Packets != 5000 {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestUsage(t *testing.T) {
	for _, tc := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"help", []string{"-h"}, 0, "-mix"},
		{"operand", []string{"x"}, 2, "no operands"},
		{"mix", []string{"-mix", "x"}, 2, "realistic, damaged, bench, link"},
		{"pick", []string{"-pick", "x"}, 2, "uniform, zipf"},
		{"format", []string{"-format", "x"}, 2, "pcapng"},
		{"compression", []string{"-z", "x"}, 2, "bzip2"},
		{"interfaces", []string{"-interfaces", "0"}, 2, "1 to 255"},
		{"duration", []string{"-duration", "-1s"}, 1, "duration -1s"},
		{"file", []string{"-o", filepath.Join(t.TempDir(), "none", "x")}, 1, "none"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var stderr bytes.Buffer
			if got := run(tc.args, io.Discard, &stderr); got != tc.status || !strings.Contains(stderr.String(), tc.want) {
				t.Errorf("status %d, want %d; %q, want %q in it", got, tc.status, stderr.String(), tc.want)
			}
		})
	}
}

// TestFullDisk: an output that stops taking data is an error.
func TestFullDisk(t *testing.T) {
	var stderr bytes.Buffer
	if got := run([]string{"-flows", "10"}, full{}, &stderr); got != 1 {
		t.Errorf("status %d, want 1", got)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
