package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"netramet/internal/golden"
	"netramet/mib"
	"netramet/reader"
	"netramet/reader/flowfile"
	"netramet/ruleset/library"
)

// meterLibrary meters a trace by a shipped rule set, and demands that nothing is
// said about it.
func meterLibrary(t *testing.T, args ...string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"-s", "--meter-name", "m"}, args...)
	if status := run(t.Context(), args, nil, &out, &errs); status != 0 || errs.Len() > 0 {
		t.Fatalf("%v: status %d: %s", args, status, &errs)
	}
	return out.Bytes()
}

// TestLibrary holds what the shipped rule sets make of the project's traces to
// files that are kept.
func TestLibrary(t *testing.T) {
	table := filepath.Join(t.TempDir(), "table")
	if err := os.WriteFile(table, []byte("10.1.20.0/24 1\n10.1.0.0/16 2\n198.51.100.0/24 64510\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range library.Sets() {
		operands := []string{"@" + s.Name}
		switch s.Name {
		case "matrix":
			operands = append(operands, "@matrix=10.1.20.0/24,10.1.0.0/16,2001:db8:1::/48")
		case "peers":
			operands = []string{"@peers=198.51.100.17,2001:db8:ffff::/48"}
		case "talkers":
			operands = append(operands, "@talkers=10.1.0.0/16,2001:db8:1::/48")
		case "networks":
			operands = append(operands, "@networks=/16,/32")
		}
		t.Run(s.Name, func(t *testing.T) {
			var all []byte
			for _, operand := range operands {
				args := []string{"-C", office}
				if s.Name == "customers" {
					args = append(args, "--prefixes", table)
				}
				args = append(args, operand)
				got := meterLibrary(t, args...)
				if again := meterLibrary(t, append([]string{"--no-cache"}, args...)...); !bytes.Equal(again, got) {
					t.Errorf("%s: other flows where verdicts are not remembered", operand)
				}
				all = append(all, bytes.Replace(got, []byte(office), []byte("office.pcap"), 1)...)
			}
			all = bytes.ReplaceAll(all, []byte(table), []byte("table"))
			golden.Compare(t, filepath.Join("testdata", "library", s.Name+".golden"), all)
		})
	}
}

// TestLibraryTotals: those that ignore nothing have all packets and octets of
// the trace in their flows, whatever they sort them by.
func TestLibraryTotals(t *testing.T) {
	partial := map[string]bool{"dns": true, "servers": true}
	for _, trace := range []string{office, filepath.Join("..", "..", "testdata", "small.pcapng")} {
		want := sumLibrary(t, trace, "ip")
		for _, s := range library.Sets() {
			if s.Name == "customers" || s.Example() != "@"+s.Name {
				continue // which want a table, or a parameter
			}
			got := sumLibrary(t, trace, s.Name)
			if got != want && !partial[s.Name] || got[0] > want[0] {
				t.Errorf("%s: @%s has %d packets and octets, @ip %d", trace, s.Name, got, want)
			}
		}
	}
}

// sumLibrary is the packets and octets of all flows.
func sumLibrary(t *testing.T, trace, name string) (sum [2]uint64) {
	t.Helper()
	r, err := flowfile.NewReader(bytes.NewReader(meterLibrary(t, "-C", trace, "@"+name)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NextCollection(); err != nil {
		t.Fatal(err)
	}
	for {
		var rec reader.Record
		err := r.NextRecord(&rec)
		if err == io.EOF {
			return sum
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range r.Format().Attrs {
			switch a {
			case mib.AttrToPDUs, mib.AttrFromPDUs:
				sum[0] += rec.Values[i].Num
			case mib.AttrToOctets, mib.AttrFromOctets:
				sum[1] += rec.Values[i].Num
			}
		}
	}
}

// TestLibraryServers: the server is the destination wherever a trace begins: of
// a trace that is read from its middle on, conversations that are known to have
// begun before are still those of the same servers.
func TestLibraryServers(t *testing.T) {
	whole := bytes.Split(meterLibrary(t, "-C", office, "@servers"), []byte("\n"))
	known := map[string]bool{}
	server := func(line []byte) (string, bool) {
		f := bytes.Fields(line)
		if len(f) < 8 || line[0] == '#' {
			return "", false
		}
		return string(bytes.Join(f[:4], []byte(" "))), true
	}
	for _, line := range whole {
		if s, ok := server(line); ok {
			known[s] = true
		}
	}
	found := 0
	for _, line := range bytes.Split(meterLibrary(t, "-C", office, "--start", "+100s", "@servers"), []byte("\n")) {
		if s, ok := server(line); ok {
			if found++; !known[s] {
				t.Errorf("no server at first: %s", line)
			}
		}
	}
	if found == 0 || found >= len(known) {
		t.Errorf("%d servers of %d", found, len(known))
	}
}

// TestLibraryFile: what --rules prints is a rule file that does the same.
func TestLibraryFile(t *testing.T) {
	for _, s := range library.Sets() {
		if s.Name == "customers" || s.Example() != "@"+s.Name {
			continue // which want a table, or a parameter
		}
		var out, errs bytes.Buffer
		if status := run(t.Context(), []string{"--rules", "@" + s.Name}, nil, &out, &errs); status != 0 || errs.Len() > 0 {
			t.Fatalf("status %d: %s", status, &errs)
		}
		file := filepath.Join(t.TempDir(), "own.srl")
		if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		_, got, _ := bytes.Cut(meterLibrary(t, "-C", office, file), []byte("\n"))
		if _, want, _ := bytes.Cut(meterLibrary(t, "-C", office, "@"+s.Name), []byte("\n")); !bytes.Equal(got, want) {
			t.Errorf("@%s: its text as a file makes other flow data", s.Name)
		}
	}
}
