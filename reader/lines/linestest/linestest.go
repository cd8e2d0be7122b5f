// Package linestest has what tests of the formats of package lines share: collections,
// and what must hold of any format. Only tests import it.
package linestest

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"netramet/mib"
	"netramet/reader"
	"netramet/reader/lines"
	"netramet/ruleset"
	"netramet/streams/dist"
)

// Collection is one collection to be written.
type Collection struct {
	Interval reader.Interval
	Tasks    []reader.Task
	Records  []reader.Record
}

func format(attrs ...mib.Attr) *ruleset.Format {
	return &ruleset.Format{Attrs: attrs, Seps: make([]string, len(attrs)+1)}
}

type kinds struct{}

func (kinds) Has(a mib.Attr) bool { return a == mib.AttrDestASN }
func (kinds) Name(_ mib.Attr, n uint64) string {
	return map[uint64]string{7: "Grünes \"Haus\", Nr. 7"}[n]
}

// Sample has collections of two rule sets with FORMATs of their own: flows of all
// kinds, then none, then some.
func Sample() []Collection {
	one := format(mib.AttrSourcePeerType, mib.AttrSourcePeerAddress, mib.AttrDestPeerAddress, mib.AttrSourceTransType,
		mib.AttrSourceTransAddress, mib.AttrDestTransAddress, mib.AttrFlowKind, mib.AttrToPDUs, mib.AttrFromOctets, mib.AttrLastActiveTime)
	two := format(mib.AttrSourceAdjacentAddress, mib.AttrDestASN, mib.AttrToPDUs, mib.AttrToLostPDUs, mib.AttrToPacketSize)
	tasks := []reader.Task{{RuleSet: 2, Name: "one", Format: one}, {RuleSet: 5, Name: "two, \"quoted\"", Format: two, Names: kinds{}}}
	var all []Collection
	for n, flows := range []int{4, 0, 3} {
		c := Collection{Tasks: tasks, Interval: reader.Interval{
			Number: uint64(n + 1), From: uint64(1 + 6000*n), To: uint64(6001 + 6000*n), Meter: "gw é\x01", Octets: reader.OctetsPeer, SampleRate: 1,
			Amounts: true, Stats: []reader.Stat{{Name: "packets", Value: "77"}, {Name: "odd", Value: "a\"b"}}, Notes: []string{"a note"},
		}}
		c.Interval.SetStart(time.Unix(1_700_000_000, 5).UTC())
		c.Interval.Time = c.Interval.End()
		for i := range flows {
			task, fill := &tasks[0], fillOne
			if i > 1 {
				task, fill = &tasks[1], fillTwo
			}
			var rec reader.Record
			rec.Clear(len(task.Format.Attrs))
			rec.RuleSet, rec.Index, rec.FirstTime = task.RuleSet, uint32(i+1), c.Interval.From+uint64(i)
			rec.Amounts = append(rec.Amounts, make([]uint64, len(rec.Values))...)
			fill(&rec, i, n)
			for j, a := range task.Format.Attrs {
				if a.Class() == mib.ClassCounter {
					rec.Amounts[j] = rec.Values[j].Num / 2
				}
			}
			c.Records = append(c.Records, rec)
		}
		all = append(all, c)
	}
	return all
}

func octets(o ...byte) (v reader.Value) {
	v.Len = uint8(copy(v.Octets[:], o))
	return v
}

func fillOne(rec *reader.Record, i, n int) {
	v := rec.Values
	v[0].Num = uint64(1 + i%2)
	from, to := "10.1.0.1", "192.0.2.99"
	if i%2 == 1 {
		from, to = "2001:db8::1", "2001:db8:0:0:8::"
	}
	v[1], v[2] = octets(netip.MustParseAddr(from).AsSlice()...), octets(netip.MustParseAddr(to).AsSlice()...)
	v[3].Num = 6
	v[4], v[5] = octets(0x80, 1), octets(0, 80)
	v[6].Num = []uint64{'W', 9}[i%2]
	v[7].Num, v[8].Num = uint64(10+n), 1<<64-1-uint64(i)
	v[9].Num = rec.FirstTime + 100
}

func fillTwo(rec *reader.Record, i, _ int) {
	v := rec.Values
	if i == 2 {
		v[0] = octets(2, 0, 0, 0, 0, 0xfe)
		spec := dist.Spec{Transform: dist.Linear, Lower: 100, Upper: 300, Buckets: 3}
		v[4] = octets(byte(spec.Transform), 0, 0, 100, 1, 44, 3, 0, 0, 0, 0, 0)
		rec.AddNumbers(4, 1, 2, 0, 4)
	} else {
		rec.Baseline = true
	}
	v[1].Num = uint64(5 + i)
	v[2].Num, v[3].Num = 8, 2
}

