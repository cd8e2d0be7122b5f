package mib

// RowStatus is the state of a row of a control table, and what a manager may
// ask it to become (RFC 2579, RowStatus).
type RowStatus uint8

// The states and requests. A row is in one of the first three; the last three
// are requests only. RowNone is no row, or no request.
const (
	RowNone          RowStatus = 0
	RowActive        RowStatus = 1
	RowNotInService  RowStatus = 2 // complete, and could be activated
	RowNotReady      RowStatus = 3 // something is missing
	RowCreateAndGo   RowStatus = 4
	RowCreateAndWait RowStatus = 5
	RowDestroy       RowStatus = 6
)

// String returns the name RFC 2579 uses; RowNone has none.
func (r RowStatus) String() string {
	name, _ := ObjFlowRuleInfoStatus.Info().EnumName(int64(r))
	return name
}

// Creates reports whether the request makes a new row.
func (r RowStatus) Creates() bool { return r == RowCreateAndGo || r == RowCreateAndWait }
