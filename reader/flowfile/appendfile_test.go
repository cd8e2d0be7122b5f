package flowfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/reader"
)

// openFlows opens path for appending, fatally.
func openFlows(t *testing.T, path string, o Options) *AppendFile {
	t.Helper()
	a, err := OpenAppend(path, testHeader(), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// wholeFile is what two collections in one go make.
func wholeFile(t *testing.T, n uint64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole")
	a := openFlows(t, path, Options{})
	for i := uint64(1); i <= n; i++ {
		if err := putSimple(t, a, i); err != nil {
			t.Fatal(err)
		}
	}
	return mustRead(t, path)
}

func putSimple(t *testing.T, out reader.Output, n uint64) error {
	t.Helper()
	return put(out, interval(n), []reader.Task{simpleTask(t, 2, "two")}, simpleRecord(2, 1, n), simpleRecord(2, 5, 10*n))
}

func TestAppendOverProcesses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.flows.001")
	for i := uint64(1); i <= 3; i++ { // a process for each collection
		a := openFlows(t, path, Options{Sync: true})
		if err := putSimple(t, a, i); err != nil {
			t.Fatal(err)
		}
		if err := a.Close(); err != nil || a.CutOff() != 0 || a.Skipped() != 0 {
			t.Fatalf("close %v, cut %d, skipped %d", err, a.CutOff(), a.Skipped())
		}
	}
	if got, want := mustRead(t, path), wholeFile(t, 3); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestTailIsCutOff(t *testing.T) {
	whole := wholeFile(t, 2)
	one := wholeFile(t, 1)
	for size := 0; size <= len(whole); size++ {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(whole[:size]), 0o644); err != nil {
			t.Fatal(err)
		}
		a := openFlows(t, path, Options{})
		kept := 0
		switch {
		case size == len(whole):
			kept = size
		case size >= len(one):
			kept = len(one)
		}
		if got := a.CutOff(); got != int64(size-kept) {
			t.Fatalf("of %d octets %d were cut off, want %d", size, got, size-kept)
		}
		for i := uint64(1); i <= 2; i++ {
			if err := putSimple(t, a, i); err != nil {
				t.Fatal(err)
			}
		}
		if got := mustRead(t, path); got != whole {
			t.Fatalf("from %d octets on:\n%s", size, got)
		}
	}
}

func TestWrittenBlockIsNotWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	a := openFlows(t, path, Options{})
	for _, n := range []uint64{1, 2, 2, 1} {
		if err := putSimple(t, a, n); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	a = openFlows(t, path, Options{})
	for _, n := range []uint64{2, 3} {
		if err := putSimple(t, a, n); err != nil {
			t.Fatal(err)
		}
	}
	if got := mustRead(t, path); got != wholeFile(t, 3) || a.Skipped() != 1 {
		t.Errorf("skipped %d\n%s", a.Skipped(), got)
	}
}

// TestOtherRulesAreWritten: one trace metered twice by different rules gives
// collections that differ in nothing but their rule sets.
func TestOtherRulesAreWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	iv := reader.Interval{Number: 1, Time: testStart, From: 1, To: 6001}
	one := reader.Task{RuleSet: 2, Name: "one", Format: format(t, "FlowIndex")}
	two := reader.Task{RuleSet: 2, Name: "two", Format: one.Format}
	for _, tt := range []struct {
		tasks   []reader.Task
		skipped int
	}{
		{[]reader.Task{one}, 0},
		{[]reader.Task{two}, 0},
		{[]reader.Task{one}, 1},
		{[]reader.Task{one, {RuleSet: 3, Format: one.Format}}, 0},
		{[]reader.Task{one, {RuleSet: 3, Format: one.Format}}, 1},
	} {
		a := openFlows(t, path, Options{})
		if err := put(a, iv, tt.tasks); err != nil || a.Skipped() != tt.skipped {
			t.Errorf("%v: error %v, skipped %d, want %d", tt.tasks, err, a.Skipped(), tt.skipped)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(mustRead(t, path), timeMark); n != 3 {
		t.Errorf("%d collections, want 3", n)
	}
}

func TestRenamedAway(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	a := openFlows(t, path, Options{Sync: true})
	if err := putSimple(t, a, 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	// The collection that was written last comes again: it is in the old file.
	if err := errors.Join(putSimple(t, a, 1), putSimple(t, a, 2), putSimple(t, a, 3)); err != nil {
		t.Fatal(err)
	}
	_, blocks := readAll(t, []byte(mustRead(t, path)))
	if len(blocks) != 2 || blocks[0].Number != 2 {
		t.Errorf("new file:\n%s", mustRead(t, path))
	}
	if got := mustRead(t, path+".old"); got != wholeFile(t, 1) {
		t.Errorf("old file:\n%s", got)
	}
}

func TestRenamedWhileCollecting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	a := openFlows(t, path, Options{})
	rec := simpleRecord(2, 1, 1)
	if err := a.Begin(interval(1), []reader.Task{simpleTask(t, 2, "two")}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.Record(&rec), a.End(), putSimple(t, a, 2)); err != nil {
		t.Fatal(err)
	}
	for name, number := range map[string]uint64{path + ".old": 1, path: 2} {
		if _, blocks := readAll(t, []byte(mustRead(t, name))); len(blocks) != 1 || blocks[0].Number != number {
			t.Errorf("%s:\n%s", name, mustRead(t, name))
		}
	}
}

func TestRefusesForeignFiles(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no flow file", "root:x:0:0:\n", "not a flow data file"},
		{"no newline", "precious", "not a flow data file"},
		{"of NeTraMet 3.2", oldFile, "not a flow data file"},
		{"other octets", strings.Replace(wholeFile(t, 1), "octets=frame", "octets=peer", 1), "octets=peer, not octets=frame"},
		{"other zone", strings.Replace(wholeFile(t, 1), "zone=UTC", "zone=local", 1), "zone=local, not zone=UTC"},
		{"damaged", strings.Replace(wholeFile(t, 1), "Flows from", "Flows for", 1), "line 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := OpenAppend(path, testHeader(), Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if got := mustRead(t, path); got != tt.text {
				t.Errorf("the file was changed:\n%s", got)
			}
		})
	}
}

func TestCreateStartsAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("what a user asked to replace"), 0o644); err != nil {
		t.Fatal(err)
	}
	a, err := Create(path, testHeader(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(putSimple(t, a, 1), a.Close()); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, path); got != wholeFile(t, 1) {
		t.Errorf("got\n%s", got)
	}
}

func TestUnwritable(t *testing.T) {
	if _, err := OpenAppend(filepath.Join(t.TempDir(), "no", "such", "dir"), testHeader(), Options{}); err == nil {
		t.Error("a file in a missing directory opened")
	}
	if _, err := OpenAppend(t.TempDir(), testHeader(), Options{}); err == nil {
		t.Error("a directory opened")
	}
}

// faulty is a file that has a fault.
type faulty struct {
	*os.File
	left    int // room on the disk
	syncErr error
}

func (f *faulty) Write(b []byte) (int, error) {
	n, err := f.File.Write(b[:min(len(b), f.left)])
	f.left -= n
	if err == nil && n < len(b) {
		err = errFull
	}
	return n, err
}

func (f *faulty) Sync() error { return f.syncErr }

// TestFullDisk: a collection that does not fit leaves the file as it was, and
// comes again when there is room.
func TestFullDisk(t *testing.T) {
	syncFails := errors.New("device gone")
	for _, tt := range []struct {
		name  string
		fault faulty
		want  error
	}{
		{"full at once", faulty{}, errFull},
		{"full in a line", faulty{left: 77}, errFull},
		{"cannot sync", faulty{left: 1 << 20, syncErr: syncFails}, syncFails},
	} {
		for _, before := range []uint64{0, 1} {
			t.Run(tt.name, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "f")
				a := openFlows(t, path, Options{Sync: true})
				for i := uint64(1); i <= before; i++ {
					if err := putSimple(t, a, i); err != nil {
						t.Fatal(err)
					}
				}
				was := mustRead(t, path)
				a.open = func(path string) (file, error) {
					f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
					return &faulty{File: f, left: tt.fault.left, syncErr: tt.fault.syncErr}, err
				}
				if err := putSimple(t, a, before+1); !errors.Is(err, tt.want) {
					t.Fatalf("got %v, want %v", err, tt.want)
				}
				if got := mustRead(t, path); got != was {
					t.Fatalf("the file has changed:\n%s", got)
				}
				a.open = openFile
				if err := putSimple(t, a, before+1); err != nil {
					t.Fatal(err)
				}
				if got := mustRead(t, path); got != wholeFile(t, before+1) {
					t.Errorf("after another try:\n%s", got)
				}
			})
		}
	}
}

