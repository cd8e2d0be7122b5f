package sources

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/sources/wire"
)

func TestOpenURI(t *testing.T) {
	dir := t.TempDir()
	file := pcapOf(manyFrames(3, 60, 60))
	t.Chdir(dir)
	for _, name := range []string{"plain", "a:b", "C:x", "pcap:odd", "trace.gz"} {
		if err := os.WriteFile(filepath.Join(dir, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		uri, text string // text is in the error, "" if there is none
	}{
		{"plain", ""},
		{"pcap:plain", ""},
		{"a:b", ""},
		{"C:x", ""},
		{"./pcap:odd", ""},
		{"pcap:a:b", ""},
		{filepath.Join(dir, "plain"), ""},
		{"trace.gz", ""}, // a name is not believed
		{"-", ""},
		{"pcap:-", ""},
		{"pcapng:plain", "plain: is a pcap trace, not pcapng"},
		{"pcapng:-", "standard input: is a pcap trace, not pcapng"},
		{"erf:plain", "plain: is a pcap trace, not erf"},
		{"duck:plain", "plain: is a pcap trace, not duck"},
		{"pcap:", "no file name"},
		{"", "no file name"},
		{"pcpa:plain", `"pcpa" is no format; known: pcap, pcapng`},
		{"absent", "absent: no such file"},
		{".", ".: is a directory"},
	} {
		t.Run(row.uri, func(t *testing.T) {
			s, err := Open(row.uri, Options{Stdin: bytes.NewReader(file)})
			if row.text != "" {
				if err == nil || !strings.Contains(err.Error(), row.text) {
					t.Fatalf("error %v, want %q in it", err, row.text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if got, err := readAll(s); len(got) != 3 || err != io.EOF {
				t.Errorf("%d frames, %v", len(got), err)
			}
		})
	}
	if _, err := Open("absent", Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := Open("-", Options{}); err == nil {
		t.Error("no standard input: opened")
	}
}

// TestOpenERF: what is ERF is told by its records, whatever their times, and also
// where the first ones could be of another format.
func TestOpenERF(t *testing.T) {
	record := func(seconds byte, octets int) []byte {
		length := byte(octets >> 8)
		r := append([]byte{0, 0, 0, 0, 0, 0, 0, seconds, 2, 4, length, byte(octets), 0, 0, length, byte(octets - 16)}, make([]byte, octets-16)...)
		return r
	}
	for _, tt := range []struct {
		name   string
		trace  []byte
		frames int
	}{
		{"one record", record(1, 80), 1},
		{"one that is longer than is looked at", record(1, 5000), 1},
		{"years apart", join(record(1, 80), record(50, 96)), 2},
		{"of 1970", record(0, 80), 1},
		{"years apart, long", bytes.Repeat(join(record(1, 80), record(50, 96)), 50), 100},
	} {
		s, err := Open("-", Options{Stdin: bytes.NewReader(tt.trace)})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		defer s.Close()
		if got, err := readAll(s); len(got) != tt.frames || err != io.EOF || s.(Informer).Info().Format != "erf" {
			t.Errorf("%s: %s, %d frames, %v", tt.name, s.(Informer).Info().Format, len(got), err)
		}
	}
}

func TestOpenUnknown(t *testing.T) {
	for _, row := range []struct {
		name, data, text string
		unsupported      bool
	}{
		{"empty", "", "is empty", false},
		{"text", "#Format: flowruleset\n", "is not a trace of a known format; known: pcap, pcapng", false},
		{"archive", strings.Repeat("\x00", 257) + "ustar\x0000", "is not a trace of a known format, but a tar archive: unpack it first", false},
		{"flow data", "##NeTraMet v1:", "is not a trace of a known format, but a flow data file: ", false},
		{"two octets", "\xd4\xc3", "is not a trace of a known format", false},
		{"snoop, cut", "snoop\x00\x00\x00\x00\x00\x00\x02", "the trace ends inside a header", false},
		{"snoop of version 1", "snoop\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x04", "snoop version 1: not supported", true},
		{"snoop of serial lines", "snoop\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x06", "snoop data link type 6: not supported", true},
		{"duck", "\x0d\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x00\x01", "duck: DAG clock records, which hold no packets", true},
		{"xz", "\xfd7zXZ\x00\x00\x04", "xz: offset 0: damaged: compressed data: unexpected EOF", false},
		{"lz4", "\x04\x22\x4d\x18\x64\x40", "lz4: offset 0: damaged: compressed data: unexpected EOF", false},
		{"lz4 with a dictionary", "\x04\x22\x4d\x18\x61\x40\x00\x00\x00\x00\xa0", "lz4 with a dictionary: not supported by this version", true},
		{"lzop", "\x89LZO\x00\r\n\x1a\n\x10", "lzop: offset 0: damaged: compressed data: unexpected EOF", false},
		{"compress", "\x1f\x9d\x90\x00", "compressed with compress (.Z): not supported", true},
		{"zip", "PK\x03\x04\x14\x00", "compressed with zip: not supported", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := save(t, "trace", []byte(row.data))
			_, err := Open(path, Options{})
			if err == nil || !strings.Contains(err.Error(), row.text) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Fatalf("error %v, want %q in it", err, row.text)
			}
			if errors.Is(err, errors.ErrUnsupported) != row.unsupported {
				t.Errorf("unsupported: %v, want %v", !row.unsupported, row.unsupported)
			}
		})
	}
	if _, err := Open("pcap:"+save(t, "trace", []byte("nothing known")), Options{}); err == nil || !strings.Contains(err.Error(), "is not a pcap trace") {
		t.Errorf("demanded pcap: %v", err)
	}
}

// TestPipe reads from a pipe that is written slowly: what was written is
// handed over without waiting for more, and Close ends a Read that waits.
func TestPipe(t *testing.T) {
	for _, row := range []struct {
		name string
		open func(r *os.File) (Source, error)
	}{
		{"standard input", func(r *os.File) (Source, error) { return Open("-", Options{Stdin: r}) }},
		{"file", func(r *os.File) (Source, error) {
			return openTrace(&stored{name: "pipe", r: r, file: r}, nil, Options{})
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			defer w.Close()
			frames := manyFrames(5, 60, 60)
			if _, err := w.Write(pcapOf(frames)); err != nil {
				t.Fatal(err)
			}
			s, err := row.open(r)
			if err != nil {
				t.Fatal(err)
			}
			var b wire.Batch
			if err := s.Read(&b); err != nil {
				t.Fatal(err)
			}
			checkFrames(t, b.Frames, frames)
			done := make(chan error)
			go func() { done <- s.Read(new(wire.Batch)) }()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if err := <-done; !errors.Is(err, os.ErrClosed) {
				t.Errorf("blocked Read: %v, want os.ErrClosed", err)
			}
			checkFrames(t, b.Frames, frames)
			if st := s.Stats(); st.BytesAll != 0 || st.BytesRead != int64(len(pcapOf(frames))) {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

// failing fails with an error of the system.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestReadError(t *testing.T) {
	broken := errors.New("input/output error")
	file := pcapOf(manyFrames(5, 60, 60))
	for _, n := range []int{0, 2, 10, 24, 30, len(file)} {
		got, st, err := readStream(t, io.MultiReader(bytes.NewReader(file[:n]), failing{broken}))
		if !errors.Is(err, broken) || errors.Is(err, ErrDamaged) || st.Damaged != 0 {
			t.Errorf("after %d octets: %v, %+v", n, err, st)
		}
		if n == len(file) && len(got) != 5 {
			t.Errorf("%d frames, want 5", len(got))
		}
	}
	if _, _, err := readStream(t, failing{nil}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("reader without progress: %v", err)
	}
}

// TestTooManyBatches holds batches until the source has no memory left.
func TestTooManyBatches(t *testing.T) {
	s, err := Open(save(t, "trace", pcapOf(manyFrames(12_000, 1500, 1500))), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var held []*wire.Batch
	total := 0
	for {
		b := new(wire.Batch)
		if err = s.Read(b); err != nil {
			break
		}
		total += len(b.Frames)
		held = append(held, b)
	}
	if !errors.Is(err, ErrTooManyBatches) || len(held) < maxChunks {
		t.Fatalf("after %d batches: %v", len(held), err)
	}
	for _, b := range held {
		b.Release()
	}
	got, err := readAll(s)
	if err != io.EOF || total+len(got) != 12_000 {
		t.Errorf("%d and %d frames, %v", total, len(got), err)
	}
}
