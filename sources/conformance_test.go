package sources

import (
	"fmt"
	"io"
	"testing"

	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// conform runs the suite over a stored trace.
func conform(t *testing.T, file []byte, want []wire.Frame) {
	path := save(t, "trace", file)
	sourcetest.Run(t, func(t *testing.T) sourcetest.Source {
		s, err := Open(path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, want)
}

// encoded is a trace in a format of capfile's.
func encoded(t testing.TB, format string, frames []wire.Frame) []byte {
	t.Helper()
	f, err := capfile.FormatByName(format)
	if err != nil {
		t.Fatal(err)
	}
	file, err := f.Encode(frames)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestConformance(t *testing.T) {
	many := manyFrames(70*wire.BatchSize, 70, 64)
	// Records that cross chunks, and one that is larger than a chunk.
	mixed := append(manyFrames(500, 1400, 1500), frame(5e9, octets(2*chunkSize, 3), 2*chunkSize, 1, 1))
	mixed = append(mixed, manyFrames(200, 9000, 9000)...)
	for _, row := range []struct {
		name   string
		file   []byte
		frames []wire.Frame
	}{
		{"pcap, many", pcapOf(many), many},
		{"pcapng, many", pcapngOf(many), many},
		{"gzip, many", pack(t, pcapOf(many), "gzip"), many},
		{"zstd, many", pack(t, pcapOf(many), "zstd"), many},
		{"erf, many", encoded(t, "erf", many), many},
		{"snoop, many", encoded(t, "snoop", many), many},
		{"pcap, sizes mixed", pcapOf(mixed), mixed},
		{"pcapng, sizes mixed", pcapngOf(mixed), mixed},
		{"pcap, none", pcapOf(nil), nil},
		{"pcapng, none", pcapngOf(nil), nil},
	} {
		t.Run(row.name, func(t *testing.T) { conform(t, row.file, row.frames) })
	}
}

// TestEveryFormat reads the same frames from every format and compression an
// independent writer knows.
func TestEveryFormat(t *testing.T) {
	frames := manyFrames(300, 80, 64)
	for _, f := range capfile.Formats() {
		file, err := f.Encode(frames)
		if err != nil {
			t.Fatal(err)
		}
		want := frames
		if f.Timeless {
			want = make([]wire.Frame, len(frames))
			for i, fr := range frames {
				fr.Time = wire.NoTime
				want[i] = fr
			}
		}
		for _, c := range capfile.Compressions() {
			t.Run(fmt.Sprintf("%s/%s", f.Name, c), func(t *testing.T) {
				got, _, err := readBytes(t, pack(t, file, c))
				if err != io.EOF {
					t.Fatal(err)
				}
				checkFrames(t, got, want)
			})
		}
	}
}
