// Package version names the version of both programs.
package version

// Version is what -V prints and what flow data files name. The build sets it:
//
//	go build -ldflags '-X netramet/internal/version.Version=1.2.3' ./cmd/...
//
// and make build does so from the tag of the checkout.
var Version = "0.1.0"
