package top_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"netramet/internal/golden"
	"netramet/mib"
	"netramet/reader"
	"netramet/reader/table"
	"netramet/reader/top"
	"netramet/ruleset"
)

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// interval is from a minute after the start to two after.
func interval() reader.Interval {
	iv := reader.Interval{Number: 2, Time: start.Add(2 * time.Minute), From: 6000, To: 12001, Meter: "gate"}
	iv.SetStart(start)
	return iv
}

// flow is what a test says of a flow.
type flow struct {
	source, dest               string
	proto                      uint64
	sport, dport               uint16
	to, from, toPDUs, fromPDUs uint64
	first, last                uint64
}

// record makes a record for a FORMAT of it.
func (f *flow) record(format *ruleset.Format, ruleSet int, index uint32) *reader.Record {
	rec := &reader.Record{}
	rec.Clear(len(format.Attrs))
	rec.RuleSet, rec.Index, rec.FirstTime, rec.PeerType = ruleSet, index, f.first, mib.PeerIPv4
	octets := func(v *reader.Value, o []byte) { v.Len = uint8(copy(v.Octets[:], o)) }
	address := func(v *reader.Value, text string) {
		if text != "" {
			a := netip.MustParseAddr(text)
			if a.Is6() {
				rec.PeerType = mib.PeerIPv6
			}
			octets(v, a.AsSlice())
		}
	}
	port := func(v *reader.Value, n uint16) {
		if n > 0 {
			octets(v, []byte{byte(n >> 8), byte(n)})
		}
	}
	for i, a := range format.Attrs {
		v := &rec.Values[i]
		switch a {
		case mib.AttrSourcePeerAddress:
			address(v, f.source)
		case mib.AttrDestPeerAddress:
			address(v, f.dest)
		case mib.AttrSourceTransAddress:
			port(v, f.sport)
		case mib.AttrDestTransAddress:
			port(v, f.dport)
		}
		v.Num += map[mib.Attr]uint64{
			mib.AttrFlowRuleSet: uint64(ruleSet), mib.AttrFlowIndex: uint64(index), mib.AttrFirstTime: f.first, mib.AttrLastActiveTime: f.last,
			mib.AttrSourceTransType: f.proto, mib.AttrToOctets: f.to, mib.AttrFromOctets: f.from, mib.AttrToPDUs: f.toPDUs, mib.AttrFromPDUs: f.fromPDUs,
		}[a]
	}
	for i, a := range format.Attrs {
		if a == mib.AttrSourcePeerType && f.source != "" {
			rec.Values[i].Num = uint64(rec.PeerType)
		}
	}
	return rec
}

