package agent

import (
	"fmt"

	"netramet/mib/ber"
)

// Status is how an operation on one variable ended: OK, an error-status of
// RFC 3416 §3, or, for reading only, one of the three exceptions.
type Status uint8

// The error-status values. NoSuchName, BadValue and ReadOnly belong to SNMPv1
// and are made by the agent alone, from the others (RFC 3584 §4.4).
const (
	OK                  Status = 0
	TooBig              Status = 1
	NoSuchName          Status = 2
	BadValue            Status = 3
	ReadOnly            Status = 4
	GenErr              Status = 5
	NoAccess            Status = 6
	WrongType           Status = 7
	WrongLength         Status = 8
	WrongEncoding       Status = 9
	WrongValue          Status = 10
	NoCreation          Status = 11
	InconsistentValue   Status = 12
	ResourceUnavailable Status = 13
	CommitFailed        Status = 14
	UndoFailed          Status = 15
	AuthorizationError  Status = 16
	NotWritable         Status = 17
	InconsistentName    Status = 18
)

// The exceptions: what Table.Get and Table.Next return for what is not there.
const (
	NoSuchObject   = Status(ber.NoSuchObject)   // no such column or scalar
	NoSuchInstance = Status(ber.NoSuchInstance) // the object exists, this instance does not
	EndOfMibView   = Status(ber.EndOfMibView)   // nothing after this name
)

// More is what Table.Next returns when the piece of work that its Request may
// do is done, and no instance has been found yet: next is then not an instance,
// but a name from which the search goes on, greater than the one it was given.
const More Status = 255

var statusNames = [...]string{"noError", "tooBig", "noSuchName", "badValue",
	"readOnly", "genErr", "noAccess", "wrongType", "wrongLength",
	"wrongEncoding", "wrongValue", "noCreation", "inconsistentValue",
	"resourceUnavailable", "commitFailed", "undoFailed", "authorizationError",
	"notWritable", "inconsistentName"}

// String returns the name RFC 3416 uses.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	if s.exception() {
		return ber.Tag(s).String()
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

func (s Status) exception() bool { return s >= NoSuchObject && s <= EndOfMibView }

// v1 maps a status to what SNMPv1 knows (RFC 3584 §4.2.2.1 and §4.4).
func (s Status) v1() Status {
	switch s {
	case WrongValue, WrongEncoding, WrongType, WrongLength, InconsistentValue:
		return BadValue
	case NoAccess, NotWritable, NoCreation, InconsistentName, AuthorizationError,
		NoSuchObject, NoSuchInstance, EndOfMibView:
		return NoSuchName
	case ResourceUnavailable, CommitFailed, UndoFailed:
		return GenErr
	}
	return s
}
