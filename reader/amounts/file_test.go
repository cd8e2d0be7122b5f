package amounts_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/amounts/amountstest"
	"netramet/reader/columns"
	"netramet/reader/csv"
	"netramet/reader/flowfile"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
	"netramet/reader/outputs"
	"netramet/ruleset"
)

// plain is a FORMAT of attributes with blanks between.
func plain(attrs ...mib.Attr) *ruleset.Format {
	f := format(attrs...)
	for i := range f.Seps[1:len(attrs)] {
		f.Seps[1+i] = " "
	}
	return f
}

// fileWorld is a meter of which a reader writes amounts to files. The reader is killed at
// any moment, and its files may be taken away.
type fileWorld struct {
	t     *testing.T
	rnd   *rand.Rand
	kind  string // flows: a flow data file; jsonl, csv: files whose names tell of the time
	path  string
	tasks []reader.Task
	flows map[int]map[uint32]*flow
	want  map[string]uint64 // what flows had counted in the last collection that was written
	files []string

	out  *amounts.Output
	file io.Closer

	from, now, number uint64
	told              bool // the meter knows of all that was written
}

// start starts the reader, which goes on with the file.
func (w *fileWorld) start() {
	w.t.Helper()
	if w.file != nil {
		if err := w.file.Close(); err != nil {
			w.t.Fatal(err)
		}
	}
	if w.kind != outputs.Flows {
		w.startLines()
		return
	}
	file, err := flowfile.OpenAppend(w.path, flowfile.Header{Version: "1", Meter: "m", Octets: flowfile.OctetsFrame, Zone: flowfile.ZoneUTC, Amounts: true}, flowfile.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.out, w.file = amounts.InPlace(file), file
	in, err := file.Written()
	if err == nil && in != nil {
		err = errors.Join(w.out.TakeUpFile(in), in.Close())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// startLines is start of a reader that writes lines.
func (w *fileWorld) startLines() {
	w.t.Helper()
	var f lines.Format = csv.New(columns.RTFM)
	if w.kind == outputs.JSONL {
		f = jsonl.New(columns.RTFM)
	}
	behind := &struct{ reader.Output }{}
	w.out = amounts.New(behind)
	file, err := lines.Open(w.path, f, lines.Options{TakeUp: w.out.TakeUp})
	if err != nil {
		w.t.Fatal(err)
	}
	behind.Output, w.file = file, file
}

// meter has flows come, grow, and give their index to others, but for what nobody has
// collected.
func (w *fileWorld) meter() {
	for range w.rnd.IntN(30) {
		w.now += w.rnd.Uint64N(5)
		set, index := w.tasks[w.rnd.IntN(2)].RuleSet, uint32(1+w.rnd.IntN(12))
		f := w.flows[set][index]
		if f == nil || !f.dirty && w.rnd.IntN(4) == 0 {
			w.now += 2
			f = &flow{index: index, first: w.now}
			w.flows[set][index] = f
		}
		for i := range f.counts {
			f.counts[i] += w.rnd.Uint64N(1 << (1 + w.rnd.UintN(40)))
		}
		f.dirty = true
	}
	if w.rnd.IntN(2) == 0 {
		w.now++ // else flows go on in the centisecond of the collection
	}
}

var began = time.Unix(1_700_000_000, 0)

// collect makes one collection; killed says that the reader ends in the middle.
func (w *fileWorld) collect(killed bool) {
	w.t.Helper()
	w.number++
	iv := reader.Interval{Number: w.number, From: w.from, To: w.now, Meter: "m", Time: began.Add(time.Duration(w.now) * 10 * time.Millisecond)}
	iv.SetStart(began.Add(time.Duration(w.rnd.IntN(1000)) * time.Millisecond))
	if err := w.out.Begin(iv, w.tasks); err != nil {
		w.t.Fatal(err)
	}
	want := maps.Clone(w.want)
	for _, task := range w.tasks {
		for _, index := range slices.Sorted(maps.Keys(w.flows[task.RuleSet])) {
			f := w.flows[task.RuleSet][index]
			if !f.dirty && w.rnd.IntN(8) > 0 {
				continue
			}
			var rec reader.Record
			rec.Clear(len(task.Format.Attrs))
			rec.RuleSet, rec.Index, rec.FirstTime = task.RuleSet, f.index, f.first
			for i, a := range task.Format.Attrs {
				if rec.Values[i].Num = f.counts[i]; i < len(task.Shown().Attrs) {
					want[fmt.Sprint(rec.RuleSet, rec.Index, rec.FirstTime, a)] = f.counts[i]
				}
			}
			if err := w.out.Record(&rec); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	if killed {
		w.start()
		return
	}
	if err := w.out.End(); err != nil {
		w.t.Fatal(err)
	}
	w.want, w.told = want, false
}

// there are the files that have their names.
func (w *fileWorld) there() (files []string) {
	pattern := strings.ReplaceAll(w.path, "%S", "[0-9][0-9]")
	files, err := filepath.Glob(pattern)
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

// acknowledge tells the meter that it was collected.
func (w *fileWorld) acknowledge() {
	w.from, w.told = w.now-1, true
	for _, all := range w.flows {
		for _, f := range all {
			f.dirty = false
		}
	}
}

// sums adds up the amounts of all files.
func (w *fileWorld) sums() (sums map[string]uint64, unsure int) {
	w.t.Helper()
	sums = map[string]uint64{}
	for _, path := range w.files {
		if w.kind != outputs.Flows {
			unsure += w.sumsOfLines(path, sums)
			continue
		}
		for _, c := range amountstest.EachRecord(w.t, path, func(r *flowfile.Reader, rec *reader.Record) {
			for i, a := range r.Format().Attrs {
				if a.Class() == mib.ClassCounter {
					sums[fmt.Sprint(rec.RuleSet, rec.Index, rec.FirstTime, a)] += rec.Values[i].Num
				}
			}
			if !r.Differences() {
				w.t.Fatal("the file does not say that it has amounts")
			}
		}) {
			if c.Baseline {
				unsure++
			}
		}
	}
	return sums, unsure
}

// sumsOfLines adds those of a file of lines, and counts rows without amounts.
func (w *fileWorld) sumsOfLines(path string, sums map[string]uint64) (unsure int) {
	w.t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		row := map[string]string{}
		if w.kind == outputs.JSONL {
			var o map[string]json.RawMessage
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				w.t.Fatal(err)
			}
			for name, value := range o {
				row[name] = strings.Trim(strings.ReplaceAll(string(value), "null", ""), `"`)
			}
		} else if cells := strings.Split(strings.TrimSpace(line), ","); names == nil {
			names = cells
			continue
		} else {
			for i, name := range names {
				row[name] = cells[i]
			}
		}
		if row["type"] == "interval" {
			continue
		}
		if row["baseline"] == "true" {
			unsure++
		}
		start, err := time.Parse(time.RFC3339Nano, row["meter_start"])
		first, err1 := time.Parse(time.RFC3339Nano, row["first_time"])
		if err != nil || err1 != nil {
			w.t.Fatal(line)
		}
		for _, a := range lines.Counters {
			c, _ := columns.Of(a)
			if n, err := strconv.ParseUint(row[c.Name+"_amount"], 10, 64); err == nil {
				sums[fmt.Sprint(row["ruleset"], " ", row["flow_index"], " ", lines.UptimeOf(start, first), " ", a)] += n
			}
		}
	}
	return unsure
}

// TestFile: the amounts in a file add up to what flows have counted, though the reader is
// killed in a collection, or before the meter knows of it, and goes on from its file.
// Where somebody takes the file away and it is started again, they are never more.
func TestFile(t *testing.T) {
	for _, kind := range []string{outputs.Flows, outputs.JSONL, outputs.CSV} {
		t.Run(kind, func(t *testing.T) { testFile(t, kind) })
	}
}

func testFile(t *testing.T, kind string) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 8
	}
	dir := t.TempDir()
	for seed := range seeds {
		rnd := rand.New(rand.NewPCG(seed, 2))
		w := &fileWorld{t: t, rnd: rnd, kind: kind, path: filepath.Join(dir, fmt.Sprint(seed)), want: map[string]uint64{}, from: 1, now: 1,
			flows: map[int]map[uint32]*flow{2: {}, 7: {}}, tasks: reader.Widen([]reader.Task{
				{RuleSet: 2, Format: plain(mib.AttrToOctets, mib.AttrFromPDUs)}, {RuleSet: 7, Format: plain(mib.AttrToLostPDUs, mib.AttrToPDUs)},
			}, mib.AttrFromOctets)} // as --top would
		if kind != outputs.Flows {
			w.path += "/%S"
		}
		w.start()
		moved := 0
		for range 30 {
			w.meter()
			killed := rnd.IntN(6) == 0
			w.collect(killed)
			switch again := rnd.IntN(5); {
			case killed:
			case again == 0: // killed before the meter knew of it, which is asked for the same again, or for more
				w.start()
				if rnd.IntN(2) == 0 {
					w.number--
					w.collect(false)
				}
			case again == 1:
				w.acknowledge()
				w.start()
			default:
				w.acknowledge()
			}
			// Nobody can tell that something was written of which neither meter nor files know.
			if seed%4 == 0 && rnd.IntN(5) == 0 && (w.told || kind == outputs.Flows && w.from > 1) {
				moved++
				other := filepath.Join(dir, fmt.Sprint(seed, ".", moved))
				if there := w.there(); len(there) > 0 && os.Rename(there[rnd.IntN(len(there))], other) == nil {
					w.files = append(w.files, other)
				}
			}
		}
		if err := w.file.Close(); err != nil {
			t.Fatal(err)
		}
		w.files = append(w.files, w.there()...)
		got, unsure := w.sums()
		exact := seed%4 != 0 && kind != outputs.CSV // which does not show a collection without flows
		if exact && (!maps.Equal(w.want, got) || unsure > 0) {
			t.Errorf("seed %d: amounts do not sum up to what the meter counted; %d collections have unknown ones", seed, unsure)
		}
		for k, n := range got {
			if n > w.want[k] || n < w.want[k] && exact {
				t.Fatalf("seed %d: flow %s counted %d, its amounts are %d", seed, k, w.want[k], n)
			}
		}
	}
}

// TestTakeUpFile: a file that does not tell which flow is which leaves the next collection
// a baseline, and what is no flow data is refused.
func TestTakeUpFile(t *testing.T) {
	task := []reader.Task{{RuleSet: 2, Format: format(mib.AttrToPDUs)}}
	for _, tt := range []struct{ name, file, err string }{
		{"no names", "#Format: d_topdus\n#Time: 09:00:00 Mon 5 Jan 2026 m Flows from 1 to 100\n7\n#EndData: m 1\n", "which flow is which"},
		{"no format", "#Time: 09:00:00 Mon 5 Jan 2026 m Flows from 1 to 100\n7\n#EndData: m 1\n", "#Format"},
		{"a record of another format", "#Format: flowindex firsttime d_topdus\n#Time: 09:00:00 Mon 5 Jan 2026 m Flows from 1 to 100\nx\n#EndData: m 1\n", "x"},
		{"something else", "hello\n", "line 1"},
	} {
		got := &last{}
		out := amounts.InPlace(got)
		if err := out.TakeUpFile(strings.NewReader(tt.file)); err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.err)
		}
		for i, want := range []bool{true, false} {
			var rec reader.Record
			rec.Clear(1)
			rec.RuleSet, rec.Index, rec.FirstTime, rec.Values[0].Num = 2, 3, 50, 7+uint64(i)
			if err := errors.Join(out.Begin(reader.Interval{From: 1 + 99*uint64(i), To: 101 + 99*uint64(i)}, task), out.Record(&rec), out.End()); err != nil {
				t.Fatal(err)
			}
			if got.baseline != want || got.value != uint64(i) {
				t.Errorf("%s: collection %d: amount %d, baseline %v", tt.name, i+1, got.value, got.baseline)
			}
		}
	}
}

// FuzzTakeUpFile: no file makes amounts of what is not there.
func FuzzTakeUpFile(f *testing.F) {
	f.Add("#Format: flowindex firsttime d_topdus\n#Time: 09:00:00 Mon 5 Jan 2026 m Flows from 1 to 100\n3 50 7\n#EndData: m 1\n")
	f.Add("#Format: flowindex d_tooctets firsttime\n#Time: 09:00:00 Mon 5 Jan 2026 m Flows from 99 to 100\n3 50 7\n2 50 7\n3 50 1\n")
	f.Fuzz(func(t *testing.T, file string) {
		out := amounts.InPlace(&last{})
		_ = out.TakeUpFile(strings.NewReader(file))
		var rec reader.Record
		rec.Clear(1)
		rec.RuleSet, rec.Index, rec.Values[0].Num = 2, 3, 7
		if err := errors.Join(out.Begin(reader.Interval{From: 9, To: 100}, []reader.Task{{RuleSet: 2, Format: format(mib.AttrToPDUs)}}), out.Record(&rec), out.End()); err != nil {
			t.Fatal(err)
		}
	})
}