// collect hands a collection of flows, each of a rule set, to an output.
func collect(t testing.TB, out reader.Output, iv reader.Interval, tasks []reader.Task, flows []flow) {
	t.Helper()
	if err := out.Begin(iv, tasks); err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		for i := range flows {
			if err := out.Record(flows[i].record(task.Format, task.RuleSet, uint32(i+1))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := out.End(); err != nil {
		t.Fatal(err)
	}
}

var flows = []flow{
	{"10.1.0.5", "198.51.100.17", 6, 56838, 80, 23_400, 1_234_567, 321, 1020, 5000, 11000},
	{"2001:db8:ffff:ffff:ffff:ffff:ffff:fff1", "2001:db8:0:1::53", 17, 40123, 53, 900, 99, 9, 1, 7000, 7050},
	{"10.1.0.7", "192.0.2.1", 1, 0, 0, 999_950, 0, 1000, 0, 6000, 12000},
	{"", "", 0, 0, 0, 64, 0, 1, 0, 6500, 6500},
	{"2001:db8::1", "2001:db8::2", 58, 0, 0, 1_500_000_000, 1_000_000_000_000, 5_000_000, 2_000_000, 1, 12000},
	{"10.1.0.9", "192.0.2.1", 6, 1024, 443, 64, 0, 1, 0, 6500, 6500},
}

// TestTables holds the tables against those that are kept: of terminals of 40, 80
// and 200 columns, and of none.
func TestTables(t *testing.T) {
	hosts, _ := ruleset.ParseFormatLine("sourcepeertype sourcepeeraddress destpeeraddress topdus frompdus tooctets fromoctets")
	counters, _ := ruleset.ParseFormatLine("tooctets fromoctets")
	tuple := []reader.Task{{RuleSet: 2, Name: "5tuple", Format: ruleset.DefaultFormat()}}
	for _, tt := range []struct {
		name  string
		tasks []reader.Task
		opts  top.Options
		size  [2]int
	}{
		{"plain", tuple, top.Options{N: 10}, [2]int{0, 0}},
		{"exact", tuple, top.Options{N: 10, Options: table.Options{Exact: true}}, [2]int{0, 0}},
		{"200", tuple, top.Options{N: 4}, [2]int{200, 50}},
		{"80", tuple, top.Options{N: 4}, [2]int{80, 24}},
		{"40", tuple, top.Options{N: 4}, [2]int{40, 24}},
		{"12", tuple, top.Options{N: 4}, [2]int{12, 24}},
		{"low", tuple, top.Options{N: 10}, [2]int{80, 8}},
		{"pdus", tuple, top.Options{N: 4, Options: table.Options{Key: table.Key{By: table.ByPDUs}}}, [2]int{80, 24}},
		{"rate", tuple, top.Options{N: 4, Options: table.Options{Key: table.Key{By: table.ByRate}}}, [2]int{80, 24}},
		{"from", tuple, top.Options{N: 4, Options: table.Options{Key: table.Key{By: table.ByAttribute, Attr: mib.AttrFromPDUs}}}, [2]int{80, 24}},
		{"address", tuple, top.Options{N: 4, Options: table.Options{Key: table.Key{By: table.ByAttribute, Attr: mib.AttrSourcePeerAddress}}}, [2]int{80, 24}},
		{"two", []reader.Task{{RuleSet: 2, Name: "höste 主机 e\u0301", Format: hosts}, {RuleSet: 3, Name: "all\x1b[2J", Format: counters}}, top.Options{N: 3}, [2]int{80, 24}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var text []byte
			tt.opts.Once = true
			tasks := reader.Widen(tt.tasks, top.Needs(tt.opts.Key)...)
			out, err := top.New(tt.opts, func(all top.Tables) error {
				text = all.AppendTo(text, tt.size[0], tt.size[1])
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			collect(t, out, interval(), tasks, flows)
			golden.Compare(t, filepath.Join("testdata", tt.name+".txt"), text)
			if height := strings.Count(string(text), "\n"); tt.size[1] > 0 && height > tt.size[1] {
				t.Errorf("%d lines on a screen of %d", height, tt.size[1])
			}
		})
	}
}

// names are what systems are called, in characters of no width, of one and of two.
type names map[uint64]string

func (n *names) Has(a mib.Attr) bool                   { return a == mib.AttrSourceASN || a == mib.AttrDestASN }
func (n *names) Name(_ mib.Attr, number uint64) string { return (*n)[number] }

// TestNames: names stand in place of numbers, in columns that are straight whatever
// their characters are, and cut where they have no room.
func TestNames(t *testing.T) {
	format, err := ruleset.ParseFormatLine("sourceasn destasn topdus frompdus tooctets fromoctets")
	if err != nil {
		t.Fatal(err)
	}
	tasks := []reader.Task{{RuleSet: 2, Name: "customers", Format: format, Names: &names{
		1: "Müller & Söhne, Lagerhaus am Güterbahnhof", 2: "東京都立図書館ネットワークサービス", 3: "E\u0301cole nume\u0301rique de l'Ouest", 4: "👩‍👩‍👧 Family", 5: "plain",
	}}}
	for _, width := range []int{0, 40, 80, 200} {
		var got []byte
		out, err := top.New(top.Options{N: 10, Once: true}, func(all top.Tables) error {
			got = all.AppendTo(nil, width, 0)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Begin(interval(), tasks); err != nil {
			t.Fatal(err)
		}
		for i := range uint64(6) {
			rec := (&flow{to: 1000 * (10 - i), from: 77 * i, toPDUs: 10, fromPDUs: i}).record(format, 2, uint32(i+1))
			rec.Values[0].Num, rec.Values[1].Num = i+1, 5*(i%2)
			if err := out.Record(rec); err != nil {
				t.Fatal(err)
			}
		}
		if err := out.End(); err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", fmt.Sprintf("names%d.txt", width)), got)
	}
}

// TestFirst holds the flows that an Output keeps against all flows, sorted: those that
// are equal in their order.
func TestFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	tasks := []reader.Task{{RuleSet: 2, Name: "x", Format: ruleset.DefaultFormat()}}
	layout := table.NewLayout(tasks[0], table.Options{})
	for range 200 {
		many := make([]flow, rng.IntN(60))
		for i := range many {
			many[i] = flow{source: "10.0.0.1", to: rng.Uint64N(8), from: rng.Uint64N(8), toPDUs: 1}
		}
		n := 1 + rng.IntN(20)
		var got []byte
		out, err := top.New(top.Options{N: n, Once: true}, func(all top.Tables) error {
			got = all.AppendTo(nil, 0, 0)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		collect(t, out, interval(), tasks, many)

		want, total, iv := layout.New(interval()), table.Counts{}, interval()
		order := make([]int, len(many))
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(a, b int) int {
			return int(many[b].to+many[b].from) - int(many[a].to+many[a].from)
		})
		for place, i := range order {
			rec := many[i].record(tasks[0].Format, 2, uint32(i+1))
			counts := layout.Counts(&iv, rec)
			total.Add(&counts)
			if place < n {
				want.Row(rec, &counts)
			}
		}
		want.Total(len(many), &total, 0)
		if d := cmp.Diff(string(want.AppendTo(nil, 0, 0)), string(got)); d != "" {
			t.Fatalf("%d of %d flows (-want +got)\n%s", n, len(many), d)
		}
	}
}

// TestAmounts: in an interval amounts count, not counters; a flow that nothing was
// added to is not there, and one from before is only counted.
func TestAmounts(t *testing.T) {
	tasks := []reader.Task{{RuleSet: 2, Name: "x", Format: ruleset.DefaultFormat()}}
	var got []byte
	out, err := top.New(top.Options{N: 2, Options: table.Options{Exact: true}}, func(all top.Tables) error {
		got = all.AppendTo(nil, 60, 0)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	iv := interval()
	iv.Amounts = true
	if err := out.Begin(iv, tasks); err != nil {
		t.Fatal(err)
	}
	for i, amount := range []uint64{5, 0, 7, 0} {
		rec := flows[0].record(tasks[0].Format, 2, uint32(i+1))
		rec.Amounts = make([]uint64, len(rec.Values))
		rec.Amounts[slices.Index(tasks[0].Format.Attrs, mib.AttrToOctets)] = amount
		rec.Baseline = i == 3
		if err := out.Record(rec); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.End(); err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join("testdata", "amounts.txt"), got)
}

// TestGrowth: where intervals have no amounts, they are what was added to the counters
// since the last collection that was complete.
func TestGrowth(t *testing.T) {
	format, err := ruleset.ParseFormatLine("sourcepeeraddress tooctets fromoctets")
	if err != nil {
		t.Fatal(err)
	}
	tasks := []reader.Task{{RuleSet: 2, Name: "x", Format: format}}
	var got string
	out, err := top.New(top.Options{N: 9, Options: table.Options{Exact: true}}, func(all top.Tables) error {
		got = ""
		for line := range strings.Lines(string(all.AppendTo(nil, 0, 0))) {
			if words := strings.Fields(line); strings.HasPrefix(line, "10.") {
				got += words[0] + " " + words[1] + ", "
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	type counted struct {
		source string
		first  uint64
		octets uint64
	}
	for i, step := range []struct {
		from, to uint64
		change   func(*reader.Interval)
		fail     bool
		flows    []counted
		want     string
	}{
		{1, 101, nil, false, []counted{{"10.0.0.1", 1, 500}, {"10.0.0.2", 1, 50}}, "10.0.0.1 500, 10.0.0.2 50, "},
		{100, 201, nil, true, []counted{{"10.0.0.1", 1, 510}, {"10.0.0.2", 1, 80}}, "given up"},
		{100, 203, nil, false, []counted{{"10.0.0.1", 1, 512}, {"10.0.0.2", 1, 90}}, "10.0.0.2 40, 10.0.0.1 12, "},
		// One that did not count, and another in the place of one that was recovered.
		{202, 301, nil, false, []counted{{"10.0.0.1", 1, 512}, {"10.0.0.3", 250, 7}}, "10.0.0.3 7, "},
		// A flow that was there, and that this reader does not know.
		{300, 401, nil, false, []counted{{"10.0.0.1", 1, 513}, {"10.0.0.3", 250, 7}, {"10.0.0.4", 200, 99}}, "10.0.0.1 1, "},
		{400, 501, nil, false, []counted{{"10.0.0.1", 1, 513}, {"10.0.0.3", 250, 7}, {"10.0.0.4", 200, 100}}, "10.0.0.4 1, "},
		{1, 41, func(iv *reader.Interval) { iv.Restarted = true }, false, []counted{{"10.0.0.1", 1, 3}}, "10.0.0.1 3, "},
	} {
		iv := reader.Interval{Number: uint64(i), From: step.from, To: step.to}
		if step.change != nil {
			step.change(&iv)
		}
		if err := out.Begin(iv, tasks); err != nil {
			t.Fatal(err)
		}
		for i, c := range step.flows {
			f := flow{source: c.source, dest: "10.9.9.9", to: c.octets, first: c.first}
			if err := out.Record(f.record(tasks[0].Format, 2, uint32(i+1))); err != nil {
				t.Fatal(err)
			}
		}
		end := out.End
		if step.fail {
			got, end = step.want, out.Abort
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if got != step.want {
			t.Errorf("collection %d: %s, want %s", i, got, step.want)
		}
	}
}

// TestAgain: what is given up is not shown, what is made again is shown once, and an
// error of whoever shows is the collection's.
func TestAgain(t *testing.T) {
	tasks := []reader.Task{{RuleSet: 2, Name: "x", Format: ruleset.DefaultFormat()}}
	shown, fail := 0, error(nil)
	out, err := top.New(top.Options{N: 1}, func(top.Tables) error { shown++; return fail })
	if err != nil {
		t.Fatal(err)
	}
	iv := interval()
	for _, step := range []struct {
		err   error
		shown int
	}{{errors.New("full"), 1}, {nil, 2}, {nil, 2}} {
		fail = step.err
		if err := out.Begin(iv, tasks); err != nil {
			t.Fatal(err)
		}
		if err := out.End(); err != step.err || shown != step.shown {
			t.Errorf("error %v, shown %d times, want %v and %d", err, shown, step.err, step.shown)
		}
		if err := out.Abort(); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Record(&reader.Record{}); err == nil {
		t.Error("a record outside a collection is taken")
	}
}

// BenchmarkRecord is what a flow costs that is not among the first, and one in a
// hundred that is.
func BenchmarkRecord(b *testing.B) {
	tasks := []reader.Task{{RuleSet: 2, Name: "x", Format: ruleset.DefaultFormat()}}
	out, err := top.New(top.Options{N: 10}, func(top.Tables) error { return nil })
	if err != nil {
		b.Fatal(err)
	}
	if err := out.Begin(interval(), tasks); err != nil {
		b.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var recs [1024]*reader.Record
	for i := range recs {
		f := flows[0]
		f.to = rng.Uint64N(1 << 30)
		recs[i] = f.record(tasks[0].Format, 2, uint32(i+1))
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := out.Record(recs[i%len(recs)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
