package lines_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"netramet/reader/lines"
	"netramet/reader/lines/linestest"
)

// TestWhole: files have their names, and take the places of others, when all is there.
func TestWhole(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		sample := linestest.Sample()
		path := filepath.Join(t.TempDir(), "f")
		want := linestest.Write(t, f(), sample)
		for _, name := range []string{path, filepath.Join(t.TempDir(), "%Y")} {
			if name == path {
				if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			out := open(t, name, f(), lines.Options{Replace: true, Whole: true})
			mustWrite(t, out, sample)
			if name == path && content(t, path) != "before" {
				t.Errorf("%s is %q before all is there", path, content(t, path))
			}
			if err := out.Finish(); err != nil {
				t.Fatal(err)
			}
			if err := out.Close(); err != nil {
				t.Fatal(err)
			}
			found, err := filepath.Glob(filepath.Join(filepath.Dir(name), "*"))
			if err != nil || len(found) != 1 || content(t, found[0]) != string(want) {
				t.Fatalf("%s: %q, %v", name, found, err)
			}
			alone(t, found[0])
		}
	})
}

// TestWholeOfSeveral: a file that was left is gone on with.
func TestWholeOfSeveral(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		dir := t.TempDir()
		sample := linestest.Sample()[:1]
		for _, at := range []int{0, 1, 0} { // hours of the file
			next := sample[0]
			next.Interval.Number = uint64(len(sample))
			next.Interval.Begin = next.Interval.Begin.AddDate(0, 0, len(sample)).Add(time.Duration(at) * time.Hour)
			sample = append(sample, next)
		}
		sample = sample[1:]
		out := open(t, filepath.Join(dir, "%H"), f(), lines.Options{Replace: true, Whole: true})
		mustWrite(t, out, sample)
		if err := out.Finish(); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		for _, want := range [][]linestest.Collection{{sample[0], sample[2]}, {sample[1]}} {
			name := filepath.Join(dir, want[0].Interval.Begin.Format("15"))
			if got := content(t, name); got != string(linestest.Write(t, f(), want)) {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
}

// TestWholeUnfinished: of what is not whole nothing is left, and what was there stands.
func TestWholeUnfinished(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		out := open(t, path, f(), lines.Options{Replace: true, Whole: true})
		mustWrite(t, out, linestest.Sample())
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != "before" {
			t.Errorf("the file is %q", got)
		}
		alone(t, path)
	})
}
