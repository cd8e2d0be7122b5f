package query

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"

	"netramet/reader/columns"
	"netramet/reader/flowfile"
	"netramet/reader/table"
	"netramet/ruleset/srl"
)

const (
	testHead   = "##NeTraMet v1:  -  gw eth0  octets=frame zone=UTC  9 flows  starting at 09:00:00 Mon 5 Jan 2026\n"
	testFormat = "#Format: flowruleset flowindex firsttime lastactivetime  sourcepeeraddress desttransaddress  topdus tooctets\n"
)

// testBlock is a block of records: minute n of the meter's run.
func testBlock(n int, records string) string {
	from := max(1, (n-1)*6000)
	t := time.Date(2026, 1, 5, 9, n, 0, 0, time.UTC)
	return fmt.Sprintf("#Time: %s Mon  5 Jan 2026 gw Flows from %d to %d\n#Ruleset: 2 all\n%s#EndData: gw %d\n", t.Format(time.TimeOnly), from, n*6000+1, records, n)
}

// noPackets is what there is of a trace without packets.
const noPackets = "##NeTraMet v1:  -  gw eth0  octets=frame zone=UTC  9 flows  starting at --:--:-- --- -- --- ----\n" + testFormat +
	"#Time: --:--:-- --- -- --- ---- gw Flows from 1 to 1\n#Ruleset: 2 all\n#EndData: gw 1\n"

// ask asks files whose texts are given; options are as on the command line.
func ask(t *testing.T, q Query, texts ...string) (string, Report, error) {
	t.Helper()
	for i, text := range texts {
		name := filepath.Join(t.TempDir(), fmt.Sprintf("%d.flows", i))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		q.Files = append(q.Files, name)
	}
	var out bytes.Buffer
	r, err := Run(context.Background(), &q, flowfile.NewWriter(&out, flowfile.Header{Version: "1", Meter: "gw", Zone: flowfile.ZoneUTC}))
	var lines []string
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "##") && !strings.HasPrefix(line, "#End") && !strings.HasPrefix(line, "#Rule") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, ""), r, err
}

