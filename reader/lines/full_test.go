package lines

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"netramet/reader"
)

// words is a format of a line for each flow, with a mark behind the last.
type words struct{}

func (words) Begin(b []byte, iv *reader.Interval, _ []reader.Task, _ string) ([]byte, error) {
	return fmt.Appendf(b, "begin %d\n", iv.Number), nil
}

func (words) Record(b []byte, rec *reader.Record) ([]byte, error) {
	return fmt.Appendf(b, "flow %d %s\n", rec.Index, strings.Repeat("x", 1000)), nil
}

func (words) Stored(b []byte, _ []reader.Stored) ([]byte, error) { return b, errors.New("none comes") }
func (words) End(b []byte) ([]byte, error)                       { return append(b, "end\n"...), nil }

func (words) Abort(b []byte) []byte { return b }

func (words) Scan(r io.Reader, _ func(*Collection) error) (whole int64, header string, err error) {
	for in, at := bufio.NewReader(r), 0; ; {
		line, err := in.ReadString('\n')
		if err != nil {
			return whole, "", nil
		}
		if at += len(line); line == "end\n" {
			whole = int64(at)
		}
	}
}

// disk has room for some octets.
type disk struct {
	handle
	room *int
}

func (d disk) Write(b []byte) (int, error) {
	if len(b) > *d.room {
		n, _ := d.handle.Write(b[:*d.room])
		*d.room = 0
		return n, syscall.ENOSPC
	}
	*d.room -= len(b)
	return d.handle.Write(b)
}

// TestAnswerOnFullDisk: of an answer nothing stays, so nothing is said of what does.
func TestAnswerOnFullDisk(t *testing.T) {
	f, err := Open(filepath.Join(t.TempDir(), "flows"), words{}, Options{Replace: true, Whole: true})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.open = func(path string, flag int) (handle, error) {
		h, err := (&Options{}).open(path, flag)
		return disk{h, new(int)}, err
	}
	if err = f.Begin(reader.Interval{Number: 1}, nil); err == nil {
		err = f.End()
	}
	if err == nil || strings.Contains(err.Error(), "cut back") {
		t.Errorf("%v", err)
	}
}

// TestDiskFull: a file on a full disk keeps its whole collections, and goes on when
// there is room.
func TestDiskFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flows")
	f, err := Open(path, words{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	room := 0
	f.open = func(path string, flag int) (handle, error) {
		h, err := (&Options{}).open(path, flag)
		return disk{h, &room}, err
	}
	collect := func(n, flows int) error {
		iv := reader.Interval{Number: uint64(n), Time: time.Unix(int64(n), 0)}
		err := f.Begin(iv, nil)
		for i := 0; err == nil && i < flows; i++ {
			err = f.Record(&reader.Record{Index: uint32(i)})
		}
		if err == nil {
			err = f.End()
		}
		if err != nil {
			if err := f.Abort(); err != nil {
				t.Error(err)
			}
		}
		return err
	}
	var want strings.Builder
	for n := range 8 {
		flows := 1 + n%2*200 // more than are held back, too
		before, _ := os.ReadFile(path)
		for _, room = range []int{0, 1, 700, 1000 * (flows - 1)} {
			err := collect(n, flows)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "make room") {
				t.Fatalf("%v", err)
			}
			if now, _ := os.ReadFile(path); string(now) != string(before) {
				t.Fatalf("%d octets, there were %d", len(now), len(before))
			}
		}
		room = 1 << 20
		if err := collect(n, flows); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&want, "begin %d\n", n)
		for i := range flows {
			fmt.Fprintf(&want, "flow %d %s\n", i, strings.Repeat("x", 1000))
		}
		want.WriteString("end\n")
	}
	if got, _ := os.ReadFile(path); string(got) != want.String() {
		t.Errorf("%d octets, want %d", len(got), want.Len())
	}
}
