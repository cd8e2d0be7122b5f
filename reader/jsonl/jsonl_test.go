package jsonl

import (
	"path/filepath"
	"testing"

	"netramet/internal/golden"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/flowfile"
	"netramet/reader/lines"
	"netramet/reader/lines/linestest"
	"netramet/ruleset"
)

func newRTFM() lines.Format { return New(columns.RTFM) }

func TestFormat(t *testing.T) { linestest.TestFormat(t, newRTFM) }

func TestNamesOfOthers(t *testing.T) {
	linestest.TestFormat(t, func() lines.Format { return New(columns.ECS) })
	file := linestest.Write(t, New(columns.ECS), linestest.Sample())
	if found, _, err := linestest.Scan(newRTFM(), file); err == nil {
		t.Errorf("%d collections with names of ECS are read by those of RTFM", len(found))
	}
}

func FuzzScan(f *testing.F) { linestest.Fuzz(f, newRTFM) }

func TestGolden(t *testing.T) {
	for _, names := range []columns.Names{columns.RTFM, columns.ECS} {
		golden.Compare(t, filepath.Join("testdata", names.String()+".jsonl"), linestest.Write(t, New(names), linestest.Sample()))
	}
}

// TestNoAllocation: a flow costs none.
func TestNoAllocation(t *testing.T) {
	c := &linestest.Sample()[0]
	f := newRTFM()
	b, err := f.Begin(nil, &c.Interval, c.Tasks, "")
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, make([]byte, 1<<16)...)
	if n := testing.AllocsPerRun(100, func() {
		b = b[:0]
		for i := range c.Records {
			b, _ = f.Record(b, &c.Records[i])
		}
	}); n > 0 {
		t.Errorf("%v allocations for %d flows", n, len(c.Records))
	}
}

func TestUnknownRuleSet(t *testing.T) {
	c := &linestest.Sample()[0]
	f := newRTFM()
	if _, err := f.Begin(nil, &c.Interval, c.Tasks, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Record(nil, &reader.Record{RuleSet: 99}); err == nil {
		t.Error("a flow of a rule set that is not collected is written")
	}
}

// BenchmarkRecord is beside the flow data file's of the same flows.
func BenchmarkRecord(b *testing.B) {
	c := linestest.Sample()[0]
	c.Tasks = []reader.Task{{RuleSet: 2, Name: "x", Format: ruleset.DefaultFormat()}}
	attrs := c.Tasks[0].Format.Attrs
	var rec reader.Record
	rec.Clear(len(attrs))
	rec.RuleSet, rec.Index, rec.FirstTime = 2, 12345, 777
	for i, a := range attrs {
		v := &rec.Values[i]
		v.Num = uint64(1000 * (i + 1))
		switch a.Size() {
		case 20:
			v.Len = uint8(copy(v.Octets[:], []byte{10, 1, 200, 33}))
		case 2:
			v.Len = uint8(copy(v.Octets[:], []byte{200, 33}))
		}
	}
	rec.PeerType = 1
	rec.Amounts = make([]uint64, len(attrs))
	b.Run("jsonl", func(b *testing.B) {
		f := newRTFM()
		out, err := f.Begin(make([]byte, 0, 1<<16), &c.Interval, c.Tasks, "")
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			out, _ = f.Record(out[:0], &rec)
		}
		b.SetBytes(int64(len(out)))
	})
	b.Run("flowfile", func(b *testing.B) {
		w := flowfile.NewWriter(discard{}, flowfile.Header{})
		if err := w.Begin(c.Interval, c.Tasks); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if err := w.Record(&rec); err != nil {
				b.Fatal(err)
			}
		}
	})
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
