package control

import "testing"

// TestRowStatus is the table of states and requests of RFC 2579.
func TestRowStatus(t *testing.T) {
	const (
		none, ready, out, active = RowNone, RowNotReady, RowNotInService, RowActive
		ok, bad, never           = Granted, InconsistentValue, WrongValue
	)
	tests := []struct {
		name    string
		request RowStatus
		// Result and next state of a row that is none, notReady,
		// notInService or active; and then of one that has all it needs after
		// the change, or has not.
		complete, lacking [4]RowStatus
		why, whyLacking   [4]Refusal
	}{
		{"createAndGo", RowCreateAndGo,
			[4]RowStatus{active, ready, out, active}, [4]RowStatus{none, ready, out, active},
			[4]Refusal{ok, bad, bad, bad}, [4]Refusal{bad, bad, bad, bad}},
		{"createAndWait", RowCreateAndWait,
			[4]RowStatus{out, ready, out, active}, [4]RowStatus{ready, ready, out, active},
			[4]Refusal{ok, bad, bad, bad}, [4]Refusal{ok, bad, bad, bad}},
		{"active", RowActive,
			[4]RowStatus{none, active, active, active}, [4]RowStatus{none, ready, out, active},
			[4]Refusal{bad, ok, ok, ok}, [4]Refusal{bad, bad, bad, bad}},
		{"notInService", RowNotInService,
			[4]RowStatus{none, out, out, out}, [4]RowStatus{none, ready, out, active},
			[4]Refusal{bad, ok, ok, ok}, [4]Refusal{bad, bad, bad, bad}},
		{"destroy", RowDestroy,
			[4]RowStatus{}, [4]RowStatus{},
			[4]Refusal{}, [4]Refusal{}},
		{"notReady", RowNotReady,
			[4]RowStatus{none, ready, out, active}, [4]RowStatus{none, ready, out, active},
			[4]Refusal{never, never, never, never}, [4]Refusal{never, never, never, never}},
		{"no such value", 7,
			[4]RowStatus{none, ready, out, active}, [4]RowStatus{none, ready, out, active},
			[4]Refusal{never, never, never, never}, [4]Refusal{never, never, never, never}},
	}
	for _, tt := range tests {
		for i, from := range [...]RowStatus{none, ready, out, active} {
			if to, why := from.Next(tt.request, true); to != tt.complete[i] || why != tt.why[i] {
				t.Errorf("%s of a complete row in state %d: %d, %v", tt.name, from, to, why)
			}
			if to, why := from.Next(tt.request, false); to != tt.lacking[i] || why != tt.whyLacking[i] {
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
