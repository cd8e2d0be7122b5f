package outputs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"netramet/internal/filelock"
	"netramet/reader"
	"netramet/reader/lines/linestest"
)

// failing is an output that cannot take the second collection.
type failing struct {
	io.Writer
	begun int
}

var errFull = errors.New("no room")

func (f *failing) Begin(reader.Interval, []reader.Task) error {
	if f.begun++; f.begun == 2 {
		return errFull
	}
	return nil
}
func (f *failing) Record(*reader.Record) error { return nil }
func (f *failing) End() error                  { _, err := f.Write([]byte("x")); return err }
func (f *failing) Abort() error                { return nil }

// TestAnswer: files of an answer are there whole, or as they were before.
func TestAnswer(t *testing.T) {
	for _, effort := range []bool{true, false} {
		dir := t.TempDir()
		csv, flows, tables := filepath.Join(dir, "f.csv"), filepath.Join(dir, "f.flows"), filepath.Join(dir, "f.table")
		for _, name := range []string{csv, flows, tables} {
			if err := os.WriteFile(name, []byte("before"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		told := ""
		out, err := Open([]Spec{{Kind: CSV, Path: csv}, {BestEffort: effort, Kind: Flows, Path: flows}, {Kind: Table, Path: tables}},
			Options{Answer: true, Tell: func(text string) { told += text }, FlowsTo: func(w io.Writer) reader.Output { return &failing{Writer: w} }})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range append(linestest.Sample(), linestest.Sample()[0]) {
			err = out.Begin(c.Interval, c.Tasks)
			for i := range c.Records {
				if err == nil {
					err = out.Record(&c.Records[i])
				}
			}
			if err != nil {
				break
			}
			if err = out.End(); err != nil {
				break
			}
		}
		if effort != (err == nil) || effort != strings.Contains(told, "no room") {
			t.Fatalf("besteffort %v: %v, told %q", effort, err, told)
		}
		if err == nil {
			err = out.Finish()
		}
		if cerr := out.Close(); cerr != nil || effort && err != nil {
			t.Error(cerr, err)
		}
		for name, whole := range map[string]bool{csv: effort, tables: effort, flows: false} {
			if got, err := os.ReadFile(name); err != nil || whole == (string(got) == "before") {
				t.Errorf("besteffort %v: %s is %q, %v", effort, name, got, err)
			}
		}
		if found, err := os.ReadDir(dir); err != nil || len(found) != 3 {
			t.Errorf("%v, %v", found, err)
		}
	}
}

// TestLocked: two outputs do not write to one file.
func TestLocked(t *testing.T) {
	for _, answer := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "f.table")
		first, err := Open([]Spec{{Kind: Table, Path: path}}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open([]Spec{{Kind: Table, Path: path}}, Options{Answer: answer, Replace: true}); !errors.Is(err, filelock.ErrHeld) {
			t.Errorf("answer %v: a second one: %v", answer, err)
		}
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		again, err := Open([]Spec{{Kind: Table, Path: path}}, Options{Answer: answer})
		if err != nil {
			t.Fatal(err)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
