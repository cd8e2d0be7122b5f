package snmpflows

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"netramet/mib"
	"netramet/mib/client"
	"netramet/mib/client/clienttest"
	"netramet/mib/remotemeter"
	"netramet/reader"
	"netramet/ruleset"
)

func itoa(n uint64) string { return strconv.FormatUint(n, 10) }

var ctx = context.Background()

// collect reads rule set 2.
func collect(f *Flows, out reader.Output) error {
	_, _, err := reader.Collect(ctx, f, []reader.Task{{RuleSet: 2, Format: format}}, out)
	return err
}

// lines collects a pass as text.
type lines struct {
	got  []string
	part []string
}

func (l *lines) Begin(iv reader.Interval, _ []reader.Task) error {
	l.part = []string{fmt.Sprintf("from %d to %d", iv.From, iv.To)}
	return nil
}

func (l *lines) Record(rec *reader.Record) error {
	s := fmt.Sprintf("%d %d %d %d:", rec.RuleSet, rec.Index, rec.FirstTime, rec.PeerType)
	for i, v := range rec.Values {
		if counters := rec.Numbers(i); len(counters) > 0 {
			s += fmt.Sprintf(" %x=%d", v.Octets[:v.Len], counters)
			continue
		}
		if v.Len > 0 {
			s += fmt.Sprintf(" %x", v.Octets[:v.Len])
			continue
		}
		s += " " + itoa(v.Num)
	}
	l.part = append(l.part, s)
	return nil
}

func (l *lines) End() error { l.got = append(l.got, l.part...); return nil }

func (l *lines) Abort() error { l.part = nil; return nil }

var format = &ruleset.Format{
	Attrs: []mib.Attr{mib.AttrFlowIndex, mib.AttrSourcePeerAddress, mib.AttrToPDUs, mib.AttrToOctets, mib.AttrLastActiveTime, mib.AttrDestPeerAddress},
	Seps:  []string{"", " ", " ", " ", " ", " ", ""},
}

// want is what lines should have of the flows that changed since from.
func want(flows []clienttest.Flow, set int, from, to uint64) []string {
	all := []string{fmt.Sprintf("from %d to %d", from, to)}
	for _, f := range flows {
		if f.Changed >= from {
			all = append(all, fmt.Sprintf("%d %d %d 1: %d %x %d %d %d 0", set, f.Index, f.Numbers[mib.AttrFirstTime],
				f.Index, f.Octets[mib.AttrSourcePeerAddress], f.Numbers[mib.AttrToPDUs], f.Numbers[mib.AttrToOctets], f.Changed))
		}
	}
	return all
}

func equal(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		g, w := "", ""
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			t.Fatalf("line %d of %d (want %d):\ngot  %s\nwant %s", i+1, len(got), len(want), g, w)
		}
	}
}

// TestLossy collects ten intervals over a bad link: each one is complete and
// exact, and no collection is begun twice at the meter without need.
func TestLossy(t *testing.T) {
	for _, v := range []struct {
		name        string
		sec         client.Security
		begin, step uint64 // centiseconds
	}{
		{"v1", client.Security{Version: client.V1, Community: "private"}, 100, 1000},
		{"v2c", client.Security{Community: "private"}, 100, 1000},
		{"v1, over a wrap", client.Security{Version: client.V1, Community: "private"}, 1<<32 - 4500, 1000},
		{"v2c, over a wrap", client.Security{Community: "private"}, 1<<32 - 4500, 1000},
		{"begun late", client.Security{Community: "private"}, 5<<32 - 20, 1000},
		{"wraps between", client.Security{Community: "private"}, 1<<32 - 100, 1<<32 + 1},
		{"a whole wrap", client.Security{Version: client.V1, Community: "private"}, 100, 1 << 32},
	} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint(v.name, " seed ", seed), func(t *testing.T) {
				m := clienttest.New()
				m.Flows = map[int][]clienttest.Flow{2: clienttest.FlowSet(90, v.begin-50)}
				m.Uptime = v.begin
				c, l := clienttest.Dial(t, m, seed, clienttest.Faults{Drop: .2, Duplicate: .1, Reorder: .1, Delay: .1}, func(o *client.Options) { o.Security = v.sec })
				row := clienttest.Running(t, c, 2, clienttest.Rules(20))
				f := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true})
				out := &lines{}
				var all []string
				mark := uint64(2)
				for k := range 10 {
					m.Uptime += v.step
					for i := range m.Flows[2] {
						if (i+k)%3 == 0 {
							m.Flows[2][i].Changed = m.Uptime - 7
							m.Flows[2][i].Numbers[mib.AttrLastActiveTime] = m.Uptime - 7
						}
					}
					all = append(all, want(m.Flows[2], 2, max(mark-1, 1), m.Uptime)...)
					if _, _, err := reader.Collect(ctx, f, []reader.Task{{RuleSet: 2, Format: format}}, out); err != nil {
						t.Fatal(err)
					}
					mark = m.Uptime
					if r := m.Readers()[uint32(row)]; r.Time != m.Uptime || r.LastTime != m.Uptime {
						t.Fatalf("the meter's row is %+v at %d", *r, m.Uptime)
					}
				}
				equal(t, out.got, all)
				if l.Dropped < l.Sent/10 {
					t.Fatalf("the link lost %d of %d messages", l.Dropped, l.Sent)
				}
			})
		}
	}
}

