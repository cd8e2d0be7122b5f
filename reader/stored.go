package reader

import (
	"context"
	"fmt"
	"io"

	"netramet/mib"
)

// Stored is a flow as the meter's table has it. An output that looks at each value once
// is spared a Record. Its Places have the attributes of the task's Format, and one behind
// them: the peer type.
type Stored = mib.Stored

// StoredFlows are flows of a meter in the same process.
type StoredFlows interface {
	Flows
	// GivesStored reports, behind Begin, whether NextStored may be called in this
	// collection.
	GivesStored() bool
	// NextStored is what Next is: it gives one flow at least, or io.EOF. They are valid
	// until the next call.
	NextStored(ctx context.Context) ([]Stored, error)
}

// StoredOutput is an output that may take such flows.
type StoredOutput interface {
	Output
	// TakesStored reports, behind Begin, whether Stored may be called in this collection.
	TakesStored() bool
	// Stored is what Record is. The output may change what of the flows is not for who
	// fills them.
	Stored(list []Stored) error
}

// ToStored is the output, or the only one that it hands all on to as it is, if it takes
// stored flows in the collection that has begun; else nil.
func ToStored(out Output) StoredOutput {
	for {
		switch o := out.(type) {
		case StoredOutput:
			if o.TakesStored() {
				return o
			}
			return nil
		case interface{ Only() Output }:
			out = o.Only()
		default:
			return nil
		}
	}
}

// transferStored moves one collection's flows from f to out.
func transferStored(ctx context.Context, f StoredFlows, out StoredOutput) (n int, err error) {
	for {
		list, err := f.NextStored(ctx)
		switch {
		case err == io.EOF:
			return n, out.End()
		case err != nil:
			return n, fmt.Errorf("after %d flows: %w", n, err)
		}
		if err := out.Stored(list); err != nil {
			return n, err
		}
		n += len(list)
	}
}
