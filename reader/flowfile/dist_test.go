package flowfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/reader"
	"netramet/ruleset"
)

// TestDistributions writes distributions and reads them back.
func TestDistributions(t *testing.T) {
	f, err := ruleset.ParseFormatLine("flowindex topdus (topacketsize) (frompacketsize) (flowtime)")
	if err != nil {
		t.Fatal(err)
	}
	records := []struct {
		dists [3][]uint64
		want  string
	}{
		{[3][]uint64{{0, 0, 3, 1<<64 - 1}, {0, 0}, {7, 0, 0, 0, 0, 0, 1}}, "1 5 (0 0 3 18446744073709551615) (0 0) (7 0 0 0 0 0 1)"},
		{[3][]uint64{nil, {1, 2}, nil}, "2 5 (0) (1 2) (0)"},
		{[3][]uint64{slices.Repeat([]uint64{1<<64 - 1}, 256), nil, {9}}, "3 5 (18446744073709551615" + strings.Repeat(" 18446744073709551615", 255) + ") (0) (9)"},
	}
	var b bytes.Buffer
	w := NewWriter(&b, testHeader())
	if err := w.Begin(interval(1), []reader.Task{{RuleSet: 2, Name: "dist", Format: f}}); err != nil {
		t.Fatal(err)
	}
	var rec reader.Record // one for all, as a collection has it
	for i, r := range records {
		rec.Clear(len(f.Attrs))
		rec.RuleSet, rec.Index = 2, uint32(i+1)
		rec.Values[0].Num, rec.Values[1].Num = uint64(i+1), 5
		for k, counters := range r.dists {
			rec.AddNumbers(2+k, counters...)
		}
		if err := w.Record(&rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.NextCollection(); err != nil {
		t.Fatal(err)
	}
	for i, want := range records {
		if !strings.Contains(b.String(), "\n"+want.want+"\n") {
			t.Errorf("no line %.200s in\n%.2000s", want.want, b.String())
		}
		if err := r.NextRecord(&rec); err != nil {
			t.Fatal(err)
		}
		for k, counters := range want.dists {
			if got := rec.Numbers(2 + k); !slices.Equal(got, counters) {
				t.Errorf("flow %d: %v is %d, want %d", i+1, f.Attrs[2+k], got, counters)
			}
		}
	}
}

// TestDistributionColumns: distributions with nothing but blanks between cannot be
// distinguished, and are not guessed at.
func TestDistributionColumns(t *testing.T) {
	for _, tt := range []struct {
		format, record string
		want           string // counters, or a part of the error
	}{
		{"flowindex topacketsize", "7 1 2 3", "[1 2 3]"},
		{"topacketsize flowindex", "1 2 3 7", "[1 2 3]"},
		{"topacketsize,flowindex", "1 2 3,7", "[1 2 3]"},
		{"flowindex topacketsize frompacketsize", "7 1 2 3", "more than one way"},
		{"flowindex topacketsize", "7 1  2", "no value of ToPacketSize"},
		{"flowindex topacketsize", "7 1 2 ", "no value of ToPacketSize"},
		{"flowindex topacketsize", "7 1 18446744073709551616", "no value of ToPacketSize"},
		{"flowindex topacketsize", "7 1" + strings.Repeat(" 0", 255), "[1" + strings.Repeat(" 0", 255) + "]"},
		{"flowindex topacketsize", "7 1" + strings.Repeat(" 0", 256), "no value of ToPacketSize"},
		{"topacketsize flowindex", "1" + strings.Repeat(" 0", 256) + " 7", "not of the format in force"},
		// However long a line is, trying ends soon.
		{"flowindex topacketsize frompacketsize", "7 1" + strings.Repeat(" 1", 250_000), "too many ways"},
		{"flowindex topacketsize frompacketsize flowtime", "7 1" + strings.Repeat(" 11111111111111111111", 24_000), "too many ways"},
	} {
		r, err := NewReader(strings.NewReader("##NeTraMet v1\n#Format: " + tt.format + "\n#Time: 01:02:03 Mon 1 Jan 99 m Flows from 1 to 2\n" + tt.record + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.NextCollection(); err != nil {
			t.Fatal(err)
		}
		var rec reader.Record
		got := ""
		if err := r.NextRecord(&rec); err != nil {
			got = err.Error()
		} else {
			got = fmt.Sprint(rec.Numbers(slices.Index(r.Format().Attrs, mib.AttrToPacketSize)))
		}
		if !strings.Contains(got, tt.want) {
			t.Errorf("%.60q in %q: %.200s, want %.200s", tt.record, tt.format, got, tt.want)
		}
	}
}
