package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/command"
)

// TestDumpShows: who follows the file of a run without an end sees its lines; in any
// other run nothing is written before there is much.
func TestDumpShows(t *testing.T) {
	for _, endless := range []bool{true, false} {
		f, err := os.Create(filepath.Join(t.TempDir(), "streams"))
		if err != nil {
			t.Fatal(err)
		}
		d := &dumpFile{option: "--dump-streams", file: f, to: bufio.NewWriterSize(f, 1<<16), tell: func(text string) { t.Error(text) }}
		o := &options{follow: endless}
		d.write([]byte("one\n"))
		o.showDumps(dumps{d})
		d.write([]byte("two\n"))
		o.showDumps(dumps{d}) // too soon
		want := ""
		if endless {
			want = "one\n"
		}
		if text, err := os.ReadFile(f.Name()); err != nil || string(text) != want {
			t.Errorf("endless %v: %q, %v, want %q", endless, text, err, want)
		}
		d.shown = d.shown.Add(-showEvery)
		o.showDumps(dumps{d})
		if endless {
			want = "one\ntwo\n"
		}
		if text, err := os.ReadFile(f.Name()); err != nil || string(text) != want {
			t.Errorf("endless %v, later: %q, %v, want %q", endless, text, err, want)
		}
		if err := d.close(); err != nil {
			t.Error(err)
		}
	}
}

// TestDumpFails: a file that takes no more is told of at once, and only once, though
// metering goes on.
func TestDumpFails(t *testing.T) {
	f, err := os.Open(os.DevNull) // which takes nothing, for it is open for reading
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	d := &dumpFile{option: "--dump-streams", file: f, to: bufio.NewWriterSize(f, 1<<16), tell: func(text string) { told = append(told, text) }}
	for range 3 << 10 {
		d.write([]byte(strings.Repeat("x", 63) + "\n"))
	}
	(&options{follow: true}).showDumps(dumps{d})
	if len(told) != 1 || !strings.HasPrefix(told[0], "--dump-streams: ") || !strings.Contains(told[0], "metering goes on") {
		t.Errorf("%q", told)
	}
	if err := (dumps{d}).close(); err == nil {
		t.Error("close says nothing of it")
	}
}

// TestWriteFails: what --write cannot keep is metered, and the run says at once that it is
// not kept.
func TestWriteFails(t *testing.T) {
	const full, told = "/dev/full", "metering goes on"
	if _, err := os.Stat(full); err != nil {
		t.Skip(err)
	}
	trace, err := os.ReadFile(office)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	flows, plain, errs := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "a"), &logBuffer{}
	header, packets := trace[:24], trace[24:]
	in := &repeated{rest: header, body: packets, more: func() bool {
		text, _ := errs.look()
		return !strings.Contains(text, told)
	}}
	status := run(t.Context(), []string{"-C", "-", "-F", flows, "--write", "pcapng:" + full, "@5tuple"}, in, &out, errs)
	if text, _ := errs.look(); status != command.StatusFailure || strings.Count(text, told) != 1 {
		t.Errorf("status %d: %s", status, text)
	}
	again := &repeated{rest: header, body: packets, n: -in.n}
	if status := run(t.Context(), []string{"-s", "-C", "-", "-F", plain, "@5tuple"}, again, &out, errs); status != command.StatusOK {
		t.Fatal(errs.look())
	}
	if records(t, flows) != records(t, plain) {
		t.Error("the flow data is another")
	}
}

// records is a flow data file without the line that tells of the command.
func records(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, flows, _ := strings.Cut(string(text), "\n")
	return flows
}

// TestDumpToStdout: - is standard output, as of all that writes, and for one thing alone.
func TestDumpToStdout(t *testing.T) {
	trace, err := filepath.Abs(office)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, option := range []string{"--dump-streams", "--dump-pairs"} {
		if status, errs := runToEnd(t, "-s", "-C", trace, "-F", "flows", option, "file", "@5tuple"); status != command.StatusOK {
			t.Fatal(errs)
		}
		want, err := os.ReadFile("file")
		if err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		status := run(t.Context(), []string{"-s", "-C", trace, "-F", "flows", option, "-", "@5tuple"}, nil, &out, &errs)
		if status != command.StatusOK || out.String() != string(want) {
			t.Errorf("%s: status %d: %s: %q, want %q", option, status, &errs, &out, want)
		}
	}
	if _, err := os.Stat("-"); err == nil {
		t.Error("there is a file of the name -")
	}
	for _, tt := range []struct{ name, args, want string }{
		{"flow data", "--dump-streams - @ip", "the flow data and --dump-streams - both go to standard output"},
		{"flow data by name", "-F - --dump-pairs - @ip", "the flow data and --dump-pairs - both"},
		{"CSV", "--to csv:- --dump-pairs - @ip", "the flow data and --dump-pairs - both"},
		{"both", "-F flows --dump-streams - --dump-pairs - @ip", "--dump-streams - and --dump-pairs - both"},
		{"tables", "--top --dump-streams - @ip", "--top and --dump-streams - both"},
		{"a trace", "-F flows --write pcap:- --dump-streams - @ip", "--write - and --dump-streams - both"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, errs := runToEnd(t, append([]string{"-C", trace}, strings.Fields(tt.args)...)...)
			if status != command.StatusUsage || !strings.Contains(errs, tt.want) {
				t.Errorf("status %d: %s, want %s", status, errs, tt.want)
			}
		})
	}
}