func by(t *testing.T, text string) []srl.Group {
	t.Helper()
	g, err := srl.ParseGroups("--by", text)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func where(t *testing.T, text string) *srl.Condition {
	t.Helper()
	c, _, err := srl.ParseCondition("--where", text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sortBy(t *testing.T, text string) *table.Key {
	t.Helper()
	k, err := table.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return &k
}

func TestRun(t *testing.T) {
	two := testHead + testFormat +
		testBlock(1, "2 1 1 6000  10.0.0.1 80  5 500\n2 2 3000 3100  10.0.0.2 80  1 100\n2 3 5900 5950  10.0.1.1 443  1 60\n") +
		testBlock(2, "2 1 1 12000  10.0.0.1 80  8 800\n2 3 5900 7000  10.0.1.1 443  3 1000\n2 2 7000 8000  10.0.9.9 80  2 200\n")
	const formatBy = "#Format: sourcepeeraddress sourcepeermask firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 1 to 12001\n"
	const formatFlows = "#Format: flowruleset flowindex sourcepeeraddress desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 1 to 12001\n"
	// What came in the centisecond in which the second minute ended, as at the end of a trace.
	lastMoment := strings.Replace(strings.Replace(testBlock(3, "2 2 7000 12001  10.0.9.9 80  3 260\n2 3 5900 12001  10.0.1.1 443  4 1500\n"), "from 12000 to 18001", "from 12000 to 12001", 1), "09:03:00", "09:02:00", 1)
	for _, tt := range []struct {
		name  string
		q     Query
		files []string
		want  string
		notes string
		fault string
	}{
		{"flows", Query{}, []string{two}, formatFlows + "2 1 10.0.0.1 80 1 12000  8 800\n2 2 10.0.0.2 80 3000 3100  1 100\n2 3 10.0.1.1 443 5900 7000  3 1000\n2 2 10.0.9.9 80 7000 8000  2 200\n", "", ""},
		{"grouped", Query{By: by(t, "SourcePeerAddress/24")}, []string{two},
			formatBy + "10.0.0.0 255.255.255.0 1 12000  9 900\n10.0.1.0 255.255.255.0 5900 7000  3 1000\n10.0.9.0 255.255.255.0 7000 8000  2 200\n", "", ""},
		{"top", Query{Top: 2}, []string{two}, formatFlows + "2 3 10.0.1.1 443 5900 7000  3 1000\n2 1 10.0.0.1 80 1 12000  8 800\n", "", ""},
		{"sorted by a counter", Query{Sort: sortBy(t, "ToPDUs"), Top: 3}, []string{two}, formatFlows + "2 1 10.0.0.1 80 1 12000  8 800\n2 3 10.0.1.1 443 5900 7000  3 1000\n2 2 10.0.9.9 80 7000 8000  2 200\n", "", ""},
		{"sorted by an address", Query{Sort: sortBy(t, "source_peer_address"), Where: where(t, "ToOctets < 450")}, []string{two},
			formatFlows + "2 1 10.0.0.1 80 1 12000  3 300\n2 2 10.0.0.2 80 3000 3100  1 100\n2 3 10.0.1.1 443 5900 5950  1 60\n2 2 10.0.9.9 80 7000 8000  2 200\n", "", ""},
		{"sorted by time", Query{Sort: sortBy(t, "LastActiveTime"), Top: 1}, []string{two}, formatFlows + "2 2 10.0.0.2 80 3000 3100  1 100\n", "", ""},
		{"sorted by what is not there", Query{Sort: sortBy(t, "FromOctets")}, []string{two}, "", "", "no FromOctets to order rows by"},
		{"of the second minute alone", Query{By: by(t, "DestTransAddress")}, []string{testHead + testFormat + testBlock(2, "2 1 1 12000  10.0.0.1 80  8 800\n2 3 6001 7000  10.0.1.1 443  3 1000\n2 2 7000 8000  10.0.9.9 80  2 200\n")},
			"#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 6000 to 12001\n80 7000 8000  2 200\n", "2 flows are older than what was read of them", ""},
		{"begun in the centisecond in which a collection ended", Query{By: by(t, "DestTransAddress")}, []string{testHead + testFormat + testBlock(1, "") +
			testBlock(2, "2 1 6001 12000  10.0.0.1 80  8 800\n") + testBlock(3, "2 2 12001 12001  10.0.0.1 443  3 300\n"),
			testHead + testFormat + testBlock(4, "2 3 18001 18001  10.0.0.1 25  1 60\n")},
			"#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:04:00 Mon  5 Jan 2026 gw Flows from 1 to 24001\n25 18001 18001  1 60\n80 6001 12000  8 800\n443 12001 12001  3 300\n", "", ""},
		{"begun in a collection that is missing", Query{By: by(t, "DestTransAddress")}, []string{testHead + testFormat + testBlock(2, "2 1 6003 12000  10.0.0.1 80  8 800\n") + testBlock(4, "2 2 13000 23000  10.0.0.1 443  3 300\n2 3 5000 23000  10.0.0.1 25  3 300\n")},
			"#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:04:00 Mon  5 Jan 2026 gw Flows from 6000 to 24001\n80 6003 12000  8 800\n443 13000 23000  3 300\n", "1 flow is older", ""},
		{"another rule set than before", Query{By: by(t, "DestTransAddress"), RuleSets: []string{"all"}}, []string{testHead + testFormat +
			strings.Replace(testBlock(1, "3 1 1 1  10.0.0.1 80  5 500\n"), "2 all", "3 other", 1) + testBlock(2, "2 1 6000 12000  10.0.0.1 80  8 800\n2 2 6001 12000  10.0.0.1 443  2 80\n")},
			"#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 1 to 12001\n443 6001 12000  2 80\n", "1 flow is older", ""},
		{"amounts", Query{By: by(t, "DestTransAddress")}, []string{strings.Replace(testHead, "zone=UTC", "zone=UTC counters=amounts", 1) + strings.NewReplacer("topdus", "d_topdus", "tooctets", "d_tooctets").Replace(testFormat) +
			testBlock(1, "2 1 1 6000  10.0.0.1 80  5 500\n") +
			testBlock(2, "2 1 1 12000  10.0.0.1 80  5 500\n2 9 1 12000  10.0.0.9 443  0 0\n# 1 flows were there before; their amounts of this interval are not known, and stand as 0\n")},
			"#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 1 to 12001\n80 1 12000  10 1000\n", "1 collection has flows that were there before", ""},
		{"twice", Query{By: by(t, "DestTransAddress")}, []string{two, two}, "#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 1 to 12001\n80 1 12000  11 1100\n443 5900 7000  3 1000\n", "2 collections are left out: they are there twice", ""},
		{"a last packet where an interval ends", Query{By: by(t, "DestTransAddress")}, []string{two + lastMoment + lastMoment}, "#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 1 to 12001\n80 1 12001  12 1160\n443 5900 12001  4 1500\n", "1 collection is left out: it is there twice", ""},
		{"a last packet where a step ends", Query{Every: time.Minute}, []string{two + lastMoment}, "#Format: topdus tooctets\n#Time: 09:01:00 Mon  5 Jan 2026 gw Flows from 1 to 6001\n7 660\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 6000 to 12001\n7 1440\n#Time: 09:03:00 Mon  5 Jan 2026 gw Flows from 12000 to 18001\n2 560\n", "", ""},
		{"cut", Query{By: by(t, "DestTransAddress")}, []string{strings.TrimSuffix(two, "#EndData: gw 2\n")}, "#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:01:00 Mon  5 Jan 2026 gw Flows from 1 to 6001\n80 1 6000  6 600\n443 5900 5950  1 60\n", "1 collection is left out: it has no end", ""},
		{"no flows", Query{Every: time.Minute}, []string{testHead + testFormat + testBlock(1, "") + testBlock(2, "")},
			"#Format: topdus tooctets\n#Time: 09:01:00 Mon  5 Jan 2026 gw Flows from 1 to 6001\n0 0\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 6000 to 12001\n0 0\n", "", ""},
		{"no time, no flows", Query{Every: time.Minute}, []string{noPackets}, "#Format: topdus tooctets\n#Time: --:--:-- --- -- --- ---- gw Flows from 1 to 1\n", "", ""},
		{"no flows by what the files have", Query{}, []string{noPackets}, "#Format: flowruleset flowindex sourcepeeraddress desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: --:--:-- --- -- --- ---- gw Flows from 1 to 1\n", "", ""},
		{"nothing whole", Query{}, []string{testHead + testFormat}, "", "", "no complete collection"},
		{"an attribute that is not there", Query{By: by(t, "FlowKind")}, []string{two}, "", "", "--by:1:1: the flow data does not hold FlowKind"},
		{"a condition of what is not there", Query{Where: where(t, "DestPeerAddress == 10.0/8")}, []string{two}, "", "", "holds FlowRuleSet, FlowIndex, FirstTime, LastActiveTime, SourcePeerAddress, DestTransAddress, ToPDUs, ToOctets"},
		{"two rule sets", Query{}, []string{strings.Replace(two, "#EndData: gw 1\n", "#Ruleset: 3 other\n3 1 1 1  10.0.0.1 80  5 500\n#EndData: gw 1\n", 1)}, "", "", "rule sets 2 (all) and 3 (other), each of which counts packets by itself"},
		{"two rule sets with attributes of their own", Query{}, []string{strings.Replace(two, "#EndData: gw 1\n", "#Ruleset: 3 other\n#Format: desttransaddress  topdus\n80  5\n#EndData: gw 1\n", 1)}, "", "", "0.flows: there are flows of the rule sets 2 (all) and 3 (other), each of which counts packets by itself"},
		{"one of two rule sets", Query{RuleSets: []string{"other"}}, []string{strings.Replace(two, "#EndData: gw 1\n", "#Ruleset: 3 other\n3 1 1 1  10.0.0.1 80  5 500\n#EndData: gw 1\n", 1)},
			"#Format: flowruleset flowindex sourcepeeraddress desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 1 to 12001\n3 1 10.0.0.1 80 1 1  5 500\n", "", ""},
		{"another rule set", Query{RuleSets: []string{"web", "7"}}, []string{two}, "", "", "there are no flows of the rule set web or 7; there are such of 2 (all)"},
		{"records as they stand", Query{Counters: true, Where: where(t, "ToOctets >= 500")}, []string{two},
			"#Format: flowruleset flowindex sourcepeeraddress desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:01:00 Mon  5 Jan 2026 gw Flows from 1 to 6001\n2 1 10.0.0.1 80 1 6000  5 500\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 6000 to 12001\n2 1 10.0.0.1 80 1 12000  8 800\n2 3 10.0.1.1 443 5900 7000  3 1000\n", "", ""},
		{"a line that is none", Query{By: by(t, "DestTransAddress")}, []string{strings.Replace(two, "2 2 3000", "2 2 x", 1)}, "#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 1 to 12001\n80 1 12000  10 1000\n443 5900 7000  3 1000\n", "", ""},
		{"restarted", Query{By: by(t, "DestTransAddress")}, []string{two + strings.Replace(testHead, "09:00", "09:05", 1) + testFormat +
			"#Time: 09:06:00 Mon  5 Jan 2026 gw Flows from 1 to 6001\n#Ruleset: 2 all\n2 1 1 6000  10.0.0.1 80  9 900\n#EndData: gw 1\n"},
			"#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:06:00 Mon  5 Jan 2026 gw Flows from 1 to 36001\n80 1 36000  20 2000\n443 5900 7000  3 1000\n", "", ""},
		{"a manager that began in the meter's first second, and a file of later", Query{By: by(t, "DestTransAddress")}, []string{testHead + testFormat + testBlock(1, "2 1 1 6000  10.0.0.1 80  5 500\n"),
			strings.Replace(testHead, "09:00:00", "09:01:01", 1) + testFormat + strings.Replace(testBlock(2, "2 1 1 12000  10.0.0.1 80  8 800\n"), "09:02:00", "09:02:01", 1)},
			"#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:01 Mon  5 Jan 2026 gw Flows from 1 to 12101\n80 1 12100  8 800\n", "", ""},
		{"begun anew without a word", Query{By: by(t, "DestTransAddress")}, []string{testHead + testFormat + testBlock(1, "2 1 1 6000  10.0.0.1 80  5 500\n") + testBlock(2, "2 1 1 12000  10.0.0.1 80  6 300\n")},
			"#Format: desttransaddress firsttime lastactivetime  topdus tooctets\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 1 to 12001\n80 1 12000  11 800\n", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, r, err := ask(t, tt.q, tt.files...)
			if (err != nil) != (tt.fault != "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Fatalf("error %v, want %q", err, tt.fault)
			}
			if d := cmp.Diff(tt.want, got); d != "" && tt.fault == "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, tt.notes) || tt.notes == "" && notes != "" {
				t.Errorf("notes %s, want %q", notes, tt.notes)
			}
			if bad := uint64(0); tt.name == "a line that is none" {
				if bad = 1; r.Bad != bad || len(r.Faults) != 1 || !strings.Contains(r.Faults[0], "0.flows:6: \"x\" is no value of FirstTime") && !strings.Contains(r.Faults[0], "no value") {
					t.Errorf("faults %d %v", r.Bad, r.Faults)
				}
			}
		})
	}
}

// TestEvery: steps lie on the clock, gaps are filled, and an amount of a longer time is
// divided without a loss.
func TestEvery(t *testing.T) {
	file := testHead + testFormat +
		testBlock(1, "2 1 1 6000  10.0.0.1 80  7 100\n2 2 5800 5900  10.0.0.2 443  1 50\n") +
		strings.Replace(testBlock(4, "2 1 1 24000  10.0.0.1 80  8 200\n"), "from 18000", "from 6000", 1)
	const f = "#Format: desttransaddress  topdus tooctets\n"
	for _, tt := range []struct {
		name  string
		q     Query
		want  string
		notes int
	}{
		{"a minute", Query{Every: time.Minute}, "#Format: topdus tooctets\n" +
			"#Time: 09:01:00 Mon  5 Jan 2026 gw Flows from 1 to 6001\n8 150\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 6000 to 12001\n0 33\n" +
			"#Time: 09:03:00 Mon  5 Jan 2026 gw Flows from 12000 to 18001\n0 33\n#Time: 09:04:00 Mon  5 Jan 2026 gw Flows from 18000 to 24001\n1 34\n", 1},
		{"half a minute, grouped", Query{Every: 30 * time.Second, By: by(t, "DestTransAddress"), Where: where(t, "FirstTime > 1 || ToOctets > 100")}, f +
			"#Time: 09:00:30 Mon  5 Jan 2026 gw Flows from 1 to 3001\n443  0 0\n#Time: 09:01:00 Mon  5 Jan 2026 gw Flows from 3000 to 6001\n443  1 50\n" +
			"#Time: 09:01:30 Mon  5 Jan 2026 gw Flows from 6000 to 9001\n443  0 0\n#Time: 09:02:00 Mon  5 Jan 2026 gw Flows from 9000 to 12001\n443  0 0\n" +
			"#Time: 09:02:30 Mon  5 Jan 2026 gw Flows from 12000 to 15001\n443  0 0\n#Time: 09:03:00 Mon  5 Jan 2026 gw Flows from 15000 to 18001\n443  0 0\n" +
			"#Time: 09:03:30 Mon  5 Jan 2026 gw Flows from 18000 to 21001\n443  0 0\n#Time: 09:04:00 Mon  5 Jan 2026 gw Flows from 21000 to 24001\n443  0 0\n", 0},
		{"an hour, the largest", Query{Every: time.Hour, By: by(t, "DestTransAddress"), Top: 1}, f + "#Time: 10:00:00 Mon  5 Jan 2026 gw Flows from 1 to 360001\n80  8 200\n", 0},
		{"in one interval", Query{Every: 2 * time.Minute, OneInterval: true}, "#Format: firsttime lastactivetime  topdus tooctets\n#Time: 09:04:00 Mon  5 Jan 2026 gw Flows from 1 to 24001\n1 12001  8 183\n12001 24001  1 67\n", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, r, err := ask(t, tt.q, file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			if len(r.Notes) != tt.notes {
				t.Errorf("notes %v", r.Notes)
			}
		})
	}
	_, _, err := ask(t, Query{Every: time.Second}, testHead+testFormat+strings.Replace(testBlock(1, "2 1 1 999999999999  10.0.0.1 80  7 100\n"), "to 6001", "to 999999999999", 1))
	if err == nil || !strings.Contains(err.Error(), "rows") {
		t.Errorf("too many steps: %v", err)
	}
}

// TestInterrupted: a question to a pipe that says nothing ends with its context.
func TestInterrupted(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := w.WriteString(testHead + testFormat + testBlock(1, "2 1 1 6000  10.0.0.1 80  5 500\n")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := Run(ctx, &Query{Files: []string{"-"}, Stdin: r}, flowfile.NewWriter(io.Discard, flowfile.Header{}))
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestManyRows: one block cannot make more rows than are possible before it is told.
func TestManyRows(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f.flows")
	var records strings.Builder
	for i := range 5 {
		fmt.Fprintf(&records, "2 %d 1 6000  10.0.0.%d 80  100 1000\n", i+1, i+1)
	}
	if err := os.WriteFile(name, []byte(testHead+testFormat+testBlock(1, records.String())), 0o600); err != nil {
		t.Fatal(err)
	}
	a := newAnswer(&Query{Files: []string{name}, By: by(t, "SourcePeerAddress"), Every: time.Second}, nil)
	a.rows.most = 150 // two flows and a half
	if err := a.read(t.Context()); !errors.Is(err, errRows) {
		t.Errorf("got %v, want %v", err, errRows)
	}
	if n := a.rows.all.Len(); n > a.rows.most {
		t.Errorf("%d rows were made", n)
	}
}

// shortRuns are the heads and blocks of a meter's flow data that was started again twice within
// a minute: its runs are near in time and alike in uptime. With quiet, nothing comes in the
// first collection of each.
func shortRuns(quiet bool) (heads []string, blocks [][]string) {
	clock := func(seconds int) string { return fmt.Sprintf("09:%02d:%02d", seconds/60, seconds%60) }
	for i, run := range []struct {
		start int   // seconds after 09:00
		ends  []int // of collections, likewise
	}{
		{0, []int{1, 3, 5}}, {6, []int{7, 9, 12, 15, 19}}, {50, []int{51, 61, 71, 81, 91, 101}},
	} {
		heads = append(heads, "##NeTraMet v1:  -  gw eth0  octets=frame zone=UTC  9 flows  starting at "+clock(run.start)+" Mon 5 Jan 2026\n"+testFormat)
		blocks = append(blocks, nil)
		first, from, note := 50+i, 1, ""
		if quiet {
			first = 150 + i
		}
		if i > 0 {
			note = "# the meter was started again; its counters and flow indices begin anew\n"
		}
		for n, end := range run.ends {
			to, record := (end-run.start)*100, ""
			if !quiet || n > 0 {
				record = fmt.Sprintf("2 1 %d %d  10.0.0.1 80  %d %d\n", first, to-1, n+1, 100*(n+1))
			}
			blocks[i] = append(blocks[i], fmt.Sprintf("#Time: %s Mon  5 Jan 2026 gw Flows from %d to %d\n%s#Ruleset: 2 all\n%s#EndData: gw %d\n", clock(end), from, to, note, record, n+1))
			from, note = to-1, ""
		}
	}
	return heads, blocks
}

// TestShortRuns asks for what a meter has counted in short runs.
func TestShortRuns(t *testing.T) {
	for _, quiet := range []bool{false, true} {
		heads, blocks := shortRuns(quiet)
		part := func(run, from, to int) string { return heads[run] + strings.Join(blocks[run][from:to], "") }
		first, second, third := part(0, 0, 3), part(1, 0, 5), part(2, 0, 6)
		for _, tt := range []struct {
			name  string
			files []string
		}{
			{"one file", []string{first + second + third}},
			{"a file each", []string{first, second, third}},
			{"the newest first", []string{third, second, first}},
			{"a file twice", []string{first, second, third, first}},
			{"a file was renamed away within the second run", []string{first + part(1, 0, 2), part(1, 2, 5) + third}},
			{"JSON Lines", []string{asJSON(t, first+second+third, columns.RTFM, true)}},
			{"JSON Lines without amounts", []string{asJSON(t, first+second+third, columns.RTFM, false)}},
		} {
			t.Run(fmt.Sprintf("%s, quiet %v", tt.name, quiet), func(t *testing.T) {
				out, _, err := ask(t, Query{By: by(t, "DestTransAddress")}, tt.files...)
				if want := "  14 1400\n"; err != nil || !strings.HasSuffix(out, want) {
					t.Errorf("%v, %q; want an end %q", err, out, want)
				}
			})
		}
	}
}

// TestAnewOfOther: a meter was started again, and nothing came until its file ends. That says
// nothing of the counters of another meter, whose file is read next.
func TestAnewOfOther(t *testing.T) {
	const head = "##NeTraMet v1:  -  METER eth0  octets=frame zone=UTC  9 flows  starting at 09:00:00 Mon 5 Jan 2026\n" + testFormat
	block := func(meter, time string, from, to int, note, record string) string {
		return fmt.Sprintf("#Time: %s Mon  5 Jan 2026 %s Flows from %d to %d\n%s#Ruleset: 2 all\n%s#EndData: %s\n", time, meter, from, to, note, record, meter)
	}
	const anew = "# the meter was started again; its counters and flow indices begin anew\n"
	first := strings.ReplaceAll(head, "METER", "gw") + block("gw", "09:01:00", 1, 6000, "", "2 1 50 5999  10.0.0.1 80  1 100\n") + block("gw", "09:02:00", 1, 100, anew, "")
	again := strings.ReplaceAll(head, "METER", "gw") + block("gw", "09:05:00", 99, 18000, "", "2 1 50 17999  10.0.0.1 80  10 1000\n")
	other := strings.ReplaceAll(head, "METER", "other") + block("other", "09:03:00", 11999, 18000, "", "2 1 50 17999  10.0.0.1 80  1000 100000\n") +
		block("other", "09:04:00", 17999, 24000, "", "2 1 50 23999  10.0.0.1 80  1001 100100\n")
	for _, tt := range []struct {
		name  string
		files []string
	}{
		{"flow files", []string{first, other, again}},
		{"JSON Lines", []string{asJSON(t, first, columns.RTFM, false), asJSON(t, other, columns.RTFM, false), asJSON(t, again, columns.RTFM, false)}},
		{"JSON Lines, one file", []string{asJSON(t, first, columns.RTFM, false) + asJSON(t, other, columns.RTFM, false) + asJSON(t, again, columns.RTFM, false)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := ask(t, Query{By: by(t, "DestTransAddress")}, tt.files...)
			if want := "  12 1200\n"; err != nil || !strings.HasSuffix(out, want) {
				t.Errorf("%v, %q; want an end %q", err, out, want)
			}
		})
	}
}

// TestOldFiles: what the original's versions wrote, and fd_filter made of it.
func TestOldFiles(t *testing.T) {
	const old = `##NeTraMet v3.2.  -c300 -r rules.lan -e rules.default  test_meter -i eth0  4000 flows  starting at 12:31:27 Wed 1 Feb 95
#Format: flowruleset flowindex firsttime  sourcepeertype sourcepeeraddress destpeeraddress  topdus frompdus  tooctets fromoctets
#Time: 12:31:27 Wed  1 Feb 95 130.216.14.251 Flows from 1 to 3642
1 2 13  5 31.32.0.0 33.34.0.0  1138 0  121824 0
1 3 13  2 11.12.0.0 13.14.0.0  4215 0  689711 0
3 7 3560  2 130.216.14.0 130.216.76.0  59 65  4286 4294967000
3 9 3560  2 130.216.14.0 130.216.14.0  118 1  32060 60
#Time: 12:36:25 Wed  1 Feb 95 130.216.14.251 Flows from 3641 to 33420
3 7 3560  2 130.216.14.0 130.216.76.0  9586 7148  1111118 565274
3 9 3560  2 130.216.14.0 130.216.14.0  10596 1  2792846 60
`
	const filtered = "#Format: flowindex\tfirsttime\tsourcepeertype\tsourcepeeraddress\tdestpeeraddress\td_topdus\td_tooctets\n" +
		"#Time: 21:00:10 Fri 13 Dec 2013 ntm1 Flows from 1 to 1000\n2\t13\t1\t192.0.2.1\t198.51.100.9\t5\t5000\n#EndData: ntm1\n" +
		"#Time: 21:00:20 Fri 13 Dec 2013 ntm1 Flows from 999 to 2000\n2\t13\t1\t192.0.2.1\t198.51.100.9\t1\t60\n3\t1500\t1\t192.0.2.1\t198.51.100.9\t2\t40\n#EndData: ntm1\n"
	for _, tt := range []struct{ name, file, by, ruleSet, want, fault string }{
		{"3.x", old, "SourcePeerType, SourcePeerAddress/16", "3", "#Format: sourcepeertype sourcepeeraddress sourcepeermask firsttime  topdus frompdus tooctets fromoctets\n1 130.216.0.0 255.255.0.0 3560  20182 7149 3903964 4295532630\n", ""},
		{"3.x of two rule sets", old, "SourcePeerType", "", "", "rule sets 1 and 3"},
		{"fd_filter", filtered, "SourcePeerAddress", "", "#Format: sourcepeeraddress firsttime  topdus tooctets\n192.0.2.1 13  8 5100\n", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			q := Query{By: by(t, tt.by)}
			if tt.ruleSet != "" {
				q.RuleSets = []string{tt.ruleSet}
			}
			got, _, err := ask(t, q, tt.file)
			if (err != nil) != (tt.fault != "") || err != nil && !strings.Contains(err.Error(), tt.fault) {
				t.Fatalf("error %v, want %q", err, tt.fault)
			}
			var kept string
			for line := range strings.Lines(got) {
				if !strings.HasPrefix(line, "#Time") {
					kept += line
				}
			}
			if err == nil && kept != tt.want {
				t.Errorf("got\n%swant\n%s", kept, tt.want)
			}
		})
	}
}

// TestCompressed: files may be compressed, and told by how they begin.
func TestCompressed(t *testing.T) {
	text := testHead + testFormat + testBlock(1, "2 1 1 6000  10.0.0.1 80  5 500\n")
	type closer interface {
		Write([]byte) (int, error)
		Close() error
	}
	for name, open := range map[string]func(*bytes.Buffer) closer{
		"gzip": func(b *bytes.Buffer) closer { return gzip.NewWriter(b) },
		"zstd": func(b *bytes.Buffer) closer { w, _ := zstd.NewWriter(b); return w },
		"xz": func(b *bytes.Buffer) closer {
			w, err := xz.NewWriter(b)
			if err != nil {
				t.Fatal(err)
			}
			return w
		},
		"lz4":    func(b *bytes.Buffer) closer { return lz4.NewWriter(b) },
		"snappy": func(b *bytes.Buffer) closer { return s2.NewWriter(b, s2.WriterSnappyCompat()) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			w := open(&b)
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if got, _, err := ask(t, Query{By: by(t, "DestTransAddress")}, b.String()); err != nil || !strings.HasSuffix(got, "80 1 6000  5 500\n") {
				t.Errorf("%v\n%s", err, got)
			}
			if _, _, err := ask(t, Query{}, b.String()[:b.Len()-5]); err == nil {
				t.Error("a cut file is no error")
			}
		})
	}
}

// TestOddTimes: dates that no clock shows, and none at all.
func TestOddTimes(t *testing.T) {
	for name, date := range map[string]string{"far": "09:01:00 Mon  5 Jan 9999", "long ago": "09:01:00 Mon  5 Jan 0001", "none": "--:--:-- --- -- --- ----"} {
		text := strings.Replace(testHead+testFormat+testBlock(1, "2 1 1 6000  10.0.0.1 80  5 500\n"), "09:01:00 Mon  5 Jan 2026", date, 1)
		for _, every := range []time.Duration{0, time.Minute, 24 * time.Hour} {
			got, _, err := ask(t, Query{By: by(t, "DestTransAddress"), Every: every}, text)
			if err != nil || !strings.HasSuffix(got, "  5 500\n") {
				t.Errorf("%s, every %v: %v\n%s", name, every, err, got)
			}
		}
	}
}

// TestBounded: flows that are gone make room for others with their indices, and an
// index that nobody else is near takes no more memory than one that is.
func TestBounded(t *testing.T) {
	p := &part{layout: &layout{named: true}, number: 2}
	p.iv.From = 1
	c := newChain(chainKey{number: 2}, 1, p)
	c.begins = true
	out := make([]uint64, 1)
	for block := range uint64(1000) {
		c.block = block + 1
		for i := range uint64(10) {
			id := i + 1
			if i == 9 {
				id = 1<<32 - 1
			}
			if _, known := c.amounts(p, flowName{first: block*10 + i, id: id}, []uint64{7}, out); !known || out[0] != 7 {
				t.Fatalf("block %d, flow %d: %v, %d", block, i, known, out[0])
			}
		}
		c.take()
		c.begins = false
	}
	if c.places.Len() != 10 || c.counts.Len() != 10 || len(c.dense) > 5000 || c.flows.Len() != 1 {
		t.Errorf("%d places, %d counts, %d and %d indices", c.places.Len(), c.counts.Len(), len(c.dense), c.flows.Len())
	}
}

// TestBadFiles: what is no flow data, and what is hostile.
func TestBadFiles(t *testing.T) {
	for name, tt := range map[string]struct{ text, fault string }{
		"empty":       {"", "an empty file, not a flow data file"},
		"other":       {"hello\n", "0.flows:1: first line is not"},
		"CSV":         {"schema,meter,meter_start\n1,gw,\n", "0.flows is no flow data but CSV, "},
		"a trace":     {"\xd4\xc3\xb2\xa1\x02\x00", "0.flows is no flow data but a trace: "},
		"UTF-16":      {"\xff\xfe#\x00#\x00", "0.flows is no flow data but UTF-16 text: "},
		"no format":   {testHead + testBlock(1, "1 2 3\n"), "without a #Format line"},
		"a sum":       {testHead + testFormat + testBlock(1, "2 1 1 1  10.0.0.1 80  5 18446744073709551615\n2 2 1 1  10.0.0.1 80  5 5\n"), "more than 64 bits"},
		"bad #Format": {testHead + "#Format: x\n" + testBlock(1, "1 2 3\n"), "#Format"},
	} {
		if _, _, err := ask(t, Query{By: by(t, "DestTransAddress")}, tt.text); err == nil || !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%s: error %v, want %s", name, err, tt.fault)
		}
	}
	text := testHead + testFormat + testBlock(1, "2 1 1 6000  10.0.0.1 80  5 500\n")
	if _, _, err := ask(t, Query{By: by(t, "DestTransAddress")}, bom+text); err != nil {
		t.Errorf("with a byte order mark: %v", err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(strings.Repeat(text, 1000))) // to memory
	_ = z.Close()
	_, _, err := ask(t, Query{By: by(t, "DestTransAddress")}, packed.String()[:packed.Len()/2])
	if err == nil || !strings.Contains(err.Error(), "0.flows: it is cut: ") || strings.Count(err.Error(), "0.flows") != 1 {
		t.Errorf("cut: %v", err)
	}
	if _, _, err := ask(t, Query{Files: []string{filepath.Join(t.TempDir(), "none")}}); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// fuzzEvery makes few rows of centuries, which a year that was changed can make of any
// file: a fuzzer gives an input some seconds.
const fuzzEvery = 30 * 24 * time.Hour

// FuzzRun: whatever a file holds, there is an answer or an error, in bounded memory.
func FuzzRun(f *testing.F) {
	block := testHead + testFormat + testBlock(1, "2 1 1 6000  10.0.0.1 80  5 500\n")
	f.Add(block)
	f.Add(block + strings.ReplaceAll(block, "2026", "1926"))
	f.Fuzz(func(t *testing.T, text string) {
		for _, q := range []Query{{}, {Every: fuzzEvery}, {Counters: true}, {Top: 1, Sort: &table.Key{By: table.ByRate}}} {
			_, _, _ = ask(t, q, text)
		}
	})
}
