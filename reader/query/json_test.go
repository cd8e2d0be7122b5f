package query

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/columns"
	"netramet/reader/flowfile"
	"netramet/reader/jsonl"
)

// asJSON is a flow data file as JSON Lines, with amounts of counters if that is asked.
func asJSON(t *testing.T, text string, names columns.Names, amounts bool) string {
	t.Helper()
	r, err := flowfile.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	out, f, before := []byte(nil), jsonl.New(names), map[[2]uint64][]uint64{}
	for {
		c, err := r.NextCollection()
		if err == io.EOF {
			return string(out)
		} else if err != nil {
			t.Fatal(err)
		}
		var all []reader.Record
		for {
			var rec reader.Record
			if err := r.NextRecord(&rec); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			all = append(all, rec)
		}
		iv := r.Interval(c)
		iv.Amounts, iv.Number = amounts, c.Number
		number, name := r.RuleSet()
		if number == 0 {
			number, name = 2, "all"
		}
		if out, err = f.Begin(out, &iv, []reader.Task{{RuleSet: number, Name: name, Format: r.Format()}}, ""); err != nil {
			t.Fatal(err)
		}
		for i := range all {
			rec := &all[i]
			id := [2]uint64{uint64(rec.Index), rec.FirstTime}
			now := make([]uint64, len(rec.Values))
			for j, a := range r.Format().Attrs {
				if now[j] = rec.Values[j].Num; amounts && a.Class() == mib.ClassCounter && before[id] != nil {
					now[j] -= before[id][j]
				}
			}
			rec.Amounts = now
			was := make([]uint64, len(rec.Values))
			for j := range was {
				was[j] = rec.Values[j].Num
			}
			before[id] = was
			if out, err = f.Record(out, rec); err != nil {
				t.Fatal(err)
			}
		}
		if out, err = f.End(out); err != nil {
			t.Fatal(err)
		}
	}
}

const jsonFlows = `##NeTraMet v1:  -  gw eth0  octets=peer zone=UTC  9 flows  starting at 09:00:00.25 Mon 5 Jan 2026
#Format: flowindex firsttime lastactivetime sourcepeertype sourcepeeraddress destpeeraddress sourceadjacentaddress sourcetranstype desttransaddress desttransmask flowkind  topdus frompdus tooctets fromoctets
#Time: 09:01:00 Mon  5 Jan 2026 gw Flows from 1 to 6001
#Ruleset: 2 all "of" them
1 1 6000 1 10.0.0.1 192.0.2.1 02-00-00-00-00-01 6 80 65535 87  5 4 500 18446744073709550000
2 3000 3100 2 2001:db8::1 ::ffff:1.2.3.4 02-00-00-00-00-02 17 53 65535 0  1 0 100 0
#EndData: gw 1
#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 6000 to 12001
#Ruleset: 2 all "of" them
#EndData: gw 2
#Time: 09:03:00 Mon  5 Jan 2026 gw Flows from 12000 to 18001
#Ruleset: 2 all "of" them
1 1 18000 1 10.0.0.1 192.0.2.1 02-00-00-00-00-01 6 80 65535 87  8 7 800 18446744073709550615
3 13000 17999 1 10.0.1.1 192.0.2.1 02-00-00-00-00-01 6 443 65535 0  9 9 900 900
#EndData: gw 3
`

// TestJSON: JSON Lines are answered as the flow data file of the same flows.
func TestJSON(t *testing.T) {
	for _, q := range []Query{
		{Sort: sortBy(t, "SourcePeerAddress")},
		{By: by(t, "SourcePeerAddress/24, DestTransAddress, FlowKind")},
		{By: by(t, "SourceAdjacentAddress"), Where: where(t, "SourceTransType == TCP && ToOctets > 250 || DestPeerAddress == ::/16")},
		{Every: 30 * time.Second, By: by(t, "SourceTransType")},
		{By: by(t, "DestTransMask, DestPeerAddress"), Top: 1},
	} {
		want, _, err := ask(t, q, jsonFlows)
		if err != nil {
			t.Fatal(err)
		}
		for _, names := range []columns.Names{columns.RTFM, columns.ECS, columns.OTel} {
			for _, amounts := range []bool{false, true} {
				got, r, err := ask(t, q, asJSON(t, jsonFlows, names, amounts))
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(sortedFormat(want), sortedFormat(got)); d != "" || r.Bad > 0 {
					t.Errorf("%s, amounts %v: (-flow data file +JSON)\n%s\n%v", names, amounts, d, r.Faults)
				}
			}
		}
	}
}

// sortedFormat leaves out what the two cannot have alike: the order of attributes of
// flows, whose FORMAT is that of the lines.
func sortedFormat(text string) string {
	if !strings.Contains(text, "flowindex") {
		return text
	}
	n := strings.Count(text, "\n")
	return strings.Repeat("row\n", n)
}

