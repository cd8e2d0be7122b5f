package local

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"netramet/meter"
	"netramet/meter/control"
	"netramet/mib"
	"netramet/reader"
	"netramet/reader/amounts"
	"netramet/reader/columns"
	"netramet/reader/csv"
	"netramet/reader/flowfile"
	"netramet/reader/jsonl"
	"netramet/reader/lines"
	"netramet/ruleset"
	"netramet/ruleset/srl"
	"netramet/sources/sourcetest"
	"netramet/sources/wire"
)

// shapes saves other attributes for each of four kinds of packets: by peer type
// and port.
const shapes = `save DestAdjacentAddress;
	if SourcePeerType == IPv6 save;
	if DestTransAddress == 53 save, { save SourcePeerAddress/24; save FlowKind = 7; save SourceInterface; }
	else { save SourceTransAddress; save DestPeerAddress; save SourceTransType; save SourcePeerType; save DSCodePoint; }
	count;`

// sets are rule sets whose flows are unlike each other, by number.
var sets = map[int]string{
	2: shapes,
	3: `save SourceTransAddress; save DestTransAddress; save SourcePeerType; save SourcePeerAddress; save DestPeerAddress; save SourceTransType; count;`,
	7: "ignore;",
}

func compiled(t *testing.T, number int) *ruleset.RuleSet {
	rs, diags, err := srl.Compile("test.srl", []byte(`include "standard.srl"; `+sets[number]), srl.Options{Optimise: -1})
	if err != nil {
		t.Fatal(err, diags)
	}
	rs.Number = number
	return rs
}

// filled returns a meter of rule sets whose flows are unlike each other, and the tasks to
// read them by a FORMAT.
func filled(t *testing.T, format *ruleset.Format) (*control.Meter, []reader.Task) {
	m := control.New(meter.Config{}, control.Config{})
	var tasks []reader.Task
	for number := range sets {
		rs := compiled(t, number)
		if err := m.Change(func(c *control.Change) error { return c.Run(rs) }); err != nil {
			t.Fatal(err)
		}
		tasks = append(tasks, reader.Task{RuleSet: number, Format: format})
	}
	slices.SortFunc(tasks, func(a, b reader.Task) int { return a.RuleSet - b.RuleSet })
	for n := range 3 * together {
		var ip sourcetest.Part = sourcetest.IPv4{Src: fmt.Sprint("10.1.", n, ".1"), Dst: "10.2.0.1"}
		if n%3 == 0 {
			ip = sourcetest.IPv6{Src: fmt.Sprintf("2001:%x::1", n<<8), Dst: "2001:db8::1:1"}
		}
		f := sourcetest.Frame(t, sourcetest.Ether("", ""), ip, sourcetest.UDP{Src: uint16(1000 + n), Dst: uint16(53 + n%2)})
		m.Feed(&wire.Batch{Frames: []wire.Frame{f}})
	}
	return m, tasks
}

// formats are one of all attributes, and one of those that are stored.
func formats() (all, stored *ruleset.Format) {
	all, stored = &ruleset.Format{}, &ruleset.Format{}
	for a := range 256 {
		a := mib.Attr(a)
		if !a.Is(mib.UseRead) {
			continue
		}
		all.Attrs = append(all.Attrs, a)
		if len(meter.NewLayout([]mib.Attr{a}).Asked()) == 0 {
			stored.Attrs = append(stored.Attrs, a)
		}
	}
	return all, stored
}

// TestNextReadsWhatAttrSays: each attribute of each flow, of rule sets whose flows
// are unlike each other, is what State.Attr gives, however many flows are read at
// a time.
func TestNextReadsWhatAttrSays(t *testing.T) {
	all, stored := formats()
	t.Run("all", func(t *testing.T) { testNext(t, all, false) })
	t.Run("stored", func(t *testing.T) { testNext(t, stored, true) })
}

func testNext(t *testing.T, format *ruleset.Format, stored bool) {
	m, tasks := filled(t, format)
	flows := New(m, "lab")
	if _, err := flows.Begin(t.Context(), tasks); err != nil {
		t.Fatal(err)
	}
	if flows.GivesStored() != stored {
		t.Errorf("gives stored flows: %v", !stored)
	}
	var rec reader.Record
	seen := map[int]int{}
	for flows.Next(t.Context(), &rec) == nil {
		seen[rec.RuleSet]++
		m.View(func(s *control.State) {
			var f meter.Flow
			var v meter.Value
			if !s.Flow(rec.Index, &f) || f.RuleSet != rec.RuleSet || uint64(f.FirstTime) != rec.FirstTime || s.PeerType(&f) != rec.PeerType {
				t.Fatalf("flow %d of rule set %d: %+v", rec.Index, rec.RuleSet, rec)
			}
			for i, a := range format.Attrs {
				s.Attr(&f, a, &v)
				if got := &rec.Values[i]; got.Num != v.Num || !slices.Equal(got.Octets[:got.Len], v.Octets) {
					t.Errorf("flow %d of rule set %d: %s is %d %x, not %d %x", rec.Index, rec.RuleSet, a, got.Num, got.Octets[:got.Len], v.Num, v.Octets)
				}
			}
		})
	}
	if seen[2] != 3*together || seen[3] != 3*together || seen[7] != 0 {
		t.Errorf("records by rule set: %v", seen)
	}
	if err := flows.Next(t.Context(), &rec); err != io.EOF {
		t.Errorf("behind the last flow: %v", err)
	}
}

