package control

import (
	"testing"

	"netramet/mib"
)

// TestRowStatus is the table of states and requests of RFC 2579.
func TestRowStatus(t *testing.T) {
	const (
		none, ready, out, active = mib.RowNone, mib.RowNotReady, mib.RowNotInService, mib.RowActive
		ok, bad, never           = Granted, InconsistentValue, WrongValue
	)
	tests := []struct {
		name    string
		request mib.RowStatus
		// Result and next state of a row that is none, notReady,
		// notInService or active; and then of one that has all it needs after
		// the change, or has not.
		complete, lacking [4]mib.RowStatus
		why, whyLacking   [4]Refusal
	}{
		{"createAndGo", mib.RowCreateAndGo,
			[4]mib.RowStatus{active, ready, out, active}, [4]mib.RowStatus{none, ready, out, active},
			[4]Refusal{ok, bad, bad, bad}, [4]Refusal{bad, bad, bad, bad}},
		{"createAndWait", mib.RowCreateAndWait,
			[4]mib.RowStatus{out, ready, out, active}, [4]mib.RowStatus{ready, ready, out, active},
			[4]Refusal{ok, bad, bad, bad}, [4]Refusal{ok, bad, bad, bad}},
		{"active", mib.RowActive,
			[4]mib.RowStatus{none, active, active, active}, [4]mib.RowStatus{none, ready, out, active},
			[4]Refusal{bad, ok, ok, ok}, [4]Refusal{bad, bad, bad, bad}},
		{"notInService", mib.RowNotInService,
			[4]mib.RowStatus{none, out, out, out}, [4]mib.RowStatus{none, ready, out, active},
			[4]Refusal{bad, ok, ok, ok}, [4]Refusal{bad, bad, bad, bad}},
		{"destroy", mib.RowDestroy,
			[4]mib.RowStatus{}, [4]mib.RowStatus{},
			[4]Refusal{}, [4]Refusal{}},
		{"notReady", mib.RowNotReady,
			[4]mib.RowStatus{none, ready, out, active}, [4]mib.RowStatus{none, ready, out, active},
			[4]Refusal{never, never, never, never}, [4]Refusal{never, never, never, never}},
		{"no such value", 7,
			[4]mib.RowStatus{none, ready, out, active}, [4]mib.RowStatus{none, ready, out, active},
			[4]Refusal{never, never, never, never}, [4]Refusal{never, never, never, never}},
	}
	for _, tt := range tests {
		for i, from := range [...]mib.RowStatus{none, ready, out, active} {
			if to, why := nextStatus(from, tt.request, mib.RowNotInService); to != tt.complete[i] || why != tt.why[i] {
				t.Errorf("%s of a complete row in state %d: %d, %v", tt.name, from, to, why)
			}
			if to, why := nextStatus(from, tt.request, mib.RowNotReady); to != tt.lacking[i] || why != tt.whyLacking[i] {
				t.Errorf("%s of an incomplete row in state %d: %d, %v", tt.name, from, to, why)
			}
		}
	}
}

func TestRows(t *testing.T) {
	var rs rows[Task]
	for _, i := range []uint32{5, 1, MaxIndex, 2} {
		rs.put(i, new(Task))
	}
	order := ""
	for at, r := rs.next(0); r != nil; at, r = rs.next(at) {
		order += string(rune('0' + at%10))
	}
	if order != "1257" {
		t.Errorf("order %s", order)
	}
	rs.remove(1)
	rs.remove(77)
	if rs.find(1) != nil || rs.find(5) == nil {
		t.Error("remove is wrong")
	}
}
