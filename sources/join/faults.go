package join

import (
	"errors"
	"fmt"
)

// maxFaults is how many files' errors are kept.
const maxFaults = 10

// faults are what was wrong with parts.
type faults struct {
	kept []error
	more int
}

func (f *faults) add(err error) {
	if len(f.kept) == maxFaults {
		f.more++
		return
	}
	f.kept = append(f.kept, err)
}

// err is one error of all, nil if there are none.
func (f *faults) err() error {
	errs := f.kept
	if f.more > 0 {
		errs = append(errs[:len(errs):len(errs)], fmt.Errorf("%d more files could not be read, or not to their ends", f.more))
	}
	return errors.Join(errs...)
}