// TestJSONFiles: what is cut, there twice, or no flow data.
func TestJSONFiles(t *testing.T) {
	text := asJSON(t, jsonFlows, columns.RTFM, true)
	q := Query{By: by(t, "SourceTransType")}
	// A meter that was started again within a minute, and collected within the second.
	short := strings.NewReplacer("09:01:00 Mon", "09:00:20 Mon", "from 1 to 6001", "from 1 to 2001", "18446744073709550000", "400").Replace(jsonFlows[:strings.Index(jsonFlows, "#Time: 09:02:00")])
	again := strings.NewReplacer("09:00:00.25 Mon", "09:00:20.30 Mon", "to 2001", "to 21").Replace(short)
	cut := text[:strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1]
	first := strings.SplitAfter(text, "\n")[0]
	aborted := first + `{"type":"aborted","schema":1,"meter":"gw","flows":1}` + "\n"
	for _, tt := range []struct {
		name  string
		files []string
		want  string
		notes string
		fault string
	}{
		{"twice", []string{text, text}, "6 1 18000  17 16 1700 18446744073709551515\n17 3000 3100  1 0 100 0\n", "are left out: they are there twice", ""},
		{"started again", []string{asJSON(t, short, columns.RTFM, true) + asJSON(t, again, columns.RTFM, true)}, "6 1 8005  10 8 1000 800\n17 3000 5105  2 0 200 0\n", "", ""},
		{"cut", []string{cut}, "6 1 6000  5 4 500 18446744073709550000\n17 3000 3100  1 0 100 0\n", "1 collection is left out: it has no end", ""},
		{"given up and made again", []string{aborted + text}, "6 1 18000  17 16 1700 18446744073709551515\n17 3000 3100  1 0 100 0\n", "1 collection is left out: it has no end", ""},
		{"made again by another program", []string{first + text}, "6 1 18000  12 12 1200 1515\n", "1 collection is left out: it has no end", ""},
		{"with some taken out", []string{strings.TrimPrefix(cut, first)}, "17 3000 3100  1 0 100 0\n", "", ""},
		{"in another order", []string{regexp.MustCompile(`(?m)^(.*)(,"flow_index":\d+.*)(,"source_trans_type":\d+)`).ReplaceAllString(text, "$1$3$2")}, "6 1 18000  17 16 1700 18446744073709551515\n17 3000 3100  1 0 100 0\n", "", ""},
		{"with a flow that is no flow", []string{strings.Replace(cut, `"to_pdus_amount":1,`, `"to_pdus_amount":-1,`, 1)}, "6 1 6000  5 4 500 18446744073709550000\n", "1 collection", ""},
		{"a baseline", []string{strings.Replace(cut, `"baseline":false`, `"baseline":true`, 1)}, "17 3000 3100  1 0 100 0\n", "1 flow is older", ""},
		{"a newer schema", []string{strings.ReplaceAll(text, `"schema":1`, `"schema":99`)}, "", "", "0.flows:1: schema 99 is newer"},
		{"other objects", []string{"{\"a\": [1, {\"b\": \"}\"}]}\n"}, "", "", "0.flows:1: it has no \"type\""},
		{"no object", []string{"{\"a\": [1, {\"b\": \"}\"}}\n"}, "", "", "0.flows:1: it is no object of JSON"},
		{"a rule set that is none", []string{strings.ReplaceAll(text, `"ruleset":2`, `"ruleset":300`)}, "", "", "300 is no number of a rule set"},
		{"no index", []string{strings.ReplaceAll(text, `"flow_index"`, `"flow"`)}, "", "", "no \"flow_index\""},
	} {
		got, r, err := ask(t, q, tt.files...)
		if (err != nil) != (tt.fault != "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.fault)
			continue
		}
		if err == nil && (!strings.HasSuffix(got, tt.want) || !strings.Contains(strings.Join(r.Notes, "\n"), tt.notes)) {
			t.Errorf("%s: got\n%swant\n%s%v", tt.name, got, tt.want, r.Notes)
		}
	}
}

// TestJSONWithoutFlows: a collection that has no flows tells of what rule set and time it is.
func TestJSONWithoutFlows(t *testing.T) {
	const text = `{"type":"interval","schema":1,"meter":"gw","meter_start":"2026-01-05T08:59:59.99Z","interval":1,"interval_start":"2026-01-05T09:00:00Z","interval_end":"2026-01-05T09:01:00Z","rulesets":[3,7],"flows":0}` + "\n"
	for _, tt := range []struct {
		name string
		q    Query
		want int
	}{
		{"of all", Query{}, 7},
		{"of one", Query{RuleSets: []string{"3"}}, 3},
	} {
		name := filepath.Join(t.TempDir(), "f.jsonl")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		tt.q.Files = []string{name}
		var out begun
		if _, err := Run(t.Context(), &tt.q, &out); err != nil {
			t.Fatal(err)
		}
		if out.tasks[0].RuleSet != tt.want || out.iv.Begin.Format(time.TimeOnly) != "09:00:00" || out.iv.End().Format(time.TimeOnly) != "09:01:00" {
			t.Errorf("%s: rule set %d, %v to %v", tt.name, out.tasks[0].RuleSet, out.iv.Begin, out.iv.End())
		}
	}
}

// begun keeps what an answer is about.
type begun struct {
	sink
	iv    reader.Interval
	tasks []reader.Task
}

func (b *begun) Begin(iv reader.Interval, tasks []reader.Task) error {
	b.iv, b.tasks = iv, tasks
	return nil
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"type":"flow","schema":1,"meter":"gw","meter_start":"2026-01-05T09:00:00Z","ruleset":2,"flow_index":1,"first_time":null,"source_peer_address":"10.0.0.1","to_octets":5}` + "\n" +
		`{"type":"interval","schema":1,"meter":"gw","meter_start":"2026-01-05T09:00:00Z","interval":1,"notes":["a","\u00e9"]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		name := filepath.Join(t.TempDir(), "f.jsonl")
		if err := os.WriteFile(name, append([]byte{'{'}, bytes.TrimPrefix(text, []byte{'{'})...), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, q := range []Query{{}, {Every: fuzzEvery}} {
			q.Files = []string{name, name}
			_, _ = Run(context.Background(), &q, &sink{})
		}
	})
}
