package mib

import (
	"slices"
	"testing"
)

// TestLimits holds what is written in Go against the modules.
func TestLimits(t *testing.T) {
	for _, o := range []Obj{ObjFlowRuleInfoOwner, ObjFlowReaderOwner, ObjFlowManagerOwner} {
		if o.Info().Max != MaxOwner {
			t.Errorf("%s has at most %d octets, MaxOwner is %d", o, o.Info().Max, MaxOwner)
		}
	}
	const longest = 128 // sub-identifiers of an OID, RFC 2578 §3.5
	for _, tt := range []struct {
		column Obj
		limit  int
		others int // length of the selector, rule set, times, flow
	}{{ObjFlowPackageData, MaxSelector, 4}, {ObjNtmPackageData, MaxWideSelector, 5}} {
		if n := len(tt.column.OID()) + tt.others + tt.limit; n != longest {
			t.Errorf("%s: the longest name has %d sub-identifiers", tt.column, n)
		}
	}
}

// TestEnumerations: the constants have the numbers of the modules.
func TestEnumerations(t *testing.T) {
	rows := []RowStatus{RowActive, RowNotInService, RowNotReady, RowCreateAndGo, RowCreateAndWait, RowDestroy}
	var names []string
	for _, r := range rows {
		names = append(names, r.String())
	}
	if want := []string{"active", "notInService", "notReady", "createAndGo", "createAndWait", "destroy"}; !slices.Equal(names, want) {
		t.Errorf("states of rows are %q", names)
	}
	names = nil
	for p := TraceIdle; p <= TraceDone; p++ {
		names = append(names, p.String())
	}
	if want := []string{"idle", "waitRuleSet", "running", "waitReader", "endOfFile", "done"}; !slices.Equal(names, want) {
		t.Errorf("phases of a trace are %q", names)
	}
	if n := len(ObjNtmTraceState.Info().Enums); n != int(TraceDone) {
		t.Errorf("NETRAMET-MIB has %d phases", n)
	}
}
