package lines_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"netramet/internal/filelock"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/csv"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
	"netramet/reader/lines/linestest"
)

var formats = map[string]func() lines.Format{
	"jsonl": func() lines.Format { return jsonl.New(columns.RTFM) },
	"csv":   func() lines.Format { return csv.New(columns.RTFM) },
}

// each runs a test for each format.
func each(t *testing.T, test func(*testing.T, func() lines.Format)) {
	for name, f := range formats {
		t.Run(name, func(t *testing.T) { test(t, f) })
	}
}

func open(t *testing.T, path string, f lines.Format, o lines.Options) *lines.File {
	t.Helper()
	file, err := lines.Open(path, f, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func write(out reader.Output, c *linestest.Collection) error {
	err := out.Begin(c.Interval, c.Tasks)
	for i := range c.Records {
		if err == nil {
			err = out.Record(&c.Records[i])
		}
	}
	if err == nil {
		err = out.End()
	}
	if err != nil {
		return errors.Join(err, out.Abort())
	}
	return nil
}

func mustWrite(t *testing.T, out reader.Output, all []linestest.Collection) {
	t.Helper()
	for i := range all {
		if err := write(out, &all[i]); err != nil {
			t.Fatal(err)
		}
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// alone: nothing else is in the file's folder.
func alone(t *testing.T, path string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(list) != 1 || list[0].Name() != filepath.Base(path) {
		t.Errorf("the folder holds %v, %v", list, err)
	}
}

// TestFile: a file has what the format makes, and no other name beside it.
func TestFile(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		all := linestest.Sample()
		want := string(linestest.Write(t, f(), all))
		path := filepath.Join(t.TempDir(), "flows")
		out := open(t, path, f(), lines.Options{Sync: true})
		if _, err := os.Stat(path); err == nil {
			t.Error("the file has its name before it has anything")
		}
		mustWrite(t, out, all)
		if err := out.Close(); err != nil {
			t.Error(err)
		}
		if got := content(t, path); got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
		alone(t, path)

		var screen bytes.Buffer
		mustWrite(t, open(t, "-", f(), lines.Options{Stdout: &screen}), all)
		if screen.String() != want {
			t.Errorf("on standard output: %q", &screen)
		}
	})
}

// TestNothing: a file that nothing was written to is not there.
func TestNothing(t *testing.T) {
	dir := t.TempDir()
	out := open(t, filepath.Join(dir, "flows"), formats["csv"](), lines.Options{})
	if err := out.Close(); err != nil {
		t.Error(err)
	}
	if list, err := os.ReadDir(dir); len(list) > 0 || err != nil {
		t.Errorf("%v, %v", list, err)
	}
}

// TestCut: whatever a killed program left, the collections after it follow the whole
// ones, and those that were there are not written again.
func TestCut(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		all := linestest.Sample()
		want := string(linestest.Write(t, f(), all))
		path := filepath.Join(t.TempDir(), "flows")
		for cut := 0; cut <= len(want); cut += 1 + 5*(cut%13) {
			if err := os.WriteFile(path, []byte(want[:cut]), 0o666); err != nil {
				t.Fatal(err)
			}
			taken := 0
			out := open(t, path, f(), lines.Options{TakeUp: func(*lines.Collection) { taken++ }})
			mustWrite(t, out, all)
			if err := out.Close(); err != nil {
				t.Fatal(err)
			}
			if got := content(t, path); got != want {
				t.Fatalf("cut to %d octets, %d collections taken up:\n%s\nwant\n%s", cut, taken, got, want)
			}
			if cut == len(want) && taken < 2 {
				t.Errorf("%d collections taken up", taken)
			}
		}
	})
}

// TestMoved: a file that was renamed away is left as it is, and another begins.
func TestMoved(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		all := linestest.Sample()
		dir := t.TempDir()
		path := filepath.Join(dir, "flows")
		out := open(t, path, f(), lines.Options{})
		mustWrite(t, out, all[:1])
		first := content(t, path)
		if err := os.Rename(path, path+".old"); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, out, all) // of which the first is there, under another name
		if content(t, path+".old") != first {
			t.Error("the file that was renamed is another")
		}
		if got, want := content(t, path), string(linestest.Write(t, f(), all[1:])); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		if err := os.WriteFile(path, append([]byte(content(t, path)), "{\"type"...), 0o666); err != nil {
			t.Fatal(err)
		}
		next := all[2]
		next.Interval.Number += 7
		var told string
		again := open(t, filepath.Join(dir, "flows2"), f(), lines.Options{Tell: func(text string) { told += text }})
		if err := again.Close(); err != nil || told != "" {
			t.Error(err, told)
		}
		mustWrite(t, out, []linestest.Collection{next})
		if n := strings.Count(content(t, path), "{\"type\n"); n > 0 {
			t.Error("an unfinished line was appended to")
		}
	})
}

