package join

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"netramet/sources"
	"netramet/sources/sourcetest"
	"netramet/sources/sourcetest/capfile"
	"netramet/sources/wire"
)

// TestMain fails where a test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// second is one of a trace's, in nanoseconds.
const second = 1_000_000_000

// framesAt are Ethernet frames at times in milliseconds, with what makes each its own.
func framesAt(mark byte, millis ...int64) (frames []wire.Frame) {
	for i, at := range millis {
		data := bytes.Repeat([]byte{mark, byte(i), byte(i >> 8)}, 20+i%5)
		frames = append(frames, wire.Frame{Time: second + at*1_000_000, Data: data, WireLen: uint32(len(data)) + uint32(i%3), LinkType: wire.LinkEthernet, Interface: 1})
	}
	return frames
}

// encode writes frames in a format of capfile's.
func encode(t testing.TB, format string, frames []wire.Frame) []byte {
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

// pcapng writes frames of interfaces with names.
func pcapng(t testing.TB, frames []wire.Frame, names ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	o := capfile.Pcapng{Resolution: 9}
	for _, n := range names {
		o.Interfaces = append(o.Interfaces, capfile.Interface{Name: n, LinkType: wire.LinkEthernet})
	}
	w, err := capfile.NewPcapng(&out, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames {
		if err := w.Write(&frames[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// save writes files with names in order and returns them as parts.
func save(t testing.TB, files ...[]byte) []Part {
	t.Helper()
	dir := t.TempDir()
	for i, file := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("part%04d", i)), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parts, err := Expand([]string{filepath.Join(dir, "part*")})
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != len(files) {
		t.Fatalf("%d parts of %d files", len(parts), len(files))
	}
	return parts
}

// readAll reads a source to its end. The frames are copies.
func readAll(t testing.TB, src sources.Source) (frames []wire.Frame, err error) {
	t.Helper()
	for b := new(wire.Batch); err == nil; {
		err = src.Read(b)
		for _, f := range b.Frames {
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
		}
	}
	if len(frames) > 0 && src.Stats().Frames != uint64(len(frames)) {
		t.Errorf("stats count %d frames of %d", src.Stats().Frames, len(frames))
	}
	return frames, err
}

// joinedFrames opens parts, reads them to the end and returns what they were told
// of as well.
func joinedFrames(t testing.TB, parts []Part, order Order) (frames []wire.Frame, notes []string, err error) {
	t.Helper()
	src, err := Open(parts, Options{Order: order, Note: func(s string) { notes = append(notes, s) }})
	if err != nil {
		return nil, nil, err
	}
	defer src.Close()
	frames, err = readAll(t, src)
	if err == io.EOF {
		err = nil
	}
	return frames, notes, err
}

// same fails where frames are not those wanted.
func same(t testing.TB, got, want []wire.Frame) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range got {
		if d := sourcetest.Difference(got[i], want[i]); d != "" {
			t.Fatalf("frame %d: %s", i+1, d)
		}
	}
}