// Write writes collections.
func Write(t testing.TB, f lines.Format, all []Collection) []byte {
	t.Helper()
	var b []byte
	var err error
	header := ""
	for i := range all {
		c := &all[i]
		if b, err = f.Begin(b, &c.Interval, c.Tasks, header); err != nil {
			t.Fatal(err)
		}
		for j := range c.Records {
			if b, err = f.Record(b, &c.Records[j]); err != nil {
				t.Fatal(err)
			}
		}
		if b, err = f.End(b); err != nil {
			t.Fatal(err)
		}
		if _, header, err = f.Scan(bytes.NewReader(b), func(*lines.Collection) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if err := same(all[:i+1], f, b); err != "" {
			t.Errorf("after collection %d:\n%s", i+1, err)
		}
	}
	return b
}

// Scan returns what a file holds.
func Scan(f lines.Format, file []byte) (found []lines.Collection, whole int64, err error) {
	whole, _, err = f.Scan(bytes.NewReader(file), func(c *lines.Collection) error {
		found = append(found, lines.Collection{ID: c.ID, Flows: slices.Clone(c.Flows)})
		return nil
	})
	return found, whole, err
}

// same holds a file against what was written, and says what differs.
func same(all []Collection, f lines.Format, file []byte) string {
	found, whole, err := Scan(f, file)
	if err != nil || whole != int64(len(file)) {
		return "scan: " + cmp.Diff([]any{nil, len(file)}, []any{err, int(whole)})
	}
	var want []lines.Collection
	for i := range all {
		if c := wanted(&all[i]); len(c.Flows) > 0 || len(found) == len(all) {
			want = append(want, c)
		}
	}
	for i := range found {
		found[i].RuleSets, found[i].Meter = [4]uint64{}, ""
	}
	return cmp.Diff(want, found, cmpopts.EquateEmpty())
}

func wanted(c *Collection) (w lines.Collection) {
	w.ID = lines.ID{Start: c.Interval.MeterStart, Interval: c.Interval.Number, End: c.Interval.End()}
	for i := range c.Records {
		rec := &c.Records[i]
		f := lines.Flow{RuleSet: uint8(rec.RuleSet), Index: rec.Index, FirstTime: rec.FirstTime}
		at := slices.IndexFunc(c.Tasks, func(t reader.Task) bool { return t.RuleSet == rec.RuleSet })
		for j, a := range c.Tasks[at].Format.Attrs {
			if n := lines.CounterOf(a); n >= 0 {
				f.Counts[n], f.Has = rec.Values[j].Num, f.Has|1<<n
			}
		}
		w.Flows = append(w.Flows, f)
	}
	return w
}

// TestFormat holds a format against what lines.Format demands: whatever of a file is
// left, its whole collections are found, and where they end. Files are cut around the
// ends of their lines, and here and there.
func TestFormat(t *testing.T, f func() lines.Format) {
	file := Write(t, f(), Sample())
	all, _, _ := Scan(f(), file)
	ends := map[int]int{0: 0} // how many collections are whole, by length
	for i := range file {
		if i%7 > 0 && file[i] != '\n' && (i == 0 || file[i-1] != '\n') {
			continue
		}
		found, whole, err := Scan(f(), file[:i])
		if err != nil {
			t.Fatalf("cut to %d octets: %v", i, err)
		}
		if rest, wholeToo, _ := Scan(f(), file[:whole]); wholeToo != whole || len(rest) != len(found) {
			t.Fatalf("cut to %d octets: %d are whole, of which %d are", i, whole, wholeToo)
		}
		if d := cmp.Diff(all[:len(found)], found, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("cut to %d octets: %s", i, d)
		}
		ends[int(whole)] = len(found)
	}
	if len(ends) < len(all) {
		t.Errorf("collections end at %v", ends)
	}
	for _, bad := range []string{"\n", "no flow data\n", "{}\n", "\"\n", "\"a\"b,c\n", strings.Repeat("x", 3<<20) + "\n", "{\"type\":\"flow\",\"schema\":99}\n"} {
		if found, whole, err := Scan(f(), append(slices.Clone(file), bad...)); err == nil {
			t.Errorf("%.30q behind flow data: %d collections, %d octets whole", bad, len(found), whole)
		}
	}
}

// Fuzz holds a format's Scan to bounds: what is whole is so by itself, too, and no
// flow is found that the text cannot hold.
func Fuzz(f *testing.F, format func() lines.Format) {
	f.Add(Write(f, format(), Sample()))
	f.Fuzz(func(t *testing.T, file []byte) {
		found, whole, err := Scan(format(), file)
		if whole < 0 || whole > int64(len(file)) {
			t.Fatalf("%d of %d octets are whole", whole, len(file))
		}
		flows := 0
		for _, c := range found {
			flows += len(c.Flows)
		}
		if flows > len(file)/8 {
			t.Fatalf("%d flows in %d octets", flows, len(file))
		}
		if again, wholeToo, errToo := Scan(format(), file[:whole]); errToo != nil || wholeToo != whole || err == nil && !cmp.Equal(found, again, cmpopts.EquateEmpty()) {
			t.Fatalf("of %d octets %d are whole, then %d (%v)", len(file), whole, wholeToo, errToo)
		}
	})
}

// TestNoAllocation: a flow costs none.
func TestNoAllocation(t *testing.T, f lines.Format) {
	c := &Sample()[0]
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

// TestUnknownRuleSet: a flow of a rule set that is not collected is no flow of the file.
func TestUnknownRuleSet(t *testing.T, f lines.Format) {
	c := &Sample()[0]
	if _, err := f.Begin(nil, &c.Interval, c.Tasks, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Record(nil, &reader.Record{RuleSet: 99}); err == nil {
		t.Error("a flow of a rule set that is not collected is written")
	}
}
