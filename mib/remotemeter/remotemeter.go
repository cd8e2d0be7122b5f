// Package remotemeter is a meter as its managers and readers see it over SNMP:
// typed access to the rows and figures of FLOW-METER-MIB and NETRAMET-MIB, and
// downloads of rule sets.
//
// It knows no rule language, no file and no schedule, and starts no goroutine.
// reader/snmpflows and cmd/nemac call it.
package remotemeter

import (
	"context"
	"errors"

	"netramet/mib"
	"netramet/mib/client"
)

// Meter is a meter at the other end of an SNMP session. It is for one goroutine
// at a time.
type Meter struct {
	*client.Client
}

// Dial makes a session with a meter ready, as client.Dial does.
func Dial(ctx context.Context, o client.Options) (*Meter, error) {
	c, err := client.Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Meter{c}, nil
}

// ErrNoRow says that a reader row of ours is gone: the meter was started
// again, or removed the row after its timeout.
var ErrNoRow = errors.New("our reader row is not on the meter any more")

// ReaderOwner names the Owner of a reader row.
func ReaderOwner(row int) client.Name { return client.Inst(mib.ObjFlowReaderOwner, uint32(row)) }
