package sources

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"netramet/sources/wire"
)

func TestInterfaceNames(t *testing.T) {
	src, err := Open(filepath.Join("..", "testdata", "small.pcapng"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if n := src.(Namer).InterfaceNames(); len(n) != 0 {
		t.Errorf("before the first Read: %q", n)
	}
	var b wire.Batch
	defer b.Release()
	for err == nil {
		err = src.Read(&b)
	}
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	// Numbers go by first appearance, and eth1 has the first packet.
	if got, want := src.(Namer).InterfaceNames(), []string{"eth1", "eth0"}; !slices.Equal(got, want) {
		t.Errorf("names %q, want %q", got, want)
	}
}
