package amounts_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/columns"
	"netramet/reader/csv"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
)

// TestQuiet: in files whose names tell of the time, collections without flows are no gap
// behind which amounts are not known, as long as a missing file cannot be the reason. CSV
// has no lines of them.
func TestQuiet(t *testing.T) {
	for _, tt := range []struct {
		name string
		// Of each ten seconds: a, b: a flow grew; A, B: the same, of a reader that began
		// with it; a point: nothing came.
		seconds   string
		unsure    string // flows in whose last record the amount is not known
		unsureCSV string
	}{
		{name: "at the end", seconds: "ab..A"},
		{name: "in between", seconds: "ab..aB"},
		{name: "a file further", seconds: "ab..a.aB"},
		{name: "until the name changes", seconds: "ab....B"},
		{name: "a file that may be missing", seconds: "ab.........A", unsureCSV: "A"},
	} {
		for kind, format := range map[string]lines.Format{"jsonl": jsonl.New(columns.RTFM), "csv": csv.New(columns.RTFM)} {
			t.Run(tt.name+" "+kind, func(t *testing.T) {
				q := &quiet{t: t, format: format, name: filepath.Join(t.TempDir(), "%M")}
				q.start()
				for i, c := range tt.seconds {
					q.collect(uint64(i), c)
				}
				want := tt.unsure
				if kind == "csv" {
					want = tt.unsureCSV
				}
				if got := q.unsure; got != want {
					t.Errorf("not known are amounts of %q, want %q", got, want)
				}
			})
		}
	}
}

// TestShortRuns: a meter is started again soon after it was started, and so is its reader. What
// the new run has counted is not taken for older than what the first one had.
func TestShortRuns(t *testing.T) {
	for kind, format := range map[string]lines.Format{"jsonl": jsonl.New(columns.RTFM), "csv": csv.New(columns.RTFM)} {
		t.Run(kind, func(t *testing.T) {
			q := &quiet{t: t, format: format, name: filepath.Join(t.TempDir(), "flows")}
			nine := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
			var counts uint64
			for _, c := range []struct {
				start    time.Duration // of the meter, behind nine
				from, to uint64
				fresh    bool // the reader has seen the meter start
				again    bool // the reader is started before it
			}{
				{0, 1, 100, true, true}, {0, 99, 300, false, false}, {0, 299, 500, false, false},
				{7 * time.Second, 1, 100, true, false}, {7 * time.Second, 99, 200, false, true}, {7 * time.Second, 199, 600, false, true},
				{8 * time.Second, 599, 700, false, true}, // as far as the clock tells now
			} {
				if c.again {
					q.start()
				}
				if c.fresh {
					counts = 0
				}
				counts += 5
				iv := reader.Interval{Number: 1, From: c.from, To: c.to, Meter: "m", Fresh: c.fresh}
				iv.SetStart(nine.Add(c.start))
				iv.Time = iv.End()
				var rec reader.Record
				rec.Clear(1)
				rec.RuleSet, rec.Index, rec.FirstTime, rec.Values[0].Num = 2, 1, 50, counts
				q.unsure = "the flow"
				err := q.out.Begin(iv, []reader.Task{{RuleSet: 2, Format: plain(mib.AttrToPDUs)}})
				if err = errors.Join(err, q.out.Record(&rec), q.out.End()); err != nil {
					t.Fatal(err)
				}
				if q.unsure != "" {
					t.Errorf("start %v, from %d to %d: the amount is not known", c.start, c.from, c.to)
				}
			}
		})
	}
}

// quiet is a meter of few flows, and its reader.
type quiet struct {
	t      *testing.T
	format lines.Format
	name   string
	out    *amounts.Output
	file   *lines.File
	counts [2]uint64
	unsure string
}

// start starts the reader.
func (q *quiet) start() {
	if q.file != nil {
		if err := q.file.Close(); err != nil {
			q.t.Fatal(err)
		}
	}
	behind := &struct{ reader.Output }{}
	q.out = amounts.New(behind)
	file, err := lines.Open(q.name, q.format, lines.Options{TakeUp: q.out.TakeUp})
	if err != nil {
		q.t.Fatal(err)
	}
	q.t.Cleanup(func() { _ = file.Close() })
	q.file, behind.Output = file, &noted{file, q}
}

// collect makes the collection of ten seconds.
func (q *quiet) collect(i uint64, c rune) {
	q.t.Helper()
	if c == 'A' || c == 'B' {
		q.start()
	}
	iv := reader.Interval{Number: i + 1, From: max(1, i*1000), To: i*1000 + 1001, Meter: "m"}
	iv.SetStart(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC).Add(-10 * time.Millisecond)) // uptime 1 is at nine
	iv.Time = iv.End()
	err := q.out.Begin(iv, []reader.Task{{RuleSet: 2, Format: plain(mib.AttrToPDUs)}})
	if flow := map[rune]int{'a': 0, 'A': 0, 'b': 1, 'B': 1}; c != '.' {
		var rec reader.Record
		rec.Clear(1)
		n := flow[c]
		q.counts[n] += 5
		rec.RuleSet, rec.Index, rec.FirstTime, rec.Values[0].Num = 2, uint32(n+1), uint64(1+1000*n), q.counts[n]
		q.unsure = string(c)
		err = errors.Join(err, q.out.Record(&rec))
	}
	if err = errors.Join(err, q.out.End()); err != nil {
		q.t.Fatal(err)
	}
}

// noted notes whether the amount of the last record is known.
type noted struct {
	reader.Output
	q *quiet
}

func (n *noted) Record(rec *reader.Record) error {
	if !rec.Baseline {
		n.q.unsure = ""
	}
	return n.Output.Record(rec)
}
