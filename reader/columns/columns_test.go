package columns

import (
	"testing"

	"netramet/mib"
)

// TestEveryAttribute: whatever a FORMAT may name has a column, and its names are its
// own in each set.
func TestEveryAttribute(t *testing.T) {
	for n := range 256 {
		a := mib.Attr(n)
		c, ok := Of(a)
		if want := a.Is(mib.UseRead); ok != want {
			t.Errorf("%s has a column: %v, want %v", a, ok, want)
		}
		if !ok {
			continue
		}
		if found, ok := ByName(a.String()); !ok || found != c {
			t.Errorf("ByName(%q) gives %v", a, found)
		}
		want := map[mib.Class]Type{mib.ClassDistribution: Numbers, mib.ClassNumber: Number, mib.ClassCounter: Number, mib.ClassTime: Number}
		if w, ok := want[a.Class()]; ok && c.Type != w {
			t.Errorf("%s has type %s, want %s", a, c.Type, w)
		}
		if counts := a.Class() == mib.ClassCounter; counts != (c.Unit == "octets" || c.Unit == "packets") && c.Type != Numbers {
			t.Errorf("%s has unit %q", a, c.Unit)
		}
		if c.About == "" {
			t.Errorf("%s: nothing is said about it", a)
		}
	}
	for _, set := range []Names{RTFM, ECS, OTel} {
		seen := map[string]bool{}
		every, attrs := All()
		for _, list := range [][]Column{every, attrs} {
			for i := range list {
				name := list[i].In(set)
				if seen[name] && list[i].Attr != mib.AttrFlowIndex {
					t.Errorf("%s: two columns are called %s", set, name)
				}
				seen[name] = true
			}
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"to_octets": "source.bytes", "ToOctets": "source.bytes", "tooctets": "source.bytes", "FROM_PDUS": "destination.packets",
		"interval_end": "@timestamp", "flow_kind": "flow_kind",
	} {
		c, ok := ByName(name)
		if !ok || c.In(ECS) != want {
			t.Errorf("%s is %v in ECS, want %s", name, c, want)
		}
	}
	if c, ok := ByName("ToBytes"); ok {
		t.Errorf("ToBytes is %v", c)
	}
	if n, ok := NamesNamed("OTel"); !ok || n != OTel {
		t.Errorf("OTel is %v, %v", n, ok)
	}
	if _, ok := NamesNamed("cim"); ok {
		t.Error("cim is a set of names")
	}
}
