package mib

import (
	"slices"
	"strings"
	"testing"
)

func dotted(oid []uint32) string {
	var b strings.Builder
	for i, n := range oid {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(OIDName([]uint32{n}))
	}
	return b.String()
}

func TestObjectOIDs(t *testing.T) {
	for _, tt := range []struct {
		obj  Obj
		want string
	}{
		{ObjFlowRuleInfoStatus, "1.3.6.1.2.1.40.1.1.1.5"},
		{ObjFlowReaderLastTime, "1.3.6.1.2.1.40.1.3.1.4"},
		{ObjFlowManagerStatus, "1.3.6.1.2.1.40.1.4.1.8"},
		{ObjFlowFloodMark, "1.3.6.1.2.1.40.1.5"},
		{ObjFlowDataToOctets, "1.3.6.1.2.1.40.2.1.1.27"},
		{ObjFlowPackageData, "1.3.6.1.2.1.40.2.3.1.5"},
		{ObjFlowRuleMask, "1.3.6.1.2.1.40.3.1.1.4"},
		{ObjSysUpTime, "1.3.6.1.2.1.1.3"},
		{ObjIfDescr, "1.3.6.1.2.1.2.2.1.2"},
		{ObjSnmpEngineID, "1.3.6.1.6.3.10.2.1.1"},
		{ObjUsmStatsWrongDigests, "1.3.6.1.6.3.15.1.1.5"},
		{ObjNtmTraceState, "1.3.6.1.4.1.411.2720.1.2.1"},
		{ObjNtmReaderTime, "1.3.6.1.4.1.411.2720.1.7.1.3"},
	} {
		t.Run(tt.obj.String(), func(t *testing.T) {
			if got := dotted(tt.obj.OID()); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestObjectTable checks what look-ups and users rely on.
func TestObjectTable(t *testing.T) {
	all := Objects()
	for i, o := range all {
		x := o.Info()
		if i > 0 && slices.Compare(all[i-1].OID(), x.OID) >= 0 {
			t.Errorf("%s is not behind %s", x.Name, all[i-1])
		}
		if got, ok := LookupObject(x.Name); !ok || got != o {
			t.Errorf("LookupObject(%s) = %v, %v", x.Name, got, ok)
		}
		valued := x.Kind == KindScalar || x.Kind == KindColumn
		if valued != (x.Syntax != SyntaxNone) || valued != (x.Type != "") {
			t.Errorf("%s: kind %d with syntax %#x, type %q", x.Name, x.Kind, x.Syntax, x.Type)
		}
		if x.Min > x.Max {
			t.Errorf("%s: limits %d..%d", x.Name, x.Min, x.Max)
		}
		if (x.Kind == KindEntry) != (len(x.Index) > 0) {
			t.Errorf("%s: kind %d with index %v", x.Name, x.Kind, x.Index)
		}
		if x.Kind == KindTable && all[i+1].Info().Kind != KindEntry {
			t.Errorf("%s is not followed by its entry", x.Name)
		}
	}
	if _, ok := LookupObject("flowruleinfostatus"); ok {
		t.Error("names of objects are spelled exactly")
	}
}

// TestDataColumnsAreAttributes: the columns of flowDataTable have the numbers
// of the attributes, but for the second and third, which are exchanged.
func TestDataColumnsAreAttributes(t *testing.T) {
	for n := uint32(1); n <= 41; n++ {
		o, ok := ObjFlowDataTable.Column(n)
		if !ok {
			t.Fatalf("no column %d", n)
		}
		a := Attr(n)
		switch a {
		case AttrFlowStatus:
			a = AttrFlowTimeMark
		case AttrFlowTimeMark:
			a = AttrFlowStatus
		}
		name := strings.TrimPrefix(a.String(), "Flow")
		if a == AttrFlowRuleSet {
			name = "RuleSet"
		}
		if got := strings.TrimPrefix(o.String(), "flowData"); got != name {
			t.Errorf("column %d is %s, the attribute %s", n, o, a)
		}
	}
}

func TestFindObject(t *testing.T) {
	for _, tt := range []struct {
		name string
		oid  []uint32
		want string
		rest []uint32
		ok   bool
	}{
		{"instance of a column", append(slices.Clone(ObjFlowRuleInfoStatus.OID()), 7), "flowRuleInfoStatus", []uint32{7}, true},
		{"instance of a scalar", append(slices.Clone(ObjFlowFloodMark.OID()), 0), "flowFloodMark", []uint32{0}, true},
		{"the object itself", ObjNtmLaneBusy.OID(), "ntmLaneBusy", nil, true},
		{"no such column", append(slices.Clone(ObjFlowRuleEntry.OID()), 99, 1, 2), "flowRuleEntry", []uint32{99, 1, 2}, true},
		{"below the module", append(slices.Clone(ObjNetrametMIB.OID()), 9), "netrametMIB", []uint32{9}, true},
		{"elsewhere", []uint32{1, 3, 5}, "", []uint32{1, 3, 5}, false},
		{"nothing", nil, "", nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, rest, ok := FindObject(tt.oid)
			if ok != tt.ok || ok && o.String() != tt.want || !slices.Equal(rest, tt.rest) {
				t.Errorf("got %v, %v, %v", o, rest, ok)
			}
		})
	}
}

func TestOIDName(t *testing.T) {
	for want, oid := range map[string][]uint32{
		"flowPackageData.2.11.18.7.0.1": append(slices.Clone(ObjFlowPackageData.OID()), 2, 11, 18, 7, 0, 1),
		"sysUpTime.0":                   append(slices.Clone(ObjSysUpTime.OID()), 0),
		"enterprises.8072":              {1, 3, 6, 1, 4, 1, 8072},
		"1.3.5":                         {1, 3, 5},
		"":                              {},
	} {
		if got := OIDName(oid); got != want {
			t.Errorf("%v: got %q, want %q", oid, got, want)
		}
	}
}

func TestColumn(t *testing.T) {
	for _, tt := range []struct {
		o    Obj
		n    uint32
		want Obj
		ok   bool
	}{
		{ObjFlowRuleTable, ColFlowRuleAction, ObjFlowRuleAction, true},
		{ObjFlowRuleEntry, ColFlowRuleAction, ObjFlowRuleAction, true},
		{ObjFlowRuleTable, 8, 0, false},
		{ObjFlowFloodMark, 0, 0, false},
	} {
		if got, ok := tt.o.Column(tt.n); ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s.Column(%d) = %v, %v", tt.o, tt.n, got, ok)
		}
	}
}

func TestTable(t *testing.T) {
	for _, tt := range []struct {
		o    Obj
		want Obj
		ok   bool
	}{
		{ObjFlowRuleAction, ObjFlowRuleTable, true},
		{ObjFlowRuleEntry, ObjFlowRuleTable, true},
		{ObjFlowRuleSet, ObjFlowRuleTable, true},     // its index, which cannot be read
		{ObjNtmReaderWaits, ObjNtmReaderTable, true}, // which augments another
		{ObjFlowRuleTable, 0, false},
		{ObjFlowFloodMark, 0, false},
		{ObjFlowRules, 0, false},
	} {
		if got, ok := tt.o.Table(); ok != tt.ok || got != tt.want {
			t.Errorf("%s.Table() = %v, %v", tt.o, got, ok)
		}
	}
	for _, o := range Objects() {
		x := o.Info()
		table, ok := o.Table()
		if x.Kind != KindColumn {
			continue
		}
		if c, found := table.Column(x.OID[len(x.OID)-1]); !ok || !found || c != o {
			t.Errorf("%s is said to be of %s", o, table)
		}
	}
}

func TestValid(t *testing.T) {
	for _, tt := range []struct {
		obj  Obj
		v    int64
		want bool
	}{
		{ObjFlowFloodMark, 0, true},
		{ObjFlowFloodMark, 100, true},
		{ObjFlowFloodMark, 101, false},
		{ObjFlowFloodMark, -1, false},
		{ObjFlowRuleInfoStatus, 6, true},
		{ObjFlowRuleInfoStatus, 7, false},
		{ObjFlowRuleInfoStatus, 0, false},
		{ObjFlowDataSourcePeerType, 11, true},
		{ObjFlowDataSourcePeerType, 4, false},
		{ObjFlowInactivityTimeout, 1 << 31, false},
		{ObjSysUpTime, 1<<32 - 1, true},
		{ObjSysUpTime, 1 << 32, false},
		{ObjNtmUptime64, 1 << 62, true},
	} {
		if got := tt.obj.Info().ValidNumber(tt.v); got != tt.want {
			t.Errorf("%s: ValidNumber(%d) = %v", tt.obj, tt.v, got)
		}
	}
	for _, tt := range []struct {
		obj  Obj
		n    int
		want bool
	}{
		{ObjFlowRuleMask, 2, true},
		{ObjFlowRuleMask, 20, true},
		{ObjFlowRuleMask, 1, false},
		{ObjFlowRuleInfoOwner, 128, false},
		{ObjNtmReaderTime, 8, true},
		{ObjNtmReaderTime, 4, false},
		{ObjFlowPackageData, 65535, true},
		{ObjFlowFloodMark, 1, false},
	} {
		if got := tt.obj.Info().ValidSize(tt.n); got != tt.want {
			t.Errorf("%s: ValidSize(%d) = %v", tt.obj, tt.n, got)
		}
	}
	if name, ok := ObjNtmTraceState.Info().EnumName(4); !ok || name != "waitReader" {
		t.Errorf("EnumName(4) = %q, %v", name, ok)
	}
	if !ObjNtmTraceState.Info().Writable() || ObjNtmUptime64.Info().Writable() {
		t.Error("Writable")
	}
}

func TestObjString(t *testing.T) {
	if got := Obj(60000).String(); got != "object(60000)" {
		t.Errorf("got %q", got)
	}
}
