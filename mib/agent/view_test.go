package agent

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"netramet/mib/ber"
)

func view(t testing.TB, list string) *View {
	t.Helper()
	v, err := parseView(list)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestViewContains(t *testing.T) {
	for _, tt := range []struct {
		view, name string
		want       bool
	}{
		{"1.3.6.1", "1.3.6.1", true},
		{"1.3.6.1", "1.3.6.1.5", true},
		{"1.3.6.1", "1.3.6", false},
		{"1.3.6.1", "1.3.6.2", false},
		{"1.3.6.1,-1.3.6.1.2", "1.3.6.1.2.7", false},
		{"1.3.6.1,-1.3.6.1.2,1.3.6.1.2.7", "1.3.6.1.2.7.1", true},
		{"-1.3.6.1", "1.3.6.2", true},
		{"-1.3.6.1", "1.3.6.1", false},
		{"flowMIB,-flowRules", "1.3.6.1.2.1.40.2.1", true},
		{"flowMIB,-flowRules", "1.3.6.1.2.1.40.3.1", false},
		{"NTMLaneTable", "1.3.6.1.4.1.411.2720.1.5.1.2.1", true},
		{"all,-flowReaderOwner", "1.3.6.1.2.1.40.1.3.1.3.7", false},
		{"all,-flowReaderOwner", "1.3.6.1.2.1.40.1.3.1.4.7", true},
		{"FLOWMIB", "1.3.6.1.2.1.40", true},
	} {
		if got := view(t, tt.view).Contains(oid(tt.name)); got != tt.want {
			t.Errorf("%s in %s: %v", tt.name, tt.view, got)
		}
	}
	if _, err := NewView([]Subtree{{OID: oid("1.3")}, {OID: oid("1.3"), Exclude: true}}); err == nil {
		t.Error("a view that includes and excludes the same is accepted")
	}
}

func TestViewedRequests(t *testing.T) {
	// limited: ~.1 without its column 2, ~.2.2, system, and the instance ~.4.2.2.
	for _, tt := range []struct {
		name, who string
		v         Version
		tag       ber.Tag
		binds     []Bind
		want      string
	}{
		{"get", "limited", V2c, ber.GetRequest, binds("~.1.1.1", "~.1.2.1", "~.4.1.1", "~.4.2.2"),
			`~.1.1.1 = 11, ~.1.2.1 = noSuchObject, ~.4.1.1 = noSuchObject, ~.4.2.2 = "0123456789"`},
		{"get v1", "limited", V1, ber.GetRequest, binds("~.1.2.1"), "noSuchName 1: ~.1.2.1 = "},
		{"next jumps an exclusion", "limited", V2c, ber.GetNextRequest, binds("~.1.1.7", "~.1.2.1"), `~.1.3.1 = "", ~.1.3.1 = ""`},
		{"next jumps to an instance", "limited", V2c, ber.GetNextRequest, binds("~.2", "~.4.2.1"), `~.4.2.2 = "0123456789", ~.4.2.2 = "0123456789"`},
		{"next after the last", "limited", V2c, ber.GetNextRequest, binds("~.4.2.2"), "~.4.2.2 = endOfMibView"},
		{"next over what is left out", "limited", V2c, ber.GetNextRequest, binds("1.3.6.1.2.1.1.8.0"), "~.1.1.1 = 11"},
		{"bulk", "limited", V2c, ber.GetBulkRequest, binds("~.4"), `~.4.2.2 = "0123456789", ~.4.2.2 = endOfMibView`},
		{"all", "reader", V2c, ber.GetNextRequest, binds("~.1.1.7"), "~.1.2.1 = C21"},
	} {
		w := newWorld(t)
		got := w.ask(t, tt.v, tt.who, request{tag: tt.tag, b: 9, binds: tt.binds})
		if got.String() != tt.want {
			t.Errorf("%s: got %v, want %s", tt.name, got, tt.want)
		}
	}
}

// A walk through a view sees exactly the instances in the view, in order,
// whatever the view and the table.
func TestViewWalkProperty(t *testing.T) {
	id := rapid.Uint32Range(0, 3)
	name := rapid.SliceOfN(id, 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		m := new(memTable)
		for _, inst := range rapid.SliceOfN(name, 0, 12).Draw(t, "instances") {
			if !slices.ContainsFunc(m.rows, func(r memRow) bool { return slices.Equal(r.inst, inst) }) {
				m.rows = append(m.rows, memRow{inst: inst, val: ber.Value{Tag: ber.Integer}})
			}
		}
		slices.SortFunc(m.rows, func(a, b memRow) int { return slices.Compare(a.inst, b.inst) })
		var reg registry
		prefix := []uint32{1, 3}
		if err := reg.add(prefix, m, nil); err != nil {
			t.Fatal(err)
		}
		var subtrees []Subtree
		for i, s := range rapid.SliceOfN(name, 1, 6).Draw(t, "subtrees") {
			s = append([]uint32{1, 3}, s...)
			if !slices.ContainsFunc(subtrees, func(o Subtree) bool { return slices.Equal(o.OID, s) }) {
				subtrees = append(subtrees, Subtree{OID: s, Exclude: rapid.Bool().Draw(t, "exclude") && i > 0})
			}
		}
		v, err := NewView(subtrees)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, r := range m.rows {
			if n := append([]uint32{1, 3}, r.inst...); v.Contains(n) {
				want = append(want, dotted(n))
			}
		}
		q := &Request{Principal: &Principal{View: v}, Version: V2c}
		var out Name
		var val Value
		at := []uint32{1}
		for {
			if st := reg.viewNext(q, at, &out, &val, make([]uint32, 0, ber.MaxOID)); st == EndOfMibView {
				break
			} else if st != OK {
				t.Fatal(st)
			}
			at = slices.Clone(out.oid())
			got = append(got, dotted(at))
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Fatalf("view %v: got %v, want %v", v.entries, got, want)
		}
	})
}

func TestScalarsNext(t *testing.T) {
	s, err := NewScalars(Scalar{ID: 5, Read: func(_ *Request, v *Value) { v.Int(5) }},
		Scalar{ID: 2, Read: func(_ *Request, v *Value) { v.Int(2) }})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		after []uint32
		want  string
	}{
		{nil, "2.0"}, {[]uint32{0}, "2.0"}, {[]uint32{2}, "2.0"}, {[]uint32{2, 0}, "5.0"}, {[]uint32{2, 7}, "5.0"},
		{[]uint32{3}, "5.0"}, {[]uint32{5}, "5.0"}, {[]uint32{5, 0}, "end"}, {[]uint32{6}, "end"},
	} {
		var n Name
		var v Value
		got := "end"
		if s.Next(nil, tt.after, &n, &v) == OK {
			got = dotted(n.Inst())
		}
		if got != tt.want {
			t.Errorf("after %v: %s, want %s", tt.after, got, tt.want)
		}
	}
	read := func(*Request, *Value) {}
	for _, bad := range [][]Scalar{{{ID: 1}}, {{ID: 1, Read: read}, {ID: 1, Read: read}},
		{{ID: 1, Read: read, Write: func(*ber.Value) {}}}} {
		if _, err := NewScalars(bad...); err == nil {
			t.Errorf("accepted %v", bad)
		}
	}
}
