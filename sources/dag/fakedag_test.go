//go:build dag && linux && (amd64 || arm64)

package dag

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"netramet/sources"
	"netramet/sources/dag/dagtest"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// variants are libraries as they are installed, by what they are built with.
var variants = map[string][]string{
	"new":                  nil,
	"old":                  {"OLD"},
	"with a configuration": {"CONFIG"},
}

// pulled is how a card of these tests ends.
const pulled = syscall.ENODEV

// openFake opens a card of a library.
func openFake(t testing.TB, lib string, streams []int, lines ...string) *Source {
	t.Helper()
	s, err := Open(Options{Library: lib, Cards: []Card{{Device: dagtest.Card(t, lines...), Streams: streams}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// playing are the lines of a card that plays octets and is pulled at their end.
func playing(t testing.TB, octets []byte, lines ...string) []string {
	return append(lines, dagtest.Play(t, octets), fmt.Sprintf("end %d", int(pulled)))
}

func TestFakeConformance(t *testing.T) {
	frames, octets := ethernet(t, 70*wire.BatchSize)
	for name, defines := range variants {
		lib := dagtest.Library(t, defines...)
		for _, row := range []struct {
			name  string
			lines []string
		}{
			// Eight batches in flight need room for them.
			{"a large buffer", []string{"buffer 4194304"}},
			{"a buffer that wraps, records cut, stalls", []string{"buffer 262144", "write 30001", "stall 3"}},
		} {
			t.Run(name+", "+row.name, func(t *testing.T) {
				sourcetest.Run(t, func(t *testing.T) sourcetest.Source {
					return ended{openFake(t, lib, []int{0}, playing(t, octets, row.lines...)...), pulled}
				}, frames)
			})
		}
	}
}

// TestFakeAsFile: cards of all kinds give what files of their records give, where
// the buffer wraps in the middle of records, and where they stall.
func TestFakeAsFile(t *testing.T) {
	lib := dagtest.Library(t)
	for name, octets := range cards(900) {
		want, counts := ofFile(t, octets)
		for _, lines := range [][]string{nil, {"buffer 4096", "write 1777"}, {"buffer 8192", "stall 2"}} {
			s := openFake(t, lib, []int{0}, playing(t, octets, lines...)...)
			got, err := readAll(ended{s, pulled})
			if err != io.EOF {
				t.Fatalf("%s, %v: %v", name, lines, err)
			}
			same(t, got, want)
			st := s.Stats()
			st.BytesAll, counts.BytesAll = 0, 0
			if st != counts {
				t.Errorf("%s, %v: counts are %+v, want %+v", name, lines, st, counts)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestFakeStreams: several streams together have all records, each those of its
// own in order.
func TestFakeStreams(t *testing.T) {
	lib := dagtest.Library(t)
	frames, octets := ethernet(t, 9000)
	s := openFake(t, lib, []int{0, 2, 4}, playing(t, octets, "streams 3", "buffer 16384", "stall 5", "write 5000")...)
	defer s.Close()
	got, err := readAll(s)
	if !errors.Is(err, pulled) || !strings.Contains(err.Error(), "has ended: dag_advance_stream: no such device") {
		t.Fatal(err)
	}
	last := [3]int64{}
	for _, f := range got {
		stream := (f.Time / 1e9) % 3
		if f.Time <= last[stream] {
			t.Fatalf("the frame of %d comes after that of %d", f.Time, last[stream])
		}
		last[stream] = f.Time
	}
	slices.SortFunc(got, func(a, b wire.Frame) int { return int((a.Time - b.Time) / 1e9) })
	same(t, got, frames)
}

// TestFakeCards: two cards are one source, and their ports have different numbers.
func TestFakeCards(t *testing.T) {
	lib := dagtest.Library(t, "CONFIG")
	_, octets := ethernet(t, 1000)
	s, err := Open(Options{Library: lib, Cards: []Card{
		{Device: dagtest.Card(t, playing(t, octets)...), Streams: []int{0}},
		{Device: dagtest.Card(t, dagtest.Play(t, octets)), Streams: []int{0}}, // falls silent
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := readAll(s)
	if !errors.Is(err, pulled) {
		t.Fatal(err)
	}
	seen := map[uint8]int{}
	for _, f := range got {
		seen[f.Interface]++
	}
	for n := range uint8(8) {
		if seen[n+1] != 250 {
			t.Errorf("interface %d has %d frames, want 250", n+1, seen[n+1])
		}
	}
}

// TestFakeEnd: a card that is pulled inside a record, and one whose records are none.
func TestFakeEnd(t *testing.T) {
	lib := dagtest.Library(t)
	_, octets := ethernet(t, 10)
	for _, row := range []struct {
		name   string
		octets []byte
		frames int
		want   string
	}{
		{"inside a record", octets[:len(octets)-8], 9, "stream 0 has ended: dag_advance_stream: no such device, inside a record of which"},
		{"length 0", append(bytes.Clone(octets), make([]byte, 64)...), 10, "damaged: record type 0 is not one of ERF"},
		{"a record that never ends", append(bytes.Clone(octets), record(2, 0, 1, 0, 0, body(20))...), 10, ""},
	} {
		lines := playing(t, row.octets, "raw 1", "buffer 4096")
		if row.want == "" {
			copy(row.octets[len(row.octets)-26:], []byte{0xff, 0xff}) // its length, more than the buffer has
			lines = playing(t, row.octets, "raw 1", "buffer 4096")
			row.want = "inside a record of which 36 octets are there"
		}
		s := openFake(t, lib, []int{0}, lines...)
		got, err := readAll(s)
		if err == nil || !strings.Contains(err.Error(), row.want) || len(got) != row.frames {
			t.Errorf("%s: %d frames, %v; want %d, %s", row.name, len(got), err, row.frames, row.want)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFakeRefused: what the library refuses is told, and nothing is left open.
func TestFakeRefused(t *testing.T) {
	for name, defines := range variants {
		lib := dagtest.Library(t, defines...)
		report := filepath.Join(t.TempDir(), "report")
		fail := func(what string, errno syscall.Errno) string {
			return dagtest.Card(t, "report "+report, "fail "+what, fmt.Sprintf("errno %d", int(errno)))
		}
		for _, row := range []struct {
			card Card
			want string
		}{
			{Card{Device: "/nonexistent/dag0", Streams: []int{0}}, "/nonexistent/dag0: no such file or directory: is there a card, and its driver loaded (dagload)?"},
			{Card{Device: fail("open", syscall.EACCES), Streams: []int{0}}, "permission denied: run as root"},
			{Card{Device: fail("attach", syscall.ENOMEM), Streams: []int{0}}, "stream 0: attaching: cannot allocate memory: the stream has no memory; give it some (dagconfig mem=...)"},
			{Card{Device: fail("attach", syscall.EBUSY), Streams: []int{0}}, "device or resource busy: another program reads it"},
			{Card{Device: fail("", 0), Streams: []int{0, 2}}, "stream 2: attaching: invalid argument: the card has no such stream"},
			{Card{Device: fail("poll", syscall.EIO), Streams: []int{0}}, "setting its poll parameters: input/output error"},
			{Card{Device: fail("start", syscall.EIO), Streams: []int{0}}, "starting: input/output error"},
			{Card{Device: fail("configure", syscall.EINVAL), Streams: []int{0}, Parameters: "slen=x"}, `"slen=x": invalid argument`},
		} {
			_, err := Open(Options{Library: lib, Cards: []Card{row.card}})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: %v, want %s", name, err, row.want)
			}
		}
		text, err := os.ReadFile(report)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var attached, started, stopped, detached int
			if _, err := fmt.Sscanf(line, "attached %d started %d stopped %d detached %d", &attached, &started, &stopped, &detached); err != nil ||
				attached != detached || started != stopped {
				t.Errorf("%s: not balanced: %s", name, line)
			}
		}
		if n := strings.Count(string(text), "\n"); n != 6 { // those that opened
			t.Errorf("%s: %d cards were closed, want 6:\n%s", name, n, text)
		}
	}
	if _, err := Open(Options{Library: filepath.Join(t.TempDir(), "libdag.so"), Cards: []Card{{Device: "/dev/dag0", Streams: []int{0}}}}); err == nil ||
		!strings.Contains(err.Error(), "the library of DAG cards is not there") {
		t.Errorf("no library: %v", err)
	}
}

// TestFakeCalls: the card is asked not to wait, and is given its parameters.
func TestFakeCalls(t *testing.T) {
	lib := dagtest.Library(t)
	report := filepath.Join(t.TempDir(), "report")
	s, err := Open(Options{Library: lib, Cards: []Card{{
		Device: dagtest.Card(t, "report "+report, "streams 2"), Streams: []int{0, 2}, Parameters: "slen=96 varlen",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var b wire.Batch
	if err := s.Read(&b); err != nil || len(b.Frames) != 0 {
		t.Errorf("a silent card: %d frames, %v", len(b.Frames), err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	got, err := os.ReadFile(report)
	want := "attached 2 started 2 stopped 2 detached 2 polls 2 mindata 0 wait 4000 parameters \"slen=96 varlen\"\n"
	if err != nil || string(got) != want {
		t.Errorf("%v, report is %swant %s", err, got, want)
	}
}

// TestFakeLeak: memory does not grow with advances.
func TestFakeLeak(t *testing.T) {
	rounds := 1_000_000
	if testing.Short() {
		rounds = 50_000
	}
	lib := dagtest.Library(t)
	_, octets := ethernet(t, 1000)
	s := openFake(t, lib, []int{0}, "buffer 65536", "write 200", "repeat 1000000000", dagtest.Play(t, octets))
	defer s.Close()
	batches := make([]wire.Batch, 4)
	frames := 0
	turn := func(n int) {
		for i := range n {
			b := &batches[i%len(batches)]
			if err := s.Read(b); err != nil {
				t.Fatal(err)
			}
			frames += len(b.Frames)
		}
	}
	turn(rounds / 10)
	heap, resident := memory2()
	turn(rounds)
	heap2, resident2 := memory2()
	const slack = 4 << 20
	if heap2 > heap+slack || resident2 > resident+2*slack {
		t.Errorf("memory grew from %d, %d octets resident, to %d, %d", heap, resident, heap2, resident2)
	}
	if frames < rounds {
		t.Errorf("%d frames of %d reads", frames, rounds)
	}
	for i := range batches {
		batches[i].Release()
	}
	if n := len(s.rings[0].flight) + len(s.rings[0].free); n > len(batches)+1 {
		t.Errorf("%d pieces are kept", n)
	}
}

// memory2 is what is in use of Go's memory, and of all in octets.
func memory2() (heap, resident uint64) {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	var size uint64
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		_, _ = fmt.Sscanf(string(text), "%d %d", &size, &resident)
	}
	return m.HeapAlloc, resident * uint64(os.Getpagesize())
}

var _ sources.Source = (*Source)(nil)