// closing is a file that loses what was written when it is closed, as one on a
// network file system can whose server is full.
type closing struct {
	*os.File
	size int64
}

func (c *closing) Close() error {
	return errors.Join(c.File.Truncate(c.size), c.File.Close(), errFull)
}

// TestCloseFails: a collection that was lost as the file was closed comes again.
func TestCloseFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	a := openFlows(t, path, Options{})
	if err := putSimple(t, a, 1); err != nil {
		t.Fatal(err)
	}
	was := mustRead(t, path)
	a.open = func(path string) (file, error) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		return &closing{f, int64(len(was))}, err
	}
	if err := putSimple(t, a, 2); !errors.Is(err, errFull) {
		t.Fatalf("got %v, want %v", err, errFull)
	}
	a.open = openFile
	if err := putSimple(t, a, 2); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, path); got != wholeFile(t, 2) || a.Skipped() != 0 {
		t.Errorf("after another try:\n%s", got)
	}
}

func TestBadFormatLeavesTheFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	a := openFlows(t, path, Options{})
	if err := putSimple(t, a, 1); err != nil {
		t.Fatal(err)
	}
	bad := reader.Task{RuleSet: 2, Format: format(t, "topdus")}
	bad.Format.Seps[0] = "\n"
	if err := a.Begin(interval(2), []reader.Task{bad}); err == nil {
		t.Fatal("a format with a newline began")
	}
	if err := putSimple(t, a, 2); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, path); got != wholeFile(t, 2) {
		t.Errorf("got\n%s", got)
	}
}

func TestDevice(t *testing.T) {
	a, err := OpenAppend(os.DevNull, testHeader(), Options{Sync: true})
	if err != nil {
		t.Skip("no null device:", err)
	}
	if err := errors.Join(putSimple(t, a, 1), putSimple(t, a, 2), a.Close()); err != nil {
		t.Error(err)
	}
	if a, err = OpenAppend("/dev/full", testHeader(), Options{Sync: true}); err != nil {
		t.Skip("no full device:", err)
	}
	if err := putSimple(t, a, 1); err == nil {
		t.Error("a full device took a collection")
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(oldFile))
	f.Add([]byte("##NeTraMet v1:  -  m -  octets=frame zone=UTC  1 flows  starting at 00:00:00 Thu 1 Jan 1970\n#Time: 00:00:00 Thu  1 Jan 1970 m Flows from 1 to 2\n#EndData: m 1\n#Time"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := scan(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		if s.whole > int64(len(data)) {
			t.Fatalf("whole %d of %d octets", s.whole, len(data))
		}
		// What is kept is whole: scanning it again finds nothing to cut.
		again, err := scan(strings.NewReader(string(data[:s.whole])))
		if err != nil || again.whole != s.whole || len(again.blocks) != len(s.blocks) {
			t.Fatalf("kept %d octets, then %d, %v", s.whole, again.whole, err)
		}
	})
}
