package reading

import (
	"path/filepath"
	"slices"
	"testing"

	"netramet/sources"
	"netramet/sources/join"
	"netramet/sources/wire"
)

// TestOpenNames: a source that was opened here still tells the names of its
// interfaces.
func TestOpenNames(t *testing.T) {
	trace := filepath.Join("..", "..", "testdata", "small.pcapng")
	parts, err := join.Expand([]string{trace})
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() (sources.Source, error){
		"one":  func() (sources.Source, error) { return Open(t.Context(), trace, sources.Options{}) },
		"part": func() (sources.Source, error) { return OpenAll(t.Context(), parts, join.Options{}) },
		"several": func() (sources.Source, error) {
			return OpenAll(t.Context(), append(parts, parts...), join.Options{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			src, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer src.Close()
			for b := new(wire.Batch); err == nil; {
				err = src.Read(b)
			}
			if got, want := src.(sources.Namer).InterfaceNames(), []string{"eth1", "eth0"}; !slices.Equal(got, want) {
				t.Errorf("names %q, want %q", got, want)
			}
		})
	}
}
