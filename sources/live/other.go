//go:build !linux

package live

import (
	"fmt"
	"runtime"

	"netramet/sources/wire"
)

// Source is what captures where that is supported.
type Source struct{}

var errNoSupport = fmt.Errorf("live capture is not supported on %s: meter traces, or run it on Linux", runtime.GOOS)

// Open fails.
func Open(Options) (*Source, error) { return nil, errNoSupport }

// Interfaces returns none.
func (*Source) Interfaces() []Interface { return nil }

// InterfaceNames implements sources.Namer.
func (*Source) InterfaceNames() []string { return nil }

// Read implements sources.Source.
func (*Source) Read(*wire.Batch) error { return errNoSupport }

// Stats implements sources.Source.
func (*Source) Stats() wire.SourceStats { return wire.SourceStats{} }

// Close implements sources.Source.
func (*Source) Close() error { return nil }
