//go:build !linux

package live

import (
	"fmt"
	"runtime"

	"netramet/sources/wire"
)

// Source is what captures where that is supported.
type Source struct{}

// Supported says whether live capture works on this system.
func Supported() error {
	return fmt.Errorf("live capture is not supported on %s: meter traces, or run it on Linux", runtime.GOOS)
}

// Open fails as Supported does.
func Open(Options) (*Source, error) { return nil, Supported() }

// Interfaces returns none.
func (*Source) Interfaces() []Interface { return nil }

// InterfaceNames implements sources.Namer.
func (*Source) InterfaceNames() []string { return nil }

// Read implements sources.Source.
func (*Source) Read(*wire.Batch) error { return Supported() }

// Stats implements sources.Source.
func (*Source) Stats() wire.SourceStats { return wire.SourceStats{} }

// Close implements sources.Source.
func (*Source) Close() error { return nil }