// TestLock: two cannot write to one file, by whatever names.
func TestLock(t *testing.T) {
	if runtime.GOOS == "plan9" || runtime.GOOS == "js" {
		t.Skip("no locks of files here")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "flows")
	all := linestest.Sample()
	f := formats["jsonl"]
	first := open(t, path, f(), lines.Options{})
	refused := func(path string) {
		t.Helper()
		if out, err := lines.Open(path, f(), lines.Options{}); !errors.Is(err, filelock.ErrHeld) {
			t.Errorf("%s: %v, %v", path, out, err)
		}
	}
	refused(path)
	mustWrite(t, first, all)
	refused(path)
	if err := os.Link(path, filepath.Join(dir, "other")); err == nil {
		refused(filepath.Join(dir, "other"))
	}
	if out, err := lines.Open(path, f(), lines.Options{Replace: true}); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("to be replaced: %v, %v", out, err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path, f(), lines.Options{})
}

// TestReplace: the file stands until there is another in its place.
func TestReplace(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		path := filepath.Join(t.TempDir(), "flows")
		if err := os.WriteFile(path, []byte("something else\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		all := linestest.Sample()
		if _, err := lines.Open(path, f(), lines.Options{}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("appended to something else: %v", err)
		}
		out := open(t, path, f(), lines.Options{Replace: true})
		if err := write(&failing{out, 1}, &all[0]); err == nil {
			t.Error("no error")
		}
		if got := content(t, path); got != "something else\n" {
			t.Errorf("%q", got)
		}
		mustWrite(t, out, all)
		if err := out.Close(); err != nil {
			t.Error(err)
		}
		if got, want := content(t, path), string(linestest.Write(t, f(), all)); got != want {
			t.Errorf("%q\nwant %q", got, want)
		}
		alone(t, path)
	})
}

// TestLink: a link stays one, whether there is a file behind it or not yet.
func TestLink(t *testing.T) {
	for _, replace := range []bool{false, true} {
		dir := t.TempDir()
		path, real := filepath.Join(dir, "link"), filepath.Join(dir, "real")
		if err := os.Symlink("real", path); err != nil {
			t.Skip(err)
		}
		all := linestest.Sample()
		want := string(linestest.Write(t, formats["csv"](), all))
		for range 2 {
			out := open(t, path, formats["csv"](), lines.Options{Replace: replace})
			mustWrite(t, out, all)
			if err := out.Close(); err != nil {
				t.Error(err)
			}
			if got := content(t, real); got != want {
				t.Errorf("replaced: %v: %q", replace, got)
			}
			if _, err := os.Readlink(path); err != nil {
				t.Error(err)
			}
		}
	}
}

// failing is an output that fails at a record.
type failing struct {
	reader.Output
	at int
}

func (f *failing) Record(rec *reader.Record) error {
	if f.at--; f.at < 0 {
		return io.ErrShortWrite
	}
	return f.Output.Record(rec)
}

// TestAbort: a collection that is given up leaves nothing, though it was longer than
// what is held back.
func TestAbort(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		all := linestest.Sample()
		long := all[0]
		for range 2000 {
			long.Records = append(long.Records, long.Records[len(long.Records)-1])
		}
		path := filepath.Join(t.TempDir(), "flows")
		out := open(t, path, f(), lines.Options{})
		for i := range all {
			if err := write(&failing{out, 1500}, &long); err == nil {
				t.Error("no error")
			}
			mustWrite(t, out, all[i:i+1])
		}
		if got, want := content(t, path), string(linestest.Write(t, f(), all)); got != want {
			t.Errorf("%d octets, want %d", len(got), len(want))
		}
	})
}

