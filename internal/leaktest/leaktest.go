// Package leaktest looks for goroutines that tests leave behind, in test
// binaries that are run by testscript. Only tests import it.
package leaktest

import (
	"fmt"
	"os"

	"go.uber.org/goleak"
)

// Main runs tests, of a *testing.M, and then fails if goroutines are left
// whose function on top is not one of those ignored.
type Main struct {
	Tests interface{ Run() int }
	// Ignored are functions, in full ("netramet/cmd/netramet.openTrace.func1"),
	// that may be left, for a reason which their caller knows.
	Ignored []string
}

// Run returns the status of the tests, 1 if all passed but left goroutines.
func (m Main) Run() int {
	status := m.Tests.Run()
	if status != 0 {
		return status
	}
	var opts []goleak.Option
	for _, f := range m.Ignored {
		opts = append(opts, goleak.IgnoreAnyFunction(f))
	}
	if err := goleak.Find(opts...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
