package control

import "netramet/mib"

// nextStatus is the state table of RFC 2579: what a row in state old becomes on
// a request. inactive is the state of the row while it is not active, after the
// change that the request came in: RowNotReady if it lacks something it needs.
// RowNone is no row.
func nextStatus(old, request, inactive mib.RowStatus) (mib.RowStatus, Refusal) {
	exists, lacks := old != mib.RowNone, inactive == mib.RowNotReady
	switch request {
	case mib.RowCreateAndGo:
		if exists || lacks {
			return old, InconsistentValue
		}
		return mib.RowActive, Granted
	case mib.RowCreateAndWait:
		if exists {
			return old, InconsistentValue
		}
		return inactive, Granted
	case mib.RowActive, mib.RowNotInService:
		if !exists || lacks {
			return old, InconsistentValue
		}
		return request, Granted
	case mib.RowDestroy:
		return mib.RowNone, Granted
	}
	return old, WrongValue // notReady may not be asked for
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
