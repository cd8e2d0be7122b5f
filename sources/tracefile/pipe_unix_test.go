//go:build unix

package tracefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"netramet/sources/wire"
)

// TestPipeWithoutReader: a named pipe whose reader goes away ends the writing, as
// standard output does.
func TestPipeWithoutReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe.pcap")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Skip("no named pipe:", err)
	}
	read := make(chan error)
	go func() {
		f, err := os.Open(path)
		if err == nil {
			_, err = io.ReadFull(f, make([]byte, 100))
			f.Close()
		}
		read <- err
	}()
	w, err := Create(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := wire.Frame{Data: make([]byte, 1500), WireLen: 1500, LinkType: wire.LinkEthernet}
	for range 1000 {
		_ = w.Write(&f) // its error is that of Close
	}
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("%v, want %v", err, syscall.EPIPE)
	}
}
