package control

import "netramet/mib"

// nextStatus is the state table of RFC 2579: what a row in state r becomes on a
// request, given whether it has all it needs after the change that the request
// came in. RowNone as the result is no row.
func nextStatus(r, request mib.RowStatus, complete bool) (mib.RowStatus, Refusal) {
	exists := r != mib.RowNone
	switch request {
	case mib.RowCreateAndGo:
		if exists || !complete {
			return r, InconsistentValue
		}
		return mib.RowActive, Granted
	case mib.RowCreateAndWait:
		if exists {
			return r, InconsistentValue
		}
		return waiting(complete), Granted
	case mib.RowActive, mib.RowNotInService:
		if !exists || !complete {
			return r, InconsistentValue
		}
		return request, Granted
	case mib.RowDestroy:
		return mib.RowNone, Granted
	}
	return r, WrongValue // notReady may not be asked for
}

// waiting is the state of a row that is not active.
func waiting(complete bool) mib.RowStatus {
	if complete {
		return mib.RowNotInService
	}
	return mib.RowNotReady
}

// rowState is the state of an existing row.
func rowState(active, complete bool) mib.RowStatus {
	if active {
		return mib.RowActive
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