// TestAbortedStream: what a stream has of a collection that was given up is passed over
// by those who read it, and the collection comes again whole.
func TestAbortedStream(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		all := linestest.Sample()
		long := all[0]
		last := long.Records[len(long.Records)-1]
		for i := range 2000 {
			last.Index = uint32(100 + i)
			long.Records = append(long.Records, last)
		}
		var stream bytes.Buffer
		out := open(t, "-", f(), lines.Options{Stdout: &stream})
		for _, c := range []*linestest.Collection{&long, &all[1], &all[2]} {
			if err := write(&failing{out, 1500}, &long); err == nil {
				t.Error("no error")
			}
			if err := write(out, c); err != nil {
				t.Fatal(err)
			}
		}
		want, _, _ := linestest.Scan(f(), linestest.Write(t, f(), []linestest.Collection{long, all[1], all[2]}))
		got, whole, err := linestest.Scan(f(), stream.Bytes())
		if err != nil || int(whole) != stream.Len() || len(got) != len(want) {
			t.Fatalf("%d collections, %d of %d octets, %v; want %d", len(got), whole, stream.Len(), err, len(want))
		}
		for i := range want {
			if len(got[i].Flows) != len(want[i].Flows) || got[i].Interval != want[i].Interval {
				t.Errorf("interval %d has %d flows, want %d with %d", got[i].Interval, len(got[i].Flows), want[i].Interval, len(want[i].Flows))
			}
		}
	})
}

// TestFull: what cannot be written is an error that says what to do.
func TestFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	all := linestest.Sample()
	out := open(t, "/dev/full", formats["csv"](), lines.Options{})
	if err := write(out, &all[0]); err == nil || !strings.Contains(err.Error(), "/dev/full") {
		t.Errorf("%v", err)
	}
}

// TestNames: each interval is in the file of its begin, and the newest are taken up.
func TestNames(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		dir := t.TempDir()
		name := filepath.Join(dir, "%Y", "%m-%d", "%H%M%%.flows")
		all := linestest.Sample()
		out := open(t, name, f(), lines.Options{})
		mustWrite(t, out, all)
		if err := out.Close(); err != nil {
			t.Error(err)
		}
		// 2023-11-14T22:13:20 is the meter's start; intervals of a minute.
		for i, path := range []string{"2213%.flows", "2214%.flows", "2215%.flows"} {
			path = filepath.Join(dir, "2023", "11-14", path)
			if got, want := content(t, path), string(linestest.Write(t, f(), all[i:i+1])); got != want {
				t.Errorf("%s: %s\nwant %s", path, got, want)
			}
		}
		taken, told := 0, ""
		out = open(t, name, f(), lines.Options{TakeUp: func(*lines.Collection) { taken++ }, Tell: func(s string) { told += s }})
		mustWrite(t, out, all)
		if taken < 2 || !strings.Contains(told, "there already") {
			t.Errorf("%d taken up; told: %s", taken, told)
		}
		path := filepath.Join(dir, "2023", "11-14", "2215%.flows")
		if got, want := content(t, path), string(linestest.Write(t, f(), all[2:])); got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"day/%Y%m%d-%H%M.csv", "%j%%", "%", "%x", "*[?\\%S"} {
		f.Add(s, int64(1700000000))
	}
	f.Fuzz(func(t *testing.T, text string, at int64) {
		n, err := lines.ParseName(text, nil)
		if err != nil {
			return
		}
		when := time.Unix(at%(1<<37), 0)
		path := n.At(when)
		if !n.Varies() && (path != n.At(when.Add(12345678*time.Second)) || !strings.Contains(text, "%") && path != text) {
			t.Errorf("%q is %q", text, path)
		}
		if len(path) > 3*len(text)+8 {
			t.Errorf("%q is %q", text, path)
		}
	})
}

// wholeLines says which writes did not end with a line.
type wholeLines struct{ writes, open int }

func (w *wholeLines) Write(b []byte) (int, error) {
	if w.writes++; !bytes.HasSuffix(b, []byte("\n")) {
		w.open++
	}
	return len(b), nil
}

// TestWholeLines: who reads a stream gets whole lines each time.
func TestWholeLines(t *testing.T) {
	each(t, func(t *testing.T, f func() lines.Format) {
		c := linestest.Sample()[0]
		last := c.Records[len(c.Records)-1]
		for i := range 3000 {
			last.Index = uint32(100 + i)
			c.Records = append(c.Records, last)
		}
		w := &wholeLines{}
		if err := write(open(t, "-", f(), lines.Options{Stdout: w}), &c); err != nil {
			t.Fatal(err)
		}
		if w.writes < 3 || w.open > 0 {
			t.Errorf("%d of %d writes end within a line", w.open, w.writes)
		}
	})
}