// TestOneCollectionPerBegin loses the answer to the Set of LastTime: it must
// not be sent again once the row shows that it was done.
func TestOneCollectionPerBegin(t *testing.T) {
	m := clienttest.New()
	c, l := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
	row := clienttest.Running(t, c, 2, clienttest.Rules(1))
	f := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true})
	tasks := []reader.Task{{RuleSet: 2, Format: format}}
	for range 3 {
		m.Uptime += 100
		if _, _, err := reader.Collect(ctx, f, tasks, &lines{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"a later one", "the first one of a reader that goes on"} {
		before, answers := m.Collections, 0
		l.Cut = func(toMeter bool, _ []byte) bool {
			if toMeter {
				m.Uptime++ // time goes on between two messages
			} else {
				answers++
			}
			return !toMeter && answers == 2 // the first one is about the row
		}
		m.Uptime += 100
		if _, _, err := reader.Collect(ctx, f, tasks, &lines{}); err != nil {
			t.Fatal(err)
		}
		if m.Collections != before+1 {
			t.Errorf("%s: %d collections at the meter, want one", name, m.Collections-before)
		}
		l.Cut = nil
		f = New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true, Time: m.Readers()[uint32(row)].Time})
	}
}

// TestSplit reads the same flows with packages of different sizes.
func TestSplit(t *testing.T) {
	for limit := 2; limit < 9; limit++ {
		m := clienttest.New()
		m.Flows = map[int][]clienttest.Flow{2: clienttest.FlowSet(300, 50)}
		m.Uptime = 100
		c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
		row := clienttest.Running(t, c, 2, clienttest.Rules(1))
		f := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true})
		f.limits.attrs = limit
		out := &lines{}
		if _, n, err := reader.Collect(ctx, f, []reader.Task{{RuleSet: 2, Format: format}}, out); err != nil || n != 300 {
			t.Fatalf("limit %d: %d flows, %v", limit, n, err)
		}
		equal(t, out.got, want(m.Flows[2], 2, 1, 100))
	}
}

// TestTooBig has a meter whose messages do not hold all of a flow.
func TestTooBig(t *testing.T) {
	wide := &ruleset.Format{Seps: []string{""}}
	m := clienttest.NewSized(484)
	m.Flows = map[int][]clienttest.Flow{2: clienttest.FlowSet(40, 50)}
	m.Uptime = 100
	for _, a := range mib.Attrs() {
		if c := a.Class(); a.Is(mib.UseRead) && (c == mib.ClassAddress || c == mib.ClassMask) {
			wide.Attrs, wide.Seps = append(wide.Attrs, a), append(wide.Seps, " ")
			for i := range m.Flows[2] {
				m.Flows[2][i].Octets[a] = strings.Repeat(string(rune('A'+i)), 20)
			}
		}
	}
	c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
	row := clienttest.Running(t, c, 2, clienttest.Rules(1))
	f := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true})
	out := &lines{}
	if _, n, err := reader.Collect(ctx, f, []reader.Task{{RuleSet: 2, Format: wide}}, out); err != nil || n != 40 {
		t.Fatalf("%d flows, %v", n, err)
	}
	for i, l := range out.got[1:] {
		if got, w := strings.Count(l, strings.Repeat(fmt.Sprintf("%x", 'A'+i), 20)), len(wide.Attrs); got != w {
			t.Fatalf("flow %d: %d of %d addresses: %s", i, got, w, l)
		}
	}
}

func TestTaken(t *testing.T) {
	m := clienttest.New()
	m.Uptime = 100
	c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
	row := clienttest.Running(t, c, 2, clienttest.Rules(1))
	f := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true})
	tasks := []reader.Task{{RuleSet: 2, Format: format}}
	m.Readers()[uint32(row)].Time = 77 // somebody else's
	if _, _, err := reader.Collect(ctx, f, tasks, &lines{}); !errors.Is(err, ErrTaken) {
		t.Errorf("error %v", err)
	}
	delete(m.Readers(), uint32(row))
	if _, _, err := reader.Collect(ctx, f, tasks, &lines{}); !errors.Is(err, remotemeter.ErrNoRow) {
		t.Errorf("error %v", err)
	}
	f = New(c, Config{Owner: "me", Readers: []ReaderRef{{row, 2}}, Marks: true})
	before := m.Collections
	m.Readers()[uint32(row)] = &clienttest.Reader{Owner: "another", Status: mib.RowActive, RuleSet: 2}
	if _, _, err := reader.Collect(ctx, f, tasks, &lines{}); !errors.Is(err, remotemeter.ErrNoRow) || m.Collections != before {
		t.Errorf("a row of another: error %v, %d collections", err, m.Collections-before)
	}
}

