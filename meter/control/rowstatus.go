package control

import "netramet/mib"

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
	name, _ := mib.ObjFlowRuleInfoStatus.Info().EnumName(int64(r))
	return name
}

// Creates reports whether the request makes a new row.
func (r RowStatus) Creates() bool { return r == RowCreateAndGo || r == RowCreateAndWait }

// Next is the state table of RFC 2579: what a row in state r becomes on a
// request, given whether it has all it needs after the change that the request
// came in. RowNone as the result is no row.
func (r RowStatus) Next(request RowStatus, complete bool) (RowStatus, Refusal) {
	exists := r != RowNone
	switch request {
	case RowCreateAndGo:
		if exists || !complete {
			return r, InconsistentValue
		}
		return RowActive, Granted
	case RowCreateAndWait:
		if exists {
			return r, InconsistentValue
		}
		return waiting(complete), Granted
	case RowActive, RowNotInService:
		if !exists || !complete {
			return r, InconsistentValue
		}
		return request, Granted
	case RowDestroy:
		return RowNone, Granted
	}
	return r, WrongValue // notReady may not be asked for
}

// waiting is the state of a row that is not active.
func waiting(complete bool) RowStatus {
	if complete {
		return RowNotInService
	}
	return RowNotReady
}

// rowState is the state of an existing row.
func rowState(active, complete bool) RowStatus {
	if active {
		return RowActive
	}
	return waiting(complete)
}

// Refusal says why a change of a control row is not made, in the words of
// RFC 3416 §4.2.5, which RFC 2720 uses to tell what is allowed.
type Refusal uint8

// The refusals; Granted is none.
const (
	Granted             Refusal = iota
	NotWritable                 // not now: the row is active
	NoCreation                  // no such row can ever be
	InconsistentName            // there is no such row, and none is being made
	InconsistentValue           // does not fit what else there is
	WrongValue                  // never allowed
	ResourceUnavailable         // a limit of the meter
	NoAccess                    // the row belongs to another Owner
)

var refusalNames = [...]string{"granted", "notWritable", "noCreation", "inconsistentName",
	"inconsistentValue", "wrongValue", "resourceUnavailable", "noAccess"}

// String returns the name RFC 3416 uses.
func (r Refusal) String() string { return refusalNames[r] }