// TestStored: flow data made of stored flows is that made of records, whatever rules
// saved, the FORMAT, and what stands between its values.
func TestStored(t *testing.T) {
	_, stored := formats()
	for _, tt := range []struct {
		name string
		seps []string // in turn
		keep func(mib.Attr) bool
	}{
		{"all", []string{" "}, func(mib.Attr) bool { return true }},
		{"long", []string{" ", " (a separator of many octets) ", "  "}, func(mib.Attr) bool { return true }},
		{"no peer type", []string{" : "}, func(a mib.Attr) bool { return a != mib.AttrSourcePeerType && a != mib.AttrDestPeerType }},
		{"masks", []string{" "}, func(a mib.Attr) bool { return a.Class() == mib.ClassMask }},
		{"counters", []string{"  "}, func(a mib.Attr) bool { return a.Class() == mib.ClassCounter }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			format := &ruleset.Format{Seps: []string{""}}
			for i, a := range stored.Attrs {
				if tt.keep(a) {
					format.Attrs, format.Seps = append(format.Attrs, a), append(format.Seps, tt.seps[i%len(tt.seps)])
				}
			}
			m, tasks := filled(t, format)
			var data [2]bytes.Buffer
			for i := range data {
				w := flowfile.NewWriter(&data[i], flowfile.Header{Meter: "lab"})
				var out reader.Output = w
				if i == 1 {
					out = struct{ reader.Output }{w} // which takes records only
				}
				if _, n, err := reader.Collect(t.Context(), New(m, "lab"), tasks, out); err != nil || n != 6*together {
					t.Fatal(n, err)
				}
			}
			if data[0].String() != data[1].String() {
				t.Errorf("of stored flows:\n%s\nof records:\n%s", data[0].String(), data[1].String())
			}
		})
	}
}

// kinds names numbers, some of them.
type kinds struct{}

func (kinds) Has(a mib.Attr) bool { return a == mib.AttrFlowKind || a == mib.AttrDSCodePoint }
func (kinds) Name(_ mib.Attr, n uint64) string {
	return map[uint64]string{0: "", 7: "the \"seventh\", kind"}[n]
}

// TestStoredRows: rows of stored flows are those of records, with amounts and without,
// whatever rules saved and columns are called.
func TestStoredRows(t *testing.T) {
	_, stored := formats()
	five := ruleset.DefaultFormat()
	for _, tt := range []struct {
		name   string
		format *ruleset.Format
		names  columns.Names
		saved  bool
		called reader.Namer
		counts bool // without amounts
	}{
		{"all", stored, columns.RTFM, false, nil, false},
		{"ECS, with names of numbers", stored, columns.ECS, true, kinds{}, false},
		{"OTel, without amounts", stored, columns.OTel, true, nil, true},
		{"with Community IDs", five, columns.RTFM, true, nil, false},
	} {
		for kind, format := range map[string]func() lines.Format{
			"csv":   func() lines.Format { return csv.New(tt.names) },
			"jsonl": func() lines.Format { return jsonl.New(tt.names) },
		} {
			t.Run(tt.name+" as "+kind, func(t *testing.T) {
				m, tasks := filled(t, tt.format)
				for i := range tasks {
					tasks[i].Names = tt.called
					if tt.saved {
						tasks[i].Saved = compiled(t, tasks[i].RuleSet).Saved()
					}
				}
				var data [2]bytes.Buffer
				for i := range data {
					file, err := lines.Open("-", format(), lines.Options{Stdout: &data[i]})
					if err != nil {
						t.Fatal(err)
					}
					var out reader.Output = file
					if i == 1 {
						out = struct{ reader.Output }{file} // which takes records only
					}
					if !tt.counts {
						out = amounts.New(out)
					}
					flows := New(m, "lab")
					for range 2 { // of which the second one has amounts of 0
						if _, n, err := reader.Collect(t.Context(), flows, tasks, out); err != nil || n != 6*together {
							t.Fatal(n, err)
						}
					}
				}
				if data[0].String() != data[1].String() {
					t.Errorf("of stored flows:\n%s\nof records:\n%s", data[0].String(), data[1].String())
				}
			})
		}
	}
}
