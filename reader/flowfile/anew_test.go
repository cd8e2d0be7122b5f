package flowfile

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"netramet/reader"
)

// TestAnew: collections whose counters are not those of the blocks before get a
// header and a note, and no others do.
func TestAnew(t *testing.T) {
	at := func(minutes int, from, to uint64, more ...func(*reader.Interval)) reader.Interval {
		iv := reader.Interval{Number: uint64(minutes), Time: testStart.Add(time.Duration(minutes) * time.Minute), From: from, To: to}
		for _, f := range more {
			f(&iv)
		}
		return iv
	}
	fresh := func(iv *reader.Interval) { iv.Fresh = true }
	noted := func(iv *reader.Interval) { iv.Notes = []string{"told; counters and flow indices begin anew"} }
	nowhere := func(iv *reader.Interval) { iv.Time = time.Time{} }
	for _, tt := range []struct {
		name   string
		first  reader.Interval
		second reader.Interval
		meter  string
		want   string // "": no note; "-": a header alone
	}{
		{"goes on", at(10, 1, 60001), at(20, 60000, 120001), "", ""},
		{"clock corrected", at(10, 1, 60001), at(40, 60000, 120001), "", ""},
		{"reader row gone", at(10, 1, 60001), at(20, 1, 120001), "", ""},
		{"reader row gone, long ago", at(10, 1, 60001), at(14400+10, 1, 14400*6000+60001+500), "", ""},
		{"started again", at(10, 1, 60001), at(20, 1, 30001), "", "the meter was started again after 10:08:30 Wed 5 Mar 2003; its"},
		{"started again, up longer than before", at(10, 1, 60001), at(90, 1, 70001), "", "the meter was started again after 10:08:30 Wed 5 Mar 2003; its"},
		{"started again at once", at(10, 1, 101), at(10, 1, 201, fresh), "", "our rule sets are new on the meter; their"},
		{"rules anew", at(10, 1, 60001), at(20, 1, 120001, fresh), "", "our rule sets are new on the meter; their"},
		{"trace from its beginning", at(10, 1, 60001), at(5, 1, 30001, fresh), "", "the meter was started again after 10:08:30 Wed 5 Mar 2003; its"},
		{"another trace", at(10, 1, 60001), at(5000, 1, 6001, fresh), "", "the meter was started again after 10:08:30 Wed 5 Mar 2003; its"},
		{"another trace, with no packets", at(10, 1, 60001), at(0, 1, 1, fresh, nowhere), "", "the meter was started again after 10:08:30 Wed 5 Mar 2003; its"},
		{"another meter", at(10, 1, 60001), at(20, 1, 120001), "other", "another meter than campus.pcap, which stands above; its"},
		{"told already", at(10, 1, 60001), at(20, 1, 30001, fresh, noted), "", "-"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "f")
			h := testHeader()
			a := openFlows(t, path, Options{})
			if err := errors.Join(put(a, tt.first, []reader.Task{simpleTask(t, 2, "two")}, simpleRecord(2, 1, 9)), a.Close()); err != nil {
				t.Fatal(err)
			}
			if tt.meter != "" {
				h.Meter = tt.meter
			}
			a, err := OpenAppend(path, h, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(put(a, tt.second, []reader.Task{simpleTask(t, 2, "two")}, simpleRecord(2, 1, 3)), a.Close()); err != nil {
				t.Fatal(err)
			}
			text := mustRead(t, path)
			headers, formats := strings.Count(text, headerMark), strings.Count(text, formatMark)
			if want := 1 + min(len(tt.want), 1); headers != want || formats != want {
				t.Errorf("%d headers and %d formats, want %d", headers, formats, want)
			}
			if n := strings.Count(text, "# "); n != min(len(tt.want+strings.Join(tt.second.Notes, "")), 1) {
				t.Errorf("%d notes", n)
			}
			if len(tt.want) > 1 && !strings.Contains(text, "\n# "+tt.want+" counters and flow indices begin anew\n") {
				t.Errorf("no %q", tt.want)
			}
			_, blocks := readAll(t, []byte(text))
			if len(blocks) != 2 || blocks[0].Anew || blocks[1].Anew != (tt.want != "") || len(blocks[1].recs) != 1 {
				t.Errorf("read as %+v", blocks)
			}
			if t.Failed() {
				t.Log(text)
			}
		})
	}
}

// TestAnewCutOff: a header whose collection was not completed goes with it.
func TestAnewCutOff(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	a := openFlows(t, path, Options{})
	if err := putSimple(t, a, 1); err != nil {
		t.Fatal(err)
	}
	was := mustRead(t, path)
	iv := interval(1)
	iv.To, iv.Fresh = 17, true
	if err := errors.Join(a.Begin(iv, nil), a.Abort()); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, path); got != was {
		t.Errorf("got\n%s", got)
	}
	if err := putSimple(t, a, 2); err != nil {
		t.Fatal(err)
	}
	if got := mustRead(t, path); got != wholeFile(t, 2) {
		t.Errorf("got\n%s", got)
	}
}
