package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"netramet/internal/command"
)

// infoLine is what --info --json says of a trace, as others read it.
type infoLine struct {
	File        *string      `json:"file"`
	Format      *string      `json:"format"`
	Compression *string      `json:"compression"`
	LinkType    *string      `json:"linktype"`
	SnapLen     *json.Number `json:"snaplen"`
	Packets     *uint64      `json:"packets"`
	Octets      *uint64      `json:"octets"`
	Start       *json.Number `json:"start"`
	Duration    *json.Number `json:"duration_s"`
	Damaged     *bool        `json:"damaged"`
}

// infoOf runs --info --json over one trace.
func infoOf(t *testing.T, path string) (line infoLine, status int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(t.Context(), []string{"--info", "--json", path}, nil, &stdout, &stderr)
	if strings.Count(stdout.String(), "\n") != 1 {
		t.Fatalf("not one line:\n%s%s", &stdout, &stderr)
	}
	if err := json.Unmarshal(stdout.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.File == nil || *line.File != path || line.Format == nil || line.Compression == nil || line.LinkType == nil ||
		line.Packets == nil || line.Octets == nil || line.Damaged == nil {
		t.Fatalf("something is missing: %s", &stdout)
	}
	return line, status
}

// TestInfoShared compares with what is known of all real traces.
func TestInfoShared(t *testing.T) {
	dir := sharedTraces(t)
	formats := map[string]string{
		"nsecpcap": "pcap", "modpcap": "pcap", "nokiapcap": "pcap", "rh6_1pcap": "pcap", "suse6_3pcap": "pcap",
	}
	compressions := map[string]string{"-": "none", "gz": "gzip", "bz2": "bzip2", "xz": "xz", "zst": "zstd", "lzo": "lzop", "lz4": "lz4"}
	seen := 0
	for _, c := range tsv(t, filepath.Join(dir, "MANIFEST.tsv")) {
		row := struct{ file, format, compression, snapLen, packets, octets, duration, start string }{c[0], c[2], c[3], c[5], c[6], c[7], c[8], c[9]}
		if folder, _, _ := strings.Cut(row.file, "/"); !strings.Contains("formats derived encap pcapng-gen edge", folder) {
			continue
		}
		t.Run(row.file, func(t *testing.T) {
			got, status := infoOf(t, filepath.Join(dir, row.file))
			if row.format == "" || row.format == "duck" {
				if status != command.StatusFailure || *got.Format != "" {
					t.Errorf("status %d, %+v", status, got)
				}
				return
			}
			seen++
			damaged := strings.Contains(row.file, ".cut37") || strings.Contains(row.file, ".truncated")
			if *got.Damaged != damaged || (status != command.StatusOK) != damaged {
				t.Errorf("damaged %v, status %d", *got.Damaged, status)
			}
			if fmt.Sprint(*got.Packets) != row.packets || fmt.Sprint(*got.Octets) != row.octets {
				t.Errorf("%d packets, %d octets, want %s, %s", *got.Packets, *got.Octets, row.packets, row.octets)
			}
			format := strings.TrimSuffix(row.format, "(BE)")
			if other, ok := formats[format]; ok {
				format = other
			}
			if *got.Format != format || *got.Compression != compressions[row.compression] {
				t.Errorf("%s in %s, want %s in %s", *got.Format, *got.Compression, format, compressions[row.compression])
			}
			if row.snapLen != "" && row.snapLen != "(not set)" && (got.SnapLen == nil || got.SnapLen.String() != row.snapLen) {
				t.Errorf("snaplen %v, want %s", got.SnapLen, row.snapLen)
			}
			// Stamps with more than a second of microseconds are carried over here, and
			// those of the year 584,000 are none.
			if far, _ := strconv.ParseFloat(row.start, 64); far < 1<<33 && !strings.HasSuffix(row.file, "timestamp_invalid_micro.pcap") {
				sameTime(t, "start", got.Start, row.start)
				sameTime(t, "duration", got.Duration, row.duration)
			}
		})
	}
	t.Logf("%d traces", seen)
}

// sameTime compares seconds with those of another tool, which has fewer decimals
// where the trace has, and knows none where some packet has no time.
func sameTime(t *testing.T, what string, got *json.Number, want string) {
	t.Helper()
	if _, err := strconv.ParseFloat(want, 64); err != nil {
		return
	}
	if got == nil || !strings.HasPrefix(got.String(), want) {
		t.Errorf("%s %v, want %s", what, got, want)
	}
}

// TestInfoCapinfos compares with capinfos.
func TestInfoCapinfos(t *testing.T) {
	capinfos, err := exec.LookPath("capinfos")
	if err != nil {
		t.Skip("no capinfos here")
	}
	for _, name := range []string{"office.pcap", "small.pcapng"} {
		path := filepath.Join("..", "..", "testdata", name)
		out, err := exec.Command(capinfos, "-TrmQSMcdua", path).Output()
		if err != nil {
			t.Fatal(err)
		}
		f := strings.Split(strings.ReplaceAll(strings.TrimSpace(string(out)), `"`, ""), ",")
		if len(f) != 5 {
			t.Skipf("another capinfos: %s", out)
		}
		got, status := infoOf(t, path)
		if status != command.StatusOK || fmt.Sprint(*got.Packets) != f[1] || fmt.Sprint(*got.Octets) != f[2] {
			t.Errorf("%s: %d packets, %d octets, capinfos says %s", name, *got.Packets, *got.Octets, out)
		}
		sameTime(t, "duration", got.Duration, f[3])
		sameTime(t, "start", got.Start, f[4])
	}
}
