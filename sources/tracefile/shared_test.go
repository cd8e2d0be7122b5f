package tracefile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/sources"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// TestSharedTraces writes real traces in each format that holds them, and reads
// them back.
func TestSharedTraces(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "traces")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the shared traces are not there: ../shared/traces")
	}
	for _, folder := range []string{"formats", "derived", "encap", "pcapng-gen", "edge"} {
		files, err := os.ReadDir(filepath.Join(dir, folder))
		if err != nil {
			t.Fatal(err)
		}
		held := map[string]int{}
		for _, file := range files {
			path := filepath.Join(dir, folder, file.Name())
			frames, names := copied(t, path)
			if len(frames) == 0 || len(frames) > 20000 {
				continue
			}
			for _, format := range Formats {
				if err := again(t, format, frames, names); err == nil {
					held[format]++
				} else if format == "pcapng" && !strings.Contains(err.Error(), errATM.Error()) {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
		t.Logf("%s: %v", folder, held)
	}
}

// copied are the frames of a trace, as far as it can be read, and what it says of
// its interfaces.
func copied(t *testing.T, path string) (frames []wire.Frame, all []wire.Interface) {
	t.Helper()
	src, err := sources.Open(path, sources.Options{})
	if err != nil {
		return nil, nil // which the tests of package sources look at
	}
	defer src.Close()
	var b wire.Batch
	defer b.Release()
	for err == nil {
		err = src.Read(&b)
		for _, f := range b.Frames {
			f.Data = bytes.Clone(f.Data)
			frames = append(frames, f)
		}
	}
	return frames, src.(sources.Informer).Info().Interfaces
}

// again writes frames and compares what is read back. The error is that of a frame
// which the format cannot hold.
func again(t *testing.T, format string, frames []wire.Frame, all []wire.Interface) error {
	t.Helper()
	var out bytes.Buffer
	w, err := Create(format+":-", Options{Stdout: &out, About: func() (wire.Section, []wire.Interface) { return wire.Section{}, all }})
	if err != nil {
		t.Fatal(err)
	}
	for i := range frames {
		if err := w.Write(&frames[i]); err != nil {
			return w.Close()
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, _ := readBack(t, format+":-", &out)
	if len(got) != len(frames) {
		t.Fatalf("%s: %d frames, want %d", format, len(got), len(frames))
	}
	var times clock
	for i, want := range frames {
		if at := times.of(&want); format != "pcapng" {
			want.Time = at
		}
		want.Data, want.WireLen = known(&want)
		want.Interface, want.Flags = got[i].Interface, got[i].Flags
		if want.LinkType == wire.LinkRaw && format == "erf" {
			want.LinkType = got[i].LinkType
		}
		if d := sourcetest.Difference(got[i], want); d != "" {
			t.Fatalf("%s: frame %d: %s", format, i+1, d)
		}
	}
	return nil
}