// TestForeign reads a meter without NETRAMET-MIB across the wraps of its clock:
// every flow that changes is read each time, and keeps its name; from and to
// and LastActiveTime go on.
func TestForeign(t *testing.T) {
	for _, begin := range []uint64{1<<32 - 500, 100, 1 << 32} { // nemac cannot know of a wrap before it came
		m := clienttest.New()
		m.Foreign = true
		m.Uptime = begin
		m.Flows = map[int][]clienttest.Flow{2: clienttest.FlowSet(5, begin-min(begin, 100)+1)}
		c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
		row := clienttest.Running(t, c, 2, clienttest.Rules(1))
		f := New(c, Config{Readers: []ReaderRef{{row, 2}}})
		out := &lines{}
		at, wantHeads := uint64(uint32(begin)), []string(nil)
		for _, step := range []uint64{0, 1000, 1 << 31, 1 << 31, 4000, 3 << 30} {
			m.Uptime += step
			m.Flows[2] = append(m.Flows[2], clienttest.Flow{Index: uint32(100 + len(m.Flows[2])), Numbers: map[mib.Attr]uint64{mib.AttrFirstTime: m.Uptime - 50}})
			if step > 0 {
				for i := range m.Flows[2] {
					m.Flows[2][i].Changed = m.Uptime - 50
					m.Flows[2][i].Numbers[mib.AttrLastActiveTime] = m.Uptime - 50
				}
			}
			from := max(at, 2) - 1
			if wantHeads == nil {
				from = 1
			}
			at += step
			wantHeads = append(wantHeads, fmt.Sprintf("from %d to %d", from, at))
			if err := collect(f, out); err != nil {
				t.Fatal(err)
			}
		}
		var heads []string
		records := 0
		for _, l := range out.got {
			if strings.HasPrefix(l, "from") {
				heads, records = append(heads, l), 0
				continue
			}
			flow := m.Flows[2][records]
			records++
			if want := fmt.Sprintf("2 %d %d ", flow.Index, uint32(flow.Numbers[mib.AttrFirstTime])); !strings.HasPrefix(l, want) {
				t.Errorf("from %d: record %q, want %q", begin, l, want)
			}
		}
		if !slices.Equal(heads, wantHeads) {
			t.Errorf("from %d: %q, want %q", begin, heads, wantHeads)
		}
		if records != len(m.Flows[2]) {
			t.Errorf("from %d: %d flows in the last collection, want %d", begin, records, len(m.Flows[2]))
		}
		if last, want := out.got[len(out.got)-1], fmt.Sprintf(" %d ", at-50); !strings.Contains(last, want) {
			t.Errorf("from %d: last record %q, want%s", begin, last, want)
		}
	}
}

// TestOldMeter reads a meter whose module has uptimes and marks of 64 bits, but
// no flows with such times yet: across a wrap, and with a mark from before it.
func TestOldMeter(t *testing.T) {
	m := clienttest.New()
	m.Narrow = true
	m.Uptime = 3<<32 - 500
	m.Flows = map[int][]clienttest.Flow{2: clienttest.FlowSet(5, m.Uptime-100)}
	c, _ := clienttest.Dial(t, m, 1, clienttest.Faults{}, nil)
	row := clienttest.Running(t, c, 2, clienttest.Rules(1))
	f := New(c, Config{Readers: []ReaderRef{{row, 2}}, Marks: true})
	out := &lines{}
	var all []string
	from := uint64(1)
	for range 3 {
		all = append(all, want(m.Flows[2], 2, from, m.Uptime)...)
		if err := collect(f, out); err != nil {
			t.Fatal(err)
		}
		from = m.Uptime - 1
		if r := m.Readers()[uint32(row)]; r.Time != m.Uptime {
			t.Errorf("mark %d at %d", r.Time, m.Uptime)
		}
		m.Uptime += 400
		for i := range m.Flows[2] {
			m.Flows[2][i].Changed = m.Uptime - 7
			m.Flows[2][i].Numbers[mib.AttrLastActiveTime] = m.Uptime - 7
		}
	}
	equal(t, out.got, all)
}

func TestNextEOF(t *testing.T) {
	f := New(nil, Config{})
	if err := f.Next(ctx, &reader.Record{}); err != io.EOF {
		t.Errorf("error %v", err)
	}
}
