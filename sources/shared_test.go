package sources

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// sharedTraces returns the folder of traces that lies beside the project.
func sharedTraces(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			tb.Fatal("no go.mod above the test")
		}
	}
	dir = filepath.Join(dir, "..", "shared", "traces")
	if _, err := os.Stat(filepath.Join(dir, "MANIFEST.tsv")); err != nil {
		tb.Skip("the shared traces are not there: ../shared/traces")
	}
	return dir
}

// manifestRow is what the manifest says of a trace.
type manifestRow struct {
	file, format, compression, link string
	packets                         int
	octets                          uint64
}

func manifest(tb testing.TB, dir string) []manifestRow {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		tb.Fatal(err)
	}
	var rows []manifestRow
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		r := manifestRow{file: f[0], format: f[2], compression: f[3], link: f[4], packets: -1}
		if n, err := strconv.Atoi(f[6]); err == nil {
			r.packets = n
		}
		if n, err := strconv.ParseUint(f[7], 10, 64); err == nil {
			r.octets = n
		}
		rows = append(rows, r)
	}
	return rows
}

// readAll reads a source to its end; the frames are copies.
func readAll(s Source) ([]wire.Frame, error) {
	var all []wire.Frame
	b := new(wire.Batch)
	for {
		err := s.Read(b)
		all = appendCopies(all, b)
		if err != nil {
			return all, err
		}
	}
}

// appendCopies appends copies of a batch's frames, which outlive it.
func appendCopies(all []wire.Frame, b *wire.Batch) []wire.Frame {
	for _, f := range b.Frames {
		f.Data = append([]byte{}, f.Data...)
		all = append(all, f)
	}
	return all
}

// readFile opens and reads a trace; the error is what ended it.
func readFile(tb testing.TB, uri string) ([]wire.Frame, wire.SourceStats, error) {
	tb.Helper()
	s, err := Open(uri, Options{})
	if err != nil {
		return nil, wire.SourceStats{}, err
	}
	defer s.Close()
	frames, err := readAll(s)
	return frames, s.Stats(), err
}

func TestSharedTraces(t *testing.T) {
	dir := sharedTraces(t)
	seen := 0
	for _, row := range manifest(t, dir) {
		t.Run(row.file, func(t *testing.T) {
			if testing.Short() && strings.HasPrefix(row.file, "perf/") {
				t.Skip("large; not in short mode")
			}
			frames, st, err := readFile(t, filepath.Join(dir, row.file))
			switch {
			case row.format == "" || row.format == "duck":
				if err == nil || err == io.EOF {
					t.Fatalf("a trace of format %q was read", row.format)
				}
				t.Log(err)
				return
			}
			seen++
			cutShort := strings.Contains(row.file, ".cut37") || strings.Contains(row.file, ".truncated")
			if cutShort != errors.Is(err, io.ErrUnexpectedEOF) || cutShort != (err != io.EOF) {
				t.Errorf("ended with %v", err)
			}
			if len(frames) != row.packets || st.Frames != uint64(row.packets) {
				t.Errorf("%d frames, %d counted, want %d", len(frames), st.Frames, row.packets)
			}
			if st.Stored != row.octets {
				t.Errorf("%d octets, want %d", st.Stored, row.octets)
			}
			if fi, err := os.Stat(filepath.Join(dir, row.file)); err == nil && st.BytesAll != fi.Size() {
				t.Errorf("BytesAll %d, want %d", st.BytesAll, fi.Size())
			}
			if err == io.EOF && st.BytesRead != st.BytesAll {
				t.Errorf("BytesRead %d of %d", st.BytesRead, st.BytesAll)
			}
		})
	}
	t.Logf("%d traces read", seen)
}

// TestSharedEqual reads the same packets in other wrappings.
func TestSharedEqual(t *testing.T) {
	dir := sharedTraces(t)
	data, err := os.ReadFile(filepath.Join(dir, "truth", "EQUIV.tsv"))
	if err != nil {
		t.Skip("the shared truth is not there")
	}
	origin := make(map[string]string)
	for _, row := range manifest(t, dir) {
		folder, name := filepath.Split(row.file)
		if folder != "derived/" {
			origin[name] = row.file
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		f := strings.Split(line, "\t")
		from, ok := origin[f[1]]
		if !ok || !strings.HasPrefix(f[2], "identical") || strings.Contains(f[2], "linktype") {
			continue
		}
		t.Run(f[0], func(t *testing.T) {
			got, _, err := readFile(t, filepath.Join(dir, f[0]))
			want, _, _ := readFile(t, filepath.Join(dir, from))
			if err != io.EOF || len(got) != len(want) || len(got) == 0 {
				t.Fatalf("%d frames, %v, want %d", len(got), err, len(want))
			}
			for i := range got {
				if filepath.Ext(f[0]) == ".erf" {
					got[i].Interface = want[i].Interface // its port, which pcap has not
				}
				if d := sourcetest.Difference(got[i], want[i]); d != "" {
					t.Fatalf("frame %d: %s", i+1, d)
				}
			}
		})
	}
}
