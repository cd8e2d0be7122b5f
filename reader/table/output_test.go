package table

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netramet/internal/golden"
	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

var testFormat = func() *ruleset.Format {
	f, err := ruleset.ParseFormatLine("sourcepeertype sourcepeeraddress sourcepeermask flowkind sourceclass lastactivetime tooctets fromoctets")
	if err != nil {
		panic(err)
	}
	return f
}()

func testRecord(i int) *reader.Record {
	rec := &reader.Record{}
	rec.Clear(len(testFormat.Attrs))
	rec.RuleSet, rec.Index, rec.PeerType = 2, uint32(i), mib.PeerIPv4
	v := rec.Values
	v[0].Num = uint64(mib.PeerIPv4)
	v[1].Len = uint8(copy(v[1].Octets[:], []byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
	v[2].Len = uint8(copy(v[2].Octets[:], []byte{255, 255, 255, []byte{0, 255, 254, 5}[i%4]}))
	v[3].Num = uint64([]int{'W', '?', '5', 0, 200}[i%5])
	v[4].Num = uint64(i % 2)
	v[5].Num = uint64(i)
	v[6].Num, v[7].Num = uint64(i*1000), uint64(i)
	return rec
}

// give makes a collection of n flows.
func give(t *testing.T, out reader.Output, tasks []reader.Task, n int) {
	t.Helper()
	iv := reader.Interval{Number: 1, Time: time.Unix(1e9, 0).UTC(), From: 1, To: 100, Notes: []string{"something \x1b[1mhappened\x1b[0m to the meter"}}
	if err := out.Begin(iv, tasks); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := out.Record(testRecord(i + 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.End(); err != nil {
		t.Fatal(err)
	}
}

// TestOutput: tables of all flows, for a meter whose real time is unknown, and of a
// rule set without flows.
func TestOutput(t *testing.T) {
	tasks := []reader.Task{{RuleSet: 1, Name: "", Format: testFormat}, {RuleSet: 2, Name: "networks", Format: testFormat}}
	var text bytes.Buffer
	out := NewOutput(&text, Options{}, 60)
	give(t, out, tasks, 6)
	give(t, out, tasks[1:], 1)
	golden.Compare(t, filepath.Join("testdata", "output.txt"), text.Bytes())
}

// TestTimeless: a trace without packets has no time, so its table shows none.
func TestTimeless(t *testing.T) {
	var text bytes.Buffer
	out := NewOutput(&text, Options{}, 0)
	if err := errors.Join(out.Begin(reader.Interval{Number: 1, Meter: "empty.pcap"}, []reader.Task{{RuleSet: 2, Name: "hosts", Format: testFormat}}), out.End()); err != nil {
		t.Fatal(err)
	}
	if got, want := text.String(), "hosts (2)  empty.pcap  no flows\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNothingToShow: a table without columns says so, and why.
func TestNothingToShow(t *testing.T) {
	for _, tt := range []struct{ name, format, want string }{
		{"distributions alone", "topacketsize flowtime", "rule set 2  to 2001-09-09 01:46:40 UTC  2 flows\nno column: distributions are in no table, but in csv and jsonl: ToPacketSize, FlowTime\n"},
		{"one beside a column", "topacketsize tooctets", "rule set 2  to 2001-09-09 01:46:40 UTC  2 flows\n        To\n       0 B\n       0 B\n----------\nTotal  0 B\n"},
		{"what no flow has", "sourceclass", "rule set 2  to 2001-09-09 01:46:40 UTC  2 flows\nno column: nothing that the FORMAT asks for tells flows apart here\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := ruleset.ParseFormatLine(tt.format)
			if err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			out := NewOutput(&text, Options{}, 0)
			iv := reader.Interval{Number: 1, Time: time.Unix(1e9, 0).UTC(), From: 1, To: 100}
			if err := out.Begin(iv, []reader.Task{{RuleSet: 2, Format: f}}); err != nil {
				t.Fatal(err)
			}
			for i := range 2 {
				rec := &reader.Record{}
				rec.Clear(len(f.Attrs))
				rec.RuleSet, rec.Index = 2, uint32(i+1)
				if err := out.Record(rec); err != nil {
					t.Fatal(err)
				}
			}
			if err := out.End(); err != nil {
				t.Fatal(err)
			}
			if got := text.String(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestTimes: a time has what tells it from those of other days and years.
func TestTimes(t *testing.T) {
	start := time.Date(2003, 12, 12, 14, 59, 34, 0, time.UTC)
	days := func(n int) uint64 { return 1 + uint64(n)*24*3600*100 }
	for _, tt := range []struct {
		at, end uint64
		want    string
	}{
		{days(0), days(0) + 100, "14:59:34"},
		{days(0), days(20), "12-12 14:59:34"},
		{days(0), days(366), "2003-12-12 14:59:34"},
		{days(365), days(366), "12-11 14:59:34"},
	} {
		iv := reader.Interval{MeterStart: start.Add(-10 * time.Millisecond), To: tt.end}
		iv.Time = iv.RealTime(tt.end)
		if got := timeText(&Options{}, &iv, tt.at); got != tt.want {
			t.Errorf("%d of %d: %s, want %s", tt.at, tt.end, got, tt.want)
		}
	}
}

// TestRate: octets per second of the interval, which begins a centisecond behind From, and
// of a flow; a half is rounded up.
func TestRate(t *testing.T) {
	f, err := ruleset.ParseFormatLine("lastactivetime tooctets")
	if err != nil {
		t.Fatal(err)
	}
	places := PlacesOf(f)
	for _, tt := range []struct {
		name                  string
		from, to, first, last uint64
		octets                uint64
		flow                  uint64
		total                 string
	}{
		{"the first interval", 1, 6001, 1, 6001, 120, 2, "2"},
		{"another", 6000, 12001, 1, 12001, 120, 2, "2"},
		{"half an octet", 6000, 12001, 6001, 12001, 90, 2, "2"},
		{"less", 6000, 12001, 6001, 12001, 89, 1, "1"},
		{"less than a second", 6000, 12001, 6001, 6011, 120, 120, "2"},
		{"no time", 6000, 6001, 1, 6001, 120, 120, ""},
	} {
		iv := reader.Interval{From: tt.from, To: tt.to}
		rec := &reader.Record{RuleSet: 2, Index: 1, FirstTime: tt.first}
		rec.Clear(2)
		rec.RuleSet, rec.FirstTime = 2, tt.first
		rec.Values[0].Num, rec.Values[1].Num = tt.last, tt.octets
		counts := places.Counts(&iv, rec)
		if got := places.Rate(&iv, rec, &counts); got != tt.flow {
			t.Errorf("%s: a flow's rate is %d, want %d", tt.name, got, tt.flow)
		}
		var text bytes.Buffer
		out := NewOutput(&text, Options{Exact: true}, 0)
		if err := errors.Join(out.Begin(iv, []reader.Task{{RuleSet: 2, Format: f}}), out.Record(rec), out.End()); err != nil {
			t.Fatal(err)
		}
		var foot []string
		for line := range strings.Lines(text.String()) {
			foot = strings.Fields(line)
		}
		if got := strings.Join(foot[min(4, len(foot)):], " "); got != tt.total {
			t.Errorf("%s: the total's rate is %q, want %q:\n%s", tt.name, got, tt.total, &text)
		}
	}
}

// TestOutputParts: a table of many flows goes on with its headings again, and its sum
// is that of all.
func TestOutputParts(t *testing.T) {
	tasks := []reader.Task{{RuleSet: 2, Name: "networks", Format: testFormat}}
	var text bytes.Buffer
	out := NewOutput(&text, Options{Exact: true}, 0)
	const n = 2*maxRows + 1
	give(t, out, tasks, n)
	if got := strings.Count(text.String(), "\nipv4"); got != n {
		t.Errorf("%d rows of %d flows", got, n)
	}
	if got := strings.Count(text.String(), "Source"); got != 3*2 { // Source and Source class
		t.Errorf("headings %d times", got)
	}
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	if want := fmt.Sprintf("Total %d", uint64(n*(n+1)/2*1001)); !strings.HasPrefix(strings.Join(strings.Fields(lines[len(lines)-1]), " "), want) {
		t.Errorf("the last line is %q, want %s", lines[len(lines)-1], want)
	}
}

// TestOutputBaseline: a flow whose amounts are not known has no row, and is told of.
func TestOutputBaseline(t *testing.T) {
	var b bytes.Buffer
	out := NewOutput(&b, Options{}, 0)
	tasks := []reader.Task{{RuleSet: 2, Name: "x", Format: testFormat}}
	known, unknown := testRecord(7), testRecord(8)
	known.Amounts, unknown.Amounts, unknown.Baseline = make([]uint64, len(testFormat.Attrs)), make([]uint64, len(testFormat.Attrs)), true
	known.Amounts[6] = 42
	if err := errors.Join(out.Begin(reader.Interval{From: 99, To: 200, Amounts: true}, tasks), out.Record(known), out.Record(unknown), out.End()); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if !strings.Contains(got, "1 seen before, counted from now on") || !strings.Contains(got, "42 B") || strings.Contains(got, "10.0.0.8") {
		t.Errorf("%s", got)
	}
}

// TestOutputFails: what was given up leaves nothing, if it was not too much to hold,
// and errors of the writer are told.
func TestOutputFails(t *testing.T) {
	tasks := []reader.Task{{RuleSet: 2, Name: "networks", Format: testFormat}}
	var text bytes.Buffer
	out := NewOutput(&text, Options{}, 0)
	if err := errors.Join(out.Begin(reader.Interval{}, tasks), out.Record(testRecord(1)), out.Abort()); err != nil || text.Len() > 0 {
		t.Errorf("error %v, wrote %q", err, text.String())
	}
	if err := out.Record(testRecord(1)); err == nil {
		t.Error("a record outside a collection is taken")
	}
	full := errors.New("full")
	out = NewOutput(failing{full}, Options{}, 0)
	if err := out.Begin(reader.Interval{}, tasks); err != nil {
		t.Fatal(err)
	}
	if err := out.End(); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestFirstTimeFirst: where FirstTime comes first in the FORMAT, and alone, it is what
// rows are told apart by; elsewhere it stands behind the numbers.
func TestFirstTimeFirst(t *testing.T) {
	for _, tt := range []struct{ format, want string }{
		{"firsttime tooctets", "First      To    Share"},
		{"lastactivetime firsttime tooctets", "To    Share     Rate      Last     First"},
	} {
		f, err := ruleset.ParseFormatLine(tt.format)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		out := NewOutput(&b, Options{}, 0)
		if err := out.Begin(reader.Interval{Time: time.Unix(1e9, 0), MeterStart: time.Unix(1e9-60, 0), From: 1, To: 6000}, []reader.Task{{RuleSet: 2, Format: f}}); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			var rec reader.Record
			rec.Clear(len(f.Attrs))
			rec.RuleSet = 2
			for j := range rec.Values {
				rec.Values[j].Num = uint64(1000 * (i + 1))
			}
			if err := out.Record(&rec); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.End(); err != nil {
			t.Fatal(err)
		}
		if lines := strings.Split(b.String(), "\n"); !strings.Contains(lines[1], tt.want) || len(lines) < 6 {
			t.Errorf("%s:\n%s", tt.format, &b)
		}
	}
}
